"""Tests of what is said of claims that a data set is too small for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.evaluation.report_samples import evaluation

from pilotage.core.statistics.gate import Verdict
from pilotage.core.statistics.graded import assess_grades
from pilotage.evaluation.enough import say_too_few
from pilotage.evaluation.plan import plan_design

SHARE = {"text": "nine of ten", "p0": 0.9, "p1": 0.97}
FORMS: dict[str, dict[str, Any]] = {
    "binary": {"claim": SHARE},
    "graded": {"claim": SHARE, "repeats": 2},
    "corrected": {"claim": SHARE, "scorer": {"type": "judged", "judge": "tone", "label_share": 0.5}},
}


def fewest(told: str | None) -> int:
    """Read the fewest items from what was said."""
    found = re.search(r"at least ([0-9,]+) are needed", told or "")
    assert found is not None, told
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("attempt", [1, 3])
def test_the_number_told_is_the_first_that_is_enough(form: str, attempt: int) -> None:
    """With as many items as are told to be needed nothing is said, with one fewer it is."""
    declared = evaluation(**FORMS[form])
    least = fewest(say_too_few(declared, items=5, attempt=attempt))

    assert say_too_few(declared, items=least, attempt=attempt) is None
    assert fewest(say_too_few(declared, items=least - 1, attempt=attempt)) == least


def test_the_gate_agrees() -> None:
    """A gate on grades MEETS after the number told, all being right, and not one before."""
    declared = evaluation(**FORMS["graded"])
    least = fewest(say_too_few(declared, items=5, attempt=2))
    design = plan_design(declared.claim, 2)

    assert assess_grades(design, [1.0] * least).verdict is Verdict.MEETS
    assert assess_grades(design, [1.0] * (least - 1)).verdict is Verdict.UNDECIDED


def test_a_cap_is_named() -> None:
    """Where the cap and not the file is what is short, it is told so."""
    told = say_too_few(evaluation(claim=SHARE | {"cap": 10}), items=400, attempt=1)

    assert told is not None
    assert "10 items (its cap, of 400) cannot meet this claim: at attempt 1" in told
    assert told.endswith("it can only end UNDECIDED or FAILS")


def test_where_none_are_enough_nearby_no_number_is_made_up() -> None:
    """A graded claim that wants tens of thousands of items is told so without the exact number."""
    claim = {"text": "all", "p0": 0.9999, "p1": 0.99999}

    assert "more than 20,000 are needed" in (say_too_few(evaluation(claim=claim, repeats=2), items=9, attempt=1) or "")
