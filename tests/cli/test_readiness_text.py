"""A gate in one line, in the words of its claim's form."""

from __future__ import annotations

import pytest
from tests.ledger.samples import SAMPLES, digest

from pilotage.cli.readiness_text import gate_line
from pilotage.ledger.records.measurement import ClaimFigures, Measurement, SourceFigures
from pilotage.ledger.records.record import EstimateFigures

CLAIM = ClaimFigures(text="Good", p0=0.9, p1=0.99, alpha=0.025, beta=0.1, cap=240)
ESTIMATE = EstimateFigures(point=0.98, low=0.93, high=0.995, n=59, confidence=0.95, method="betting-sequence")
PLAIN = {"claim": CLAIM, "estimate": ESTIMATE, "baseline": None, "labels": None, "source": None, "n": 59, "passes": 59}


def line(**changes: object) -> str:
    """Write a finding in one line."""
    found = SAMPLES["measurement"]
    assert isinstance(found, Measurement)
    return gate_line(found.model_copy(update=PLAIN | changes))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("share", "MEETS: Good (more than 90% claimed, 98% [93%, 100%] found, n 59, attempt 2)"),
        ("attack", "(fewer than 10% claimed, 2% [1%, 7%] found, 0 of 59: under 5 %, n 59, attempt 2)"),
        ("comparison", "(a difference of more than +80 points claimed, +96.0 [+86.0, +99.0] found, n 59, attempt 2)"),
    ],
)
def test_each_form_is_told_in_its_own_words(form: str, said: str) -> None:
    """A share, the success of attacks with what so many can prove, or a difference in points."""
    assert said in line(claim=CLAIM.model_copy(update={"form": form}))


def test_what_stands_behind_is_told() -> None:
    """The trivial answer, people's labels and another tool are named where there are any."""
    found = SAMPLES["measurement"]
    assert isinstance(found, Measurement)
    assert line(baseline=ESTIMATE).endswith("trivial answer 98%)")
    assert "41 labels, judge agrees with 91%" in line(labels=found.labels)
    source = SourceFigures(tool="garak", tool_version="1", file=digest("c"), task="t", marks=("summary",))
    assert line(source=source).endswith("from garak, summary)")
