"""Measures the runner beside promptfoo and Inspect AI: the same questions, the same mock, the same check, one run.

    python benchmarks/beside_peers.py [--samples 1000] [--at-once 20] [--rounds 3] [--json]

Each tool runs as a whole process, as its command line starts it, and keeps its results where it keeps them by
default: promptfoo in its database, Inspect AI in its log, Pilotage in a state of SQLite with full synchronisation. CPU
is user and system of the process and of all that it waited for, as the kernel reports them when it ends. A run over
one question gives the start, which is taken off. Tools take turns, after one run each that is not counted; the median
is given. The mock counts what it is asked, and a tool that asked or counted something else is an error. Nothing but
the standard library is imported here, since a process inherits its parent's peak of memory. Linux and macOS.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import peers

RUNNER = Path(__file__).resolve().parent / "runner.py"
MEBIBYTE = 1_048_576
OUTPUT = "output.txt"
INSPECT_TASK = '''"""Asks each question and compares the answer."""

from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import exact


@task
def questions() -> Task:
    """Give the task."""
    return Task(dataset=json_dataset("questions.jsonl"), scorer=exact())
'''


@dataclass(frozen=True)
class Job:
    """What a tool is to do.

    Attributes:
        url: address of the mock, with /v1.
        samples: how many questions.
        at_once: calls under way at the same time.
        folder: a folder of its own.
    """

    url: str
    samples: int
    at_once: int
    folder: Path


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        version: of the tool.
        environment: of its process.
        prepare: writes the questions in the tool's own format and gives the command.
        right: reads how many answers the tool found right, after its end.
    """

    version: str
    environment: Mapping[str, str]
    prepare: Callable[[Job], Sequence[str]]
    right: Callable[[Job], int]


@dataclass(frozen=True)
class Spent:
    """What one process cost: CPU in seconds, peak of memory in bytes, wall time in seconds, and requests it made."""

    cpu_seconds: float
    peak_rss: int
    wall_seconds: float
    requests: int


def pilotage(_state: Path) -> Tool:
    """Describe this runner."""

    def prepare(job: Job) -> Sequence[str]:
        write_lines(job, "expected")
        sizes = ["--samples", str(job.samples), "--at-once", str(job.at_once)]
        return [sys.executable, str(RUNNER), "--child", job.url, *sizes, "--folder", str(job.folder)]

    def right(job: Job) -> int:
        return int(json.loads((job.folder / OUTPUT).read_text())["right"])

    return Tool(version("pilotage"), os.environ, prepare, right)


def inspect_ai(_state: Path) -> Tool:
    """Describe Inspect AI: its defaults, with nothing displayed."""
    command = peers.command_of("inspect")
    environment = {**peers.environment_of("inspect"), "MOCK_API_KEY": "none"}

    def prepare(job: Job) -> Sequence[str]:
        write_lines(job, "target")
        (job.folder / "questions.py").write_text(INSPECT_TASK)
        model = ["--model", "openai-api/mock/mock", "--model-base-url", job.url]
        pace = ["--max-connections", str(job.at_once), "--display", "none", "--log-dir", "logs"]
        return [*command, "eval", "questions.py", *model, *pace]

    def right(job: Job) -> int:
        (log,) = (job.folder / "logs").glob("*.eval")
        words = [*command, "log", "dump", "--header-only", str(log)]
        header = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - a peer
        (score,) = json.loads(header)["results"]["scores"]
        return round(score["metrics"]["mean"]["value"] * score["scored_samples"])

    return Tool(peers.PYTHON["inspect"][0][0].partition("==")[2], environment, prepare, right)


def promptfoo(state: Path) -> Tool:
    """Describe promptfoo: its defaults, without its cache, table and progress bar; its database is in a folder."""
    command = peers.command_of("promptfoo")
    environment = {
        **peers.environment_of("promptfoo"),
        "NODE_NO_WARNINGS": "1",
        "OPENAI_API_KEY": "none",
        "PROMPTFOO_CONFIG_DIR": str(state),
        "PROMPTFOO_FAILED_TEST_EXIT_CODE": "0",
    }

    def prepare(job: Job) -> Sequence[str]:
        tests = [
            {"vars": {"question": one["input"]}, "assert": [{"type": "equals", "value": one["expected"]}]}
            for one in questions(job.samples, "expected")
        ]
        provider = {"id": "openai:chat:mock", "config": {"apiBaseUrl": job.url}}
        config = {"prompts": ["{{question}}"], "providers": [provider], "tests": tests}
        (job.folder / "promptfooconfig.json").write_text(json.dumps(config))
        quiet = ["--no-cache", "--no-table", "--no-progress-bar"]
        return [*command, "eval", "--config", "promptfooconfig.json", "--max-concurrency", str(job.at_once), *quiet]

    def right(job: Job) -> int:
        found = re.search(r"([\d,]+) passed", (job.folder / OUTPUT).read_text())
        return int(found[1].replace(",", "")) if found else -1

    return Tool(peers.NODE[1].partition("@")[2], environment, prepare, right)


TOOLS: dict[str, Callable[[Path], Tool]] = {"pilotage": pilotage, "promptfoo": promptfoo, "inspect": inspect_ai}


