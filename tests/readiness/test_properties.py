"""Properties of every assessment, whatever the evidence: what may raise a level, what may not, and what never can."""

from __future__ import annotations

import random
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import given
from tests.readiness.declared import (
    NOW,
    PAPERS,
    USE_CASE,
    Verdict,
    attestation,
    catalog_of,
    configuration_of,
    entries,
    entry,
    measurement,
)

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import Measurement
from pilotage.ledger.records.record import Body
from pilotage.readiness.assess import assess
from pilotage.readiness.operation import OperationFacts
from pilotage.readiness.permit import plan_permit
from pilotage.readiness.stage import ORDER

CATALOG = catalog_of()
CONFIGURATION = configuration_of(CATALOG)
EvidenceT = TypeVar("EvidenceT", Measurement, Attestation)
PARTS = ("model", "prompt", "parameters", "application")
OTHER = "sha256:" + "7" * 64
VERDICTS: tuple[Verdict, ...] = ("MEETS", "FAILS", "UNDECIDED")
MEASURED = [measurement(CATALOG, name, verdict) for name in ("trial", "one-of-two") for verdict in VERDICTS]
STATED = attestation(CATALOG, "hrl-5-usability", "user-lead")
CRITERIA = [*PAPERS, "trl-8-risk", "promote-production", "hrl-8-training"]

operations = st.one_of(
    st.just(OperationFacts(days=None, calls=None)),
    st.builds(OperationFacts, days=st.integers(0, 60), calls=st.integers(0, 2_000)),
)
ages = st.integers(-2, 400).map(lambda days: NOW - timedelta(days=days))
changed_parts = st.sets(st.sampled_from(PARTS), max_size=1)


def moved(body: EvidenceT, changed: AbstractSet[str]) -> EvidenceT:
    """Give evidence that was made on other parts."""
    return body.model_copy(update={"parts": body.parts | dict.fromkeys(changed, OTHER)})


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    """Draw any measurement."""
    body = draw(st.sampled_from(MEASURED)).model_copy(
        update={
            "sample": draw(st.booleans()),
            "sealed": draw(st.booleans()),
            "dataset_items": draw(st.sampled_from([40, 120, 240])),
            "finished": draw(ages),
        }
    )
    return moved(body, draw(changed_parts))


@st.composite
def attestations(draw: st.DrawFn) -> Attestation:
    """Draw any statement."""
    criterion = draw(st.sampled_from(CRITERIA))
    body = STATED.model_copy(
        update={
            "criterion": criterion,
            "roles": (draw(st.sampled_from([PAPERS.get(criterion, "risk-owner"), "builder", "owner"])),),
            "answer": draw(st.integers(0, 3)) > 0,
            "sample": draw(st.booleans()),
            "participants": draw(st.sampled_from([0, 5])),
            "assurance": draw(st.sampled_from(["ssh-signature", "ssh-signature", "asserted"])),
            "made": draw(ages),
        }
    )
    return moved(body, draw(changed_parts))


helpful: list[Body] = [
    measurement(CATALOG, "trial"),
    measurement(CATALOG),
    *(attestation(CATALOG, criterion, role) for criterion, role in PAPERS.items()),
]
evidence = st.tuples(
    st.lists(st.one_of(measurements(), attestations()), max_size=8), st.sets(st.sampled_from(range(len(helpful))))
).map(lambda drawn: [*drawn[0], *(helpful[index] for index in sorted(drawn[1]))])


def assessed(records: list[Entry[Any]], operation: OperationFacts, days: int = 0) -> Assessment:
    """Assess at some days from now."""
    return assess(CATALOG, USE_CASE, CONFIGURATION, records, operation, None, NOW + timedelta(days=days))


def heights(found: Assessment) -> list[int]:
    """Give the levels, in the order of axes."""
    return [found.levels[axis].level for axis in ("TRL", "IRL", "HRL")]


def no_higher(lower: Assessment, higher: Assessment) -> bool:
    """Tell whether no level of one stands above that of the other."""
    return all(low <= high for low, high in zip(heights(lower), heights(higher), strict=True))


@given(evidence, operations)
def test_levels_keep_their_order(bodies: list[Body], operation: OperationFacts) -> None:
    """Without SAMPLE evidence is at most the level, which is at most what it would be were all unknowns met."""
    for level in assessed(entries(*bodies), operation).levels.values():
        assert level.without_sample <= level.level <= level.upper


@given(evidence, operations)
def test_unknown_never_passes(bodies: list[Body], operation: OperationFacts) -> None:
    """No criterion up to the level reached is UNKNOWN or NOT MET, and the first beyond it has one that is."""
    found = assessed(entries(*bodies), operation)
    for axis, level in found.levels.items():
        below = {answer.state for answer in found.answers if answer.axis == axis and answer.level <= level.level}
        assert below <= {"MET", "NOT APPLICABLE"}
        above = {answer.state for answer in found.answers if answer.axis == axis and answer.level == level.level + 1}
        assert level.level == 9 or above & {"UNKNOWN", "NOT MET"}


