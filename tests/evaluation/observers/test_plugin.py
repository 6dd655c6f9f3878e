"""Plugins: found, loaded and run at the edge; whatever they do wrong is told or not measured, and never a pass."""

# ruff: noqa: ARG002 - a plugin's methods have the arguments that were agreed
from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.evaluation.observers.plugins import install_plugin

from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.conformance import assert_conforms
from pilotage.evaluation.observers.plugin import (
    MOST_OVERRUN,
    PluginObserver,
    check_plugin_items,
    find_plugins,
    open_plugin,
)
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome
from pilotage.evaluation.scorers.observation import PluginFinding
from pilotage.evaluation.scorers.plugin import WITHHELD
from pilotage.evaluation.scorers.score import score_answer
from pilotage.evaluation.targets.target import Answer
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import PluginScorer

RUN = "01JB00000000000000000000AB"
ITEM = Item("i", "Write to Anna Meyer.", "Anna Meyer")
LETTER = "Dear Anna Meyer,\nit is paid.\nKind regards"


def declared(**fields: Any) -> PluginScorer:  # noqa: ANN401 - fields of PluginScorer
    """Declare the example."""
    return PluginScorer.model_validate({"type": "plugin", "plugin": "polite", "release": "1.0.0"} | fields)


class Scripted:
    """A plugin whose verdict is a function of the answer."""

    owner = "somebody"
    cases = ()

    def __init__(self, verdict: Callable[[Any], Any]) -> None:
        """Take the function."""
        self._verdict = verdict

    def needs(self, expected: Json) -> str | None:
        """Need a text."""
        return None if isinstance(expected, str) else str(expected)

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Any:  # noqa: ANN401 - anything, for once
        """Give what the function gives."""
        return self._verdict(answer)


def observe(plugin: Any, answer: AnswerValue, *, seconds: float = 30, **fields: Any) -> Outcome:  # noqa: ANN401 - any plugin, any field
    """Let a plugin judge one answer, and the scorer take its finding."""
    scorer = declared(**fields)
    observer = PluginObserver(plugin, scorer, seconds=seconds)
    finding = asyncio.run(observer.observe(ITEM, Answer(answer, 0.1), run=RUN, repeat=0))
    return score_answer(scorer, ITEM, answer, finding)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the example."""
    install_plugin(tmp_path, monkeypatch)


def test_the_example_is_found_loaded_and_judges(installed: None) -> None:
    """A package that brings an entry point is a scorer, once a document names it and its release."""
    (found,) = [plugin for plugin in find_plugins() if plugin.name == "polite"]
    plugin = open_plugin(declared())

    assert (found.package, found.release) == ("polite-scorer", "1.0.0")
    assert observe(plugin, LETTER) == PASS
    assert observe(plugin, LETTER, graded=True) == Outcome("pass", score=1.0)
    assert observe(plugin, "Dear Anna Meyer", graded=True).score == 0.5
    assert observe(plugin, "Moin Anna Meyer\nBest wishes", settings={"greetings": ["moin"]}) == PASS


def test_the_example_conforms(installed: None) -> None:
    """What the documentation shows passes the test that it recommends."""
    assert_conforms(open_plugin(declared()))


def test_only_the_declared_release_is_used(installed: None) -> None:
    """Evidence names a release, so another one that happens to be installed is refused."""
    with pytest.raises(EvidenceError, match=r"release 1\.0\.1, and polite-scorer 1\.0\.0"):
        open_plugin(declared(release="1.0.1"))


def test_what_is_not_installed_is_told(installed: None) -> None:
    """The error lists what is there."""
    with pytest.raises(UsageError, match="no installed package") as caught:
        open_plugin(declared(plugin="rude"))

    assert "polite" in caught.value.remedy


def test_two_packages_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of them would run is luck."""
    install_plugin(tmp_path / "one", monkeypatch)
    install_plugin(tmp_path / "two", monkeypatch, name="other-scorer")

    with pytest.raises(UsageError, match="more than one package"):
        open_plugin(declared())


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("polite_scorer:Polite", "no object"),
        ("polite_scorer:LETTER", "no object"),
        ("polite_scorer:NOTHING", "cannot be imported"),
        ("no_such_module_here:SCORER", "cannot be imported"),
        ("ownerless_scorer:SCORER", "nobody as owner"),
        ("faulty_scorer:SCORER", "cannot be imported"),
    ],
)
def test_what_is_no_scorer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, said: str) -> None:
    """Classes, other objects, modules that are not there or fail, and scorers without owner."""
    install_plugin(tmp_path, monkeypatch, entries={"polite": target})
    tmp_path.joinpath("faulty_scorer.py").write_text("1 / 0\n")
    tmp_path.joinpath("ownerless_scorer.py").write_text(
        "class Ownerless:\n    owner = ' '\n    needs = score = print\nSCORER = Ownerless()\n"
    )

    with pytest.raises(EvidenceError, match=said):
        open_plugin(declared())


