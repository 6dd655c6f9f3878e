"""One record body of each kind with every field filled, and a fixed key and clock to write them with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pilotage.ledger.entry import EMPTY, write_statement
from pilotage.ledger.records.assessment import Assessment, AxisLevel, Blocker, CriterionAnswer
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import (
    BandPoint,
    ClaimFigures,
    DatasetOpened,
    LabelFigures,
    Measurement,
    SourceFigures,
    Spent,
)
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.record import AmountFigures, Body, EstimateFigures
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.ledger.records.seal import KeyRotated, UsageSeal
from pilotage.ledger.signing import SigningKey, sign_statement

MOMENT = datetime(2026, 3, 3, 9, 30, 15, 250000, tzinfo=UTC)


def fixed_key(number: int) -> SigningKey:
    """Give one of 256 keys that never change, for tests alone."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def digest(letter: str) -> str:
    """Give a digest of one repeated letter."""
    return "sha256:" + letter * 64


CLAIM = ClaimFigures(form="share", text="the right queue is one of two", p0=0.8, p1=0.9, alpha=0.025, beta=0.1, cap=240)
ESTIMATE = EstimateFigures(point=0.9125, low=0.85, high=0.95, n=80, confidence=0.95, method="clopper-pearson")
MONEY = AmountFigures(low=Decimal("0.000120"), high=Decimal("0.20"), unit="EUR")
ENERGY = AmountFigures(low=Decimal("1.5"), high=Decimal("2.25"), unit="Wh")
BLOCKER = Blocker(
    axis="TRL",
    level=5,
    criterion="trl5-promise",
    state="UNKNOWN",
    side="technology",
    question="Does it hold its promise on sealed data?",
    reason="no measurement yet",
    turn="builder: claims",
    next_step="run pilotage assess",
    minutes=5.0,
    for_stage="limited",
)

SAMPLES: Mapping[str, Body] = {
    body.record_name: body
    for body in (
        CatalogActivated(commit="a" * 40, dirty=False, catalog=digest("a"), artefact=digest("b"), documents=12),
        Release(
            use_case="claims-inbox",
            release=digest("c"),
            parts={"model": digest("d"), "prompt": digest("e")},
            commit=None,
            dirty=True,
            catalog_artefact=digest("b"),
        ),
        DatasetOpened(
            run="01JD0000000000000000000000",
            use_case="claims-inbox",
            release=digest("c"),
            evaluation="routing",
            dataset="sealed-two",
            dataset_digest=digest("f"),
            sealed=True,
            items=digest("9"),
            measures="promise",
            plan=digest("a"),
            scorer=digest("1"),
            claim=CLAIM,
            attempt=2,
            seed=20260303,
        ),
        Measurement(
            run="01JD0000000000000000000000",
            use_case="claims-inbox",
            release=digest("c"),
            parts={"model": digest("d"), "prompt": digest("e")},
            evaluation="routing",
            measures="promise",
            dataset="sealed-two",
            dataset_digest=digest("f"),
            dataset_items=240,
            sealed=True,
            sample=False,
            scorer=digest("1"),
            plan=digest("a"),
            claim=CLAIM,
            gate="corrected",
            repeats=1,
            attempt=2,
            verdict="MEETS",
            n=80,
            passes=73,
            not_measured=1,
            estimate=ESTIMATE,
            baseline=ESTIMATE,
            disagreement=None,
            labels=LabelFigures(
                judge=digest("b"),
                share=0.5,
                labels=41,
                labellers=2,
                agreement=ESTIMATE,
                sensitivity=ESTIMATE,
                specificity=None,
                judged=ESTIMATE,
                corrected=ESTIMATE,
            ),
            source=SourceFigures(
                tool="garak", tool_version="0.13.1", file=digest("c"), task="promptinject", marks=("summary",)
            ),
            band=(BandPoint(n=1, point=1.0, low=0.1, high=1.0), BandPoint(n=80, point=0.9, low=0.8, high=0.95)),
            spent=Spent(
                calls=81,
                calls_fixed_design=137,
                tokens_in=12_345,
                tokens_out=None,
                money=MONEY,
                energy=None,
                seconds=12.5,
            ),
            environment={"tool": "pilotage 0.1.0", "target": "route triage"},
            outcomes=digest("2"),
            started=MOMENT,
            finished=MOMENT,
        ),
        Attestation(
            use_case="claims-inbox",
            release=digest("c"),
            parts={"policy": digest("3")},
            criterion="hrl3-owner",
            answer=True,
            statement=digest("4"),
            signer="SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            roles=("owner",),
            participants=5,
            sample=True,
            assurance="ssh-signature",
            signature="-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n",
            made=MOMENT,
        ),
        Assessment(
            use_case="claims-inbox",
            release=digest("c"),
            at=MOMENT,
            criteria=digest("5"),
            tier="moderate",
            levels={
                "TRL": AxisLevel(level=4, upper=6, without_sample=4),
                "HRL": AxisLevel(level=3, upper=5, without_sample=1),
            },
            stage="pilot",
            stage_since=MOMENT,
            eligible="limited",
            next_stage="limited",
            blockers=(BLOCKER,),
            later=(),
            answers=(
                CriterionAnswer(
                    axis="TRL",
                    level=4,
                    criterion="trl4-lab",
                    state="MET",
                    reason="73 of 80 pass",
                    evidence=digest("6"),
                    sample=False,
                    until=MOMENT,
                    side="technology",
                ),
            ),
            changes_at=None,
        ),
        Permit(
            use_case="claims-inbox",
            release=digest("c"),
            assessment=digest("7"),
            stage="limited",
            audiences=("builders", "cohort"),
            calls_per_minute=60,
            monthly_spend=Decimal("250.00"),
            currency="EUR",
            mode="observe",
            next_mode="warn",
            next_mode_on=MOMENT,
            until=MOMENT,
        ),
        UsageSeal(
            replica="replica-1",
            first=1,
            last=80,
            rows=79,
            root=digest("8"),
            calls=79,
            tokens_in=12_345,
            tokens_out=678,
            unknown_usage=1,
            money=(MONEY,),
            energy=ENERGY,
        ),
        KeyRotated(
            old_key=fixed_key(1).key_id,
            new_key=fixed_key(2).key_id,
            new_public_key=fixed_key(2).public.pem,
            reason="yearly rotation",
        ),
    )
}


def golden_name(body: Body) -> str:
    """Name the golden file of a body's kind and version."""
    return f"{body.record_name}.v{body.record_version}.json"


def write_golden(body: Body) -> bytes:
    """Give the envelope of a body as the first record of a ledger."""
    keys = (fixed_key(1), fixed_key(2)) if isinstance(body, KeyRotated) else (fixed_key(1),)
    return sign_statement(write_statement(EMPTY, MOMENT, body), *keys)
