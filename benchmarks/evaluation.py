"""Measures all that is promised of evaluations, in one run: calls to a verdict, the runner beside peers, a gate's CPU.

    python benchmarks/evaluation.py [--samples 1000 100000] [--outcomes 1000000] [--at-once 20] [--rounds 3] [--json]

Prints Markdown: what is promised beside what was found, then each table. The peers, promptfoo and Inspect AI, run at
the first size, where they are installed: python3 benchmarks/peers.py install inspect promptfoo. What each part does is
told in its own file: verdicts.py, runner.py, beside_peers.py. Linux and macOS.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beside_peers import print_rows
from verdicts import print_calls, print_speed

HERE = Path(__file__).resolve().parent
MEBIBYTE = 1_048_576
TIMES_FEWER, TIMES_FEWER_WHEN_BAD, BAD = 2, 5, 0.85
"""How many times fewer calls than the fixed design: on average over true rates, and at each up to the last."""
GATE_CPU_SECONDS = 10
RUNNER_CPU_MS = 0.6
RUNNER_MEMORY_MB = 50
PEERS_AT_MOST = {"promptfoo": 1 / 4, "inspect": 1 / 8}
"""The largest share of a peer's CPU for a sample that the runner may take."""


@dataclass(frozen=True)
class Promise:
    """One promise.

    Attributes:
        text: what is promised, with its bound.
        found: what was measured, with its unit.
        kept: whether that is within the bound.
    """

    text: str
    found: str
    kept: bool


