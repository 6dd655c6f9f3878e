"""Expected values that people write: on disk as they are given, resumed after a kill, merged where they agree."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.labels.expected_file import (
    ItemLabel,
    ItemRecord,
    LabelFile,
    merge_labels,
    parse_labels,
    plan_items,
    render_items,
)
from pilotage.registry.items import Item

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
LINE = b'{"id": "i1", "expected": "yes", "at": "2026-03-03T09:30:00Z"}\n'
ITEMS = (Item("i1", "one"), Item("i2", "two", "no"), Item("i3", {"a": 1}))


def label(item: str, expected: Any = "yes") -> ItemLabel:  # noqa: ANN401 - any JSON value
    """Give a label."""
    return ItemLabel(item, expected, NOW)


def test_labels_are_on_disk_as_they_are_given(tmp_path: Path) -> None:
    """Another reader sees each label at once, one line each, whatever JSON value it is."""
    path = tmp_path / "m.labels-eva.jsonl"
    file = LabelFile(path)
    assert not path.exists()

    for number, expected in enumerate(["ja \u00e9\n", 42, ["a", "b"], {"k": None}, False]):
        file.append(label(f"i{number}", expected))
        assert LabelFile(path).labels == file.labels

    assert path.read_bytes().count(b"\n") == 5
    second = json.loads(path.read_bytes().splitlines()[1])
    assert second == {"id": "i1", "expected": 42, "at": "2026-03-03T09:30:00.000000Z"}


def test_the_last_label_is_taken_back(tmp_path: Path) -> None:
    """Taking back goes from the last to the first, on disk too, and what is given next stands in its place."""
    path = tmp_path / "m.labels-eva.jsonl"
    file = LabelFile(path)
    for item in ("i1", "i2", "i3"):
        file.append(label(item))

    assert [file.drop_last(), file.drop_last()] == ["i3", "i2"]
    assert list(LabelFile(path).labels) == ["i1"]
    file.append(label("i2", "no"))
    assert LabelFile(path).labels == {"i1": label("i1"), "i2": label("i2", "no")}
    assert [file.drop_last(), file.drop_last()] == ["i2", "i1"]
    assert path.read_bytes() == b""


@pytest.mark.parametrize("cut", [1, 30, len(LINE) - 1])
def test_a_line_that_a_kill_cut_off_is_asked_for_again(tmp_path: Path, cut: int) -> None:
    """What was whole before the kill stands; the rest of a line is written over by the next label."""
    path = tmp_path / "m.labels-eva.jsonl"
    path.write_bytes(LINE + LINE.replace(b"i1", b"i2")[:cut])

    file = LabelFile(path)
    assert list(file.labels) == ["i1"]
    file.append(label("i2", "no"))

    assert LabelFile(path).labels["i2"].expected == "no"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"yes",
        b"[]",
        b'{"id": "i1", "expected": "yes"}',
        LINE[:-2] + b', "by": "eva"}',
        LINE.replace(b'"i1"', b"1"),
        LINE.replace(b'"yes"', b"null"),
        LINE.replace(b'"yes"', b"NaN"),
        LINE.replace(b'"yes"', b"12345678901234567890"),
        LINE.replace(b"Z", b""),
        LINE.replace(b"2026-03-03", b"yesterday"),
        LINE.replace(b"yes", b"\xff"),
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, line: bytes) -> None:
    """A line that is no label is named by its number, and nothing of the file is lost or measured on."""
    path = tmp_path / "m.labels-eva.jsonl"
    data = LINE.replace(b"i1", b"i0") + line.rstrip(b"\n") + b"\n"
    path.write_bytes(data)

    with pytest.raises(EvidenceError, match=r"line 2 of m\.labels-eva\.jsonl is no label"):
        LabelFile(path)

    assert path.read_bytes() == data


def test_an_item_labelled_twice_is_named() -> None:
    """Two lines for one item, as after a merge by hand, are for a person to settle."""
    with pytest.raises(EvidenceError, match="a second time"):
        parse_labels(LINE * 2, "x")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No file makes the reader fall over, and what it calls whole ends with a line."""
    try:
        _, whole = parse_labels(data, "x")
    except EvidenceError:
        return

    assert data[:whole] == b"" or data[:whole].endswith(b"\n")


def test_items_on_which_runs_disagree_come_first() -> None:
    """Then those that failed, then the rest; what is labelled, or has a value and needs no second, is left out."""
    items = [Item(f"i{number}", "q") for number in range(6)] + [Item("known", "q", "x")]
    records = {"i1": ItemRecord(failed=True), "i3": ItemRecord(differs=True, failed=True), "known": ItemRecord()}

    first = plan_items(items, ["i0"], records, second=False)
    second = plan_items(items, ["i0"], records, second=True)

    assert [item.id for item in first] == ["i3", "i1", "i2", "i4", "i5"]
    assert [item.id for item in second] == ["i3", "i1", "i2", "i4", "i5", "known"]


def test_what_all_agree_on_becomes_a_data_set() -> None:
    """Two opinions at least, all the same; the file that is written reads as a data set, in the order of the first."""
    opinions = [{"i1": "yes", "i2": "no", "i3": [1, 2]}, {"i3": [1, 2], "i2": "yes"}, {"i3": [1, 2]}]

    agreed = merge_labels(ITEMS, opinions)

    assert agreed == (Item("i3", {"a": 1}, [1, 2]),)
    assert tuple(read_items(render_items(agreed))) == agreed


OPINION = st.dictionaries(st.sampled_from(["i1", "i2", "i3"]), st.sampled_from(["yes", 1, True, "1"]))


@given(st.lists(OPINION, max_size=4))
def test_nothing_contested_is_merged(opinions: list[dict[str, Any]]) -> None:
    """An item is taken exactly where two or more say the same and nobody otherwise; 1 and true are not the same."""
    agreed = {item.id: item.expected for item in merge_labels(ITEMS, opinions)}

    for item in ITEMS:
        said = [json.dumps(opinion[item.id]) for opinion in opinions if item.id in opinion]
        assert (item.id in agreed) == (len(said) > 1 and len(set(said)) == 1)
