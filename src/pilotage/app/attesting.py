"""Records a person's signed statement on a criterion."""

from __future__ import annotations

import difflib
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pilotage.app.platform import Platform
from pilotage.core.clock import format_time
from pilotage.core.errors import UsageError
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.attestation import Attestation
from pilotage.people.attestation import plan_attestation
from pilotage.people.sshsig import sign_message
from pilotage.people.statement import Statement, render_statement
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import plan_configuration

LONGEST_WAIT = timedelta(days=1)
"""How long a printed statement may wait for its signature."""
CLOCK_SKEW = timedelta(minutes=5)


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
    statement = make_statement(
        platform, use_case, criterion, answer=answer, participants=participants, sample=sample, note=note
    )
    signature = None if key is None else sign_message(render_statement(statement), key)
    return append_statement(platform, statement, signature)


def make_statement(
    platform: Platform,
    use_case: str,
    criterion: str,
    *,
    answer: bool,
    participants: int,
    sample: bool,
    note: str = "",
) -> Statement:
    """Give the statement that a person may sign, about the Release that is declared now.

    Raises:
        UsageError: there is no such use case or criterion.
    """
    catalog = platform.require_use_case(use_case)
    return Statement(
        use_case=use_case,
        release=plan_configuration(catalog, use_case).root,
        criterion=criterion,
        question=question_of(catalog, use_case, criterion),
        answer=answer,
        participants=participants,
        sample=sample,
        made=platform.clock(),
        note=note,
    )


def append_statement(platform: Platform, statement: Statement, signature: str | None) -> Entry[Attestation]:
    """Record a statement with its SSHSIG signature, wherever that was made.

    Raises:
        UsageError: the statement is about a use case or a criterion that is not declared, in these words, or about
            another Release than the one that is declared now.
        EvidenceError: the signature does not fit, or the ledger cannot be used.
    """
    catalog = platform.require_use_case(statement.use_case)
    configuration = plan_configuration(catalog, statement.use_case)
    asked = question_of(catalog, statement.use_case, statement.criterion)
    if (statement.release, statement.question) != (configuration.root, asked):
        message = "the statement is about another Release or another question than those that are declared now"
        raise UsageError(message, "print it anew with `pilotage attest --print`, read it, and sign that")
    _refuse_stale(platform, statement)
    platform.steward(alone=True).tick(platform.clock())
    body = plan_attestation(catalog, configuration.parts, statement, signature)
    text = render_statement(statement)
    platform.artefacts.append_artefact(text, subject=f"statement/{body.statement}", media_type="text/plain")
    entry = platform.ledger.append(body)
    platform.steward(alone=True).tick(platform.clock())
    return entry


def _refuse_stale(platform: Platform, statement: Statement) -> None:
    """Refuse a statement that was said before, or before a later one on the same question.

    A signature proves who said it and not that it is still meant: replayed, it would take back a later no.
    """
    now = platform.clock()
    if not now - LONGEST_WAIT <= statement.made <= now + CLOCK_SKEW:
        message = f"the statement is dated {format_time(statement.made)}, and it is {format_time(now)}"
        raise UsageError(message, "print it anew with `pilotage attest --print`, and sign it within a day")
    said = platform.ledger.read(kinds=(Attestation,), use_case=statement.use_case, release=statement.release)
    if any(entry.body.criterion == statement.criterion and entry.body.made >= statement.made for entry in said):
        message = f"a statement on {statement.criterion} as late as this one is recorded already"
        raise UsageError(message, "print it anew with `pilotage attest --print`, if it is still meant, and sign that")


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
