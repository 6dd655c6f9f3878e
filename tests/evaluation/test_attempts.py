"""Attempts: which looks at the data count, and which terms must not change once the data were opened."""

from __future__ import annotations

import pytest

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.attempts import is_same_process, plan_attempt, verify_continues
from pilotage.ledger.records.measurement import ClaimFigures, DatasetOpened

CLAIM = ClaimFigures(text="x", p0=0.8, p1=0.9, alpha=0.025, beta=0.1, cap=240)


def opening(
    release: str = "r1",
    *,
    evaluation: str = "routing",
    scorer: str = "exact",
    data: str = "d1",
    use_case: str = "inbox",
    claim: ClaimFigures = CLAIM,
    seed: int = 0,
) -> DatasetOpened:
    """Make an opening."""
    return DatasetOpened(
        run="R" * 26,
        use_case=use_case,
        release=digest_of_bytes(release.encode()),
        evaluation=evaluation,
        dataset="messages",
        dataset_digest=digest_of_bytes(data.encode()),
        sealed=True,
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
        ([opening("r1", use_case="other")], 1),
        ([opening("r1", evaluation="tone", scorer="regex")], 1),
        ([opening("r1", evaluation="renamed")], 2),
        ([opening("r2", evaluation="renamed")], 2),
        ([opening("r1", scorer="changed")], 2),
    ],
)
def test_other_looks_at_the_same_data_for_the_same_claim_count(earlier: list[DatasetOpened], attempt: int) -> None:
    """Another Release counts once; another name or scorer alone makes no new claim; other data or use cases do."""
    assert plan_attempt(opening("r2"), earlier) == attempt


def test_a_process_is_release_evaluation_and_data() -> None:
    """Continuing is for the same three only."""
    assert is_same_process(opening(), opening(seed=9))
    assert not is_same_process(opening(), opening("r2"))
    assert not is_same_process(opening(), opening(evaluation="tone"))
    assert not is_same_process(opening(), opening(data="d2"))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (opening(seed=1), "the seed of"),
        (opening(scorer="lenient"), "the scorer of"),
        (opening(claim=CLAIM.model_copy(update={"p0": 0.7}), seed=1), "the claim and the seed of"),
    ],
)
def test_terms_must_not_change_once_the_data_were_opened(now: DatasetOpened, said: str) -> None:
    """An easier claim, a kinder scorer or a luckier shuffle needs another data set or a new Release."""
    verify_continues(opening(), opening())
    with pytest.raises(EvidenceError, match=said):
        verify_continues(opening(), now)
