"""Measures the gate: calls to a verdict beside other designs, computed exactly, and the CPU of a million outcomes.

    python benchmarks/verdicts.py [--outcomes 1000000] [--json]

Calls hang on no machine: each design is followed by dynamic programming between its two lines. All spend the whole
of alpha (no further attempt is planned), as the fixed design does; the first of many attempts spends half of it and
stands below with the fixed design of that error. CPU and peak memory are those of this process.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import random
import resource
import sys
import time
from array import array
from collections.abc import Callable
from typing import Any

from pilotage.core.statistics.betting import betting_sequence
from pilotage.core.statistics.design import (
    FixedDesign,
    OperatingCharacteristic,
    characteristic_of_lines,
    fixed_design,
    operating_characteristic,
)
from pilotage.core.statistics.gate import GateDesign, assess_outcomes
from pilotage.core.statistics.graded import assess_grades
from pilotage.core.statistics.lines import Boundary
from pilotage.core.statistics.sequence import confidence_sequence

P0, P1, ALPHA, BETA = 0.90, 0.95, 0.05, 0.10
CAP, SMALLER_CAP = 1_000, 600
DEFAULT_CAP = 240
"""The cap of a claim that names none."""
RATES = (0.97, 0.95, 0.92, 0.90, 0.88, 0.85, 0.70)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--outcomes", type=int, default=1_000_000, help="outcomes through one gate")
    parser.add_argument("--json", action="store_true", help="print JSON, not Markdown")
    options = parser.parse_args()
    calls = [*compare_designs(None), *compare_designs(1)]
    speed, memory = measure_speed(options.outcomes)
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    if options.json:
        found = {"claim": {"p0": P0, "p1": P1, "alpha": ALPHA, "beta": BETA}, "machine": machine}
        print(
            json.dumps(
                {**found, "designs": calls, "outcomes": options.outcomes, "speed": speed, "peak_memory_mb": memory},
                indent=1,
            )
        )
    else:
        print_calls(calls)
        print_speed(speed, memory, machine)


def compare_designs(attempt: int | None) -> list[dict[str, Any]]:
    """Give each design's calls and errors at every rate, for one attempt at the claim."""
    gate = GateDesign(P0, P1, ALPHA, BETA, CAP, attempt)
    alpha = gate.attempt_alpha
    fixed = fixed_design(P0, P1, alpha, BETA)
    wald = wald_lines(alpha, CAP)
    capped = GateDesign(P0, P1, ALPHA, BETA, SMALLER_CAP, attempt)
    default = GateDesign(P0, P1, ALPHA, BETA, DEFAULT_CAP, attempt)
    designs: dict[str, Callable[[float], OperatingCharacteristic]] = {
        "fixed n": lambda p: never_stopped(fixed, p),
        "fixed n, curtailed": lambda p: characteristic_of_lines(fixed.curtailed_lines, p),
        "plain SPRT": lambda p: characteristic_of_lines(wald, p),
        "our gate": lambda p: operating_characteristic(gate, p),
        f"our gate, cap {SMALLER_CAP}": lambda p: operating_characteristic(capped, p),
        f"our gate, cap {DEFAULT_CAP}": lambda p: operating_characteristic(default, p),
    }
    rows: list[dict[str, Any]] = []
    for name, follow in designs.items():
        results = {p: follow(p) for p in RATES}
        calls = {str(p): round(result.expected_n, 1) for p, result in results.items()}
        mean = sum(result.expected_n for p, result in results.items() if p != P0) / (len(RATES) - 1)
        rows.append(
            {
                "design": name,
                "attempt": attempt,
                "calls": calls,
                "mean_of_6": round(mean, 1),
                "times_fewer": round(fixed.n / mean, 2),
                "times_fewer_at_0.85": round(fixed.n / results[0.85].expected_n, 2),
                "most_at_any_rate": round(max(follow(rate / 1_000).expected_n for rate in range(900, 1_001)), 1),
                "false_pass_at_p0": round(results[P0].meets, 4),
                "pass_at_p1": round(results[P1].meets, 4),
            }
        )
    return rows


