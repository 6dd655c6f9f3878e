"""Measures what the runner costs: CPU per sample with its durable writes included, and its memory, at two sizes.

    python benchmarks/runner.py [--samples 1000 100000] [--at-once 20] [--rounds 1] [--json]

Each run has a process of its own, and a mock model in another answers one word at once; only the runner's own CPU
counts, of all its threads. The data set is checked and shuffled, each sample is asked over HTTP, scored, and kept in a
SQLite state with full synchronisation and its answer encrypted, and the gate reads all of them. What a process uses
before its first sample is shown apart. Linux and macOS.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, cast

import uvloop

from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.journal import DatabaseJournal, Run
from pilotage.evaluation.pace import Pace
from pilotage.evaluation.plan import plan_run
from pilotage.evaluation.runner import read_progress, run_plan
from pilotage.evaluation.targets.http_target import RouteTarget
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import upgrade_schema

RUN = "01JB00000000000000000000AB"
MEBIBYTE = 1_048_576
EVERY_FOURTH = 4
"""One answer in so many is wrong, so that the gate below never decides."""
EVALUATION = {
    "kind": "Evaluation",
    "version": 1,
    "name": "benchmark",
    "use_case": "benchmark",
    "dataset": "questions",
    "target": {"route": "benchmark"},
    "scorer": {"type": "exact"},
    # True rate .75, halfway between p0 and p1 that lie close: it goes on to the cap.
    "claim": {"text": "three in four are right", "p0": 0.7499, "p1": 0.7501, "cap": 1_000_000},
}


@dataclass(frozen=True)
class Used:
    """What one process used.

    Attributes:
        cpu_seconds: from before the first sample to the end, user and system, all threads.
        start_cpu_seconds: before that: interpreter, imports, preparing.
        peak_rss: most memory held, in bytes.
        wall_seconds: from before the first sample to the end.
        right: answers that were right.
    """

    cpu_seconds: float
    start_cpu_seconds: float
    peak_rss: int
    wall_seconds: float
    right: int


Subject = Callable[[str, int, int, Path], Used]
"""Asks a mock at an address so many samples, so many at once, in a folder of its own, and says what that used."""


class Mock(asyncio.Protocol):
    """Answers every request at once in OpenAI's shape: `no` to every fourth question and `yes` to the others.

    To a GET it tells how many requests all its connections have answered.
    """

    answered: ClassVar[int] = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._data = b""

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
            if len(self._data) < end + 4 + length:
                return
            body, self._data = self._data[end + 4 : end + 4 + length], self._data[end + 4 + length :]
            if head.startswith(b"get "):
                self._transport.write(response_with(b'{"answered":%d}' % Mock.answered))
                continue
            number = body.rpartition(b"question ")[2].partition(b'"')[0]
            word = b"no" if number.isdigit() and int(number) % EVERY_FOURTH == 0 else b"yes"
            Mock.answered += 1
            self._transport.write(reply_of(word))


def reply_of(word: bytes) -> bytes:
    """Give a whole response with one word."""
    body = b"".join(
        (
            b'{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"mock","choices":[{"index":0,',
            b'"message":{"role":"assistant","content":"' + word + b'"},"finish_reason":"stop"}],',
            b'"usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}}',
        )
    )
    return response_with(body)


def response_with(body: bytes) -> bytes:
    """Give a whole response with a body of JSON."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: {RUN}\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def serve_mock() -> None:
    """Serve for ever on a free port and print the address."""
    server = await asyncio.get_running_loop().create_server(Mock, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


def pilotage(url: str, samples: int, at_once: int, folder: Path) -> Used:
    """Measure the runner in a process of its own."""
    options = ["--child", url, "--samples", str(samples), "--at-once", str(at_once), "--folder", str(folder)]
    output = subprocess.run([sys.executable, __file__, *options], check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - this very script
    return Used(**json.loads(output))


SUBJECTS: dict[str, Subject] = {"pilotage": pilotage}


async def carry_out(url: str, samples: int, at_once: int, folder: Path) -> Used:
    """Run a whole plan in this process."""
    engine = open_engine(f"sqlite:///{folder}/state.db")
    upgrade_schema(engine)  # an installation has its tables
    start, began = time.process_time(), time.perf_counter()
    data = (folder / "questions.jsonl").read_bytes()
    journal = DatabaseJournal(engine, ArtefactStore(engine, b"k" * 32, now), now)
    digest = "sha256:" + "0" * 64
    await journal.append_run(Run(RUN, "benchmark", digest, "benchmark", digest, 1, now()))
    plan = plan_run(read_items(data), Evaluation.model_validate(EVALUATION), attempt=1, run=RUN, seed=0)
    progress = await read_progress(plan, run=RUN, journal=journal)
    async with RouteTarget(url, route="benchmark", key="pk_benchmark_key") as target:
        await run_plan(
            progress,
            run=RUN,
            scorer=Evaluation.model_validate(EVALUATION).scorer,
            target=target,
            journal=journal,
            pace=Pace(at_once),
        )
    await journal.append_finish(RUN, now())
    used = time.process_time() - start
    if progress.process.n != samples or progress.not_measured:
        message = f"{progress.process.n} of {samples} counted, {progress.not_measured} not measured"
        raise RuntimeError(message)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Used(used, start, peak, time.perf_counter() - began, progress.passes)


def now() -> datetime:
    """Give the present moment."""
    return datetime.now(UTC)


def write_questions(folder: Path, samples: int) -> None:
    """Write a data set of short questions."""
    with (folder / "questions.jsonl").open("w", encoding="utf-8") as file:
        for number in range(samples):
            file.write(json.dumps({"id": f"item-{number}", "input": f"question {number}", "expected": "yes"}) + "\n")


@contextmanager
def mock() -> Generator[str]:
    """Run the mock in a process of its own and give its address."""
    with subprocess.Popen([sys.executable, __file__, "--mock"], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this very script
        try:
            if process.stdout is None:
                raise RuntimeError("no output to read")
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure(samples: int, at_once: int, rounds: int) -> dict[str, Used]:
    """Measure every subject at one size, each in a folder of its own; of several rounds the median by CPU."""
    found: dict[str, list[Used]] = {name: [] for name in SUBJECTS}
    with mock() as url:
        for _ in range(rounds):
            for name, subject in SUBJECTS.items():
                with tempfile.TemporaryDirectory() as folder:
                    write_questions(Path(folder), samples)
                    found[name].append(subject(url, samples, at_once, Path(folder)))
    return {name: sorted(used, key=lambda one: one.cpu_seconds)[len(used) // 2] for name, used in found.items()}


def report(options: argparse.Namespace) -> None:
    """Measure all sizes and print the figures."""
    found = {samples: measure(samples, options.at_once, options.rounds) for samples in options.samples}
    if options.json:
        rows = [
            {"samples": size, "subject": name} | asdict(one)
            for size, all_ in found.items()
            for name, one in all_.items()
        ]
        print(json.dumps({"python": platform.python_version(), "at_once": options.at_once, "runs": rows}, indent=2))
        return
    print("| subject | samples | CPU ms a sample | start, CPU s | wall s | peak MiB |\n|---|---|---|---|---|---|")
    for size, subjects in found.items():
        for name, used in subjects.items():
            each = used.cpu_seconds / size * 1_000
            figures = f"{each:.3f} | {used.start_cpu_seconds:.2f} | {used.wall_seconds:.1f}"
            print(f"| {name} | {size:,} | {figures} | {used.peak_rss / MEBIBYTE:.0f} |")


def main() -> None:
    """Parse the command line; measure, or be the mock or the process that is measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000, 100_000], help="sizes of the data set")
    parser.add_argument("--at-once", type=int, default=20, help="calls under way at the same time")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each, of which the median by CPU is printed")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--mock", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=Path(), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mock:
        uvloop.run(serve_mock())
    elif options.child:
        used = uvloop.run(carry_out(options.child, options.samples[0], options.at_once, options.folder))
        print(json.dumps(asdict(used)))
    else:
        report(options)


if __name__ == "__main__":
    main()
