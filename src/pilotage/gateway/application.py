"""The gateway as an ASGI application: every surface identifies, admits, meters, and only then calls.

Raw ASGI, because a framework costs more than the whole rest of a call. A surface stands in `SURFACES` or it does not
exist, so there is no path around admission.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from pilotage.core.clock import Clock
from pilotage.core.errors import Refusal, StorageError
from pilotage.gateway.access import AccessKey
from pilotage.gateway.admission import (
    ROUTE_NAME,
    Admitted,
    assess_admission,
    assess_identity,
    callable_routes,
)
from pilotage.gateway.asgi import (
    JSON,
    CallerLeftError,
    Headers,
    Receive,
    Scope,
    Send,
    Watch,
    check_headers,
    header_of,
    read_body,
    send_refusal,
    send_reply,
)
from pilotage.gateway.call import CallIds, RefusedCall, Reservation, Settlement
from pilotage.gateway.exchange import CALLER_LEFT, Exchange
from pilotage.gateway.limits import plan_reserve
from pilotage.gateway.meter import Meter, Verdict
from pilotage.gateway.rules import refuse
from pilotage.gateway.snapshot import Refresher, SnapshotReader
from pilotage.gateway.standing import CompileTariff, ReadValue, Snapshot
from pilotage.ledger.protocol import LedgerStore
from pilotage.models.dialects.openai import MalformedRequestError, Request, Surface, read_request
from pilotage.models.upstream import PyreqwestUpstream, Upstream
from pilotage.storage.artefacts import ArtefactStore

logger = logging.getLogger(__name__)

SURFACES: Final[Mapping[str, Surface]] = {"/v1/chat/completions": "chat", "/v1/embeddings": "embedding"}
MODELS: Final = "/v1/models"
HEALTH: Final = "/healthz"
READY: Final = "/readyz"
OPEN_PATHS: Final = frozenset({HEALTH, READY})
"""Paths that need no key: they tell nothing but how the gateway is."""

RUN: Final = re.compile(r"[0-9A-Z]{26}")
GRACE_SECONDS = 5.0
"""How much longer than the model's own time a call may take, for a caller that reads slowly."""


@dataclass(slots=True)
class _Caller:
    """What is known of a call so far, for its refusal."""

    call: str
    now: datetime
    started: float
    headers: Headers
    key: AccessKey | None = None
    route: str | None = None
    param: str | None = None


class Gateway:
    """The application; start it once, through ASGI's lifespan or by `start`, and close it at the end."""

    def __init__(self, *, refresher: Refresher, meter: Meter, upstream: Upstream, clock: Clock) -> None:
        """Take the parts; `build_gateway` makes them."""
        self.refresher = refresher
        self.meter = meter
        self._upstream = upstream
        self._clock = clock
        self._ids = CallIds()

    def start(self) -> None:
        """Read the catalog and the keys, and begin to write."""
        self.meter.start()
        self.refresher.start()

    async def close(self) -> None:
        """Write what is left and close all connections."""
        self.refresher.close()
        self.meter.close()
        await self._upstream.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case _:
                await receive()
                await send({"type": "websocket.close", "code": 1008})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path in OPEN_PATHS:
            await self._tell(path, send)
            return
        now = self._clock()
        call = self._ids.make(now)
        caller = _Caller(call, now, time.perf_counter(), [(b"x-request-id", call.encode())])
        try:
            await self._answer(scope, receive, send, caller)
        except Refusal as refused:
            self._record(refused, caller)
            await send_refusal(send, refused, caller.headers, param=caller.param)
        except CallerLeftError:
            return
        except Exception as error:  # noqa: BLE001 - the caller gets an answer, and the log a type, never content
            logger.error("call %s failed: %s", call, type(error).__name__)  # noqa: TRY400 - a traceback may show a key or what was asked
            refused = refuse("gateway_failed", f"call {call} failed in the gateway")
            await send_refusal(send, refused, caller.headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, caller: _Caller) -> None:
        check_headers(scope)
        snapshot = self.refresher.snapshot
        key = assess_identity(snapshot, header_of(scope, b"authorization"), caller.now)
        if isinstance(key, Refusal):
            raise key
        caller.key = key
        path: str = scope["path"]
        surface = SURFACES.get(path)
        if surface is None and path != MODELS:
            raise refuse("unknown_path")
        method = "GET" if surface is None else "POST"
        if scope["method"] != method:
            raise refuse("wrong_method", f"{path} is called with {method}")
        if surface is None:
            await _send_models(snapshot, key, caller, send)
            return
        body = await read_body(scope, receive)
        try:
            request = read_request(body, surface)
        except MalformedRequestError as error:
            caller.param = error.param
            raise refuse("malformed_request", error.reason) from error
        if ROUTE_NAME.fullmatch(request.model):
            caller.route = request.model
        admitted = assess_admission(snapshot, key, surface, request.model, caller.now)
        if isinstance(admitted, Refusal):
            raise admitted
        run = header_of(scope, b"x-pilotage-run")
        reservation = _reservation(admitted, request, caller, key, len(body), run)
        await self._make_call(admitted, request, reservation, caller, receive, send)

    async def _make_call(
        self,
        admitted: Admitted,
        request: Request,
        reservation: Reservation,
        caller: _Caller,
        receive: Receive,
        send: Send,
    ) -> None:
        route = admitted.route
        headers = caller.headers
        headers += [
            (b"x-pilotage-release", admitted.deployment.short.encode()),
            (b"x-pilotage-mode", admitted.mode.encode()),
        ]
        exchange = Exchange(self._upstream, route, request, headers)
        watch = Watch(receive, route.timeout_seconds + GRACE_SECONDS)
        written = True
        try:
            verdict = await self._reserve(reservation, watch)
            if verdict is None:
                exchange.status = CALLER_LEFT
                return
            if verdict.refused:
                written = False
                raise _over_limit(verdict, admitted)
            broken = admitted.would_refuse + verdict.broken
            if broken and admitted.mode == "warn":
                headers.append((b"x-pilotage-would-refuse", ",".join(broken).encode()))
            if route.endpoint is None:  # admission has refused such a route
                raise refuse("model_unavailable", route.problem)
            await exchange.run(route.endpoint, send, watch)
        finally:
            watch.stop()
            if written:
                self.meter.settle(_settlement(reservation, exchange, caller))

    async def _reserve(self, reservation: Reservation, watch: Watch) -> Verdict | None:
        """Write the call down; None when its caller left meanwhile."""
        try:
            return await self.meter.reserve(reservation)
        except StorageError as error:
            raise refuse("metering_unavailable", retry_after=1) from error
        except BaseException:
            if not watch.absorb():
                raise
            if watch.ended == "late":
                raise refuse("metering_unavailable", retry_after=1) from None
            return None

    def _record(self, refused: Refusal, caller: _Caller) -> None:
        key = caller.key
        self.meter.record_refusal(
            RefusedCall(
                at=caller.now,
                access_key=None if key is None else key.public_id,
                use_case=None if key is None else key.use_case,
                route=caller.route,
                rule=refused.rule,
                status=refused.status,
            )
        )

    async def _tell(self, path: str, send: Send) -> None:
        if path == HEALTH:
            await send_reply(send, 200, [JSON], b'{"status":"ok"}')
            return
        snapshot = self.refresher.snapshot
        failing = [problem for problem in (self.refresher.problem, self.meter.problem) if problem is not None]
        ready = not failing and snapshot.catalog is not None
        state = {
            "ready": ready,
            "catalog": snapshot.catalog,
            "problems": [*failing, *snapshot.problems],
            "dropped_refusals": self.meter.dropped_refusals,
        }
        await send_reply(send, 200 if ready else 503, [JSON], msgspec.json.encode(state))


