"""Finds, loads and runs the scorers that installed packages bring as entry points of the group `pilotage.scorers`."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.scorers.observation import PluginFinding
from pilotage.evaluation.scorers.plugin import ScorerPlugin, check_finding
from pilotage.evaluation.scorers.score import unfit_item
from pilotage.evaluation.targets.target import Answer
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import PluginScorer

T = TypeVar("T")

GROUP = "pilotage.scorers"
LONGEST_SCORING = 30.0
"""Seconds that a plugin may take for one answer."""
MOST_OVERRUN = 3
"""Answers that may take longer, after which a run stops: Python cannot end a thread, so each costs a processor."""
_LONGEST_OWNER = 200


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """A scorer that an installed package says that it brings; nothing of it has run.

    Attributes:
        name: the entry point's name, as a document has it.
        package: the distribution that brings it.
        release: the distribution's version.
        entry_point: where the object stands.
    """

    name: str
    package: str
    release: str
    entry_point: EntryPoint


def find_plugins() -> tuple[InstalledPlugin, ...]:
    """List what installed packages bring, by name."""
    found = [
        InstalledPlugin(entry.name, entry.dist.name, entry.dist.version, entry)
        for entry in entry_points(group=GROUP)
        if entry.dist is not None
    ]
    return tuple(sorted(found, key=lambda plugin: (plugin.name, plugin.package)))


def find_plugin(name: str) -> InstalledPlugin:
    """Find the one plugin of a name.

    Raises:
        UsageError: there is none, or two packages bring it.
    """
    installed = find_plugins()
    found = [plugin for plugin in installed if plugin.name == name]
    if not found:
        known = ", ".join(sorted({plugin.name for plugin in installed})) or "none"
        message = f"no installed package brings a scorer {name!r}"
        raise UsageError(message, f"install the package beside pilotage; there are: {known}")
    if len(found) > 1:
        packages = ", ".join(plugin.package for plugin in found)
        raise UsageError(f"more than one package brings a scorer {name!r}: {packages}", "uninstall all but one")
    return found[0]


def load_plugin(installed: InstalledPlugin) -> ScorerPlugin:
    """Import a plugin.

    Raises:
        EvidenceError: it cannot be imported, or is no scorer.
    """
    remedy = f"ask who brings the package {installed.package}, or run `pilotage scorer check {installed.name}`"
    try:
        plugin: Any = installed.entry_point.load()
    except Exception as error:
        message = f"the scorer {installed.name!r} cannot be imported ({type(error).__name__}: {error})"
        raise EvidenceError(message, remedy) from error
    if isinstance(plugin, type) or not all(callable(getattr(plugin, name, None)) for name in ("needs", "score")):
        message = f"the scorer {installed.name!r} is no object with the methods needs and score"
        raise EvidenceError(message, "let the entry point name an object, not a class")
    if not is_owner(getattr(plugin, "owner", None)):
        raise EvidenceError(f"the scorer {installed.name!r} names nobody as owner", remedy)
    return plugin


def is_owner(owner: object) -> bool:
    """Tell whether this names somebody, in one line."""
    return isinstance(owner, str) and bool(owner.strip()) and owner.isprintable() and len(owner) <= _LONGEST_OWNER


def open_plugin(scorer: PluginScorer) -> ScorerPlugin:
    """Load the plugin that a scorer declares, of exactly the release that it declares.

    Raises:
        UsageError: it is not installed.
        EvidenceError: another release is installed, or it cannot be used.
    """
    installed = find_plugin(scorer.plugin)
    if installed.release != scorer.release:
        message = f"the scorer {scorer.plugin!r} is declared at release {scorer.release}, and {installed.package} "
        message += f"{installed.release} is installed"
        raise EvidenceError(message, f"install {installed.package}=={scorer.release}, or declare what is installed")
    return load_plugin(installed)


def check_plugin_items(plugin: ScorerPlugin, scorer: PluginScorer, items: Iterable[Item]) -> None:
    """Refuse items without the expected value that a plugin needs, before anything is asked.

    Raises:
        EvidenceError: names the first such item, or says that the plugin failed on it.
    """
    for item in items:
        try:
            lacking: object = plugin.needs(item.expected)
        except Exception as error:
            message = f"the scorer {scorer.plugin!r} failed on item {item.id!r} ({type(error).__name__})"
            raise EvidenceError(message, f"run `pilotage scorer check {scorer.plugin}`") from error
        if lacking is not None:
            raise unfit_item(item, scorer, str(lacking)[:_LONGEST_OWNER])


class PluginObserver:
    """Lets a plugin judge answers, in a thread, within a time; what it does wrong is not measured, and never a pass."""

    def __init__(self, plugin: ScorerPlugin, scorer: PluginScorer, *, seconds: float = LONGEST_SCORING) -> None:
        """Take a plugin that was loaded, and how it is declared."""
        self._plugin = plugin
        self._scorer = scorer
        self._seconds = seconds
        self._overrun = 0

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> PluginFinding:
        """Let it judge one answer; see `Observer`.

        Raises:
            EvidenceError: it did not come to an end several times.
        """
        del run, repeat
        # Copies, so that what is recorded is what was answered.
        call = start_call(lambda: judge(self._plugin, self._scorer, copy.deepcopy(item), copy.deepcopy(answer.value)))
        try:
            async with asyncio.timeout(self._seconds):
                found: object = await asyncio.wrap_future(call)
        except TimeoutError:
            if call.done():
                return _not_measured("the plugin failed (TimeoutError)")
            self._overrun += 1
            if self._overrun >= MOST_OVERRUN:
                message = (
                    f"the scorer {self._scorer.plugin!r} took longer than {self._seconds:g} seconds for an answer, "
                )
                message += f"{self._overrun} times"
                raise EvidenceError(message, "mend the plugin, then run again: what was recorded is kept") from None
            return _not_measured("the plugin took too long")
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is its fault, and not the answer's
            return _not_measured(f"the plugin failed ({type(error).__name__[:80]})")
        return PluginFinding(check_finding(found, item, answer.value, graded=self._scorer.graded))


def judge(plugin: ScorerPlugin, scorer: PluginScorer, item: Item, answer: AnswerValue) -> object:
    """Let a plugin observe, where it does, and score."""
    settings = copy.deepcopy(scorer.settings)
    observe = getattr(plugin, "observe", None)
    seen = observe(item, answer, settings) if callable(observe) else None
    return plugin.score(item, answer, settings, seen)


def start_call(function: Callable[[], T]) -> Future[T]:
    """Call a function in a thread of its own, which never keeps the process from ending."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(function())
        except SystemExit:
            future.set_exception(RuntimeError("it wanted to end the process"))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="scorer plugin").start()
    return future


def _not_measured(reason: str) -> PluginFinding:
    return PluginFinding(Outcome("not-measured", reason))
