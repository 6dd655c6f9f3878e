"""Counts attempts: which attempt at a claim a Release is, from the looks at the data that the ledger remembers."""

from __future__ import annotations

from collections.abc import Iterable

from pilotage.core.errors import EvidenceError
from pilotage.ledger.records.measurement import DatasetOpened


def plan_attempt(opening: DatasetOpened, earlier: Iterable[DatasetOpened]) -> int:
    """Count which attempt an opening is: one more than the other looks at the same data for the same claim.

    A look is a Release with an evaluation. Those of the same evaluation count, and those under another name that use
    the same scorer too, since renaming an evaluation makes no new claim.
    """
    looks = {
        (look.release, look.evaluation)
        for look in earlier
        if look.use_case == opening.use_case
        and look.dataset_digest == opening.dataset_digest
        and (look.evaluation == opening.evaluation or look.scorer == opening.scorer)
    }
    return 1 + len(looks - {(opening.release, opening.evaluation)})


def is_same_process(one: DatasetOpened, other: DatasetOpened) -> bool:
    """Tell whether two openings are the same gate: one Release, one evaluation, one data set."""
    return (one.release, one.evaluation, one.dataset_digest) == (
        other.release,
        other.evaluation,
        other.dataset_digest,
    )


def verify_continues(opened: DatasetOpened, now: DatasetOpened) -> None:
    """Refuse to continue a gate whose terms were changed after its data had been looked at.

    Raises:
        EvidenceError: the claim, the scorer or the seed differs from what was declared when the data were opened.
    """
    changed = [
        name
        for name, before, after in (
            ("claim", opened.claim, now.claim),
            ("scorer", opened.scorer, now.scorer),
            ("seed", opened.seed, now.seed),
        )
        if before != after
    ]
    if changed:
        message = (
            f"the {' and the '.join(changed)} of evaluation {opened.evaluation!r} changed after its data set was opened"
        )
        remedy = "put it back, or declare the new claim with another data set, or for a new Release"
        raise EvidenceError(message, remedy)
