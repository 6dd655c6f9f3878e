"""Measures what the gateway costs: CPU per call beside a bare proxy and a framework's, all in one run, as ratios.

    python benchmarks/gateway.py [--calls 3000] [--streams 300] [--at-once 32] [--rounds 3]

Each subject runs in a process of its own between the same load and the same fake upstream, and only its own CPU
time counts. On a busy machine trust the ratios, not the figures. Linux only: CPU time is read from /proc.

- `bare`: raw ASGI on uvicorn and pyreqwest; forwards bytes and does nothing else.
- `pilotage`: this gateway, with keys, admission, metering to SQLite with full synchronisation, and usage read.
- `framework`: Starlette and httpx2; forwards bytes and does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from pyreqwest.client import Client, ClientBuilder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route as Path_

from pilotage.core.canonical import digest_of_json
from pilotage.gateway.application import build_gateway
from pilotage.gateway.asgi import Message, Receive, Scope, Send, read_body
from pilotage.gateway.keys import mint_key
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.metering.tariff import compile_tariff
from pilotage.models.endpoint import Endpoint
from pilotage.models.upstream import PyreqwestUpstream
from pilotage.registry.catalog import Catalog
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import upgrade_schema

SUBJECTS = ("bare", "pilotage", "framework")
CHAT = "/chat/completions"
WORDS = 50
REPLY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * WORDS}}],
        "usage": {"prompt_tokens": 20, "completion_tokens": WORDS, "total_tokens": 20 + WORDS},
    }
).encode()
CHUNK = b'data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word"}}]}\n\n'
LAST = b'data: {"id":"1","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":50}}\n\ndata: [DONE]\n\n'
MODEL = {
    "kind": "Model",
    "version": 1,
    "name": "small",
    "upstream_model": "small-1",
    "price": {
        "source": "declared",
        "currency": "EUR",
        "input_per_million": {"low": 1, "high": 2},
        "output_per_million": {"low": 2, "high": 4},
    },
}


async def upstream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once: a fixed reply, or a stream of fifty chunks and the usage."""
    streamed = b'"stream":true' in await read_body(scope, receive)
    kind = b"text/event-stream" if streamed else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    for _ in range(WORDS if streamed else 0):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": LAST if streamed else REPLY})


