"""Answer one criterion: MET, NOT MET, UNKNOWN or NOT APPLICABLE, with the reason, the evidence and its end."""

from __future__ import annotations

from dataclasses import replace

from pilotage.readiness.attestation import assess_attestations
from pilotage.readiness.basis import Answer, Basis
from pilotage.readiness.declaration import assess_declaration
from pilotage.readiness.measurement import assess_measurements
from pilotage.registry.kinds.scale import Attested, Criterion, Declared, Measured, Operated


def assess_criterion(criterion: Criterion, basis: Basis) -> Answer:
    """Answer a criterion; `sample` says that it would not be MET without SAMPLE evidence."""
    if criterion.applies_to_tiers and basis.tier.name not in criterion.applies_to_tiers:
        return Answer("NOT APPLICABLE", f"not asked of tier {basis.tier.name}")
    answer = _answer(criterion, basis)
    if answer.state == "MET" and answer.sample:
        real = _answer(criterion, _without_sample(basis))
        return real if real.state == "MET" else answer
    return answer


def _answer(criterion: Criterion, basis: Basis) -> Answer:
    """Answer by the kind of evidence that the criterion asks for."""
    wanted = criterion.answer
    if isinstance(wanted, Declared):
        return assess_declaration(wanted, basis)
    if isinstance(wanted, Measured):
        return assess_measurements(criterion, wanted, basis)
    if isinstance(wanted, Attested):
        return assess_attestations(criterion, wanted, basis)
    return _assess_operation(wanted, basis)


def _assess_operation(wanted: Operated, basis: Basis) -> Answer:
    """Answer a criterion that asks for time in operation.

    Too short a time refutes nothing, so it is UNKNOWN. Calls are told in tenths of what is asked for, so that not
    every single call makes a new assessment.
    """
    days, calls = basis.operation.days, basis.operation.calls
    if days is None or calls is None:
        if basis.use_case.outside is not None:
            return Answer("UNKNOWN", "it never calls the gateway, so its operation cannot be seen from here")
        return Answer("UNKNOWN", "how long and how often it served real users is not known")
    if days >= wanted.days and calls >= wanted.calls:
        return Answer("MET", f"it served real users for {wanted.days} days and {wanted.calls} calls or more")
    served = min(calls, wanted.calls) * 10 // wanted.calls * 10
    reason = f"it served real users on {min(days, wanted.days)} of {wanted.days} days"
    return Answer("UNKNOWN", f"{reason}, with {served} % of {wanted.calls} calls")


def _without_sample(basis: Basis) -> Basis:
    """The same basis with SAMPLE evidence left out."""
    return replace(
        basis,
        measurements=tuple(record for record in basis.measurements if not record.body.sample),
        attestations=tuple(record for record in basis.attestations if not record.body.sample),
    )
