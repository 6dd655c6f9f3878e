"""Every record body by its predicate type: the one list that readers go by."""

from __future__ import annotations

from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.ledger.records.seal import KeyRotated, UsageSeal

BODIES: tuple[type[Body], ...] = (
    CatalogActivated,
    Release,
    DatasetOpened,
    Measurement,
    Attestation,
    Assessment,
    Permit,
    UsageSeal,
    KeyRotated,
)

BY_PREDICATE_TYPE: dict[str, type[Body]] = {body.predicate_type(): body for body in BODIES}