def never_stopped(fixed: FixedDesign, p: float) -> OperatingCharacteristic:
    """Give what the fixed design does when every call is made: the verdicts of the curtailed one, all the calls."""
    ends = characteristic_of_lines(fixed.curtailed_lines, p)
    return OperatingCharacteristic(p, ends.meets, ends.fails, ends.undecided, float(fixed.n))


def wald_lines(alpha: float, cap: int) -> list[Boundary]:
    """Give the lines of the plain sequential probability ratio test, thresholds 1/alpha and 1/beta."""
    up, down = math.log(P1 / P0), math.log((1 - P1) / (1 - P0))
    lines: list[Boundary] = []
    for n in range(1, cap + 1):
        meets_at = math.ceil((-math.log(alpha) - n * down) / (up - down) - 1e-9)
        fails_at = math.floor((math.log(BETA) - n * down) / (up - down) + 1e-9)
        lines.append(Boundary(n, meets_at if meets_at <= n else None, fails_at if fails_at >= 0 else None))
    return lines


def measure_speed(outcomes: int) -> tuple[dict[str, float], dict[str, float]]:
    """Give, for so many outcomes through gates that never decide and for their bands, CPU seconds and peak MB."""
    design = GateDesign(P0, P0 + 0.0001, ALPHA, BETA, outcomes)
    lot = random.Random(1)  # noqa: S311 - the same outcomes each time
    passed = [lot.random() < P0 for _ in range(outcomes)]
    grades = array("d", (lot.betavariate(9, 1) for _ in range(outcomes)))
    steps: dict[str, Callable[[], object]] = {
        "gate on outcomes": lambda: assess_outcomes(design, passed),
        "gate on grades": lambda: assess_grades(design, grades),
        "band of outcomes": lambda: confidence_sequence(passed),
        "band of grades": lambda: betting_sequence(grades),
    }
    seconds: dict[str, float] = {}
    memory = {"before": peak_memory()}
    for name, step in steps.items():
        print(f"{name}: {outcomes:,} outcomes ...", file=sys.stderr)
        begun = time.process_time()
        step()
        seconds[name] = round(time.process_time() - begun, 2)
        memory[name] = peak_memory()
    return seconds, memory


def peak_memory() -> float:
    """Give the most memory that this process has held so far, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def print_calls(rows: list[dict[str, Any]]) -> None:
    """Print the table of calls and errors."""
    print(f"Calls to a verdict: p0 {P0}, p1 {P1}, alpha {ALPHA}, beta {BETA}, cap {CAP:,}; exact\n")
    heads = [f"p {p}" for p in RATES]
    print("| attempt | design |", " | ".join(heads), "| mean of 6 | times fewer | at .85 | most | pass at p0 | at p1 |")
    print("| --- " * (len(RATES) + 8) + "|")
    for row in rows:
        attempt = "undivided" if row["attempt"] is None else row["attempt"]
        calls = " | ".join(f"{found:.0f}" for found in row["calls"].values())
        errors = f"{row['false_pass_at_p0']:.2%} | {row['pass_at_p1']:.1%}"
        saved = f"{row['times_fewer']} | {row['times_fewer_at_0.85']} | {row['most_at_any_rate']:.0f}"
        print(f"| {attempt} | {row['design']} | {calls} | {row['mean_of_6']:.0f} | {saved} | {errors} |")
    print("\n`mean of 6` leaves p0 out; `most` is the largest expected number of all true rates .900, .901, ... 1.\n")


def print_speed(speed: dict[str, float], memory: dict[str, float], machine: str) -> None:
    """Print what the outcomes cost."""
    print("| step | CPU s | peak MB so far |\n| --- | --- | --- |")
    print(f"| before | - | {memory['before']:.0f} |")
    for name, seconds in speed.items():
        print(f"| {name} | {seconds} | {memory[name]:.0f} |")
    print(f"\n{machine}")


if __name__ == "__main__":
    main()
