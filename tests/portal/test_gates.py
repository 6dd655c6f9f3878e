"""Tests of gates for show: each form of claim in its own words, and what only some gates have."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.ledger.samples import SAMPLES
from tests.portal import sample

from pilotage.ledger.entry import NO_DIGEST, Entry
from pilotage.ledger.records.measurement import ClaimFigures, Measurement, SourceFigures
from pilotage.ledger.records.record import EstimateFigures
from pilotage.portal.pages.gates import GateCard, plan_gates

CLAIM = ClaimFigures(text="x", p0=0.9, p1=0.99, alpha=0.025, beta=0.1, cap=240)
ESTIMATE = EstimateFigures(point=0.98, low=0.93, high=0.995, n=120, confidence=0.95, method="betting-sequence")


def card(**changes: object) -> GateCard:
    """Plan the card of a finding."""
    found = SAMPLES["measurement"]
    assert isinstance(found, Measurement)
    plain = {"labels": None, "source": None, "gate": "binary", "claim": CLAIM, "estimate": ESTIMATE, "baseline": None}
    body = found.model_copy(update=plain | changes)
    entry = Entry(7, "sha256:" + "7" * 64, NO_DIGEST, sample.NOW, body, ())
    return plan_gates([entry], sample.catalog(sample.use_case()), None, sample.NOW + timedelta(days=1)).cards[0]


def text(shown: str) -> str:
    """Give a text with ordinary spaces."""
    return shown.replace("\u202f", " ").replace("\u2009", " ")


def fact(shown: GateCard, name: str) -> str:
    """Give one fact of a card."""
    return text(next(each.value for each in shown.facts if each.label == name))


@pytest.mark.parametrize(
    ("form", "point", "unit", "bound", "interval"),
    [
        ("share", "98 %", "passed", ("To exceed (p0)", "90 %"), "93 – 99.5 %"),
        ("attack", "2 %", "of the attacks succeeded", ("To stay below (1 − p0)", "10 %"), "0.5 – 7 %"),
        (
            "comparison",
            "+96.0 points",
            "over the baseline",
            ("To exceed (difference)", "+80.0 points"),
            "+86.0 to +99.0",
        ),
    ],
)
def test_each_form_is_told_in_its_own_words(
    form: str, point: str, unit: str, bound: tuple[str, str], interval: str
) -> None:
    """The record holds the mean that was bet on; people read shares, successes of attacks, or differences."""
    shown = card(claim=CLAIM.model_copy(update={"form": form}))
    assert (text(shown.point), shown.unit, fact(shown, bound[0])) == (point, unit, bound[1])
    assert interval in text(shown.interval)


def test_an_attack_says_what_so_many_can_prove() -> None:
    """0 of 59 proves less than 5 %, whatever the gate says."""
    shown = card(claim=CLAIM.model_copy(update={"form": "attack"}), n=59, passes=59, not_measured=0)
    assert fact(shown, "What so many can prove") == "0 of 59: under 5 %"
    assert "59 resisted" in text(shown.headline)


def test_a_judge_is_shown_with_its_labels() -> None:
    """How many people gave how many labels, and how far they agree with the judge, stands on the card."""
    found = SAMPLES["measurement"]
    assert isinstance(found, Measurement)
    shown = card(labels=found.labels, gate="corrected")
    assert fact(shown, "Labels") == "41 by 2 people"
    assert fact(shown, "Judge agrees with people").startswith("91.2 %")
    assert "as labels correct them" in fact(shown, "Decided by")


def test_what_came_from_another_tool_is_marked() -> None:
    """The tool, its version and the marks of its file are told, and no data set of ours is named for it."""
    source = SourceFigures(tool="garak", tool_version="0.13", file=NO_DIGEST, task="t", marks=("summary",))
    shown = card(source=source, gate="fixed-n", repeats=3)
    assert fact(shown, "Results of") == "garak 0.13, summary"
    assert fact(shown, "Times each was asked") == "3"
    assert "other tool" in fact(shown, "What it is about")
    assert "without replacement" in fact(card(), "What it is about")
