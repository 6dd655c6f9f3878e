"""Expected values that one person wrote for the items of a data set: a file of JSON Lines beside it, one a label.

The person saw the input alone, so the file is a second opinion on the data set that nothing else has coloured. Each
label is on disk when it is given; a line that was cut off by a kill is dropped, and its item is asked for again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from pilotage.core.canonical import Json, canonical_json
from pilotage.core.clock import format_time, parse_time
from pilotage.core.errors import EvidenceError
from pilotage.registry.items import Item

LARGEST_FILE = 64 * 1_048_576
_FORM = 'write {"id": "…", "expected": …, "at": "2026-03-03T09:30:00Z"}, one label a line'


@dataclass(frozen=True, slots=True)
class ItemLabel:
    """What one person expects as the answer to one item.

    Attributes:
        item: the item's id.
        expected: the value.
        at: when it was given.
    """

    item: str
    expected: Json
    at: datetime


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """How an item fared in the runs so far; it only says in which order items are shown.

    Attributes:
        differs: whether it was answered differently when asked again, or passed once and failed once.
        failed: whether it failed, or could not be measured.
    """

    differs: bool = False
    failed: bool = False


def parse_labels(data: bytes, name: str) -> tuple[tuple[ItemLabel, ...], int]:
    """Give the labels of a file, and how many of its bytes are whole lines.

    Args:
        data: what the file holds.
        name: its name, for the message.

    Raises:
        EvidenceError: a line is no label, or an item is labelled twice; the message names the line.
    """
    lines = data.split(b"\n")
    cut_off = lines.pop()
    found: dict[str, ItemLabel] = {}
    for number, line in enumerate(lines, start=1):
        label = _parse_label(line)
        if label is None:
            raise EvidenceError(f"line {number} of {name} is no label", f"{_FORM}, or take the line out")
        if label.item in found:
            message = f"line {number} of {name} labels the item {label.item!r} a second time"
            raise EvidenceError(message, "keep one of the two lines")
        found[label.item] = label
    return tuple(found.values()), len(data) - len(cut_off)


def _parse_label(line: bytes) -> ItemLabel | None:
    try:
        value: object = json.loads(line)
        canonical_json(value)
        if not isinstance(value, dict) or set(cast("dict[str, Json]", value)) != {"id", "expected", "at"}:
            return None
        row = cast("dict[str, Json]", value)
        if not isinstance(row["id"], str) or row["expected"] is None or not isinstance(row["at"], str):
            return None
        return ItemLabel(row["id"], row["expected"], parse_time(row["at"]))
    except (ValueError, RecursionError, EvidenceError):
        return None


def plan_items(
    items: Iterable[Item], labelled: Iterable[str], records: Mapping[str, ItemRecord], *, second: bool
) -> tuple[Item, ...]:
    """Give the items that a person is asked for: first those that runs disagree on, then those that failed.

    Args:
        items: the data set.
        labelled: ids that this person labelled already.
        records: how items fared so far, by id.
        second: ask also for items that have an expected value, which is not shown.
    """
    done = set(labelled)
    waiting = [item for item in items if item.id not in done and (second or item.expected is None)]
    return tuple(sorted(waiting, key=lambda item: _rank(records.get(item.id, ItemRecord()))))


def _rank(record: ItemRecord) -> int:
    return 0 if record.differs else 1 if record.failed else 2


def merge_labels(items: Sequence[Item], opinions: Sequence[Mapping[str, Json]]) -> tuple[Item, ...]:
    """Give the items on which at least two opinions were given, all of them the same, with that as expected value.

    Args:
        items: the data set; the values that it expects are no opinion unless handed in as one.
        opinions: what each opinion expects, by id.
    """
    agreed: list[Item] = []
    for item in items:
        given = [opinion[item.id] for opinion in opinions if item.id in opinion]
        if len(given) > 1 and len({canonical_json(value) for value in given}) == 1:
            agreed.append(Item(item.id, item.input, given[0]))
    return tuple(agreed)


def render_items(items: Iterable[Item]) -> bytes:
    """Write items as a data set's file."""
    rows = ({"id": item.id, "input": item.input, "expected": item.expected} for item in items)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@dataclass(slots=True)
class LabelFile:
    """One person's file of labels for one data set; each change is on disk when it returns."""

    path: Path
    labels: dict[str, ItemLabel] = field(init=False, default_factory=dict[str, ItemLabel])
    _size: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Read what is there.

        Raises:
            EvidenceError: the file holds what is no label.
        """
        try:
            with self.path.open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            return
        if len(data) > LARGEST_FILE:
            raise EvidenceError(f"{self.path} is larger than {LARGEST_FILE} bytes", "split the data set")
        labels, self._size = parse_labels(data, self.path.name)
        self.labels = {label.item: label for label in labels}

    def append(self, label: ItemLabel) -> None:
        """Keep a label at the end of the file; a line that was cut off there before is dropped."""
        row = {"id": label.item, "expected": label.expected, "at": format_time(label.at)}
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        with self.path.open("r+b" if self.path.exists() else "xb") as file:
            file.truncate(self._size)
            file.seek(self._size)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._size += len(line)
        self.labels[label.item] = label

    def drop_last(self) -> str:
        """Take the last label back, and give its item.

        Raises:
            KeyError: there is none.
        """
        item, _ = self.labels.popitem()
        with self.path.open("r+b") as file:
            self._size = file.read(self._size)[:-1].rfind(b"\n") + 1
            file.truncate(self._size)
            os.fsync(file.fileno())
        return item
