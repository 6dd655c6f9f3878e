"""What a use case may do and with what: its Permit, its Release, and the Release that users get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pilotage.core.amount import Amount
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.release import Release
from pilotage.portal.figures import dated, exact_text, money_text, short_digest
from pilotage.portal.pages.frame import Fact, Pill

_USERS = {"cohort", "everyone"}
_MODES = {
    "observe": "observe: nothing is refused, each would-be refusal is recorded",
    "warn": "warn: calls pass with a warning",
    "enforce": "enforce: what is not permitted is refused",
}


@dataclass(frozen=True, slots=True)
class PermitView:
    """What a Release may do at the gateway."""

    evidence: str
    state: Pill
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """What a use case is made of: parts by digest, and which Release users get."""

    evidence: str
    digest: str
    short: str
    source: str
    recorded: str
    served: str
    parts: tuple[Fact, ...]


def plan_permit_view(permit: Entry[Permit] | None, now: datetime) -> PermitView | None:
    """Plan the Permit; None where there is none."""
    if permit is None:
        return None
    body = permit.body
    held = body.until > now
    facts = [
        Fact("For", ", ".join(body.audiences) or "nobody"),
        Fact("Mode", _MODES[body.mode]),
        Fact("Until", dated(body.until, now)),
        Fact("Calls a minute", "no limit" if body.calls_per_minute is None else exact_text(body.calls_per_minute)),
        Fact(
            "Money a month",
            "no limit"
            if body.monthly_spend is None
            else money_text(Amount(body.monthly_spend, body.monthly_spend, body.currency)),
        ),
    ]
    if body.next_mode is not None and body.next_mode_on is not None:
        facts.insert(2, Fact("Then", f"{body.next_mode} from {dated(body.next_mode_on, now)}"))
    return PermitView(permit.digest, Pill("holds", "good") if held else Pill("ran out", "bad"), tuple(facts))


def plan_release_view(
    releases: Sequence[Entry[Release]], permits: Sequence[Entry[Permit]], now: datetime
) -> ReleaseView | None:
    """Plan the present Release; None where nothing was released yet."""
    if not releases:
        return None
    entry = releases[-1]
    body = entry.body
    last_permits = {permit.body.release: permit for permit in permits}
    serving = [
        permit for permit in last_permits.values() if permit.body.until > now and _USERS & set(permit.body.audiences)
    ]
    served = max(serving, key=lambda permit: permit.seq, default=None)
    if served is None:
        words = "No Release serves users yet."
    elif served.body.release == body.release:
        words = "This Release serves users."
    else:
        words = f"Users get the earlier Release {short_digest(served.body.release)}; this one is a candidate."
    source = "a plain folder" if body.commit is None else f"commit {short_digest(body.commit)}"
    return ReleaseView(
        evidence=entry.digest,
        digest=body.release,
        short=short_digest(body.release),
        source=source + (", with changes not committed" if body.dirty and body.commit is not None else ""),
        recorded=dated(entry.recorded_at, now),
        served=words,
        parts=tuple(Fact(part, short_digest(digest)) for part, digest in sorted(body.parts.items())),
    )
