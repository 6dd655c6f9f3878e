"""Tests of telling tools apart by content, and of what all readers share."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.imports.files import SAMPLES, read_sample, zipped

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports import read as module
from pilotage.evaluation.imports.read import read_results
from pilotage.evaluation.imports.results import LONGEST_WORD, join_units, plain_word, read_moment, task_word

NOTHING = b"{}\n{}\n"
WHOLE = {
    "inspect-capitals.eval": "inspect",
    "inspect-capitals.json": "inspect",
    "promptfoo-complete.json": "promptfoo",
    "garak.report.jsonl": "garak",
    "pytest.junit.xml": "junit",
    "promptfoo.junit.xml": "junit",
}


@pytest.mark.parametrize(("name", "tool"), WHOLE.items())
def test_the_content_tells_the_tool(name: str, tool: str) -> None:
    """The name of a file plays no part; the digest is that of the whole file."""
    data = read_sample(name)

    assert (read_results(data).tool, read_results(data).digest) == (tool, digest_of_bytes(data))


@pytest.mark.parametrize("name", [name for name in WHOLE if not name.endswith(".eval")])
def test_a_byte_order_mark_and_spaces_change_nothing(name: str) -> None:
    """What editors put before a text is passed over."""
    assert read_results(b"\xef\xbb\xbf" + read_sample(name)).n == read_results(read_sample(name)).n


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b" \n\t ", "it is empty"),
        (b"hello", "no tool that is known"),
        (b"[1, 2]", "no tool that is known"),
        (b'{"a": 1}', "no tool that is known"),
        (b'{"results": {"version": 3}}', "no tool that is known"),
        (b"\x1f\x8b\x08\x00", "no tool that is known"),
        (b'{"version": 2, "eval": {', "is cut off"),
        (b'{"version": 2, "eval": {"a": 1, "a": 2}}', "a key stands twice"),
        (b'{"version": 2, "eval": \xff}', "no UTF-8"),
        (b'{"version": 2, "eval": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"version": 2, "eval": ' + b"9" * 6_000 + b"}", "no JSON that can be read"),
        (NOTHING, "does not say what it is"),
        ('{"version": 2, "eval": 1}'.encode("utf-16"), "no tool that is known"),
    ],
)
def test_what_is_no_results_is_told(data: bytes, words: str) -> None:
    """Empty, foreign, cut, deep and badly encoded files each end in an error with a remedy."""
    with pytest.raises(EvidenceError, match=words) as caught:
        read_results(data)

    assert caught.value.remedy


def test_a_huge_file_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit nothing is parsed."""
    monkeypatch.setattr(module, "LARGEST_FILE", 100)

    with pytest.raises(EvidenceError, match="larger than 100 bytes"):
        read_results(b"{" * 101)


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data: bytes) -> None:
    """Noise is refused with the one error."""
    with pytest.raises(EvidenceError):
        read_results(data)


@given(st.sampled_from(sorted(WHOLE)), st.floats(0, 0.999))
def test_every_cut_of_a_real_file_is_refused(name: str, part: float) -> None:
    """However much of its end a file lacks, it is no evidence."""
    data = read_sample(name).rstrip()

    with pytest.raises(EvidenceError):
        read_results(data[: int(len(data) * part)])


@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 10**6), st.binary(min_size=1, max_size=6))
def test_damage_never_crashes(name: str, place: int, noise: bytes) -> None:
    """Bytes written over a real file are read or refused; what is read stays within 0 and 1."""
    data = bytearray(read_sample(name))
    place %= len(data)
    data[place : place + len(noise)] = noise
    try:
        results = read_results(bytes(data))
    except EvidenceError:
        return
    assert all(0 <= value <= 1 for value in results.values)


def test_the_memory_of_an_archive_is_bounded() -> None:
    """A log is read sample by sample: the peak stays far below the 40 million bytes that its samples unpack to."""
    ids = [f"s{place}" for place in range(400)]
    score = {"includes": {"value": "C"}}
    samples = {
        f"samples/{name}_epoch_1.json": json.dumps({"id": name, "epoch": 1, "scores": score, "store": "x" * 100_000})
        for name in ids
    }
    header = {
        "version": 2,
        "status": "success",
        "eval": {"task": "long", "dataset": {"sample_ids": ids}, "config": {"epochs": 1}},
        "results": {"total_samples": 400},
    }
    data = zipped(
        {"header.json": json.dumps(header).encode()} | {name: text.encode() for name, text in samples.items()}
    )
    samples.clear()
    tracemalloc.start()
    results = read_results(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert results.n == 400
    assert peak < 6_000_000


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.floats(0, 1)), max_size=30))
def test_repeats_join_to_their_mean(outcomes: list[tuple[str, float | None]]) -> None:
    """Each prompt is one unit with the mean of its outcomes, unmeasured ones as 0, all None only where all were."""
    units = {unit.id: unit for unit in join_units(outcomes)}

    assert units.keys() == {prompt for prompt, _ in outcomes}
    for prompt, unit in units.items():
        values = [value for name, value in outcomes if name == prompt]
        assert unit.asked == len(values)
        if all(value is None for value in values):
            assert unit.value is None
        else:
            assert unit.value == pytest.approx(sum(value or 0 for value in values) / len(values))


def test_words_of_a_foreign_file_are_made_plain() -> None:
    """Nothing that a file calls itself can move the cursor, fill the screen or break a record."""
    assert plain_word("a\x1b[2Jb\u202ec\ud800\n" + "x" * 500) == "a[2Jbc" + "x" * 114
    assert plain_word("\x00") == "unknown"


def test_a_long_task_stays_itself() -> None:
    """Two tasks that differ far behind are told apart in the record, in one short line."""
    one, other = task_word("probe, " * 90 + "a"), task_word("probe, " * 90 + "b")

    assert one != other
    assert len(one) <= LONGEST_WORD
    assert task_word("short") == "short"


def test_moments_without_a_zone_are_utc() -> None:
    """Dates that tools write are read; what is none is None."""
    assert str(read_moment("2026-11-22T19:00:00")) == "2026-11-22 19:00:00+00:00"
    assert str(read_moment("2026-11-22T19:00:00.5+02:00")) == "2026-11-22 17:00:00.500000+00:00"
    assert [read_moment(text) for text in ("", "soon", 7, None, "0001-01-01T00:00:00+14:00")] == [None] * 5


def test_the_samples_tell_nothing_of_the_machine() -> None:
    """No sample holds a secret or a folder of whoever made it, and each is small."""
    for path in SAMPLES.iterdir():
        data = path.read_bytes()
        assert len(data) < 200_000
        assert b"/root/" not in data
        assert b"/tmp/" not in data
        assert b"/home/" not in data


def test_every_sample_is_described() -> None:
    """README.md names each file, with tool, version and command."""
    told = (SAMPLES / "README.md").read_text()

    assert [path.name for path in SAMPLES.iterdir() if path.name != "README.md" and path.name not in told] == []
    assert json.dumps("0.17.1").strip('"') in told
