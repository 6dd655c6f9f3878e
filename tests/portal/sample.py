"""A small made-up installation for the tests of the portal: one stuck use case with everything, and others."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from pilotage.core.amount import Amount
from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import ManualClock
from pilotage.core.statistics.gate import GateDesign, assess_outcomes
from pilotage.core.statistics.sequence import confidence_sequence, estimate_of_gate
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.assessment import Assessment, AxisLevel, Blocker, CriterionAnswer
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import BandPoint, ClaimFigures, Measurement, Spent
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.record import AmountFigures, EstimateFigures
from pilotage.ledger.records.release import Release
from pilotage.metering.totals import UsageTotals
from pilotage.portal.memory import MemoryReader
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.scale import Scale
from pilotage.registry.kinds.team import Team
from pilotage.registry.kinds.use_case import UseCase

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
OLD, NEW = digest_of_bytes(b"old"), digest_of_bytes(b"new")
PARTS = {"model": digest_of_bytes(b"model"), "prompt": digest_of_bytes(b"prompt")}

CLAIMS: dict[str, Any] = {
    "version": 1,
    "kind": "UseCase",
    "name": "claims-inbox",
    "title": "Claims inbox",
    "purpose": "Offer two of five queues for each message, so that a clerk sorts it in one click.",
    "owner": "claims",
    "owner_person": "rita-lopes",
    "bridge_builder": "noor-haddad",
    "users": {"who": "clerks of the claims department", "count": 5},
    "data_classes": ["internal"],
    "started": "2026-07-02",
    "promise": "The right queue is one of two for at least eight of ten messages; a clerk picks.",
    "not_for": ["replying to customers", "deciding on a claim"],
    "wrong_answer_cost": "A message in the wrong queue waits about a day and costs six minutes of two clerks.",
    "process": {
        "before": [
            {"step": "Open the message and read it", "who": "clerk", "minutes": 2},
            {"step": "Look up the queue in the handbook", "who": "clerk", "minutes": 1.5},
            {"step": "Move the message to the queue", "who": "clerk", "minutes": 0.5},
        ],
        "after": [
            {"step": "Rank the five queues for the message", "who": "Claims inbox", "minutes": 0},
            {"step": "Read the message and pick one of two queues or neither", "who": "clerk", "minutes": 2},
            {"step": "Look up the queue in the handbook", "who": "senior clerk", "minutes": 2},
        ],
    },
}


def use_case(name: str = "claims-inbox", **changes: object) -> UseCase:
    """Make a use case that differs from the claims inbox in some fields."""
    return UseCase.model_validate(CLAIMS | {"name": name} | changes)


@lru_cache(maxsize=1)
def scales() -> dict[str, Scale]:
    """Read the scales that ship."""
    folder = files("pilotage.registry") / "defaults"
    texts = [(folder / f"{name}.yaml").read_text() for name in ("trl", "irl", "hrl")]
    found = [Scale.model_validate(YAML(typ="safe", pure=True).load(text)) for text in texts]
    return {scale.name: scale for scale in found}


def catalog(*use_cases: UseCase) -> Catalog:
    """Make a catalog of some use cases."""
    return Catalog(
        commit="0123456789abcdef0123456789abcdef01234567",
        dirty=False,
        organisation=Organisation(
            version=1, kind="Organisation", name="harbour", title="Harbour Insurance", time_zone="Europe/Lisbon"
        ),
        teams={"claims": Team(version=1, kind="Team", name="claims", title="Claims department")},
        use_cases={case.name: case for case in use_cases},
        scales=scales(),
    )


def release(digest: str = NEW, name: str = "claims-inbox") -> Release:
    """Make a Release."""
    return Release(
        use_case=name,
        release=digest,
        parts=PARTS,
        commit="0123456789ab",
        dirty=False,
        catalog_artefact=digest_of_bytes(b"c"),
    )


def measurement(
    outcomes: list[bool], *, digest: str = NEW, evaluation: str = "routing", attempt: int = 1, **changes: object
) -> Measurement:
    """Make a Measurement of the claim "eight of ten", with figures that the real gate gives for these outcomes."""
    gate = assess_outcomes(GateDesign(0.8, 0.9, 0.05, 0.10, 240, attempt), outcomes)
    band = confidence_sequence(outcomes[: gate.n], 1 - 2 * gate.design.attempt_alpha)
    estimate = estimate_of_gate(gate, band)
    plain: dict[str, Any] = {
        "run": "0" * 26,
        "use_case": "claims-inbox",
        "release": digest,
        "parts": PARTS,
        "evaluation": evaluation,
        "measures": "promise",
        "dataset": "inbox-april",
        "dataset_digest": digest_of_bytes(b"data"),
        "dataset_items": 240,
        "sealed": True,
        "sample": True,
        "scorer": digest_of_bytes(b"scorer"),
        "plan": digest_of_bytes(b"plan"),
        "gate": "binary",
        "claim": ClaimFigures(
            text="For at least eight of ten messages the right queue is one of the two that are offered",
            p0=0.8, p1=0.9, alpha=0.05, beta=0.10, cap=240,
        ),
        "attempt": attempt,
        "verdict": str(gate.verdict),
        "n": gate.n,
        "passes": gate.passes,
        "not_measured": 0,
        "estimate": EstimateFigures.of(estimate),
        "baseline": EstimateFigures(point=0.41, low=0.35, high=0.47, n=240, confidence=0.95, method="wilson"),
        "disagreement": None,
        "band": tuple(BandPoint(n=at.n, point=at.point, low=at.low, high=at.high) for at in band),
        "spent": Spent(
            calls=gate.n, calls_fixed_design=235, tokens_in=12_345, tokens_out=2_345,
            money=AmountFigures(low=Decimal("0.0012"), high=Decimal("0.0040"), unit="EUR"),
            energy=AmountFigures(low=Decimal("0.8"), high=Decimal("2.4"), unit="Wh"), seconds=31.0,
        ),
        "environment": {"platform": "linux"},
        "outcomes": digest_of_bytes(b"outcomes"),
        "started": NOW - timedelta(days=3),
        "finished": NOW - timedelta(days=3),
    }  # fmt: skip
    return Measurement.model_validate(plain | changes)


def blocker(side: str = "people", **changes: object) -> Blocker:
    """Make a blocker."""
    plain: dict[str, Any] = {
        "axis": "HRL" if side == "people" else "TRL",
        "level": 4,
        "criterion": "hrl-4-errors" if side == "people" else "trl-5-promise",
        "state": "UNKNOWN",
        "side": side,
        "question": "Have people who do the work seen its errors?"
        if side == "people"
        else "Does the promise hold, at its bound, on at least 100 labelled cases?",
        "reason": "nobody has stated this yet" if side == "people" else "the gate FAILS",
        "turn": "bridge-builder: noor-haddad" if side == "people" else "team: claims",
        "next_step": "Show ten answers, five of them wrong, to three clerks."
        if side == "people"
        else "Narrow the promise.",
        "minutes": 45 if side == "people" else 120,
        "for_stage": "limited",
    }
    return Blocker.model_validate(plain | changes)


def assessment(digest: str = NEW, evidence: str | None = None, **changes: object) -> Assessment:
    """Make an Assessment of a pilot that is stuck."""
    answers: list[CriterionAnswer] = []
    for scale in scales().values():
        for level in scale.levels:
            for criterion in level.criteria:
                met = level.level <= 3
                answers.append(
                    CriterionAnswer(
                        axis=scale.axis,
                        level=level.level,
                        criterion=criterion.id,
                        state="MET" if met else "NOT MET" if criterion.id == "trl-5-promise" else "UNKNOWN",
                        reason="`purpose` is declared" if met else "nobody has stated this yet",
                        evidence=evidence if criterion.id in {"trl-3-function", "trl-5-promise"} else None,
                        sample=criterion.id == "trl-3-function",
                        until=NOW + timedelta(days=90) if met else None,
                        side=criterion.side,
                    )
                )
    plain: dict[str, Any] = {
        "use_case": "claims-inbox",
        "release": digest,
        "at": NOW - timedelta(hours=2),
        "criteria": digest_of_bytes(b"criteria"),
        "tier": "low",
        "levels": {
            "TRL": AxisLevel(level=3, upper=4, without_sample=2),
            "IRL": AxisLevel(level=3, upper=9, without_sample=3),
            "HRL": AxisLevel(level=3, upper=9, without_sample=3),
        },
        "stage": "pilot",
        "stage_since": datetime(2026, 7, 2, tzinfo=UTC),
        "eligible": "pilot",
        "next_stage": "limited",
        "blockers": (
            blocker(),
            blocker("technology"),
            blocker(level=5, minutes=5, criterion="hrl-5-x", state="NOT MET"),
        ),
        "later": (blocker(level=8, for_stage="production"),),
        "answers": tuple(answers),
        "changes_at": None,
    }
    return Assessment.model_validate(plain | changes)


def permit(digest: str = NEW, **changes: object) -> Permit:
    """Make a Permit for builders."""
    plain: dict[str, Any] = {
        "use_case": "claims-inbox",
        "release": digest,
        "assessment": digest_of_bytes(b"assessment"),
        "stage": "pilot",
        "audiences": ("assessment", "builders"),
        "calls_per_minute": 600,
        "monthly_spend": Decimal(100),
        "currency": "EUR",
        "mode": "observe",
        "next_mode": "enforce",
        "next_mode_on": NOW + timedelta(days=30),
        "until": NOW + timedelta(days=90),
    }
    return Permit.model_validate(plain | changes)


def attestation(**changes: object) -> Attestation:
    """Make a SAMPLE statement."""
    plain: dict[str, Any] = {
        "use_case": "claims-inbox",
        "release": NEW,
        "parts": PARTS,
        "criterion": "hrl-4-errors",
        "answer": True,
        "statement": digest_of_bytes(b"words"),
        "signer": "SHA256:abc",
        "roles": ("bridge-builder",),
        "participants": 3,
        "sample": True,
        "assurance": "ssh-signature",
        "signature": None,
        "made": NOW - timedelta(days=1),
    }
    return Attestation.model_validate(plain | changes)


def usage() -> UsageTotals:
    """Make a month's usage with unknown parts."""
    return UsageTotals(
        calls=1_204,
        errors=3,
        tokens_in=482_113,
        tokens_out=90_412,
        money=(Amount(Decimal("0.38"), Decimal("1.21"), "EUR"),),
        unknown_cost=14,
        energy=Amount(Decimal(31), Decimal(88), "Wh"),
        unknown_energy=14,
    )


