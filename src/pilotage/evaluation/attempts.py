"""Counts attempts: which attempt at a claim a Release is, from the looks at the data that the ledger remembers.

Data are what they ask, not the file that they stand in: a case that was looked at stays looked at when it gets another
id, another label, or other company.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from pilotage.core.canonical import canonical_json
from pilotage.core.errors import EvidenceError
from pilotage.ledger.records.measurement import DatasetOpened
from pilotage.registry.items import Item

_PREFIX = "sha256:"


def digest_of_asked(item: Item) -> str:
    """Give the digest of what an item asks: its input, whatever its id and what is expected.

    Of a text only letters and digits count, in one form and case (NFKC), so that a full stop or an invisible character
    makes no new item; one that has none is taken whole. Anything but text is taken as canonical JSON.
    """
    asked = item.input
    if isinstance(asked, str):
        folded = unicodedata.normalize("NFKC", asked).casefold()
        asked = "".join(filter(str.isalnum, folded)) or " ".join(folded.split())
    return _PREFIX + hashlib.sha256(canonical_json(asked)).hexdigest()


def digests_of_asked(items: Iterable[Item]) -> tuple[str, ...]:
    """Give the digests of what some items ask, each once, in the order of the digests."""
    return tuple(sorted({digest_of_asked(item) for item in items}))


def digest_of_items(asked: Sequence[str]) -> str:
    """Give one digest over the digests of what items ask, a line each: the same whatever the file's order.

    Args:
        asked: what `digests_of_asked` gave.
    """
    whole = hashlib.sha256()
    for digest in asked:
        whole.update(digest.encode() + b"\n")
    return _PREFIX + whole.hexdigest()


def plan_attempt(opening: DatasetOpened, earlier: Iterable[DatasetOpened], sharing: AbstractSet[str]) -> int:
    """Count which attempt an opening is: one more than the other looks at the same data for the same claim.

    A look is a Release with an evaluation and a version of its data set. Those of the same evaluation count, and those
    under another name that use the same scorer too, since renaming an evaluation makes no new claim. Of sealed items
    every look for evidence of the same kind counts, whatever the scorer is called: they can be spent once only.

    Args:
        opening: the look that is planned.
        earlier: the looks that the ledger remembers.
        sharing: the runs that looked at one of its items or more.
    """
    looks = {
        _process(look)
        for look in earlier
        if look.use_case == opening.use_case
        and (look.run in sharing or look.items == opening.items or look.dataset_digest == opening.dataset_digest)
        and _is_same_claim(look, opening)
    }
    return 1 + len(looks - {_process(opening)})


def _is_same_claim(look: DatasetOpened, opening: DatasetOpened) -> bool:
    if look.evaluation == opening.evaluation or look.scorer == opening.scorer:
        return True
    return (look.sealed or opening.sealed) and look.measures == opening.measures


def is_same_process(one: DatasetOpened, other: DatasetOpened) -> bool:
    """Tell whether two openings are the same gate: one Release, one evaluation, one version of the data set."""
    return _process(one) == _process(other)


def verify_continues(opened: DatasetOpened, now: DatasetOpened) -> None:
    """Refuse to continue a gate whose terms were changed after its data had been looked at.

    Raises:
        EvidenceError: the plan (target, baseline, scorer, claim, repeats or seed) is not the one that was declared
            when the data were opened; says what changed.
    """
    if opened.plan == now.plan and opened.claim == now.claim:
        return
    changed = [
        name
        for name, before, after in (
            ("claim", opened.claim, now.claim),
            ("scorer", opened.scorer, now.scorer),
        )
        if before != after
    ] or ["target, the baseline, the repeats, the seed or the patience"]
    message = (
        f"the {' and the '.join(changed)} of evaluation {opened.evaluation!r} changed after its data set was opened"
    )
    remedy = "put it back, or declare the new terms with another data set, or for a new Release"
    raise EvidenceError(message, remedy)


def _process(look: DatasetOpened) -> tuple[str, str, str]:
    return look.release, look.evaluation, look.dataset_digest
