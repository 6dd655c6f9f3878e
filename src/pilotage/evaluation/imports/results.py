"""ImportedResults: what a file of another tool says, one value a prompt, and the errors that readers of it share.

The unit is the prompt: what was asked several times enters as the mean of its repeats. Not measured (an error, a
skipped test, NaN) stays None here and counts as failed at the gate.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import EvidenceError

Tool = Literal["inspect", "promptfoo", "garak", "junit"]

MARKS = {
    "summary": "the file holds totals alone, no outcome of a single prompt; nobody can look at what failed",
    "undated": "the file does not say when it ran, so its time of import counts",
    "before-release": "the run began before this Release was recorded, so what it asked may have been another",
    "part-of-dataset": "the run asked a part of its data set, so the claim is about that part alone",
    "retried": "samples that ended in an error were asked again, which gives hard prompts a second chance",
    "limited": "samples were cut off by a limit on messages, tokens or time, and scored as they stood",
}
"""What each mark of imported results tells a reader."""

MOST_UNITS = 1_000_000
LONGEST_WORD = 120
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person picks where a file holds several results.

    Attributes:
        score: the scorer (Inspect) or named score (promptfoo).
        provider: the provider (promptfoo), by label or id.
        prompt: the number of the column of results (promptfoo).
        probes: only these probes (garak); none named means all.
        detectors: only these detectors (garak); none named means all.
    """

    score: str | None = None
    provider: str | None = None
    prompt: int | None = None
    probes: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()

    def verify_for(self, tool: Tool, *, takes: Sequence[str] = ()) -> None:
        """Refuse a pick that a tool's results do not know.

        Raises:
            EvidenceError: something was picked that means nothing here.
        """
        given = {
            "--score": self.score is not None,
            "--provider": self.provider is not None,
            "--prompt": self.prompt is not None,
            "--probe": bool(self.probes),
            "--detector": bool(self.detectors),
        }
        foreign = [name for name, is_given in given.items() if is_given and name not in takes]
        if foreign:
            knows = " and ".join(takes) or "no such option"
            raise EvidenceError(f"{', '.join(foreign)} means nothing for results of {tool}", f"it knows {knows}")


@dataclass(frozen=True, slots=True)
class Unit:
    """One prompt (or test): what came of it.

    Attributes:
        id: digest of what tells it from the others; never its words.
        value: mean of its outcomes, 0 (bad) to 1 (good); None where none was measured.
        asked: times it was asked.
    """

    id: str
    value: float | None
    asked: int = 1


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of a file without outcomes per prompt.

    Attributes:
        n: prompts, those not measured included.
        mean: mean value over the n, not measured as 0.
        not_measured: prompts without a value.
        binary: whether each value is surely 0 or 1, so that `mean * n` of them are 1.
    """

    n: int
    mean: float
    not_measured: int = 0
    binary: bool = False


@dataclass(frozen=True, slots=True)
class ImportedResults:
    """What a file says.

    Attributes:
        tool: the tool that wrote it.
        tool_version: its version, or "unknown".
        task: what was run, as the file calls it, and what was picked from it.
        units: one for each prompt, in the file's order; empty for a summary.
        summary: the totals of a file without outcomes per prompt; else None.
        digest: digest of the whole file.
        marks: what a reader must know, one word each.
        started: when the run began, where the file says so.
        finished: when it ended, where the file says so.
    """

    tool: Tool
    tool_version: str
    task: str
    units: tuple[Unit, ...]
    summary: Summary | None
    digest: str
    marks: tuple[str, ...] = ()
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def n(self) -> int:
        """Prompts that the verdict rests on."""
        return len(self.units) if self.summary is None else self.summary.n

    @property
    def not_measured(self) -> int:
        """Prompts without any value."""
        return sum(unit.value is None for unit in self.units) if self.summary is None else self.summary.not_measured

    @property
    def asked(self) -> int:
        """Calls or tests that the file tells of."""
        return sum(unit.asked for unit in self.units) if self.summary is None else self.summary.n

    @property
    def repeats(self) -> int:
        """The most times that one prompt was asked."""
        return max((unit.asked for unit in self.units), default=1)

    @property
    def values(self) -> tuple[float, ...]:
        """One value a prompt, not measured as 0; empty for a summary."""
        return tuple(0.0 if unit.value is None else unit.value for unit in self.units)


def join_units(outcomes: Iterable[tuple[str, float | None]]) -> tuple[Unit, ...]:
    """Join outcomes of one prompt to one unit, in the order of first sight; not measured repeats count as 0.

    Args:
        outcomes: digest of the prompt, and value.

    Raises:
        EvidenceError: there are more prompts than anybody could mean.
    """
    found: dict[str, list[float | None]] = {}
    for prompt, value in outcomes:
        found.setdefault(prompt, []).append(value)
    if len(found) > MOST_UNITS:
        raise malformed(f"it tells of more than {MOST_UNITS} prompts", "import a part of it")
    return tuple(_unit(prompt, values) for prompt, values in found.items())


def _unit(prompt: str, values: Sequence[float | None]) -> Unit:
    measured = [value for value in values if value is not None]
    return Unit(prompt, math.fsum(measured) / len(values) if measured else None, len(values))


def malformed(what: str, remedy: str = "write the file anew with the tool itself") -> EvidenceError:
    """Make the error of a file that cannot be read."""
    return EvidenceError(f"the file cannot be read: {what}", remedy)


def not_independent(what: str, remedy: str) -> EvidenceError:
    """Make the error of a file that can be read but is no evidence at a fixed number of independent samples."""
    return EvidenceError(f"the results are no independent samples of a fixed number: {what}", remedy)


def plain_word(text: object, otherwise: str = "unknown") -> str:
    """Make a text of a foreign file fit for one line on a screen and in a record: printable, short."""
    words = "".join(c for c in str(text)[:1_000] if not unicodedata.category(c).startswith("C")).strip()
    return words[:LONGEST_WORD] or otherwise


def task_word(text: str) -> str:
    """Make what was run fit for one line: if too long, its beginning and a digest, so that it stays itself."""
    if len(text) <= LONGEST_WORD:
        return plain_word(text)
    digest = digest_of_bytes(text.encode("utf-8", "replace")).removeprefix("sha256:")
    return f"{plain_word(text)[: LONGEST_WORD - 14]}… {digest[:12]}"


def listed(names: Iterable[str]) -> str:
    """List names of a foreign file for a message."""
    found = sorted({plain_word(name) for name in names})
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return ", ".join(found[:_LISTED]) + more if found else "none"


def read_moment(text: object) -> datetime | None:
    """Read a moment of a foreign file; without a zone it is taken for UTC; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