def questions(samples: int, answer: str) -> list[dict[str, str]]:
    """Give the questions, with the expected answer under a name; the mock errs at every fourth from the first on."""
    return [{"id": f"item-{i}", "input": f"question {i}", answer: "yes"} for i in range(samples)]


def write_lines(job: Job, answer: str) -> None:
    """Write the questions as JSON lines."""
    lines = [json.dumps(one) + "\n" for one in questions(job.samples, answer)]
    (job.folder / "questions.jsonl").write_text("".join(lines))


def spend(tool: Tool, job: Job) -> Spent:
    """Run a tool to its end and give what that cost.

    Raises:
        RuntimeError: it failed, or did not ask each question once, or did not find three in four right.
    """
    words, before = tool.prepare(job), requests_to(job.url)
    # Compiled modules are kept, or each start would compile anew, of which Inspect AI has by far the most to do.
    environment = {name: value for name, value in tool.environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (job.folder / OUTPUT).open("w") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(words, env=environment, cwd=job.folder, stdout=output)  # noqa: S603 - ours or a peer
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{words} ended with {process.returncode}: {(job.folder / OUTPUT).read_text()[-2_000:]}")
    asked, right = requests_to(job.url) - before, tool.right(job)
    if (asked, right) != (job.samples, job.samples * 3 // 4):
        raise RuntimeError(f"{words} asked {asked} of {job.samples} questions and found {right} answers right")
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Spent(used.ru_utime + used.ru_stime, peak, wall, asked)


def requests_to(url: str) -> int:
    """Ask the mock how many requests it has answered."""
    with urllib.request.urlopen(f"{url}/answered") as response:  # noqa: S310 - our own mock, over HTTP
        return int(json.load(response)["answered"])


@contextmanager
def mock() -> Generator[str]:
    """Run the mock in a process of its own and give its address."""
    with subprocess.Popen([sys.executable, RUNNER, "--mock"], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        try:
            if process.stdout is None:
                raise RuntimeError("no output to read")
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def compare(samples: int, at_once: int, rounds: int) -> list[dict[str, Any]]:
    """Measure every tool that is installed, in turns, and give a row for each, ours first."""
    with mock() as url, tempfile.TemporaryDirectory() as home:
        tools = describe_installed(Path(home))
        for tool in tools.values():  # what a first run compiles and sets up is not counted
            spend_once(tool, url, 1, at_once)
        found: dict[str, list[tuple[Spent, Spent]]] = {name: [] for name in tools}
        for _ in range(rounds):
            for name, tool in tools.items():
                print(f"{name}: {samples:,} samples ...", file=sys.stderr)
                found[name].append((spend_once(tool, url, 1, at_once), spend_once(tool, url, samples, at_once)))
    return [row_of(name, tools[name].version, samples, runs) for name, runs in found.items()]


def describe_installed(home: Path) -> dict[str, Tool]:
    """Describe the tools that are installed, with a folder for the state they share between runs; name the others."""
    tools: dict[str, Tool] = {}
    for name, describe in TOOLS.items():
        try:
            tools[name] = describe(home / name)
        except FileNotFoundError as error:
            print(f"left out: {error}", file=sys.stderr)
    return tools


def spend_once(tool: Tool, url: str, samples: int, at_once: int) -> Spent:
    """Run a tool in a folder of its own and give what that cost."""
    with tempfile.TemporaryDirectory() as folder:
        return spend(tool, Job(url, samples, at_once, Path(folder)))


def row_of(name: str, tool_version: str, samples: int, runs: Sequence[tuple[Spent, Spent]]) -> dict[str, Any]:
    """Sum up a tool's runs over one question and over all: medians, and the CPU of a sample without the start."""
    start = median(one.cpu_seconds for one, _ in runs)
    whole = median(many.cpu_seconds for _, many in runs)
    return {
        "tool": name,
        "version": tool_version,
        "samples": samples,
        "requests": [many.requests for _, many in runs],
        "start_cpu_seconds": round(start, 3),
        "whole_cpu_seconds": round(whole, 3),
        "cpu_ms_a_sample": round((whole - start) / (samples - 1) * 1_000, 3),
        "each_whole_cpu_seconds": [round(many.cpu_seconds, 2) for _, many in runs],
        "wall_seconds": round(median(many.wall_seconds for _, many in runs), 1),
        "peak_mb": round(median(many.peak_rss for _, many in runs) / MEBIBYTE),
    }


def print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table of the rows."""
    print("| tool | requests in each run | start, CPU s | whole run, CPU s | CPU ms a sample | peak MiB |")
    print("| --- " * 6 + "|")
    for row in rows:
        asked = ", ".join(f"{one:,}" for one in row["requests"])
        costs = f"{row['start_cpu_seconds']:.2f} | {row['whole_cpu_seconds']:.2f} | {row['cpu_ms_a_sample']:.2f}"
        print(f"| {row['tool']} {row['version']} | {asked} | {costs} | {row['peak_mb']} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=1_000, help="questions, two or more")
    parser.add_argument("--at-once", type=int, default=20, help="calls under way at the same time")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median is printed")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = compare(options.samples, options.at_once, options.rounds)
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print_rows(rows)


if __name__ == "__main__":
    main()
