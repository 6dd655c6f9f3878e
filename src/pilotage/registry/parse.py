"""YAML text to trees with line numbers: bounded in size, depth and expansion, so that no file can exhaust the reader.

The parser's events are used and not its objects: tags never construct anything, and an alias is counted at the size
that it expands to before it is followed.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pilotage.core.errors import Problem
from pilotage.registry.events import CORE_TAG, Event, SyntaxFaultError, read_events
from pilotage.registry.nodes import Entry, Mapping, Node, Plain, Scalar, Sequence
from pilotage.registry.scalars import ScalarError, checked_text, plain_value

MAX_BYTES = 1_048_576
MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_DOCUMENTS = 1_000
MAX_LINE = 65_536
MAX_PROBLEMS = 50

_BOUNDARY = re.compile(r"^---(?=\s|$)", re.MULTILINE)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    line: int
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list[Node])
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    key: tuple[str | None, int] | None = None
    size: int = 1


class _UnreadableError(Exception):
    """Ends one document: what follows in it cannot be understood."""


class _Composer:
    """Builds trees from the events of one document after the other."""

    def __init__(self, file: str, offset: int) -> None:
        self.file = file
        self.offset = offset
        self.problems: list[Problem] = []
        self.trees: list[Node] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._nodes = 0

    def report(self, line: int, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, line, what, remedy))

    def take(self, event: Event) -> None:
        line = event.line + self.offset
        match event.sort:
            case "document":
                self._anchors, self._stack, self._nodes = {}, [], 0
            case "alias":
                self._take_alias(event.anchor or "", line)
            case "scalar":
                self._count(1, line)
                self._close(self._scalar(event, line), 1, event.anchor)
            case "mapping" | "sequence":
                self._open(event, line)
            case "end":
                done = self._stack.pop()
                items = tuple(done.items)
                node = Mapping(done.entries, done.line) if done.is_mapping else Sequence(items, done.line)
                self._close(node, done.size, done.anchor)

    def _open(self, event: Event, line: int) -> None:
        self._count(1, line)
        is_mapping = event.sort == "mapping"
        if event.tag not in {None, "!", CORE_TAG + ("map" if is_mapping else "seq")}:
            self._refuse_tag(event.tag or "", line)
        if len(self._stack) >= MAX_DEPTH:
            self.report(line, f"the document is nested more than {MAX_DEPTH} deep", "make it flatter")
            raise _UnreadableError
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(line, event.anchor, is_mapping))

    def _take_alias(self, anchor: str, line: int) -> None:
        if anchor not in self._anchors:
            self.report(line, f"the alias *{anchor} stands for nothing", f"define &{anchor} above it, or write it out")
            raise _UnreadableError
        known = self._anchors[anchor]
        if known is None:
            self.report(line, f"the alias *{anchor} contains itself", "write the content out without the alias")
            raise _UnreadableError
        node, size = known
        self._count(size, line)
        self._close(node, size, None)

    def _count(self, size: int, line: int) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            what = f"the document holds more than {MAX_NODES} values once its aliases are followed"
            self.report(line, what, "split it, or write less with aliases")
            raise _UnreadableError

    def _scalar(self, event: Event, line: int) -> Scalar:
        typed = {CORE_TAG + name for name in ("int", "float", "bool", "null")}
        if event.tag not in {None, "!", CORE_TAG + "str", *typed}:
            self._refuse_tag(event.tag or "", line)
            return Scalar(None, "", line)
        by_look = event.tag in typed or (event.tag is None and event.plain)
        try:
            value = _plain(event.text) if by_look else checked_text(event.text)
        except ScalarError as error:
            self.report(line, error.what, error.remedy)
            value = None
        return Scalar(value, event.text, line)

    def _refuse_tag(self, tag: str, line: int) -> None:
        shown = "!!" + tag.removeprefix(CORE_TAG) if tag.startswith(CORE_TAG) else tag
        self.report(
            line, f"the tag {quoted(shown)} is not known here", "leave the tag out; documents hold plain values only"
        )

    def _close(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, size)
        if not self._stack:
            self.trees.append(node)
            return
        parent = self._stack[-1]
        parent.size += size
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = (self._key(node), node.line)
        else:
            (key, line), parent.key = parent.key, None
            self._add(parent, key, Entry(line, node))

    def _key(self, node: Node) -> str | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        if isinstance(node, Scalar) and node.text:
            self.report(node.line, f"the key {node.text} is not text", f'put quotes around it: "{node.text}":')
        else:
            self.report(node.line, "a key is not text", "write each key as one word before the colon")
        return None

    def _add(self, parent: _Open, key: str | None, entry: Entry) -> None:
        if key is None:
            return
        if key == "<<":
            self.report(entry.line, "the merge key << is not part of YAML 1.2", "write the keys out")
        elif (first := parent.entries.get(key)) is not None:
            what = f"the key {quoted(key)} stands twice, first in line {first.line}"
            self.report(entry.line, what, "keep one of them")
        else:
            parent.entries[key] = entry


def _plain(text: str) -> Plain:
    value = plain_value(text)
    return checked_text(value) if isinstance(value, str) else value


def quoted(text: str, limit: int = 60) -> str:
    """Show a piece of a document in a message: in quotes, without control characters, never at length."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:limit])
    return f"`{shown}…`" if len(text) > limit else f"`{shown}`"


