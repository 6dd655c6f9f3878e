"""What the YAML parser reports, as typed events with line numbers: the only module that knows the parser."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

CORE_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the parser.

    Attributes:
        sort: what begins, ends or stands here.
        line: 1-based, within the text that was given.
        text: of a scalar.
        anchor: the name that an anchor gives or an alias takes.
        tag: the tag that is written, in full; None where there is none.
        plain: whether a scalar stands without quotes, so that its look decides its type.
    """

    sort: Literal["document", "mapping", "sequence", "end", "scalar", "alias"]
    line: int
    text: str = ""
    anchor: str | None = None
    tag: str | None = None
    plain: bool = False


class SyntaxFaultError(Exception):
    """The text is not YAML from some line on: what is wrong there, and how to mend it."""

    def __init__(self, line: int, what: str, remedy: str) -> None:
        """Keep the line, 1-based within the text, and both halves of the problem."""
        super().__init__(what)
        self.line = line
        self.what = what
        self.remedy = remedy


def read_events(text: str) -> Iterator[Event]:
    """Give the parser's events one by one, so that the reader can stop at any.

    Raises:
        SyntaxFaultError: the text is not YAML; whatever the parser raises on hostile text arrives as this.
    """
    parser: Any = YAML(typ="safe", pure=True)
    try:
        for event in parser.parse(io.StringIO(text)):
            if (typed := _typed(event)) is not None:
                yield typed
    except MarkedYAMLError as error:
        raise _marked(error, text) from error
    except YAMLError as error:
        raise _unreadable_character(error, text) from error
    except Exception as error:
        raise SyntaxFaultError(1, "the YAML here cannot be understood", "check indentation and quotes") from error


_SORTS: dict[str, Literal["document", "mapping", "sequence", "end", "scalar", "alias"]] = {
    "DocumentStartEvent": "document",
    "MappingStartEvent": "mapping",
    "SequenceStartEvent": "sequence",
    "MappingEndEvent": "end",
    "SequenceEndEvent": "end",
    "ScalarEvent": "scalar",
    "AliasEvent": "alias",
}


def _typed(event: Any) -> Event | None:  # noqa: ANN401 - the parser's events are untyped
    sort = _SORTS.get(event.__class__.__name__)
    if sort is None:
        return None
    line = int(event.start_mark.line) + 1
    if sort in {"document", "end"}:
        return Event(sort, line)
    if sort == "alias":
        return Event(sort, line, anchor=_name(event.anchor))
    if sort == "scalar":
        return Event(sort, line, str(event.value), _name(event.anchor), _name(event.tag), bool(event.implicit[0]))
    return Event(sort, line, anchor=_name(event.anchor), tag=_name(event.tag))


def _name(value: object) -> str | None:
    return None if value is None else str(value)


def _marked(error: Any, text: str) -> SyntaxFaultError:  # noqa: ANN401 - the parser is untyped
    lines = text.rstrip().split("\n")
    mark = error.problem_mark
    if mark is None or (mark.line >= len(lines) and error.context_mark is not None):
        mark = error.context_mark  # what was never closed is mended where it began
    number = min(int(mark.line) + 1, len(lines)) if mark is not None else 1
    line = lines[number - 1]
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in str(error.problem):
        return SyntaxFaultError(number, "a tab stands where YAML wants spaces", "indent with spaces")
    if any(each.startswith("%") for each in lines):
        what = "directives (lines that begin with %) are not used here"
        return SyntaxFaultError(number, what, "take the line out, or indent it if it is text")
    words = ", ".join(str(part) for part in (error.context, error.problem) if part)
    shown = "".join(letter if letter.isprintable() else " " for letter in words[:200])
    return SyntaxFaultError(number, f"not valid YAML: {shown}", "check indentation, colons and quotes near this line")


def _unreadable_character(error: Any, text: str) -> SyntaxFaultError:  # noqa: ANN401 - the parser is untyped
    code = getattr(error, "character", None)
    code = ord(code) if isinstance(code, str) and len(code) == 1 else code
    at = text.find(chr(code)) if isinstance(code, int) else -1
    line = 1 + (text.count("\n", 0, at) if at >= 0 else 0)
    shown = f" U+{code:04X}" if isinstance(code, int) else ""
    what = f"the control character{shown} may not stand in YAML"
    return SyntaxFaultError(line, what, "take it out, or escape it in double quotes")
