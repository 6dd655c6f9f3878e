"""Writes ppi.json: what ppi-python says of seeded samples, so that the tests need not install it (500 MB).

    python -m venv /tmp/ppi && /tmp/ppi/bin/pip install ppi-python==0.2.3
    /tmp/ppi/bin/python tests/core/statistics/golden/write_ppi_golden.py

Each case holds the sample as 0 or 1, or as tenths, so that the file stays small and exact.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ppi_py import (  # pyright: ignore[reportMissingImports] - it is installed in an environment of its own
    ppi_mean_ci,
    ppi_mean_pointestimate,
)

JUDGES = {"flattering": (0.97, 0.60), "fair": (0.95, 0.80), "good": (0.98, 0.95), "inverted": (0.05, 0.10)}
RATE = 0.85
CONFIDENCE = 0.9


def main() -> None:
    """Write the cases beside this script."""
    rng = np.random.default_rng(20)
    cases = []
    for judge, (sensitivity, specificity) in JUDGES.items():
        for labels in (50, 100, 300):
            good = rng.random(2_000) < RATE
            score = np.where(good, rng.random(2_000) < sensitivity, rng.random(2_000) >= specificity).astype(float)
            cases.append(case_of(judge, good.astype(float), score, labels))
    good = rng.integers(0, 11, 400) / 10
    score = np.round(np.clip(good + rng.normal(0, 0.2, 400), 0, 1), 1)
    cases.append(case_of("grades", good, score, 120))
    golden = {"tool": f"ppi-python {version('ppi-python')}", "confidence": CONFIDENCE, "cases": cases}
    Path(__file__).with_name("ppi.json").write_text(json.dumps(golden, indent=1) + "\n")


def case_of(judge: str, label: np.ndarray, score: np.ndarray, labels: int) -> dict[str, object]:
    """Ask ppi-python for the interval with the trust in the judge tuned, whole and none."""
    sample = (label[:labels], score[:labels], score[labels:])
    found = {}
    for name, trust in (("tuned", None), ("plain", 1), ("labels alone", 0)):
        low, high = ppi_mean_ci(*sample, alpha=1 - CONFIDENCE, lam=trust)
        point = ppi_mean_pointestimate(*sample, lam=trust)
        found[name] = [float(np.squeeze(point)), float(np.squeeze(low)), float(np.squeeze(high))]
    tenths = {"label": sample[0], "score": sample[1], "others": sample[2]}
    return {"judge": judge, **{name: packed(values) for name, values in tenths.items()}, **found}


def packed(values: np.ndarray) -> str:
    """Write tenths from 0 to 10 as one letter each, from a to k."""
    return "".join("abcdefghijk"[round(10 * value)] for value in values.tolist())


if __name__ == "__main__":
    main()