def test_items_are_checked_by_the_plugin(installed: None) -> None:
    """An item that it cannot judge is named before anything is asked; a plugin that fails on one is told, too."""
    plugin = open_plugin(declared())
    check_plugin_items(plugin, declared(), [ITEM])

    with pytest.raises(EvidenceError, match="item 'j': the scorer plugin needs a name"):
        check_plugin_items(plugin, declared(), [ITEM, Item("j", "question", 5)])
    with pytest.raises(EvidenceError, match=r"failed on item 'i' \(AttributeError\)"):
        check_plugin_items(object(), declared(), [ITEM])  # pyright: ignore[reportArgumentType] - no plugin at all


@pytest.mark.parametrize(
    "given",
    [
        None,
        True,
        "pass",
        0.7,
        Outcome("passed"),  # pyright: ignore[reportArgumentType] - what a plugin may do
        Outcome("fail"),
        Outcome("fail", "two\nlines"),
        Outcome("fail", "x" * 201),
        Outcome("fail", 5),  # pyright: ignore[reportArgumentType] - as above
        Outcome("pass", score=1.5),
        Outcome("pass", score=float("nan")),
        Outcome("pass", score=True),
    ],
)
def test_what_is_no_outcome_is_not_measured(given: object) -> None:
    """Anything but a whole Outcome counts as not measured, which a gate takes for a failure."""
    assert observe(Scripted(lambda _: given), "a").state == "not-measured"


@pytest.mark.parametrize("error", [ValueError, RecursionError, SystemExit, TimeoutError, MemoryError])
def test_a_plugin_that_fails_is_not_measured(error: type[BaseException]) -> None:
    """Whatever it raises, the run goes on, and the message stays out: it may quote."""

    def verdict(answer: AnswerValue) -> Outcome:
        raise error(f"secret {answer}")

    outcome = observe(Scripted(verdict), "a")

    assert outcome.state == "not-measured"
    assert outcome.reason.startswith("the plugin failed (")
    assert "secret" not in outcome.reason


def test_a_reason_that_quotes_is_withheld() -> None:
    """Reasons are recorded beside outcomes, where content does not belong."""
    said = "The claim of Anna Meyer was paid on Monday"

    assert observe(Scripted(lambda answer: Outcome("fail", f"wrong: {answer}")), said).reason == WITHHELD
    assert observe(Scripted(lambda _: Outcome("pass", "well done")), said) == PASS
    assert observe(Scripted(lambda _: Outcome("fail", "the tone is wrong")), said).reason == "the tone is wrong"


def test_a_plugin_changes_nothing_that_is_recorded() -> None:
    """It gets copies of the item and the answer."""
    answer: list[Json] = ["a"]

    observe(Scripted(lambda given: given.clear() or PASS), answer)

    assert answer == ["a"]


def test_what_a_plugin_observes_reaches_its_score() -> None:
    """A method `observe` beside the others may reach outside; `score` judges what it gave."""

    class Observing(Scripted):
        def observe(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json]) -> Json:
            return {"length": len(answer)}

        def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
            return PASS if observation == {"length": 3} else Outcome("fail", "another length")

    assert observe(Observing(lambda _: None), "abc") == PASS
    assert observe(Observing(lambda _: None), "abcd").state == "fail"


def test_a_plugin_without_end_stops_the_run_after_a_few_answers() -> None:
    """One answer that takes too long is not measured; several stop the run, since each keeps a processor busy."""
    gate = threading.Event()
    observer = PluginObserver(Scripted(lambda _: gate.wait(60)), declared(), seconds=0.01)

    async def run() -> list[PluginFinding]:
        found = [await observer.observe(ITEM, Answer("a", 0.1), run=RUN, repeat=0) for _ in range(MOST_OVERRUN - 1)]
        with pytest.raises(EvidenceError, match=r"took longer than 0\.01 seconds"):
            await observer.observe(ITEM, Answer("a", 0.1), run=RUN, repeat=0)
        return found

    found = asyncio.run(run())
    gate.set()

    assert [one.outcome.reason for one in found] == ["the plugin took too long"] * (MOST_OVERRUN - 1)
