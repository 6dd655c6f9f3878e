"""Tests of `pilotage scorer`: what is installed is listed and checked, faults are told, and the exit code says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Pilotage
from tests.evaluation.observers.plugins import install_plugin


def test_nothing_installed_is_told(pilotage: Pilotage) -> None:
    """Without plugins the list is empty, and says where to read on."""
    assert pilotage("scorer", "list", "--json").json == []
    assert "docs/scorers.md" in pilotage("scorer", "list").out


def test_an_installed_scorer_is_listed_with_owner_release_and_conformance(
    pilotage: Pilotage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answers for it, which release it is, and whether it stands the test."""
    install_plugin(tmp_path / "site", monkeypatch)

    (row,) = pilotage("scorer", "list", "--json").json

    assert row == {
        "name": "polite",
        "package": "polite-scorer",
        "release": "1.0.0",
        "owner": "Letters team, letters@example.org",
        "conforms": True,
        "faults": [],
    }
    assert "polite-scorer 1.0.0  conforms" in pilotage("scorer", "list").out
    assert pilotage("scorer", "check", "polite").out == "polite (polite-scorer 1.0.0) conforms\n"
    assert pilotage("scorer", "check", "polite", "--json").json["conforms"] is True


def test_a_scorer_that_does_not_conform_ends_with_1(
    pilotage: Pilotage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault is told, on the list too, also where it cannot even be imported."""
    folder = tmp_path / "site"
    install_plugin(folder, monkeypatch, entries={"lenient": "lenient_scorer:SCORER", "gone": "no_such_scorer:SCORER"})
    folder.joinpath("lenient_scorer.py").write_text(
        "from polite_scorer import Polite\n"
        "from pilotage.evaluation.outcome import PASS\n"
        "class Lenient(Polite):\n"
        "    def score(self, *_):\n"
        "        return PASS\n"
        "SCORER = Lenient()\n"
    )

    checked = pilotage("scorer", "check", "lenient")
    rows = pilotage("scorer", "list", "--json").json

    assert checked.code == 1
    assert "its case letter-1 is to be fail, and it finds pass" in checked.err
    assert pilotage("scorer", "check", "lenient", "--json").code == 1
    assert [(row["name"], row["conforms"]) for row in rows] == [("gone", False), ("lenient", False)]
    assert pilotage("scorer", "check", "gone").code == 1
    assert "does not conform" in pilotage("scorer", "list").out


def test_an_unknown_scorer_ends_with_2(pilotage: Pilotage) -> None:
    """What is not installed was named wrongly."""
    ended = pilotage("scorer", "check", "rude")

    assert ended.code == 2
    assert "no installed package brings a scorer 'rude'" in ended.err
