"""Data sets are checked line by line: half-written, doubled or odd items are named with their line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.registry.items import MAX_LINE_BYTES, Item, parse_items


def test_items_come_in_file_order() -> None:
    """A file in order has as many items as lines, with or without an expectation."""
    data = b'{"id": "a", "input": "x", "expected": ["y", "z"]}\n{"id": "b", "input": {"q": 1}}\n'
    assert parse_items(data, "d.jsonl") == ((Item("a", "x", ["y", "z"]), Item("b", {"q": 1})), ())


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"", 0, "empty"),
        (b"\n\n", 0, "empty"),
        (b'{"id": "a", "input": "x"}\n{"id": "b", "inp', 2, "cut off"),
        (b'{"id": "a", "input": "x"},\n{"id": "b", "input": "x"}\n', 1, "not JSON"),
        (b'{"id": "a", "input": "x"}\n{"id": "a", "input": "y"}\n', 2, "stands twice, first in line 1"),
        (b'{"id": "a", "input": "x"}\n\n{"id": "b", "input": "y"}\n', 2, "blank"),
        (b'["a"]\n', 1, "not a JSON object"),
        (b'{"input": "x"}\n', 1, "lacks `id`"),
        (b'{"id": "a"}\n', 1, "lacks `input`"),
        (b'{"id": 1, "input": "x"}\n', 1, "`id` must be text"),
        (b'{"id": "a", "input": "  "}\n', 1, "`input` is empty"),
        (b'{"id": "a", "input": "x", "expectd": "y"}\n', 1, "`expectd` is not known"),
        (b'{"id": "a", "input": "x", "expected": NaN}\n', 1, "NaN"),
        (b'{"id": "a", "input": "x", "expected": 1e400}\n', 1, "exactly"),
        (b'{"id": "a", "input": 123456789012345678901}\n', 1, "exactly"),
        (b'{"id": "a", "input": ' + b"9" * 5_000 + b"}\n", 1, "exactly"),
        (b'{"id": "a", "input": null}\n', 1, "lacks `input`"),
        (b'{"id": "' + b"a" * 201 + b'", "input": "x"}\n', 1, "`id` must be text"),
        (b'{"id": "a\\u0000", "input": "x"}\n', 1, "`id` must be text"),
        (b'{"id": "a", "id": "b", "input": "x"}\n', 1, "twice"),
        (b'{"id": "a", "input": "\\ud800"}\n', 1, "exactly"),
        (b'{"id": "a", "input": "\xff"}\n', 1, "not UTF-8"),
        (b"\xef\xbb\xbf{}\n", 1, "byte order mark"),
        (b"[" * 100_000 + b"\n", 1, "nested too deeply"),
        (b"x" * (MAX_LINE_BYTES + 1) + b"\n", 1, "bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", 1, "Git LFS"),
    ],
)
def test_faulty_lines_are_named(data: bytes, line: int, word: str) -> None:
    """Each fault of a data set is one problem with file, line and remedy."""
    _, problems = parse_items(data, "d.jsonl")
    assert [(problem.file, problem.line) for problem in problems] == [("d.jsonl", line)]
    assert word in problems[0].what
    assert problems[0].remedy


@given(st.binary(max_size=300))
def test_any_bytes_give_a_count_or_problems(data: bytes) -> None:
    """No bytes make the check raise, and what is in order is counted."""
    items, problems = parse_items(data, "d.jsonl")
    assert problems or items


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=10), unique=True, min_size=1))
def test_what_json_writes_is_accepted(names: list[str]) -> None:
    """Items written by any JSON library are in order."""
    data = "".join(json.dumps({"id": name, "input": name, "expected": 1.5}) + "\n" for name in names)
    assert parse_items(data.encode(), "d.jsonl") == (tuple(Item(name, name, 1.5) for name in names), ())
