"""Reads JUnit XML, as pytest, promptfoo and many others write it: one test is one sample.

The XML is read event by event; a DOCTYPE is refused, so no entity can grow. A test that was run again until it passed
is no independent sample. A file whose totals say otherwise than its tests was changed, and is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat

from pilotage.core.canonical import digest_of_json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.results import (
    MOST_UNITS,
    Choice,
    ImportedResults,
    Summary,
    Unit,
    malformed,
    not_independent,
    plain_word,
    read_moment,
    task_word,
)

_DEEPEST = 100
_RERUNS = frozenset({"flakyFailure", "flakyError", "rerunFailure", "rerunError"})
_ROOTS = frozenset({"testsuites", "testsuite"})

_State = Literal["passed", "failed", "error", "skipped"]

_BADNESS: tuple[_State, ...] = ("passed", "skipped", "failed", "error")
_CHILDREN: dict[str, _State] = {"failure": "failed", "error": "error", "skipped": "skipped"}
_WORDS: dict[str, _State] = {
    "fail": "failed",
    "failed": "failed",
    "failure": "failed",
    "error": "error",
    "errored": "error",
    "broken": "error",
    "skip": "skipped",
    "skipped": "skipped",
    "disabled": "skipped",
    "ignored": "skipped",
    "notrun": "skipped",
    "suppressed": "skipped",
}
"""What the attributes `status` and `result` of a test say; any other word says nothing."""

_TOTALS: dict[str, _State] = {"failures": "failed", "errors": "error", "skipped": "skipped"}


@dataclass(slots=True)
class _Count:
    """What stands in a suite: tests, and of each kind of bad end the tests, the tests that show one, and its marks.

    Tools count differently: pytest counts a test that was skipped and broke at its end as both, and others write two
    failures of one test.
    """

    tests: int = 0
    keys: set[str] = field(default_factory=set[str])
    ends: Counter[str] = field(default_factory=Counter[str])
    showing: Counter[str] = field(default_factory=Counter[str])
    marks: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: _Count) -> None:
        """Take in the tests of a suite within."""
        self.tests += other.tests
        self.keys |= other.keys
        self.ends += other.ends
        self.showing += other.showing
        self.marks += other.marks

    def add_test(self, key: str, end: _State, marks: list[_State]) -> None:
        """Take in one test."""
        self.tests += 1
        self.keys.add(key)
        self.ends[end] += 1
        self.showing.update(set(marks))
        self.marks.update(marks)

    def possible(self, name: str) -> set[int]:
        """Give the figures that a tool may write for these tests as one of its totals."""
        if name == "tests":
            return {self.tests, len(self.keys)}
        end = _TOTALS[name]
        return {self.ends[end], self.showing[end], self.marks[end]}

    def shown(self, name: str) -> int:
        """Give the figure to tell a person."""
        return self.tests if name == "tests" else self.ends[_TOTALS[name]]


@dataclass(slots=True)
class _Suite:
    """A test suite: its own account of itself, the tests directly in it, and those of the suites within too."""

    name: str
    told: dict[str, int | None]
    direct: _Count = field(default_factory=_Count)
    whole: _Count = field(default_factory=_Count)
    suites: int = 0


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    path: list[str] = field(default_factory=list[str])
    suites: list[_Suite] = field(default_factory=list["_Suite"])
    totals: list[dict[str, int | None]] = field(default_factory=list[dict[str, "int | None"]])
    names: list[str] = field(default_factory=list[str])
    timestamps: list[str] = field(default_factory=list[str])
    tests: dict[str, list[_State]] = field(default_factory=dict[str, list["_State"]])
    marks: list[_State] = field(default_factory=list[_State])
    said: _State = "passed"
    key: str = ""
    told: dict[str, int | None] | None = None
    whole: _Count = field(default_factory=_Count)

    def open(self, name: str, attributes: Mapping[str, str]) -> None:
        """Meet the start of an element."""
        if not self.path:
            self._open_root(name, attributes)
        if len(self.path) >= _DEEPEST:
            raise malformed("its XML is nested too deeply")
        if name in _RERUNS:
            raise not_independent("tests were run again when they failed", "run the tests without reruns")
        self.path.append(name)
        if name == "testsuite":
            self._open_suite(attributes)
        elif name == "testcase":
            self._open_test(attributes)
        elif self.path[-2:-1] == ["testcase"]:
            self.marks.extend([_CHILDREN[name]] if name in _CHILDREN else [])

    def _open_root(self, name: str, attributes: Mapping[str, str]) -> None:
        if name not in _ROOTS:
            remedy = "write JUnit XML, such as pytest --junit-xml=FILE"
            raise malformed(f"its XML is <{plain_word(name)}>, not JUnit", remedy)
        if name == "testsuites":
            self.told = _told(attributes)

    def _open_suite(self, attributes: Mapping[str, str]) -> None:
        if self.suites:
            self.suites[-1].suites += 1
        self.suites.append(_Suite(attributes.get("name", ""), _told(attributes)))
        self.timestamps.append(attributes.get("timestamp", ""))
        self.names.append(attributes.get("name", ""))

    def _open_test(self, attributes: Mapping[str, str]) -> None:
        if not self.suites or len(self.path) < 2 or self.path[-2] != "testsuite":  # noqa: PLR2004 - itself and its suite
            raise malformed("a testcase stands outside a testsuite")
        said: list[_State] = [_WORDS.get(attributes.get(name, "").lower(), "passed") for name in ("status", "result")]
        self.said, self.marks = _worst(said), []
        names = [each.name for each in self.suites]
        self.key = digest_of_json(["junit", *names, attributes.get("classname", ""), attributes.get("name", "")])

    def close(self, name: str) -> None:
        """Meet the end of an element."""
        self.path.pop()
        if name == "testcase":
            end = _worst([self.said, *self.marks])
            self.suites[-1].direct.add_test(self.key, end, self.marks)
            self.tests.setdefault(self.key, []).append(end)
            if len(self.tests) > MOST_UNITS:
                raise malformed(f"it tells of more than {MOST_UNITS} tests", "import a part of it")
        elif name == "testsuite":
            self._close_suite()

    def _close_suite(self) -> None:
        suite = self.suites.pop()
        suite.whole.add(suite.direct)
        if suite.whole.tests:
            _verify_totals(f"suite {plain_word(suite.name)}", suite.told, suite.direct, suite.whole)
        elif not suite.suites:
            self.totals.append(suite.told)
        (self.suites[-1].whole if self.suites else self.whole).add(suite.whole)


def read_junit(data: bytes, digest: str, choice: Choice) -> ImportedResults:
    """Read a file.

    Raises:
        EvidenceError: it is damaged, hostile, or its tests were run again when they failed.
    """
    choice.verify_for("junit")
    reading = _Reading()
    _parse(data, reading)
    units = tuple(_unit(key, states) for key, states in reading.tests.items())
    _verify_whole(reading)
    summary = None if units else _summary(reading)
    moments = [moment for text in reading.timestamps if (moment := read_moment(text)) is not None]
    return ImportedResults(
        tool="junit",
        tool_version="unknown",
        task=task_word(", ".join(filter(None, reading.names)) or "tests"),
        units=units,
        summary=summary,
        digest=digest,
        marks=() if units else ("summary",),
        started=min(moments, default=None),
        finished=max(moments, default=None),
    )


def _parse(data: bytes, reading: _Reading) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reading.open
    parser.EndElementHandler = reading.close
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat's own word for the last piece
    except expat.ExpatError as error:
        raise malformed(f"its XML is damaged or cut off at line {error.lineno}") from error
    except (LookupError, ValueError) as error:
        raise malformed("its XML is in an encoding that is not known", "save it as UTF-8") from error


def _refuse_doctype(*_: object) -> None:
    raise malformed("its XML has a DOCTYPE, which JUnit needs not and attacks use", "write it without")


def _worst(states: list[_State]) -> _State:
    """Give the worst of several ends of one test."""
    return max(states, key=_BADNESS.index)


def _verify_totals(what: str, told: Mapping[str, int | None], *counts: _Count) -> None:
    """Refuse totals that none of the counts bears out; where these agree, so do the passes that are left over."""
    for name, figure in told.items():
        if figure is not None and not any(figure in count.possible(name) for count in counts):
            found = counts[-1].shown(name)
            raise malformed(f"{what} says {figure} {name}, and {found} {'are' if name == 'tests' else 'show'} in it")


def _verify_whole(reading: _Reading) -> None:
    """Refuse a file whose whole says otherwise than its suites, or that leaves out the tests of some suites alone."""
    if not reading.whole.tests:
        if reading.told is not None and reading.totals:
            for name, figure in reading.told.items():
                found = sum(told[name] or 0 for told in reading.totals)
                if figure is not None and figure != found and all(told[name] is not None for told in reading.totals):
                    raise malformed(f"the whole says {figure} {name}, and its suites say {found}")
        return
    left_out = sum(told["tests"] or 0 for told in reading.totals)
    if left_out:
        raise malformed(f"it holds the tests of some suites, and of others only that there were {left_out}")
    if reading.told is not None:
        _verify_totals("the whole", reading.told, reading.whole)


def _unit(key: str, states: list[_State]) -> Unit:
    """Join what stands of one test: a failure, then an error at its end; a pass and a failure would be a rerun."""
    if len(states) > 1 and "passed" in states:
        raise not_independent("a test stands several times, and passed at least once", "run each test once")
    if "error" in states or set(states) == {"skipped"}:
        return Unit(key, None)
    return Unit(key, 0.0 if "failed" in states else 1.0)


def _told(attributes: Mapping[str, str]) -> dict[str, int | None]:
    """Read a suite's own totals; None where it gives none."""
    told: dict[str, int | None] = {}
    for name in ("tests", "failures", "errors", "skipped"):
        text = attributes.get(name)
        if text is not None and not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - beyond any count
            raise malformed(f"{name}={plain_word(text)!r} is no count")
        told[name] = None if text is None else int(text)
    return told


def _summary(reading: _Reading) -> Summary:
    """Add up the totals of suites that hold no tests, or take those of the whole where there are no suites."""
    totals = reading.totals or ([reading.told] if reading.told else [])
    tests = sum(told["tests"] or 0 for told in totals)
    failed = sum(told["failures"] or 0 for told in totals)
    unmeasured = sum((told["errors"] or 0) + (told["skipped"] or 0) for told in totals)
    if tests == 0:
        raise _empty()
    if failed + unmeasured > tests:
        raise malformed("its totals count more failures than tests")
    return Summary(tests, (tests - failed - unmeasured) / tests, unmeasured, binary=True)


def _empty() -> EvidenceError:
    return malformed("it holds no tests", "run the tests, and import what they wrote")