def build_gateway(  # noqa: PLR0913 - everything that app.py picks, by name
    *,
    engine: sa.Engine,
    ledger: LedgerStore,
    artefacts: ArtefactStore,
    compile_tariff: CompileTariff,
    read_value: ReadValue,
    clock: Clock,
    replica: str,
    upstream: Upstream | None = None,
    refresh_seconds: float = 1.0,
) -> Gateway:
    """Wire a gateway.

    Args:
        engine: the database, for keys, usage and refusals.
        ledger: where CatalogActivated, Release and Permit records come from.
        artefacts: where the catalogs come from.
        compile_tariff: makes the tariff of a Model, once per catalog.
        read_value: reads what `{from: env|file}` names; None where it is not there.
        clock: the time.
        replica: this process's name, which no other running one may have and which stays over a restart.
        upstream: the client for models; the one in earnest where none is given.
        refresh_seconds: pause between looks at the ledger and the keys.
    """
    reader = SnapshotReader(engine, ledger, artefacts, compile_tariff=compile_tariff, read_value=read_value)
    return Gateway(
        refresher=Refresher(reader, refresh_seconds),
        meter=Meter(engine, replica, clock),
        upstream=upstream or PyreqwestUpstream(),
        clock=clock,
    )


def _reservation(
    admitted: Admitted, request: Request, caller: _Caller, key: AccessKey, size: int, run: str | None
) -> Reservation:
    route = admitted.route
    return Reservation(
        call=caller.call,
        at=caller.now,
        access_key=key.public_id,
        use_case=key.use_case,
        route=route.route,
        release=admitted.deployment.release,
        model=route.model,
        audience=key.audience,
        surface=route.task,
        run=run if run is not None and RUN.fullmatch(run) else None,
        streamed=request.streamed,
        tariff=route.tariff,
        reserved_cost=plan_reserve(route, request, size),
        would_refuse=admitted.would_refuse,
        limits=admitted.limits,
    )


def _settlement(reservation: Reservation, exchange: Exchange, caller: _Caller) -> Settlement:
    usage = exchange.usage
    first_byte = exchange.first_byte
    return Settlement(
        reservation=reservation,
        status=exchange.status,
        tokens_in=None if usage is None else usage.prompt_tokens,
        tokens_out=None if usage is None else usage.completion_tokens,
        source="none" if usage is None else "provider",
        billable=exchange.billable,
        milliseconds=round((time.perf_counter() - caller.started) * 1000),
        first_byte_milliseconds=None if first_byte is None else round((first_byte - caller.started) * 1000),
    )


def _over_limit(verdict: Verdict, admitted: Admitted) -> Refusal:
    rule = verdict.broken[0]
    limits = admitted.limits
    per_minute = None if limits is None else limits.calls_per_minute
    if rule == "rate_exceeded" and per_minute is not None:
        reason = f"the permit of Release {admitted.deployment.short} allows {per_minute} calls a minute"
        return refuse(rule, reason, owner=admitted.owner, retry_after=max(1, -(-60 // per_minute)))
    return refuse(rule, owner=admitted.owner)


async def _send_models(snapshot: Snapshot, key: AccessKey, caller: _Caller, send: Send) -> None:
    if snapshot.catalog is None:
        raise refuse("catalog_not_loaded")
    data = [
        {"id": name, "object": "model", "created": 0, "owned_by": key.use_case}
        for name in callable_routes(snapshot, key)
    ]
    body = msgspec.json.encode({"object": "list", "data": data})
    await send_reply(send, 200, [*caller.headers, JSON], body)
