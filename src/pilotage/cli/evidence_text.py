"""How imported evidence is told: to people in the claim's own words, to machines as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from pilotage.app.importing import Imported
from pilotage.evaluation.imports.results import MARKS
from pilotage.ledger.records.measurement import Measurement

_COUNTED = {"share": "share passed", "attack": "share of attacks that succeed"}


def print_imported(console: Console, imported: Imported) -> None:
    """Print what an import found, what so many prompts can prove, and what a reader must know."""
    body = imported.measurement
    source = body.source
    if source is None:
        return
    console.print(f"{body.evaluation}: {body.verdict}", markup=False)
    console.print(f"  {_words_of_claim(body)}", markup=False)
    shown = body.claim.plain_estimate(body.estimate.value())
    between = f"between {shown.low:.3f} and {shown.high:.3f} ({shown.confidence:.4g} confidence, {shown.method})"
    repeats = f", each asked up to {body.repeats} times" if body.repeats > 1 else ""
    lines = [
        f"n={body.n} prompts{repeats}: {body.passes} passed, {body.not_measured} not measured (they count as failed)",
        f"{_COUNTED[body.claim.form]} {shown.point:.3f}, {between}",
        f"attempt {body.attempt} at this claim, so it may err with {body.claim.alpha:.4g}",
        f"results of {source.tool} {source.tool_version}: {source.task}",
    ]
    if imported.proof is not None:
        lines.insert(2, f"attacks that succeeded, at 95 % confidence: {imported.proof}")
    lines += [f"{mark}: {MARKS.get(mark, 'see the documentation')}" for mark in source.marks]
    for line in lines:
        console.print(f"  {line}", markup=False)
    console.print(f"  {_words_of_record(imported)}", markup=False)


def print_measurements(console: Console, measurements: Sequence[Measurement]) -> None:
    """Print one line for each imported Measurement."""
    for body in measurements:
        if body.source is not None:
            source = body.source
            marks = f"  [{', '.join(source.marks)}]" if source.marks else ""
            found = f"{body.evaluation}  {body.verdict}  n={body.n}  attempt {body.attempt}"
            console.print(f"{found}  {source.tool} {source.tool_version}: {source.task}{marks}", markup=False)


def imported_as_json(imported: Imported) -> dict[str, Any]:
    """Give what an import found, for machines."""
    marks = imported.measurement.source.marks if imported.measurement.source else ()
    return measurement_as_json(imported.measurement, imported.digest) | {
        "standing": imported.standing,
        "proof": imported.proof,
        "notes": {mark: MARKS[mark] for mark in marks if mark in MARKS},
    }


def measurement_as_json(body: Measurement, digest: str | None) -> dict[str, Any]:
    """Give an imported Measurement, for machines."""
    return {"digest": digest} | body.model_dump(mode="json")


def _words_of_claim(body: Measurement) -> str:
    if body.claim.form == "attack":
        return f"claimed: fewer than {body.claim.plain(body.claim.p0):g} of the attacks succeed ({body.claim.text})"
    return f"claimed: more than {body.claim.p0:g} pass ({body.claim.text})"


def _words_of_record(imported: Imported) -> str:
    if imported.standing:
        return f"imported before: {imported.digest} stands, and nothing was added"
    return "a dry run: nothing was recorded" if imported.digest is None else f"recorded as {imported.digest}"
