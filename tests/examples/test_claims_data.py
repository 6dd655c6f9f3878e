"""Tests of the data of the claims inbox example: shape, labels, seals and the absence of near-duplicates.

A near-duplicate between training and sealed messages would let a classifier remember instead of understand,
so the check that refuses them is itself tested against planted copies.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

DATA = Path(__file__).parents[2] / "examples" / "claims_inbox" / "data"
QUEUES = frozenset({"motor", "home", "travel", "health", "payments"})
MINIMUM = {"training.jsonl": 175, "pitch.jsonl": 10, "sealed-a.jsonl": 90, "sealed-b.jsonl": 250}
LETTERS = ("letters.jsonl", "pitch-letters.jsonl")
FILES = (*MINIMUM, *LETTERS)
SEALED = ("sealed-a.jsonl", "sealed-b.jsonl", "letters.jsonl")
SHINGLE = 5
SHINGLE_LIMIT = 0.6
WORD_LIMIT = 0.7


@dataclass(frozen=True)
class Example:
    """One line of a data file; `expected` holds a queue, or the facts of a letter."""

    identity: str
    text: str
    expected: tuple[str, ...]


def read_examples(name: str) -> list[Example]:
    """Read a data file, refusing a line whose keys or types differ from the agreed shape."""
    examples: list[Example] = []
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        row = cast("dict[str, object]", json.loads(line))
        assert set(row) == {"id", "input", "expected"}, line
        identity, text, expected = row["id"], row["input"], row["expected"]
        assert isinstance(identity, str), line
        assert isinstance(text, str), line
        facts = cast("list[object]", expected) if isinstance(expected, list) else [expected]
        assert all(isinstance(fact, str) for fact in facts), line
        examples.append(Example(identity, text, tuple(str(fact) for fact in facts)))
    return examples


def normalise(text: str) -> str:
    """Lower the case, fold accents and widths, and leave only words with one space between them."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+", plain))


