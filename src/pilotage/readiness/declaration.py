"""How a declaration answers a criterion: by the fields that the use case's document gives.

Three names stand for facts that follow from several documents: `routes`, `application.pinned`, `process.changed`.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from pilotage.readiness.basis import Answer, Basis, weakest
from pilotage.registry.kinds.scale import Declared
from pilotage.registry.kinds.target import EndpointTarget
from pilotage.registry.kinds.use_case import Process, Step


def assess_declaration(answer: Declared, basis: Basis) -> Answer:
    """Answer a criterion that asks for fields of the use case's document."""
    found = [_field(name, basis) for name in answer.fields]
    state = weakest(item.state for item in found)
    reasons = [item.reason for item in found if item.state == state]
    return Answer(state, "; ".join(dict.fromkeys(reasons)))


def _field(name: str, basis: Basis) -> Answer:
    """Answer for one field."""
    if (derived := _DERIVED.get(name)) is not None:
        return derived(basis)
    value: object = basis.use_case
    for step in name.split("."):
        if value is None:
            break
        if not isinstance(value, BaseModel) or step not in type(value).model_fields:
            return Answer("UNKNOWN", f"a use case has no field `{name}`; mend the scale that asks for it")
        value = getattr(value, step)
    if value is None or value == ():
        return Answer("UNKNOWN", f"`{name}` is not declared")
    return Answer("MET", f"`{name}` is declared")


def _routes(basis: Basis) -> Answer:
    """Is it known where calls pass: by routes, or not by us at all?"""
    if basis.use_case.outside is not None:
        return Answer("MET", f"{basis.use_case.outside.product} stands outside and never calls the gateway")
    if routes := basis.catalog.routes_of(basis.use_case.name):
        return Answer("MET", f"calls pass by {len(routes)} route{'' if len(routes) == 1 else 's'}")
    return Answer("UNKNOWN", "no route of this use case is declared")


def _application_pinned(basis: Basis) -> Answer:
    """Is everything that answers pinned? Routes pin themselves; an application of its own declares a version."""
    if basis.use_case.application is not None:
        return Answer("MET", "the version of the application is declared")
    asked = [
        evaluation.name
        for evaluation in basis.catalog.evaluations_of(basis.use_case.name)
        if isinstance(evaluation.target, EndpointTarget)
    ]
    if asked or basis.use_case.outside is not None:
        return Answer("UNKNOWN", "an application answers, but which version of it is not declared")
    return Answer("MET", "answers come from the routes alone, and these are pinned")


def _process_changed(basis: Basis) -> Answer:
    """Does a step of the old work go, move or change hands? Otherwise the model was only bolted on."""
    process = basis.use_case.process
    if not process.before or not process.after:
        return Answer("UNKNOWN", "the steps of the work before and after are not both declared")
    if is_bolted_on(process):
        return Answer("NOT MET", "bolted on: every step of the work before is still there, in the same order and hands")
    return Answer("MET", "the steps of the work change")


def is_bolted_on(process: Process) -> bool:
    """Tell whether the process after removes, moves and re-owns no step of the one before."""
    remaining = iter([_essence(step) for step in process.after])
    return all(_essence(step) in remaining for step in process.before)


def _essence(step: Step) -> tuple[str, str]:
    """What makes a step the same step: what is done and by whom, whatever the spelling of case and space."""
    return " ".join(step.step.casefold().split()), " ".join(step.who.casefold().split())


_DERIVED: dict[str, Callable[[Basis], Answer]] = {
    "routes": _routes,
    "application.pinned": _application_pinned,
    "process.changed": _process_changed,
}
