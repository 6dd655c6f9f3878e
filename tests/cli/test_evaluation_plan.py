"""`evaluation plan` says what a gate will cost before a call is made, to people and to machines."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
import typer.testing
from tests.cli.conftest import Ended, Pilotage

from pilotage.cli.evaluation_plan import plan_evaluation

EVALUATION = "claims-triage-promise"


@pytest.fixture
def planned(registry: Path) -> Pilotage:
    """Give a function that runs the command by itself on the starter registry."""
    program = typer.Typer()
    program.command()(plan_evaluation)
    runner = typer.testing.CliRunner()

    def run(*words: object) -> Ended:
        told = [*map(str, words), "--registry", str(registry), "--state", str(registry.parent / "state")]
        result = runner.invoke(program, told)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


def test_people_are_told_calls_money_and_chances(planned: Pilotage) -> None:
    """A line a rate, the worst case and the fixed-n design; and that the starter's few items can never MEET."""
    ended = planned(EVALUATION)
    assert ended.code == 0
    text = " ".join(ended.out.split())
    for words in ("80% pass (p0)", "92% pass (p1)", "50% pass", "at worst", "fixed-n design", "MEETS", "UNDECIDED"):
        assert words in text, words
    assert "at most: it was never called" in text
    assert "It can never MEET: 12 items are too few" in text
    assert "computed exactly" in text


def test_machines_get_the_same(planned: Pilotage) -> None:
    """One JSON document; what is unknown is null and never 0."""
    told = planned(EVALUATION, "--json").json
    assert (told["evaluation"], told["attempt"], told["can_meet"], told["gate"]) == (EVALUATION, 1, False, "binary")
    assert told["items"] == told["most_items"] == 12
    assert told["worst"]["minutes"] is None
    assert [rate["mark"] for rate in told["rates"] if rate["mark"]] == ["p0", "p1"]
    for rate in told["rates"]:
        assert rate["meets"] + rate["fails"] + rate["undecided"] == pytest.approx(1)
        assert rate["expected"]["calls"] <= told["worst"]["calls"]
    assert told["worst"]["money"]["unit"] == "EUR"
    assert told["worst"]["energy"] is None


def test_enough_items_are_said_to_be_enough(planned: Pilotage, registry: Path) -> None:
    """With more items the least number for MEETS is told."""
    rows = (f'{{"id": "c{n}", "input": "claim {n}", "expected": "motor"}}\n' for n in range(300))
    (registry / "use_cases" / "claims-triage.jsonl").write_text("".join(rows))
    assert "MEETS is possible from " in planned(EVALUATION).out


def test_wrong_use_is_told(planned: Pilotage, registry: Path) -> None:
    """An unknown evaluation lists those there are; a claim that cannot be tested is named."""
    ended = planned("claims-triage-promis")
    assert (ended.code, EVALUATION in ended.err) == (2, True)
    file = registry / "use_cases" / "claims-triage.yaml"
    file.write_text(file.read_text().replace("p1: 0.92", "p1: 0.8001"))
    ended = planned(EVALUATION)
    assert (ended.code, "cannot be tested at attempt 1" in ended.err) == (1, True)


def test_a_discordance_that_cannot_be_is_told(planned: Pilotage, registry: Path) -> None:
    """Two systems cannot disagree on more than all of the items."""
    file = registry / "use_cases" / "claims-triage.yaml"
    text = file.read_text()
    claim = text[text.index("claim:") :]
    compared = "claim: {text: Better than before., baseline: {route: claims-triage, release: promoted}}\n"
    file.write_text(text.replace(claim, compared).replace("measures: promise", "measures: comparison"))
    assert planned(EVALUATION, "--discordance", "1.5").code == 2
    ended = planned(EVALUATION, "--discordance", "0.3")
    assert (ended.code, "disagree on 30% of the items" in ended.out) == (0, True)
