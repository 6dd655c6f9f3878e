"""Data sets are checked line by line: half-written, doubled or odd items are named with their line."""

import json

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pilotage.core.canonical import canonical_json
from pilotage.registry.items import MAX_LINE_BYTES, Item, _FaultError, _parse_item, parse_items


def test_items_come_in_file_order() -> None:
    """A file in order has as many items as lines, with or without an expectation."""
    data = b'{"id": "a", "input": "x", "expected": ["y", "z"]}\n{"id": "b", "input": {"q": 1}}\n'
    items, problems = parse_items(data, "d.jsonl")
    assert (tuple(items), problems) == ((Item("a", "x", ["y", "z"]), Item("b", {"q": 1})), ())


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
    """Each fault of a data set is one problem with file, line and remedy, and then there are no items."""
    items, problems = parse_items(data, "d.jsonl")
    assert len(items) == 0
    assert [(problem.file, problem.line) for problem in problems] == [("d.jsonl", line)]
    assert word in problems[0].what
    assert problems[0].remedy


@given(st.binary(max_size=300))
def test_any_bytes_give_a_count_or_problems(data: bytes) -> None:
    """No bytes make the check raise, and what is in order is counted."""
    items, problems = parse_items(data, "d.jsonl")
    assert bool(problems) is not bool(items)


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=10), unique=True, min_size=1))
def test_what_json_writes_is_accepted(names: list[str]) -> None:
    """Items written by any JSON library are in order."""
    data = "".join(json.dumps({"id": name, "input": name, "expected": 1.5}) + "\n" for name in names)
    items, problems = parse_items(data.encode(), "d.jsonl")
    assert (list(items), problems) == ([Item(name, name, 1.5) for name in names], ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def write_line(name: str, fields: dict[str, object]) -> bytes:
    """Write an item as a line."""
    return json.dumps({"id": name} | fields).encode()


LINES = st.one_of(
    st.builds(
        write_line,
        st.sampled_from("abcdefghij") | st.text(max_size=3),
        st.dictionaries(st.sampled_from(("input", "input", "expected", "other")), JSON),
    ),
    st.binary(max_size=12).map(lambda data: data.replace(b"\n", b"")),
)


def parse_eagerly(data: bytes) -> tuple[list[Item], list[tuple[int, str]]]:
    """Say what a data set holds as simply as can be: every line read at once, every id kept."""
    items: list[Item] = []
    faults: list[tuple[int, str]] = []
    lines = data.split(b"\n")
    complete = lines[-1] == b""
    if complete:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        try:
            item = _parse_item(line, cut_off=number == len(lines) and not complete)
            canonical_json([item.input, item.expected])
        except _FaultError as fault:
            faults.append((number, fault.what))
        else:
            items.append(item)
            if any(item.id == other.id for other in items[:-1]):
                faults.append((number, "twice"))
    return items, faults


@given(st.lists(LINES, min_size=1, max_size=6), st.booleans())
@example([b'{"id": "a", "input": 1}', b"[", b'{"id": "a", "input": 2}'], True)  # noqa: FBT003 - whether it ends
def test_items_made_when_asked_for_are_those_that_were_read(lines: list[bytes], ended: bool) -> None:  # noqa: FBT001 - drawn
    """Any file gives the items, or the faults, that reading it whole would; by place, from the end and sliced."""
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    assume(data.strip())
    items, problems = parse_items(data, "d.jsonl")
    expected, faults = parse_eagerly(data)

    told = [(problem.line, "twice" if "stands twice" in problem.what else problem.what) for problem in problems]
    assert told == faults
    if not faults:
        assert list(items) == expected == [items[place] for place in range(len(items))]
        assert items[-1] == expected[-1]
        assert items[1:] == tuple(expected[1:])
        assert repr(list(items)) == repr(expected)  # 1 and 1.0 and True are equal, and not the same


def test_there_is_nothing_past_the_last_item() -> None:
    """A place that the file does not have is an error, as with any sequence."""
    items, _ = parse_items(b'{"id": "a", "input": "x"}', "d.jsonl")

    for place in (1, -2):
        with pytest.raises(IndexError):
            items[place]


def test_an_item_is_not_held_once_made() -> None:
    """Only the bytes and the beginnings of the lines are held: the same place gives an equal item, made anew."""
    items, _ = parse_items(b'{"id": "a", "input": {"q": 1}}\n', "d.jsonl")

    assert items[0] == items[0]
    assert items[0] is not items[0]


def test_ids_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """That two ids share a hash makes neither of them a double."""

    def one_for_all(_name: str) -> int:
        return 7

    monkeypatch.setattr("pilotage.registry.items.hash", one_for_all, raising=False)
    data = b"".join(b'{"id": "%d", "input": "x"}\n' % (number % 4) for number in range(5))

    assert [problem.line for problem in parse_items(data, "d.jsonl")[1]] == [5]
    assert len(parse_items(data[: data.rindex(b'{"id"')], "d.jsonl")[0]) == 4