def outcomes(n: int, every: int) -> list[bool]:
    """Make outcomes of which each so-manieth fails."""
    return [at % every != 0 for at in range(1, n + 1)]


def installation(*, banner: str | None = None) -> MemoryReader:
    """Make the whole installation: records of three months, four use cases."""
    clock = ManualClock(NOW - timedelta(days=90))
    ledger = MemoryLedger(clock)
    ledger.append(release(OLD))
    ledger.append(
        assessment(OLD, at=NOW - timedelta(days=90), levels={"TRL": AxisLevel(level=1, upper=3, without_sample=1)})
    )
    clock.advance(timedelta(days=40))
    first = ledger.append(measurement(outcomes(40, 2), digest=OLD, evaluation="letters"))
    ledger.append(measurement(outcomes(60, 3), digest=OLD))
    ledger.append(
        assessment(
            OLD,
            first.digest,
            at=NOW - timedelta(days=50),
            levels={
                "TRL": AxisLevel(level=3, upper=4, without_sample=2),
                "HRL": AxisLevel(level=1, upper=4, without_sample=1),
            },
        )
    )
    clock.advance(timedelta(days=47))
    ledger.append(release())
    last = ledger.append(measurement(outcomes(240, 17), attempt=2))
    ledger.append(attestation())
    ledger.append(assessment(NEW, last.digest))
    ledger.append(permit())
    clock.advance(timedelta(days=3))
    ledger.append(release(NEW, "letters"))
    ledger.append(
        assessment(
            use_case="letters", stage="limited", eligible="production", blockers=(), next_stage="production",
            stage_since=NOW - timedelta(days=12),
            levels={axis: AxisLevel(level=8, upper=8, without_sample=8) for axis in ("TRL", "IRL", "HRL")},
        )
    )  # fmt: skip
    bolted_on = {"before": CLAIMS["process"]["before"], "after": CLAIMS["process"]["before"]}
    cases = (
        use_case(),
        use_case("letters", title="Reply letters", purpose="Write the reply letter.", bridge_builder=None, process={}),
        use_case("minutes", title="Minutes of meetings", promise=None, not_for=[], process={}, started=None),
        use_case("claims-triage", title="Claims triage", promise=None, process=bolted_on),
    )  # fmt: skip
    return MemoryReader(
        catalog(*cases), ledger, clock, usage={"": usage(), "claims-inbox": usage(), "letters": None}, banner=banner
    )