class BareProxy:
    """Forwards bytes with the same server and client as the gateway."""

    def __init__(self, url: str) -> None:
        """Take the upstream's address."""
        self._endpoint = Endpoint(url)
        self._client = PyreqwestUpstream()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one call."""
        reply = await self._client.fetch_reply(self._endpoint, CHAT, await read_body(scope, receive), seconds=60)
        kind = (reply.header("content-type") or "").encode()
        start: Message = {"type": "http.response.start", "status": reply.status, "headers": [(b"content-type", kind)]}
        await send(start)
        while (chunk := await reply.read_chunk()) is not None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        await reply.close()


def framework_proxy(url: str) -> Starlette:
    """Forward bytes as most proxies in Python do."""
    client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=1000), timeout=60, trust_env=False)

    async def forward(request: Request) -> StreamingResponse:
        """Forward one call."""
        headers = {"content-type": "application/json"}
        sent = client.build_request("POST", url + CHAT, content=await request.body(), headers=headers)
        reply = await client.send(sent, stream=True)

        async def body() -> AsyncGenerator[bytes]:
            async for chunk in reply.aiter_raw():
                yield chunk
            await reply.aclose()

        return StreamingResponse(body(), reply.status_code, {"content-type": reply.headers["content-type"]})

    return Starlette(routes=[Path_("/v1/chat/completions", forward, methods=["POST"])])


def pilotage(url: str, folder: Path) -> tuple[Any, str]:
    """Set the gateway up in a folder; gives it and a key."""

    def clock() -> datetime:
        return datetime.now(UTC)

    engine = open_engine(f"sqlite:///{folder}/bench.db")
    upgrade_schema(engine)
    route = {
        "kind": "Route",
        "version": 1,
        "name": "letters",
        "use_case": "bench",
        "model": "small",
        "prompt": "Be kind.",
    }
    use_case = {"kind": "UseCase", "version": 1, "name": "bench", "purpose": "to measure", "owner": "nobody"}
    catalog = Catalog.model_validate(
        {
            "commit": None,
            "dirty": True,
            "organisation": {"kind": "Organisation", "version": 1, "name": "bench"},
            "models": {"small": MODEL | {"base_url": url}},
            "routes": {"letters": route},
            "use_cases": {"bench": use_case},
        }
    )
    ledger, artefacts = MemoryLedger(clock), ArtefactStore(engine, b"k" * 32, clock)
    data = catalog.model_dump_json(by_alias=True).encode()
    artefact = artefacts.append_artefact(data, subject="catalog", media_type="application/json")
    parts = {"route": digest_of_json(route)}
    ledger.append(CatalogActivated(commit=None, dirty=True, catalog=catalog.digest, artefact=artefact, documents=4))
    ledger.append(
        Release(
            use_case="bench",
            release=digest_of_json(parts),
            parts=parts,
            commit=None,
            dirty=True,
            catalog_artefact=artefact,
        )
    )
    key = mint_key(engine, use_case="bench", audience="builders", lifetime=None, clock=clock)
    gateway = build_gateway(
        engine=engine,
        ledger=ledger,
        artefacts=artefacts,
        compile_tariff=compile_tariff,
        read_value=lambda _: None,
        clock=clock,
        replica="bench",
    )
    return gateway, key.text


@dataclass(frozen=True)
class Serving:
    """A process that serves: its address, a key where it needs one, and how much CPU it has used."""

    process: int
    url: str
    key: str

    def cpu_seconds(self) -> float:
        """Read user and system time of all its threads."""
        fields = Path(f"/proc/{self.process}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(name: str, url: str) -> None:
    """Serve one subject for ever on a free port and print where."""
    with tempfile.TemporaryDirectory() as folder:
        key = "none"
        application: Any = upstream
        if name == "bare":
            application = BareProxy(url)
        elif name == "framework":
            application = framework_proxy(url)
        elif name == "pilotage":
            application, key = pilotage(url, Path(folder))
        config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="auto")
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)  # who comes early waits
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", key, flush=True)
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def start(name: str, url: str = "") -> Generator[Serving]:
    """Run a subject in a process of its own."""
    command = [sys.executable, __file__, "--serve", name, "--url", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this very script
        try:
            if process.stdout is None:
                raise RuntimeError("no output to read")
            address, key = process.stdout.readline().split()
            yield Serving(process.pid, address, key)
        finally:
            process.terminate()


async def load(client: Client, serving: Serving, calls: int, at_once: int, *, streamed: bool) -> list[float]:
    """Make calls, so many at once; gives the seconds of each."""
    fields: dict[str, Any] = {"model": "letters", "messages": [{"role": "user", "content": "word " * 20}]}
    body = json.dumps(fields | ({"stream": True} if streamed else {}), separators=(",", ":")).encode()
    seconds: list[float] = []
    remaining = iter(range(calls))

    async def worker() -> None:
        for _ in remaining:
            began = time.perf_counter()
            request = client.post(serving.url + CHAT).bearer_auth(serving.key).body_bytes(body)
            reply = await request.header("content-type", "application/json").build().send()
            text = bytes(await reply.bytes())
            wanted = b"[DONE]" if streamed else b"completion_tokens"
            if reply.status != 200 or wanted not in text:  # noqa: PLR2004 - OK
                raise RuntimeError(f"{reply.status}: {text[:300]!r}")
            seconds.append(time.perf_counter() - began)

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return seconds


async def measure(serving: Serving, calls: int, at_once: int, *, streamed: bool) -> tuple[float, float, float]:
    """Give CPU microseconds per call, calls per second, and the median of milliseconds."""
    async with ClientBuilder().no_proxy().build() as client:
        await load(client, serving, max(at_once, calls // 10), at_once, streamed=streamed)
        used, began = serving.cpu_seconds(), time.perf_counter()
        seconds = await load(client, serving, calls, at_once, streamed=streamed)
        wall, cpu = time.perf_counter() - began, serving.cpu_seconds() - used
    return cpu / calls * 1e6, calls / wall, statistics.median(seconds) * 1e3


def report(options: argparse.Namespace) -> None:
    """Measure all subjects in turn, several rounds, and print medians."""
    with start("upstream") as answering:
        for streamed, calls in ((False, options.calls), (True, options.streams)):
            found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ("direct", *SUBJECTS)}
            for _ in range(options.rounds):
                found["direct"].append(asyncio.run(measure(answering, calls, options.at_once, streamed=streamed)))
                for name in SUBJECTS:
                    with start(name, answering.url) as serving:
                        found[name].append(asyncio.run(measure(serving, calls, options.at_once, streamed=streamed)))
            print(f"\n{'streams of 50 chunks' if streamed else 'calls'}, {options.at_once} at once, medians")
            print(f"{'':12}{'CPU µs':>10}{'of bare':>10}{'a second':>10}{'p50 ms':>10}")
            medians = {
                name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in found.items()
            }
            for name, (cpu, rate, milliseconds) in medians.items():
                # What `direct` uses is the upstream's own time, so it has no ratio.
                ratio = "" if name == "direct" else f"{cpu / medians['bare'][0]:.2f}"
                own = "" if name == "direct" else f"{cpu:.0f}"
                print(f"{name:12}{own:>10}{ratio:>10}{rate:>10.0f}{milliseconds:>10.2f}")


def main() -> None:
    """Parse the command line; measure, or serve one subject."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=3000, help="whole calls per round")
    parser.add_argument("--streams", type=int, default=300, help="streams per round")
    parser.add_argument("--at-once", type=int, default=32, help="calls under way at the same time")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which medians are printed")
    parser.add_argument("--serve", choices=("upstream", *SUBJECTS), help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.url)
    else:
        report(options)


if __name__ == "__main__":
    main()
