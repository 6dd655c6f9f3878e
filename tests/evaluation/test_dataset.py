"""The reading of data sets: strict, and clear about which line is wrong."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.dataset import read_items
from pilotage.registry.items import Item

GOOD = b'{"id":"a","input":"one","expected":"x"}\n'


def test_items_come_in_file_order() -> None:
    """Each line gives one item; the last line may go without its end, and an item without expected value."""
    data = GOOD + b'{"expected": [1, "two"], "input": {"text": "b"}, "id": "b"}\r\n{"id":"c","input":3}'

    assert tuple(read_items(data)) == (Item("a", "one", "x"), Item("b", {"text": "b"}, [1, "two"]), Item("c", 3, None))


def test_line_separators_inside_text_split_nothing() -> None:
    """Only a line feed ends a line; U+2028 inside a text is content."""
    assert read_items('{"id":"a","input":"one\u2028two"}'.encode())[0].input == "one\u2028two"


def test_a_bad_line_is_named_by_number() -> None:
    """The error tells the line's number, what is wrong with it, and how a line should look."""
    with pytest.raises(EvidenceError, match=r'write \{"id"') as caught:
        read_items(GOOD + b'{"id":"b"}\n')

    assert caught.value.message == "the data set cannot be used: line 2: the item lacks `input`"


def test_every_bad_line_is_reported_up_to_a_limit() -> None:
    """Many bad lines give one error that names the first twenty and counts the rest."""
    with pytest.raises(EvidenceError) as caught:
        read_items(b"{}\n" * 25)

    assert "line 1: " in caught.value.message
    assert caught.value.message.endswith("line 20: the item lacks `id`; and 5 more")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \n"])
def test_an_empty_data_set_is_refused(data: bytes) -> None:
    """Nothing can be measured on no items."""
    with pytest.raises(EvidenceError, match="empty"):
        read_items(data)


@given(st.binary(max_size=200))
def test_any_bytes_give_items_or_a_clear_error(data: bytes) -> None:
    """No file, however damaged, ends in anything but items or an error of ours."""
    with contextlib.suppress(EvidenceError):
        assert read_items(data)


@given(st.dictionaries(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=9), st.text(min_size=1)))
def test_what_is_written_is_read(texts: dict[str, str]) -> None:
    """Any texts written as JSON come back as they were."""
    kept = {name: text for name, text in texts.items() if text.strip()}
    data = "".join(json.dumps({"id": name, "input": text}) + "\n" for name, text in kept.items()).encode()

    if kept:
        assert {item.id: item.input for item in read_items(data)} == kept