@given(evidence, operations, st.sampled_from(helpful))
def test_evidence_that_says_yes_never_lowers(bodies: list[Body], operation: OperationFacts, more: Body) -> None:
    """Adding a measurement that MEETS or a signed yes lowers no level."""
    assert no_higher(assessed(entries(*bodies), operation), assessed(entries(*bodies, more), operation))


@given(evidence, operations, st.randoms(use_true_random=False))
def test_taking_away_what_says_yes_never_raises(
    bodies: list[Body], operation: OperationFacts, chance: random.Random
) -> None:
    """Removing evidence that does not say no raises no level."""
    records = entries(*bodies)
    kept = [
        record
        for record in records
        if getattr(record.body, "verdict", "") in {"FAILS", "UNDECIDED"}
        or getattr(record.body, "answer", True) is False
        or chance.random() < 0.5
    ]
    assert no_higher(assessed(kept, operation), assessed(records, operation))


@given(evidence, operations, st.integers(1, 400))
def test_time_alone_never_raises(bodies: list[Body], operation: OperationFacts, days: int) -> None:
    """Without evidence dated ahead and without refutations that lapse, waiting raises no level."""
    settled = [
        body
        for body in bodies
        if getattr(body, "made", getattr(body, "finished", NOW)) <= NOW
        and getattr(body, "verdict", "MEETS") == "MEETS"
        and getattr(body, "answer", True)
    ]
    records = entries(*settled)
    assert no_higher(assessed(records, operation, days), assessed(records, operation))


@given(evidence, operations)
def test_nothing_changes_before_the_moment_foretold(bodies: list[Body], operation: OperationFacts) -> None:
    """Until `changes_at` the same evidence gives the same answers."""
    records = entries(*bodies)
    found = assessed(records, operation)
    horizon = found.changes_at or NOW + timedelta(days=4_000)
    just_before = assess(
        CATALOG, USE_CASE, CONFIGURATION, records, operation, None, horizon - timedelta(microseconds=1)
    )
    assert [answer.state for answer in just_before.answers] == [answer.state for answer in found.answers]


@given(evidence, operations)
def test_sample_evidence_never_gives_production(bodies: list[Body], operation: OperationFacts) -> None:
    """With every piece of evidence marked SAMPLE, production is out of reach, whatever the tier says."""
    samples = [body.model_copy(update={"sample": True}) for body in bodies]
    found = assessed(entries(*samples), operation)
    assert ORDER.index(found.eligible) <= ORDER.index("limited")
    assert found.stage != "production"


@given(evidence, operations, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(
    bodies: list[Body], operation: OperationFacts, chance: random.Random
) -> None:
    """Records carry their own numbers: however they are handed over, the assessment is the same."""
    records = entries(*bodies)
    shuffled = chance.sample(records, len(records))
    assert assessed(shuffled, operation) == assessed(records, operation)


@given(evidence, operations, st.sampled_from(PARTS))
def test_a_changed_part_touches_only_what_depends_on_it(
    bodies: list[Body], operation: OperationFacts, part: str
) -> None:
    """Moving the configuration in one part changes no answer of a criterion that does not depend on it."""
    depends = {
        criterion.id: criterion.depends_on
        for scale in CATALOG.scales.values()
        for level in scale.levels
        for criterion in level.criteria
    }
    records = entries(*bodies)
    before = assessed(records, operation)
    other = type(CONFIGURATION)(USE_CASE, CONFIGURATION.parts | {part: OTHER}, OTHER)
    after = assess(CATALOG, USE_CASE, other, records, operation, None, NOW)
    for old, new in zip(before.answers, after.answers, strict=True):
        assert old == new or part in depends[old.criterion]


@given(evidence, operations, st.integers(0, 120), st.integers(0, 120))
def test_a_permit_never_outlives_its_evidence_and_its_tier(
    bodies: list[Body], operation: OperationFacts, first_day: int, second_day: int
) -> None:
    """Planned and planned again, a permit ends within the tier's longest life, and within grace of what it rests on."""
    records = entries(*bodies)
    tier = CATALOG.risk_tiers["low"]
    previous: Entry[Any] | None = None
    for day in sorted((first_day, second_day)):
        now = NOW + timedelta(days=day)
        found = assessed(records, operation, day)
        permit = plan_permit(entry(9, found), CATALOG, previous, now)
        assert now < permit.until <= now + timedelta(days=tier.permit_days)
        if permit.stage == found.stage:
            levels = tier.stages[permit.stage].levels if permit.stage in {"limited", "production"} else {}  # pyright: ignore[reportArgumentType] - just asked
            ends = [
                answer.until for answer in found.answers if answer.until and answer.level <= levels.get(answer.axis, 0)
            ]
            assert all(permit.until <= end + timedelta(days=tier.grace_days) for end in ends)
        else:
            assert previous is not None
            assert permit.until <= previous.body.until
        previous = entry(8, permit)
