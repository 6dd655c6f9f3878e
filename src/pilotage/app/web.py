"""Serves an installation: the gateway under /v1, the portal beside it, and the steward in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Self

import uvicorn

from pilotage.app.platform import Platform
from pilotage.app.reporting import read_dataset_file
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.gateway.application import OPEN_PATHS, build_gateway
from pilotage.gateway.asgi import Receive, Scope, Send
from pilotage.metering.tariff import compile_tariff
from pilotage.portal.application import build_portal
from pilotage.portal.stored import StoredReader
from pilotage.steward.loop import Pulse, run_forever

ReadBanner = Callable[[], str | None]


def no_banner() -> None:
    """Nothing stands on top of every page."""


class Web:
    """The ASGI application of `up`: the gateway under /v1, its health, and the portal on every other path."""

    def __init__(self, platform: Platform, *, with_portal: bool, read_banner: ReadBanner = no_banner) -> None:
        """Wire gateway and portal."""
        self.gateway = build_gateway(
            engine=platform.engine,
            ledger=platform.ledger,
            artefacts=platform.artefacts,
            compile_tariff=compile_tariff,
            read_value=platform.read_value,
            clock=platform.clock,
            replica=platform.config.replica,
        )
        reader = StoredReader(
            platform.engine,
            platform.ledger,
            platform.artefacts.read_artefact,
            platform.clock,
            read_banner,
            partial(read_dataset_file, platform.config.registry),
        )
        self._portal = build_portal(reader) if with_portal else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        is_gateway = scope["type"] != "http" or scope["path"] in OPEN_PATHS or scope["path"].startswith("/v1/")
        if self._portal is None or is_gateway:
            await self.gateway(scope, receive, send)
        else:
            await self._portal(scope, receive, send)


class Running:
    """The web server, in a thread of its own; a context manager."""

    def __init__(
        self,
        platform: Platform,
        *,
        host: str,
        port: int,
        with_portal: bool = True,
        read_banner: ReadBanner = no_banner,
    ) -> None:
        """Take the port; nothing is served yet.

        Raises:
            UsageError: the port is taken by another process.
        """
        try:
            self._socket = socket.create_server((host, port), backlog=2_048)
        except OSError as error:
            message = f"cannot listen on {host}:{port} ({error.strerror})"
            raise UsageError(message, "stop what listens there, or give another --port; 0 takes a free one") from error
        self.address = f"http://{host}:{self._socket.getsockname()[1]}"
        self._web = Web(platform, with_portal=with_portal, read_banner=read_banner)
        config = uvicorn.Config(
            self._web,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=5,
            lifespan="on",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="web")

    @property
    def gateway_url(self) -> str:
        """Where the gateway answers."""
        return f"{self.address}/v1"

    def refresh(self) -> None:
        """Let the gateway see keys and catalog as they are now, without the second that it may take."""
        self._web.gateway.refresher.refresh()

    def __enter__(self) -> Self:
        """Start, and wait until the web server answers."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                self._socket.close()
                raise EvidenceError("the web server ended while it started", "read its log above")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving; calls under way are finished first."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class StewardThread:
    """The steward, at work in a thread of its own; a context manager."""

    def __init__(self, platform: Platform) -> None:
        """Prepare; nothing runs yet."""
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=run_forever,
            args=(platform.steward(alone=False),),
            kwargs={
                "stop": self._stop,
                "clock": platform.clock,
                "pulse": Pulse(),
                "every": timedelta(seconds=platform.config.steward_seconds),
            },
            name="steward",
        )

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let the tick under way end."""
        self._stop.set()
        self._thread.join()