def decode_document(data: bytes, file: str) -> str | Problem:
    """Give the text of a YAML file, or the one problem that keeps it from being text."""
    if len(data) > MAX_BYTES:
        what = f"the file holds {len(data)} bytes, more than the {MAX_BYTES} of a document file"
        return Problem(file, 0, what, "split it; long data belong in a JSON Lines file that a Dataset names")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem(file, 1, "the file is not UTF-8 but UTF-16", "save it as UTF-8")
    data = data.removeprefix(codecs.BOM_UTF8)
    if (at := data.find(b"\x00")) >= 0:
        line = data.count(b"\n", 0, at) + 1
        return Problem(file, line, "the file is binary: it holds a NUL byte", "store text in UTF-8, or rename the file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Problem(file, line, f"the byte 0x{data[error.start]:02x} is not UTF-8", "save the file as UTF-8")


def parse_documents(text: str, file: str) -> tuple[tuple[Node, ...], tuple[Problem, ...]]:
    """Read all documents of one file; those that cannot be read become problems, the others are still given.

    Args:
        text: what the file holds, at most `MAX_BYTES`.
        file: its path, for the problems.

    Returns:
        The trees of the documents in order, and every problem that was found.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (problem := _too_much(text, file)) is not None:
        return (), (problem,)
    trees: list[Node] = []
    problems: list[Problem] = []
    for offset, chunk in _chunks(text):
        composer = _Composer(file, offset)
        _compose(chunk, composer)
        problems.extend(composer.problems)
        trees.extend(tree for tree in composer.trees if not _is_empty(tree))
        if len(problems) > MAX_PROBLEMS:
            break
    return tuple(trees), first_problems(problems, file)


def first_problems(problems: list[Problem], file: str) -> tuple[Problem, ...]:
    """Give all problems of one file, or the first of very many and a note that there are more."""
    if len(problems) <= MAX_PROBLEMS:
        return tuple(problems)
    more = Problem(
        file, problems[MAX_PROBLEMS].line, "the file holds more problems than are listed", "mend those first"
    )
    return (*problems[:MAX_PROBLEMS], more)


def _too_much(text: str, file: str) -> Problem | None:
    # The parser is slow on very many documents and on one very long line: both are refused before it starts.
    if len(_BOUNDARY.findall(text)) > MAX_DOCUMENTS:
        return Problem(file, 0, f"the file holds more than {MAX_DOCUMENTS} documents", "split it")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            return Problem(file, number, f"the line is longer than {MAX_LINE} characters", "break it with a | block")
    return None


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """Split at the document markers, so that a broken document does not hide the ones after it."""
    starts = [0, *(match.start() for match in _BOUNDARY.finditer(text) if match.start() > 0), len(text)]
    offset = 0
    for start, end in itertools.pairwise(starts):
        chunk = text[start:end]
        if chunk.strip():
            yield offset, chunk
        offset += chunk.count("\n")


def _compose(chunk: str, composer: _Composer) -> None:
    try:
        for event in read_events(chunk):
            composer.take(event)
    except _UnreadableError:
        return
    except SyntaxFaultError as fault:
        composer.report(composer.offset + fault.line, fault.what, fault.remedy)


def _is_empty(tree: Node) -> bool:
    return isinstance(tree, Scalar) and tree.value is None and not tree.text.strip()
