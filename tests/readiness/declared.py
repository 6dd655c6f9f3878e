"""A use case as it is declared before and after its repair, and evidence about it, for tests of readiness."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, TypeVar

from pilotage.core.canonical import digest_of_bytes
from pilotage.ledger.entry import NO_DIGEST, Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import ClaimFigures, Measurement, Spent
from pilotage.ledger.records.record import Body, EstimateFigures
from pilotage.readiness.assess import assess
from pilotage.readiness.operation import OperationFacts
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import Configuration, digest_of_plan, digest_of_scorer, plan_configuration
from pilotage.registry.load import load_registry
from pilotage.registry.source import MemorySource

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
USE_CASE = "inbox"
B = TypeVar("B", bound=Body)
Verdict = Literal["MEETS", "FAILS", "UNDECIDED"]
VERDICTS: dict[Verdict, str] = {"MEETS": "MET", "FAILS": "NOT MET", "UNDECIDED": "UNKNOWN"}
"""Each verdict of a gate with the answer that it gives."""
NOT_SERVED = OperationFacts(days=0, calls=0)

BARE = """
kind: UseCase
version: 1
name: inbox
purpose: Sort the mail of the claims department.
owner: claims
data_classes: [internal]
started: "2026-03-02"
promise: Every message lands in the one right queue.
application: {version: "0.1"}
target_stage: production
"""

FULL = """
kind: UseCase
version: 1
name: inbox
purpose: Offer two queues for each message, so that a clerk sorts it in one click.
owner: claims
owner_person: ada
deputy: ben
bridge_builder: noor
risk_owner: rik
users: {who: clerks, count: 5}
cohort: [the five clerks of the morning shift]
data_classes: [internal]
started: "2026-03-02"
promise: The right queue is one of two for at least eight of ten messages.
wrong_answer_cost: A message waits a day.
baseline: One in twenty goes to the wrong queue.
oversight: A clerk picks one of the two or neither.
application: {version: "0.2"}
target_stage: production
process:
  before:
    - {step: Read the message, who: clerk}
    - {step: Look up the queue, who: clerk}
  after:
    - {step: Rank the queues, who: inbox}
    - {step: Read the message and pick, who: clerk}
"""

REST = """
kind: Organisation
version: 1
name: harbour
platform_team: platform
---
kind: Team
version: 1
name: claims
members:
  - {name: ada, roles: [owner]}
  - {name: ben, roles: [builder]}
  - {name: ulla, roles: [user-lead]}
---
kind: Team
version: 1
name: platform
members:
  - {name: noor, roles: [bridge-builder]}
  - {name: piet, roles: [platform]}
---
kind: Team
version: 1
name: risk
members:
  - {name: rik, roles: [risk-owner]}
