"""Tests of reading zip archives within bounds."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.imports import files
from tests.evaluation.imports.files import DEFLATED, STORED, ZSTANDARD, read_sample, zipped

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports import archive as module
from pilotage.evaluation.imports.archive import Archive


@given(
    st.dictionaries(st.text("abc/._", min_size=1, max_size=9), st.binary(max_size=500), max_size=5),
    st.sampled_from([STORED, DEFLATED, ZSTANDARD]),
)
def test_what_was_packed_is_read_again(entries: dict[str, bytes], method: int) -> None:
    """Each way of packing that is read gives back every byte, under its name and in its order."""
    archive = Archive(zipped(entries, method=method))

    assert archive.names() == tuple(entries)
    assert {name: archive.read(name) for name in entries} == entries


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTANDARD])
def test_a_bomb_is_stopped(method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that unpacks to more than is read ends in an error long before it fills the memory."""
    monkeypatch.setattr(module, "LARGEST_ENTRY", 2_000_000)
    data = zipped({"samples/bomb": bytes(30_000_000)}, method=method)

    with pytest.raises(EvidenceError, match="unpacks to more than is read"):
        Archive(data).read("samples/bomb")


def test_many_small_bombs_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all entries unpack to is bounded too, so that overlapping or many entries gain nothing."""
    monkeypatch.setattr(module, "LARGEST_WHOLE", 1_500_000)
    archive = Archive(zipped({"a": bytes(1_000_000), "b": bytes(1_000_000)}))

    archive.read("a")
    with pytest.raises(EvidenceError, match="unpacks to more"):
        archive.read("b")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_file_is_told(cut: float) -> None:
    """A real log that lacks its end is told to be cut off."""
    data = read_sample("inspect-capitals.eval")

    with pytest.raises(EvidenceError, match="cut off or damaged"):
        Archive(data[: int(len(data) * cut)])


def test_damage_inside_is_told() -> None:
    """A byte changed within an entry shows in its checksum or its packing."""
    data = bytearray(zipped({"a": b"the quick brown fox" * 50}, method=STORED))
    data[60] ^= 1

    with pytest.raises(EvidenceError, match="a is damaged"):
        Archive(bytes(data)).read("a")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped({"a": b"x"}, told_size=7), "damaged"),
        (zipped({"a": b"x"}, flags=1), "encrypted"),
        (zipped({"a": b"x"}, method=12), "method 12"),
        (zipped({"a": b"x"})[4:], "damaged"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, words: str) -> None:
    """Wrong sizes, encryption, unknown packing and a lost beginning each end in a clear error."""
    with pytest.raises(EvidenceError, match=words):
        Archive(data).read("a")


def test_an_entry_named_twice_is_refused() -> None:
    """Two entries of one name would be read differently by different readers."""
    data = zipped({"aa": b"1", "ab": b"2"}).replace(b"ab", b"aa")

    with pytest.raises(EvidenceError, match="twice"):
        Archive(data)


@given(st.binary(max_size=400), st.integers(0, 2_000))
def test_no_bytes_break_it(noise: bytes, place: int) -> None:
    """Whatever is written over a log, reading it works or ends in the one error."""
    data = bytearray(zipped({"header.json": b"{}" * 90, "samples/a": b"[1]" * 99}))
    data[place : place + len(noise)] = noise
    with contextlib.suppress(EvidenceError):
        archive = Archive(bytes(data))
        assert all(len(archive.read(name)) < 1_000 for name in archive.names())


def test_the_builder_of_these_tests_writes_what_the_tool_writes() -> None:
    """The archives of these tests are of the tool's own form: entries by Zstandard, in method 93."""
    assert files.ZSTANDARD == module.ZSTANDARD
