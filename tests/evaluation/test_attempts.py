"""Attempts: which looks at the data count, and which terms must not change once the data were opened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.attempts import (
    digest_of_asked,
    digest_of_items,
    digests_of_asked,
    is_same_process,
    plan_attempt,
    verify_continues,
)
from pilotage.ledger.records.measurement import ClaimFigures, DatasetOpened, Measures
from pilotage.registry.items import Item

CLAIM = ClaimFigures(text="x", p0=0.8, p1=0.9, alpha=0.025, beta=0.1, cap=240)
OTHER_RUN = "S" * 26
SHARING = frozenset({OTHER_RUN})


def opening(
    release: str = "r1",
    *,
    evaluation: str = "routing",
    scorer: str = "exact",
    data: str = "d1",
    use_case: str = "inbox",
    claim: ClaimFigures = CLAIM,
    seed: int = 0,
    plan: str = "",
    run: str = "R" * 26,
    asked: str = "",
    sealed: bool = False,
    measures: Measures = "promise",
) -> DatasetOpened:
    """Make an opening; its plan follows from its terms, and what it asks from its data, unless told."""
    terms = f"{scorer} {claim} {seed} {plan}"
    return DatasetOpened(
        run=run,
        use_case=use_case,
        release=digest_of_bytes(release.encode()),
        evaluation=evaluation,
        dataset="messages",
        dataset_digest=digest_of_bytes(data.encode()),
        sealed=sealed,
        items=digest_of_bytes((asked or data).encode()),
        measures=measures,
        plan=digest_of_bytes(terms.encode()),
        scorer=digest_of_bytes(scorer.encode()),
        claim=claim,
        attempt=1,
        seed=seed,
    )


@pytest.mark.parametrize(
    ("earlier", "attempt"),
    [
        ([], 1),
        ([opening("r2")], 1),
        ([opening("r1")], 2),
        ([opening("r1"), opening("r1"), opening("r0")], 3),
        ([opening("r1", data="d2")], 1),
        ([opening("r1", data="d2", run=OTHER_RUN)], 2),
        ([opening("r2", data="d2", run=OTHER_RUN)], 2),
        ([opening("r1", data="relabelled", asked="d1")], 2),
        ([opening("r1", data="d2", run=OTHER_RUN, use_case="other")], 1),
        ([opening("r1", data="d2", run=OTHER_RUN, evaluation="tone", scorer="regex")], 1),
        ([opening("r1", use_case="other")], 1),
        ([opening("r1", evaluation="tone", scorer="regex")], 1),
        ([opening("r1", evaluation="renamed")], 2),
        ([opening("r2", evaluation="renamed")], 2),
        ([opening("r1", scorer="changed")], 2),
        ([opening("r1", claim=CLAIM.model_copy(update={"p0": 0.7}))], 2),
        ([opening("r1", evaluation="tone", scorer="regex", sealed=True)], 2),
        ([opening("r1", evaluation="tone", scorer="regex", sealed=True, measures="load")], 1),
    ],
)
def test_other_looks_at_the_same_items_for_the_same_claim_count(earlier: list[DatasetOpened], attempt: int) -> None:
    """Another Release or version of the data counts once while an item is shared; other items or use cases do not."""
    assert plan_attempt(opening("r2"), earlier, SHARING) == attempt


def test_a_process_is_release_evaluation_and_version_of_the_data() -> None:
    """Continuing is for the same three only."""
    assert is_same_process(opening(), opening(seed=9))
    assert not is_same_process(opening(), opening("r2"))
    assert not is_same_process(opening(), opening(evaluation="tone"))
    assert not is_same_process(opening(), opening(data="d2"))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (opening(seed=1), "the target, the baseline, the repeats, the seed or the patience of"),
        (opening(scorer="lenient"), "the scorer of"),
        (opening(claim=CLAIM.model_copy(update={"p0": 0.7}), seed=1), "the claim of"),
        (opening(plan="another target"), "the target, the baseline, the repeats, the seed or the patience of"),
    ],
)
def test_terms_must_not_change_once_the_data_were_opened(now: DatasetOpened, said: str) -> None:
    """An easier claim, a kinder scorer, another target or a luckier shuffle needs other data or a new Release."""
    verify_continues(opening(), opening())
    with pytest.raises(EvidenceError, match=said):
        verify_continues(opening(), now)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Item("a", "My roof  leaks.\n", "yes"), Item("b", " my ROOF leaks. ", None), True),
        (Item("a", "Straße"), Item("b", "STRASSE"), True),
        (Item("a", "My roof leaks."), Item("a", "My roof leaked."), False),
        (Item("a", {"q": "A", "k": 1}), Item("b", {"k": 1.0, "q": "A"}), True),
        (Item("a", {"q": "A"}), Item("a", {"q": "a"}), False),
        (Item("a", "1"), Item("a", 1), False),
        (Item("a", "[]"), Item("a", []), False),
    ],
)
def test_what_is_asked_makes_an_item(one: Item, other: Item, *, same: bool) -> None:
    """Not id, label, case or white space; a text is never taken for the value that it spells."""
    assert (digest_of_asked(one) == digest_of_asked(other)) is same


@given(st.lists(st.text(min_size=1), min_size=1, max_size=20), st.randoms())
def test_the_order_of_lines_and_doubled_questions_do_not_matter(texts: list[str], chance: object) -> None:
    """The digest over the items is that of the set of questions."""
    shuffled = [*texts, texts[0]]
    chance.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue] - a Random, which the strategy does not say
    one = digests_of_asked(Item(f"a{n}", text) for n, text in enumerate(texts))
    other = digests_of_asked(Item(f"b{n}", text) for n, text in enumerate(shuffled))
    assert one == other
    assert digest_of_items(one) == digest_of_items(other)
    assert digest_of_items(one) != digest_of_items(one[1:])