---
kind: Model
version: 1
name: small
base_url: http://127.0.0.1:9/v1
upstream_model: small-1
data_classes: [public, internal, personal]
---
kind: Route
version: 1
name: sort
use_case: inbox
model: small
prompt: Sort the message.
---
kind: Dataset
version: 1
name: development
path: development.jsonl
---
kind: Dataset
version: 1
name: april
path: april.jsonl
sealed: true
digest: %s
---
kind: Evaluation
version: 1
name: trial
use_case: inbox
dataset: development
target: {route: sort}
scorer: {type: exact}
measures: critical-function
claim: {text: It sorts at all, p0: 0.8, p1: 0.9}
---
kind: Evaluation
version: 1
name: one-of-two
use_case: inbox
dataset: april
target: {endpoint: "http://127.0.0.1:9/ask"}
scorer: {type: one-of-k, k: 2}
claim: {text: The right queue is one of two, p0: 0.80, p1: 0.90}
"""

PAPERS: dict[str, str] = {
    "trl-4-data": "risk-owner",
    "trl-6-environment": "builder",
    "irl-5-control": "platform",
    "hrl-5-usability": "user-lead",
    "hrl-6-oversight": "bridge-builder",
}
"""The statements that bring a low tier to `limited`, each with a role that may sign it."""


def items(count: int) -> str:
    """Give a data set of so many items."""
    return "".join(
        json.dumps({"id": f"i{number}", "input": f"message {number}", "expected": "a"}) + "\n"
        for number in range(count)
    )


@cache
def catalog_of(use_case: str = FULL, commit: str = "c1") -> Catalog:
    """Load a registry with a use case document."""
    april = items(240)
    files = {
        "use-case.yaml": use_case,
        "rest.yaml": REST % digest_of_bytes(april.encode()),
        "development.jsonl": items(120),
        "april.jsonl": april,
    }
    return load_registry(MemorySource(files, commit=commit)).catalog


def configuration_of(catalog: Catalog) -> Configuration:
    """Give the configuration of the use case."""
    return plan_configuration(catalog, USE_CASE)


def measurement(
    catalog: Catalog,
    evaluation: str = "one-of-two",
    verdict: Verdict = "MEETS",
    **changes: Any,  # noqa: ANN401 - any field may change
) -> Measurement:
    """Give a measurement as the evaluation declares it, with changes."""
    declared = catalog.evaluations[evaluation]
    dataset = catalog.datasets[declared.dataset]
    configuration = configuration_of(catalog)
    low, high = {"MEETS": (0.84, 0.97), "FAILS": (0.5, 0.7), "UNDECIDED": (0.78, 0.92)}[verdict]
    values: dict[str, Any] = {
        "run": "0" * 26,
        "use_case": USE_CASE,
        "release": configuration.root,
        "parts": configuration.parts,
        "evaluation": evaluation,
        "measures": declared.measures,
        "dataset": declared.dataset,
        "dataset_digest": catalog.dataset_digests[declared.dataset],
        "dataset_items": catalog.dataset_sizes[declared.dataset],
        "sealed": dataset.sealed,
        "sample": dataset.sample,
        "scorer": digest_of_scorer(catalog, declared.scorer),
        "plan": digest_of_plan(catalog, declared),
        "gate": "binary",
        "claim": ClaimFigures(
            form=declared.claim.form,
            text=declared.claim.text,
            p0=declared.claim.p0,
            p1=declared.claim.p1,
            alpha=declared.claim.alpha / 2,
            beta=declared.claim.beta,
            cap=declared.claim.cap,
        ),
        "attempt": 1,
        "verdict": verdict,
        "n": 40,
        "passes": 36,
        "not_measured": 0,
        "estimate": EstimateFigures(
            point=(low + high) / 2, low=low, high=high, n=40, confidence=0.95, method="sequence"
        ),
        "baseline": None,
        "disagreement": None,
        "band": (),
        "spent": Spent(
            calls=40, calls_fixed_design=100, tokens_in=None, tokens_out=None, money=None, energy=None, seconds=1.0
        ),
        "environment": {},
        "outcomes": NO_DIGEST,
        "started": NOW - timedelta(days=1),
        "finished": NOW - timedelta(days=1),
    }
    return Measurement(**(values | changes))


def attestation(
    catalog: Catalog,
    criterion: str,
    *roles: str,
    answer: bool = True,
    **changes: Any,  # noqa: ANN401 - any field may change
) -> Attestation:
    """Give a signed statement, with changes."""
    configuration = configuration_of(catalog)
    values: dict[str, Any] = {
        "use_case": USE_CASE,
        "release": configuration.root,
        "parts": configuration.parts,
        "criterion": criterion,
        "answer": answer,
        "statement": NO_DIGEST,
        "signer": "SHA256:somebody",
        "roles": roles,
        "participants": 5,
        "sample": False,
        "assurance": "ssh-signature",
        "signature": "…",
        "made": NOW - timedelta(days=1),
    }
    return Attestation(**(values | changes))


def entries(*bodies: Body) -> list[Entry]:
    """Give bodies as records, numbered in this order."""
    return [entry(number, body) for number, body in enumerate(bodies, 1)]


def entry(number: int, body: B) -> Entry[B]:
    """Give a body as a record with a number."""
    return Entry(number, f"sha256:{number:064x}", NO_DIGEST, NOW, body, ())


@dataclass
class Case:
    """A use case with evidence about it, assessed on demand."""

    catalog: Catalog = field(default_factory=catalog_of)
    bodies: list[Body] = field(default_factory=list[Body])
    operation: OperationFacts = NOT_SERVED
    previous: Entry[Assessment] | None = None

    def assess(self, now: datetime = NOW) -> Assessment:
        """Assess it at a moment."""
        return assess(
            self.catalog,
            USE_CASE,
            configuration_of(self.catalog),
            entries(*self.bodies),
            self.operation,
            self.previous,
            now,
        )

    def state(self, criterion: str, now: datetime = NOW) -> tuple[str, str]:
        """Give how one criterion is answered, and why."""
        found = next(answer for answer in self.assess(now).answers if answer.criterion == criterion)
        return found.state, found.reason


def papers(catalog: Catalog, **changes: Any) -> list[Body]:  # noqa: ANN401 - any field may change
    """Give the statements that bring a low tier to `limited`."""
    return [attestation(catalog, criterion, role, **changes) for criterion, role in PAPERS.items()]


def repaired(**changes: Any) -> Case:  # noqa: ANN401 - any field may change
    """Give the use case after its repair: declared in full, measured once sealed, five statements."""
    catalog = catalog_of()
    bodies = [measurement(catalog, "trial", **changes), measurement(catalog, **changes), *papers(catalog, **changes)]
    return Case(catalog, bodies)