def overlap_reaches(limit: float, left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether the share of the union that both sets hold is at least `limit` (Jaccard, 1901)."""
    smaller, larger = sorted((len(left), len(right)))
    # The share never exceeds the ratio of the sizes, which spares most of the 200,000 pairs the intersection.
    if smaller < limit * larger:
        return False
    common = len(left & right)
    return common >= limit * (smaller + larger - common)


def find_near_duplicates(examples: list[Example]) -> list[tuple[str, str]]:
    """Pairs of identities that share at least 0.6 of their character 5-grams or 0.7 of their words."""
    prepared: list[tuple[str, frozenset[str], frozenset[str]]] = []
    for example in examples:
        text = normalise(example.text)
        # A text shorter than a shingle is its own only shingle, so that it can still equal another.
        starts = range(max(1, len(text) - SHINGLE + 1))
        shingles = frozenset(text[start : start + SHINGLE] for start in starts)
        prepared.append((example.identity, shingles, frozenset(text.split())))
    return [
        (identity, other)
        for index, (identity, shingles, words) in enumerate(prepared)
        for other, other_shingles, other_words in prepared[index + 1 :]
        if overlap_reaches(WORD_LIMIT, words, other_words) or overlap_reaches(SHINGLE_LIMIT, shingles, other_shingles)
    ]


@pytest.mark.parametrize(("name", "least"), MINIMUM.items())
def test_each_set_is_large_enough_and_covers_every_queue_evenly(name: str, least: int) -> None:
    """A set of messages has its promised size, only known queues, and no queue much rarer than another."""
    examples = read_examples(name)
    assert len(examples) >= least
    assert all(len(example.expected) == 1 for example in examples)
    counts = Counter(example.expected[0] for example in examples)
    assert set(counts) == QUEUES
    assert min(counts.values()) >= 0.8 * max(counts.values())


def test_the_pitch_is_ten_sentences_two_for_each_queue() -> None:
    """The pitch shows exactly two textbook sentences for each queue."""
    counts = Counter(example.expected for example in read_examples("pitch.jsonl"))
    assert sorted(counts.values()) == [2, 2, 2, 2, 2]


def test_identities_are_unique_over_all_files() -> None:
    """No identity names two messages, within a file or across files."""
    counts = Counter(example.identity for name in FILES for example in read_examples(name))
    assert [identity for identity, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", FILES)
def test_no_message_is_blank_or_padded(name: str) -> None:
    """Each message holds words and neither begins nor ends with white space."""
    assert [e.identity for e in read_examples(name) if not normalise(e.text) or e.text != e.text.strip()] == []


def test_there_are_enough_letters() -> None:
    """The letter task has at least sixty sealed claims and a pitch of one or two."""
    assert len(read_examples("letters.jsonl")) >= 60
    assert len(read_examples("pitch-letters.jsonl")) in {1, 2}


@pytest.mark.parametrize("name", LETTERS)
def test_the_facts_of_a_letter_occur_verbatim_in_its_claim(name: str) -> None:
    """A reply is judged by three to five distinct facts, each of which the claim itself states literally."""
    for example in read_examples(name):
        facts = example.expected
        assert 3 <= len(facts) <= 5, example.identity
        assert len(set(facts)) == len(facts), example.identity
        assert [fact for fact in facts if not fact.strip() or fact not in example.text] == [], example.identity


def test_no_claim_number_serves_two_letters() -> None:
    """Each claim or policy number belongs to one letter, so another claim's reply never fits."""
    counts = Counter(
        fact
        for name in LETTERS
        for example in read_examples(name)
        for fact in example.expected
        if re.fullmatch(r"[A-Z]{2}-\d+", fact)
    )
    assert counts
    assert max(counts.values()) == 1


def test_no_message_nearly_repeats_another_in_any_file() -> None:
    """Neither within nor between the files is there a pair of near-duplicates."""
    assert find_near_duplicates([example for name in FILES for example in read_examples(name)]) == []


@pytest.mark.parametrize(
    "copy",
    [
        "Someone keyed my car in the station car park, what do I do now?",
        "  SOMEONE keyed my car, in the station car-park -- what do I do now?!  ",
        "Someone keyed my càr in the station car park, so what do I do now",
        "Someone keyed my cars in the stations car park, what does I do now?",
        "In the station car park someone keyed my car. Now what do I do?",
    ],
)
def test_a_planted_near_duplicate_is_found(copy: str) -> None:
    """Copies differing in case, accents, punctuation, one word, spelling or word order are caught."""
    original = Example("x-1", "Someone keyed my car in the station car park, what do I do now?", ("motor",))
    other = Example("x-2", "Our boiler has been cold since Sunday.", ("home",))
    assert find_near_duplicates([original, other, Example("x-3", copy, ("motor",))]) == [("x-1", "x-3")]


@pytest.mark.parametrize("name", MINIMUM)
def test_a_copy_planted_in_the_real_data_is_found(name: str) -> None:
    """A lightly edited copy of a message of any set is caught among all others of that set."""
    examples = read_examples(name)
    source = max(examples, key=lambda example: len(example.text))
    planted = Example("planted", f"Hello! {source.text.upper()}", source.expected)
    assert find_near_duplicates([*examples, planted]) == [(source.identity, "planted")]


def test_different_messages_on_one_subject_are_not_called_duplicates() -> None:
    """The same subject in other words is two messages, not a copy."""
    left = Example("x-1", "A stone cracked my windscreen on the motorway.", ("motor",))
    right = Example("x-2", "The glass in front of me has a chip since I followed that lorry.", ("motor",))
    assert find_near_duplicates([left, right]) == []


def test_the_sealed_files_match_their_digests() -> None:
    """Every sealed file, and no other, has the digest that was published for it."""
    digests = cast("dict[str, str]", json.loads((DATA / "digests.json").read_text(encoding="utf-8")))
    assert digests == {name: f"sha256:{hashlib.sha256((DATA / name).read_bytes()).hexdigest()}" for name in SEALED}
