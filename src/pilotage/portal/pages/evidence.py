"""One record, readable: a sentence, a definition list, its place in the chain, and the JSON that was signed over."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

from pilotage.ledger.entry import NO_DIGEST, Entry
from pilotage.portal.figures import dated, exact_text, short_digest
from pilotage.portal.pages.frame import Fact, Frame
from pilotage.registry.catalog import Catalog

MOST_FACTS = 200
MOST_JSON = 60_000
"""Most characters of JSON that one page shows."""

_TITLES = {
    "catalog-activated": "Catalog activated",
    "release": "Release",
    "dataset-opened": "Data set opened",
    "measurement": "Measurement",
    "attestation": "Attestation",
    "assessment": "Assessment",
    "permit": "Permit",
    "usage-seal": "Usage sealed",
    "key-rotated": "Key rotated",
}
_RECORD_FIELDS = {"assessment", "evidence"}
"""Fields whose digest names another record."""


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """One record."""

    template: ClassVar[str] = "evidence.html"

    frame: Frame
    title: str
    digest: str
    use_case: str | None
    use_case_label: str
    place: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    left_out: str
    body: str


def plan_evidence_page(frame: Frame, catalog: Catalog | None, entry: Entry, now: datetime) -> EvidencePage:
    """Plan the page of one record."""
    plain = entry.body.model_dump(mode="json")
    name = entry.body.record_name
    use_case = entry.body.about_use_case
    declared = None if catalog is None or use_case is None else catalog.use_cases.get(use_case)
    facts = list(_facts(plain))
    text = json.dumps(plain, indent=2, ensure_ascii=False)
    notes: list[str] = []
    if len(facts) > MOST_FACTS:
        notes.append(f"{exact_text(len(facts) - MOST_FACTS)} more fields are left out of the list")
    if len(text) > MOST_JSON:
        notes.append(f"the JSON is cut after {exact_text(MOST_JSON)} of {exact_text(len(text))} characters")
    place = [
        Fact("Number", exact_text(entry.seq)),
        Fact("Digest", entry.digest),
        Fact("Recorded", dated(entry.recorded_at, now)),
        Fact("Kind", entry.body.predicate_type()),
        Fact("Signed by", ", ".join(short_digest(key) for key in entry.key_ids) or "nobody: this ledger does not sign"),
    ]
    if entry.previous == NO_DIGEST:
        place.append(Fact("Before it", "nothing, it is the first"))
    else:
        place.append(Fact("Before it", short_digest(entry.previous), f"/evidence/{entry.previous}"))
    return EvidencePage(
        frame=frame,
        title=_TITLES.get(name, name),
        digest=entry.digest,
        use_case=None if declared is None else declared.name,
        use_case_label="" if declared is None else declared.label,
        place=tuple(place),
        facts=tuple(facts[:MOST_FACTS]),
        left_out="; ".join(notes),
        body=text[:MOST_JSON],
    )


def _facts(plain: Mapping[str, Any]) -> list[Fact]:
    """Flatten a body to one line a figure; lists of groups are told by their number, the JSON holds them."""
    facts: list[Fact] = []
    for key, value in plain.items():
        _append(facts, [key], value)
    return facts


def _append(facts: list[Fact], path: list[str], value: object) -> None:
    label = " · ".join(part.replace("_", " ") for part in path)
    if isinstance(value, Mapping):
        group = cast("Mapping[str, object]", value)
        if not group:
            facts.append(Fact(label, "none"))
        for key, inner in group.items():
            _append(facts, [*path, key], inner)
    elif isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
        if any(isinstance(item, Mapping) for item in items):
            facts.append(Fact(label, f"{exact_text(len(items))} in the JSON below"))
        else:
            facts.append(Fact(label, ", ".join(map(str, items)) or "none"))
    else:
        facts.append(Fact(label, _plain_text(value), _href(path[-1], value)))


def _plain_text(value: object) -> str:
    if value is None:
        return "unknown or none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return exact_text(value) if isinstance(value, int) else str(value)


def _href(field: str, value: object) -> str | None:
    if field in _RECORD_FIELDS and isinstance(value, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        return f"/evidence/{value}"
    return None
