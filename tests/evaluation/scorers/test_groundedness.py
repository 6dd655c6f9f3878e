"""Groundedness: cited spans and numbers must stand in the passages, whatever their typography."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.scorers.groundedness import passages_of, score_groundedness
from pilotage.evaluation.scorers.score import check_items
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import GroundednessScorer

REQUIRED = GroundednessScorer(type="groundedness")
CHECKED = GroundednessScorer(type="groundedness", citation="checked")
PASSAGES = [
    "The insurer pays up to 1,200 euros for glass damage. The excess is 12 % of the sum, at least 50 euros.",
    "Claims must be reported by 22 November 2026, 10:30. The well-known “total loss” rule applies from 0.5 onwards.",
    "Bei Sturm ab Windst\u00e4rke 8 ist das Dach ver-\nsichert; nicht versichert sind Markisen.",
]


def item(*passages: str, question: str = "What does the insurer pay in 2031?") -> Item:
    """Give an item with passages."""
    return Item("i", {"question": question, "passages": list(passages or PASSAGES)})


@pytest.mark.parametrize(
    "answer",
    [
        'It says "The insurer pays up to 1,200 euros".',
        "It says \u201cthe insurer  pays up to\n1\u202f200 euros for glass damage.\u201d",
        "Laut Bedingungen: \u201eist das Dach versichert\u201c",
        "\u00ab the excess is 12 % of the sum \u00bb",
        "\u00bbthe excess is 12 % of the sum\u00ab",
        '[1: "the insurer pays up to 1,200 euros"] and so on [2][1, 3].',
        'It says "the insurer pays \u2026 for glass damage".',
        'It says "the insurer pays [...] for glass damage", see passage 2.',
        "It says \"the wellknown 'total loss' rule applies\".",
        'It says "The insu\u00adrer pays up to" something called "risk".',
    ],
)
def test_a_span_of_a_passage_is_found(answer: str) -> None:
    """All quotation marks, case, white space, hyphenation and ellipses are seen through."""
    assert score_groundedness(REQUIRED, item(), answer).state == "pass"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "empty"),
        (" ...\u200f", "empty"),
        (["a"], "no text"),
        ("The insurer pays.", "cites no span"),
        ('It pays for "glass".', "cites no span"),
        ("See [1].", "cites no span"),
        ('It says "the insurer pays up to 1,300 euros".', "1 of 1 cited spans"),
        ('It says "insurer pays everything" and "the insurer pays up to 1,200 euros".', "1 of 2 cited spans"),
        ('It says "sichert; nicht versichert".', "1 of 1 cited spans"),
        ('[2: "the insurer pays up to 1,200 euros"]', "1 of 1 cited spans"),
        ('[0: "the insurer pays up to 1,200 euros"]', "1 of 1 cited spans"),
        ('[4: "the insurer pays up to 1,200 euros"]', "1 of 1 cited spans"),
        ('It says "for glass damage \u2026 the insurer pays".', "1 of 1 cited spans"),
        ('It says "the insurer pays everything, and never closes', "1 of 1 cited spans"),
        ("\u201cThe insurer pays everything", "1 of 1 cited spans"),
        ('"up to 1,200 euros", see [4]', "passage that is not there"),
        ('"up to 1,200 euros", which is 1,300 dollars', "1 numbers"),
        ('"up to 1,200 euros", see passage 7', "1 numbers"),
    ],
)
def test_what_stands_in_no_passage_fails(answer: AnswerValue, said: str) -> None:
    """A span that is made up, cut out of a word, out of order or from another passage than said fails the answer."""
    outcome = score_groundedness(REQUIRED, item(), answer)

    assert outcome.state == "fail"
    assert said in outcome.reason


@pytest.mark.parametrize(
    "answer",
    [
        "It pays 1200 euros.",
        "It pays 1.200,00 euros.",
        "It pays 1 200 euros.",
        "It pays 1\u2019200 euros.",
        "The excess is 12% or 12 percent or 0.12.",
        "From 50 % onwards.",
        "On 22.11.2026, 2026-11-22, 11/22/26, November 22nd, 2026, the 22nd of November or am 22. November 2026.",
        "At 10:30, or 10.30.",
        "In 2031, as you ask.",
        "1. It pays 1,200 euros.\n2. The excess is 50 euros.\n3) Nothing else.",
        "- **1.** First\n- **2.** Second",
        "As [1] and Passage 3 say.",
        "It may apply, and 12 may not.",
    ],
)
def test_numbers_of_passages_and_question_pass_however_written(answer: str) -> None:
    """Thousands, decimals, percent, dates and times are read; numbers of lists and of passages are no claims."""
    assert score_groundedness(CHECKED, item(), answer).state == "pass"


@pytest.mark.parametrize(
    "answer",
    [
        "It pays 1,201 euros.",
        "It pays 1.2 euros or 12.00.1 euros.",
        "It pays -50 dollars and 51.",
        "The excess is 13 %.",
        "On 23 November 2026.",
        "On 22 October 2026.",
        "On 22 October.",
        "On 2026-10-22.",
        "At 10:31.",
        "80. That is the fee.",
        "1. One\n3. Three",
        "It pays \u0661\u0662\u0663 euros.",
        "It pays " + "9" * 100 + " euros.",
    ],
)
def test_a_number_that_stands_nowhere_fails(answer: str) -> None:
    """Another digit, month, minute or sum is another number."""
    outcome = score_groundedness(CHECKED, item(), answer)

    assert outcome.state == "fail"
    assert "numbers of the answer" in outcome.reason


@pytest.mark.parametrize(
    "expected",
    [None, {}, {"passages": []}, {"passages": [" "]}, {"passages": ["a", 1]}, {"passages": "a"}, ["a"]],
)
def test_an_item_needs_passages(expected: Json) -> None:
    """They stand in the input or in the expected value; an item without them is told before anything is asked."""
    with pytest.raises(EvidenceError, match="passages"):
        check_items(REQUIRED, [Item("i", "question", expected)])

    assert passages_of(Item("i", "question", {"passages": ["a"]})) == ("a",)
    assert passages_of(Item("i", {"passages": ["b"]}, {"passages": ["a"]})) == ("b",)


def test_a_passage_of_another_script_is_quoted() -> None:
    """Where words have no spaces between them, a span may begin anywhere."""
    given = "保険会社はガラスの損害について最大千二百ユーロまで支払います"

    assert score_groundedness(REQUIRED, item(given), f"「」 “{given[4:22]}”").state == "pass"


WORDS = st.text(string.ascii_letters, min_size=2, max_size=9)
NUMBERS = st.one_of(
    st.integers(0, 10**7).map(str),
    st.integers(1_000, 10**9).map("{:,}".format),
    st.decimals(0, 10**6, places=2).map("{:,.2f}".format),
    st.integers(0, 100).map("{} %".format),
)
TEXTS = st.lists(st.one_of(WORDS, WORDS, NUMBERS), min_size=8, max_size=40).map(" ".join)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.data())
def test_an_answer_made_of_spans_of_passages_passes(passages: list[str], data: st.DataObject) -> None:
    """Whole words cut out anywhere, in any quotation marks, and the numbers themselves beside them."""
    said: list[str] = []
    for passage in data.draw(st.lists(st.sampled_from(passages), min_size=1, max_size=5)):
        words = passage.split(" ")
        first = data.draw(st.integers(0, len(words) - 6))
        last = data.draw(st.integers(first + 6, len(words)))
        marks = data.draw(st.sampled_from(['"{}"', "\u201c{}\u201d", "\u201e{}\u201c", "\u00ab {} \u00bb"]))
        said.append(marks.format(data.draw(st.sampled_from([" ", "\n", "  "])).join(words[first:last])))
    assume(any(len(one) > 24 for one in said))

    assert score_groundedness(REQUIRED, item(*passages), " and ".join(said)).state == "pass"


@given(st.lists(st.integers(100, 10**7), min_size=1, max_size=6), st.data())
def test_a_changed_digit_fails(numbers: list[int], data: st.DataObject) -> None:
    """One digit of one number changed to another, in whatever writing: the answer fails, unless that stands there."""
    number = str(data.draw(st.sampled_from(numbers)))
    place = data.draw(st.integers(1, len(number) - 1))
    digit = data.draw(st.sampled_from(string.digits))
    changed = int(number[:place] + digit + number[place + 1 :])
    assume(changed not in numbers)
    passage = " and then ".join(map(str, numbers))
    write = data.draw(st.sampled_from(["{}", "{:,}", "{:,}.00"])).format

    assert score_groundedness(CHECKED, item(passage), f"It was {write(int(number))} euros").state == "pass"
    assert score_groundedness(CHECKED, item(passage), f"It was {write(changed)} euros").state == "fail"
    assert score_groundedness(REQUIRED, item(passage), f'"It was {write(changed)} euros"').state == "fail"


@given(st.text())
def test_any_text_is_judged_and_never_quoted(answer: str) -> None:
    """Whatever is answered ends in pass or fail, and the reason is one of ours."""
    outcome = score_groundedness(CHECKED, item(), answer)

    assert outcome.state in {"pass", "fail"}
    assert outcome.reason == "" or outcome.reason.startswith(("the answer", *string.digits))


@pytest.mark.parametrize(
    "answer",
    [
        '"' * 1_000_000,
        "\u201e" * 1_000_000,
        "9" * 1_000_000,
        "1 " * 500_000,
        "1,000 " * 160_000,
        "[1" * 500_000,
        "[1: " * 250_000,
        "a-\n" * 330_000,
        "- (1) " * 160_000,
        "\n" * 1_000_000,
        "\u202e" * 1_000_000 + "5",
        '" \u2026 "' * 200_000,
        "12 may " * 140_000,
        '"insurer pays" ' * 60_000,
        json.dumps([["deep"]] * 50_000),
    ],
)
def test_a_hostile_answer_is_judged_at_once(answer: str) -> None:
    """Megabytes of marks, digits and turned text take time in proportion to their length, not to its square."""
    assert score_groundedness(CHECKED, item(), answer).state in {"pass", "fail"}


@pytest.mark.parametrize(
    ("passage", "answer", "state"),
    [
        ("It pays 5,000 euros.", "It pays -5,000 euros.", "fail"),
        ("It pays 5,000 euros.", "It pays minus 5000 euros.", "fail"),
        ("The least is -5,000 euros.", "The least is 5,000 euros.", "fail"),
        ("The least is -5,000 euros.", "The least is minus 5000 euros.", "pass"),
        ("From 10 -20 euros.", "At most 20 euros.", "pass"),
    ],
)
def test_a_sign_counts(passage: str, answer: str, state: str) -> None:
    """A number and its negative are two; a hyphen between two numbers is no sign."""
    assert score_groundedness(CHECKED, item(passage), answer).state == state
