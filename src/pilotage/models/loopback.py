"""Serves an ASGI application on a free port of this machine, from a thread, for tests and measurements."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn

START_SECONDS = 10


class LoopbackServer:
    """One uvicorn server in a thread of its own."""

    def __init__(self, application: Any, *, lifespan: bool = True) -> None:  # noqa: ANN401 - any ASGI application
        """Take an application; nothing listens yet."""
        config = uvicorn.Config(
            application,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="on" if lifespan else "off",
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Listen.

        Raises:
            RuntimeError: the application did not start.
        """
        self._thread.start()
        until = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the application did not start; see its log")
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop, and wait until the thread has ended."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        # Uvicorn ends its process where the application does not start; here the thread ends, and `start` says so.
        with suppress(SystemExit):
            self._server.run(sockets=[self._socket])


@contextmanager
def serve(application: Any, *, lifespan: bool = True) -> Generator[str]:  # noqa: ANN401 - any ASGI application
    """Serve an application for as long as the context lasts; gives its address."""
    server = LoopbackServer(application, lifespan=lifespan)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