def main() -> None:
    """Measure each part in a process of its own, then print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000, 100_000], help="sizes of the data set")
    parser.add_argument("--outcomes", type=int, default=1_000_000, help="outcomes through one gate")
    parser.add_argument("--at-once", type=int, default=20, help="calls under way at the same time")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median is printed")
    parser.add_argument("--json", action="store_true", help="print JSON, not Markdown")
    options = parser.parse_args()
    pace = ["--at-once", str(options.at_once), "--rounds", str(options.rounds)]
    found: dict[str, Any] = {"machine": describe_machine(), "load_before": os.getloadavg()}
    found["verdicts"] = run_part("verdicts.py", "--outcomes", str(options.outcomes))
    found["peers"] = run_part("beside_peers.py", "--samples", str(options.samples[0]), *pace)
    found["runner"] = run_part("runner.py", "--samples", *map(str, options.samples), *pace)["runs"]
    found["load_after"] = os.getloadavg()
    promises = [*promises_of_verdicts(found["verdicts"]), *promises_of_runner(found["runner"], found["peers"])]
    if options.json:
        found["promises"] = [vars(one) for one in promises]
        print(json.dumps(found, indent=2))
    else:
        print_report(found, promises)


def run_part(script: str, *arguments: str) -> Any:  # noqa: ANN401 - JSON of a part
    """Run one part and give what it found."""
    print(f"{script} ...", file=sys.stderr)
    words = [sys.executable, str(HERE / script), *arguments, "--json"]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603 - ours


def describe_machine() -> str:
    """Say what this runs on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    processor = ", ".join(sorted(models)) or platform.processor()
    return (
        f"{os.cpu_count()} cores ({processor}), {platform.system()} {platform.release()} {platform.machine()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def promises_of_verdicts(verdicts: Mapping[str, Any]) -> list[Promise]:
    """Hold the gate's calls and CPU against what is promised."""
    rows = {row["design"]: row for row in verdicts["designs"] if row["attempt"] is None}
    fixed, gate = rows["fixed n"], rows["our gate"]
    all_calls = fixed["calls"]["0.85"]
    saved, saved_when_bad = gate["times_fewer"], least_saved(fixed, gate)
    mean = f"at least {TIMES_FEWER} times fewer calls than the fixed design on average over six true rates"
    when_bad = f"at least {TIMES_FEWER_WHEN_BAD} times fewer at each true rate up to {BAD}"
    promises = [
        Promise(mean, f"{saved} times", saved >= TIMES_FEWER),
        Promise(when_bad, f"{saved_when_bad} times", saved_when_bad >= TIMES_FEWER_WHEN_BAD),
    ]
    for name, row in rows.items():
        if name.startswith("our gate"):
            most = row["most_at_any_rate"]
            text = f"at no true rate more calls in expectation than the fixed {all_calls:.0f} ({name})"
            promises.append(Promise(text, f"{most:.1f} at most", most <= all_calls))
    errors = f"passes {gate['false_pass_at_p0']:.2%} at p0 and {gate['pass_at_p1']:.1%} at p1"
    theirs = f"{fixed['false_pass_at_p0']:.2%} and {fixed['pass_at_p1']:.1%}"
    no_worse = gate["false_pass_at_p0"] <= fixed["false_pass_at_p0"] and gate["pass_at_p1"] >= fixed["pass_at_p1"]
    promises.append(Promise(f"errors no worse than the fixed design's ({theirs})", errors, no_worse))
    seconds = verdicts["speed"]["gate on outcomes"]
    text = f"{verdicts['outcomes']:,} outcomes through a gate in under {GATE_CPU_SECONDS} s of CPU"
    promises.append(Promise(text, f"{seconds} s", seconds < GATE_CPU_SECONDS))
    return promises


def least_saved(fixed: Mapping[str, Any], gate: Mapping[str, Any]) -> float:
    """Give how many times fewer calls the gate makes, at the worst of the rates up to .85."""
    return round(min(fixed["calls"][p] / gate["calls"][p] for p in fixed["calls"] if float(p) <= BAD), 1)


def promises_of_runner(runs: Sequence[Mapping[str, Any]], peers: Sequence[Mapping[str, Any]]) -> list[Promise]:
    """Hold the runner's CPU and memory against what is promised."""
    promises: list[Promise] = []
    for run in runs:
        each = run["cpu_seconds"] / run["samples"] * 1_000
        text = f"at most {RUNNER_CPU_MS} ms of CPU a sample at {run['samples']:,}"
        promises.append(Promise(text, f"{each:.3f} ms", each <= RUNNER_CPU_MS))
    peaks = [run["peak_rss"] / 1e6 for run in runs]
    grown = max(peaks) - min(peaks)
    text = f"memory constant within {RUNNER_MEMORY_MB} MB over these sizes"
    promises.append(Promise(text, f"{grown:.0f} MB", grown <= RUNNER_MEMORY_MB))
    ours, *others = peers
    # Our start outweighs a thousand samples, so a start that was slow by chance flatters: the larger figure counts.
    first = runs[0]
    most_of_ours = max(ours["cpu_ms_a_sample"], first["cpu_seconds"] / first["samples"] * 1_000)
    for row in others:
        most = PEERS_AT_MOST[row["tool"]]
        share = most_of_ours / row["cpu_ms_a_sample"]
        text = f"less than 1/{1 / most:.0f} of the CPU a sample of {row['tool']} {row['version']}"
        promises.append(Promise(text, f"1/{1 / share:.0f}", share < most))
    return promises


def print_report(found: Mapping[str, Any], promises: Sequence[Promise]) -> None:
    """Print everything as Markdown."""
    loads = [" ".join(f"{one:.1f}" for one in found[when]) for when in ("load_before", "load_after")]
    print(f"{found['machine']}; {datetime.now(UTC).date()}; load {loads[0]} before, {loads[1]} after.\n")
    print("| promised | found | kept |\n| --- | --- | --- |")
    for one in promises:
        print(f"| {one.text} | {one.found} | {'yes' if one.kept else '**no**'} |")
    print("\n## Calls to a verdict\n")
    print_calls(found["verdicts"]["designs"])
    print("## The runner alone\n")
    print("| samples | CPU ms a sample | start, CPU s | peak MiB |\n| --- | --- | --- | --- |")
    for run in found["runner"]:
        each = run["cpu_seconds"] / run["samples"] * 1_000
        peak = run["peak_rss"] / MEBIBYTE
        print(f"| {run['samples']:,} | {each:.3f} | {run['start_cpu_seconds']:.2f} | {peak:.0f} |")
    print(f"\n## The runner beside its peers, {found['peers'][0]['samples']:,} samples\n")
    print_rows(found["peers"])
    print("\n## Outcomes through a gate\n")
    print_speed(found["verdicts"]["speed"], found["verdicts"]["peak_memory_mb"], found["verdicts"]["machine"])


if __name__ == "__main__":
    main()
