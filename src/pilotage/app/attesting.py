"""Records a person's signed statement on a criterion."""

from __future__ import annotations

import difflib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pilotage.app.platform import Platform
from pilotage.core.errors import UsageError
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.attestation import Attestation
from pilotage.people.attestation import plan_attestation
from pilotage.people.sshsig import sign_message
from pilotage.people.statement import Statement, render_statement
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import plan_configuration


def append_attestation(
    platform: Platform,
    use_case: str,
    criterion: str,
    *,
    key: Ed25519PrivateKey | None,
    answer: bool,
    participants: int,
    sample: bool,
    note: str = "",
) -> Entry[Attestation]:
    """Sign a person's statement on a criterion of the current Release and record it.

    Raises:
        UsageError: there is no such use case or criterion.
        EvidenceError: the key cannot sign, or the ledger cannot be used.
    """
    catalog = platform.require_use_case(use_case)
    platform.steward(alone=True).tick(platform.clock())
    configuration = plan_configuration(catalog, use_case)
    statement = Statement(
        use_case=use_case,
        release=configuration.root,
        criterion=criterion,
        question=question_of(catalog, use_case, criterion),
        answer=answer,
        participants=participants,
        sample=sample,
        made=platform.clock(),
        note=note,
    )
    text = render_statement(statement)
    signature = None if key is None else sign_message(text, key)
    body = plan_attestation(catalog, configuration.parts, statement, signature)
    platform.artefacts.append_artefact(text, subject=f"statement/{body.statement}", media_type="text/plain")
    entry = platform.ledger.append(body)
    platform.steward(alone=True).tick(platform.clock())
    return entry


def question_of(catalog: Catalog, use_case: str, criterion: str) -> str:
    """Give the question that a statement answers.

    Raises:
        UsageError: there is no such criterion that a person answers; lists those that there are.
    """
    promotions = {
        f"promote-{stage}": f"May {catalog.use_cases[use_case].label} be promoted to {stage}?"
        for stage in ("limited", "production")
    }
    asked = {
        item.id: item.question
        for _, scale in sorted(catalog.scales.items())
        for level in scale.levels
        for item in level.criteria
        if item.answer.by == "attestation"
    }
    question = (asked | promotions).get(criterion)
    if question is None:
        near = ", ".join(difflib.get_close_matches(criterion, [*asked, *promotions], n=3)) or ", ".join(sorted(asked))
        raise UsageError(f"no person is asked about {criterion!r}", f"one of these is meant perhaps: {near}")
    return question
