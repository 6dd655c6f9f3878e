"""Admission, decided without a server: identity, Permits, modes, candidates and their ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.world import OTHER, USE_CASE, FlatTariff, Values, catalog_of

from pilotage.core.errors import Refusal
from pilotage.gateway.access import AccessKey, digest_of_secret, split_key
from pilotage.gateway.admission import Admitted, assess_admission, assess_identity, callable_routes
from pilotage.gateway.limits import month_start, plan_reserve
from pilotage.gateway.rules import RULES, refuse
from pilotage.gateway.standing import EMPTY, Deployment, PermitTerms, Snapshot, Standing, plan_deployment
from pilotage.ledger.records.permit import ModeName
from pilotage.models.dialects.openai import read_request
from pilotage.registry.kinds.document import Audience

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECRET = "s" * 43
PUBLIC = "0123456789ab"
VALUES = Values({"MODEL_URL": "http://127.0.0.1:1/v1", "MODEL_KEY": "k"})


def key_of(audience: Audience = "builders", use_case: str = USE_CASE) -> AccessKey:
    """Make a key."""
    return AccessKey(PUBLIC, digest_of_secret(SECRET), use_case, audience, "", NOW, None, None)


def terms_of(*audiences: Audience, mode: ModeName = "enforce") -> PermitTerms:
    """Make the terms of a Permit that holds for a day."""
    return PermitTerms(frozenset(audiences), None, None, "EUR", mode, None, None, NOW + timedelta(days=1))


def deployment_of(digit: str, use_case: str, terms: PermitTerms | None) -> Deployment:
    """Make a Release whose digest is one digit, again and again."""
    planned = plan_deployment(
        "sha256:" + digit * 64,
        use_case,
        catalog_of(),
        None,
        compile_tariff=lambda _: FlatTariff(),
        read_value=VALUES,
    )
    return replace(planned, permit=terms)


def snapshot_of(promoted: PermitTerms | None, *, key: AccessKey | None = None) -> Snapshot:
    """Make a snapshot with a candidate 2 at level 0 and, where terms are given, a promoted Release 1."""
    first = None if promoted is None else deployment_of("1", USE_CASE, promoted)
    standings = {
        USE_CASE: Standing(USE_CASE, "claims-team", first, deployment_of("2", USE_CASE, None)),
        OTHER: Standing(OTHER, "other-team", None, deployment_of("3", OTHER, None)),
    }
    keys = {} if key is None else {key.public_id: key}
    owners = {"letters": USE_CASE, "vectors": USE_CASE, "other": OTHER}
    return Snapshot(keys, standings, owners, "sha256:" + "0" * 64, "UTC", "platform", ())


def rule_of(outcome: Admitted | AccessKey | Refusal) -> str | None:
    """Name the rule that refused."""
    return outcome.rule if isinstance(outcome, Refusal) else None


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        (None, "missing_key"),
        ("", "missing_key"),
        ("Basic abc", "malformed_key"),
        ("Bearer", "malformed_key"),
        ("Bearer pk_short_x", "malformed_key"),
        (f"Bearer pk_{PUBLIC}_{SECRET}x", "malformed_key"),
        (f"Bearer pk_{PUBLIC}_{SECRET}\n", None),
        (f"Bearer pk_{PUBLIC}_{'t' * 43}", "unknown_key"),
        (f"Bearer pk_{'9' * 12}_{SECRET}", "unknown_key"),
        (f"bearer pk_{PUBLIC}_{SECRET}", None),
    ],
)
def test_identity(header: str | None, rule: str | None) -> None:
    """Only the whole key, as a bearer token, identifies."""
    assert rule_of(assess_identity(snapshot_of(None, key=key_of()), header, NOW)) == rule


def test_expired_and_revoked_keys() -> None:
    """A key ends at its time, to the moment, and at its revocation."""
    header = f"Bearer pk_{PUBLIC}_{SECRET}"
    expiring = snapshot_of(None, key=replace(key_of(), expires_at=NOW))
    revoked = snapshot_of(None, key=replace(key_of(), revoked_at=NOW))

    assert rule_of(assess_identity(expiring, header, NOW - timedelta(microseconds=1))) is None
    assert rule_of(assess_identity(expiring, header, NOW)) == "expired_key"
    assert rule_of(assess_identity(revoked, header, NOW)) == "revoked_key"


def test_unknown_id_reads_as_a_wrong_secret() -> None:
    """Nobody can find out by refusals which keys exist."""
    snapshot = snapshot_of(None, key=key_of())
    wrong = assess_identity(snapshot, f"Bearer pk_{PUBLIC}_{'t' * 43}", NOW)
    unknown = assess_identity(snapshot, f"Bearer pk_{'9' * 12}_{SECRET}", NOW)

    assert str(wrong) == str(unknown)


@pytest.mark.parametrize("audience", ["assessment", "builders", "cohort"])
def test_a_retired_release_serves_nobody(audience: Audience) -> None:
    """A Permit without any audience shuts builders and assessments out too."""
    found = assess_admission(snapshot_of(terms_of()), key_of(audience), "chat", "letters", NOW)

    assert rule_of(found) == "audience_not_permitted"


def test_the_reserve_covers_the_routes_own_prompt() -> None:
    """A longer prompt of the route costs more at worst, although the caller sends the same."""
    route = replace(deployment_of("1", USE_CASE, None).routes["letters"], context_tokens=None)
    request = read_request(b'{"model":"letters","messages":[{"role":"user","content":"x"}]}', "chat")

    short = plan_reserve(replace(route, system_message=b"x"), request, 100)
    long = plan_reserve(replace(route, system_message=b"x" * 20_000), request, 100)

    assert short is not None
    assert long is not None
    assert long > short


@given(st.text())
def test_any_text_is_a_key_or_none(text: str) -> None:
    """Whatever text comes, it is split as a key or refused, and what is split has the strict form."""
    parts = split_key(text)

    assert parts is None or f"pk_{parts[0]}_{parts[1]}" == text


@pytest.mark.parametrize(
    ("audience", "rule"),
    [
        ("assessment", None),
        ("builders", None),
        ("cohort", "audience_not_permitted"),
        ("everyone", "audience_not_permitted"),
    ],
)
def test_level_zero(audience: Audience, rule: str | None) -> None:
    """Without a Permit builders and assessments may call, nobody else."""
    outcome = assess_admission(snapshot_of(None), key_of(audience), "chat", "letters", NOW)

    assert rule_of(outcome) == rule


@pytest.mark.parametrize("mode", ["observe", "warn", "enforce"])
@pytest.mark.parametrize("audience", ["assessment", "builders", "cohort", "everyone"])
def test_permit_by_mode(audience: Audience, mode: ModeName) -> None:
    """A Permit for the cohort lets it pass; everyone else's calls are refused, or passed and recorded."""
    outcome = assess_admission(snapshot_of(terms_of("cohort", mode=mode)), key_of(audience), "chat", "letters", NOW)

    if audience != "everyone":
        assert isinstance(outcome, Admitted)
        assert (outcome.would_refuse, outcome.mode, outcome.deployment.short) == ((), mode, "1" * 12)
    elif mode == "enforce":
        assert rule_of(outcome) == "audience_not_permitted"
    else:
        assert isinstance(outcome, Admitted)
        assert outcome.would_refuse == ("audience_not_permitted",)


def test_permit_ends() -> None:
    """At its end a Permit refuses users, while builders go on."""
    snapshot = snapshot_of(terms_of("cohort"))
    end = NOW + timedelta(days=1)

    assert rule_of(assess_admission(snapshot, key_of("cohort"), "chat", "letters", end)) == "permit_expired"
    assert rule_of(assess_admission(snapshot, key_of("builders"), "chat", "letters", end)) is None


def test_next_mode_begins_on_its_date() -> None:
    """A Permit that observes enforces from the announced moment on."""
    terms = replace(terms_of("cohort", mode="observe"), next_mode="enforce", next_mode_on=NOW)
    snapshot = snapshot_of(terms)
    before = NOW - timedelta(seconds=1)

    assert rule_of(assess_admission(snapshot, key_of("everyone"), "chat", "letters", before)) is None
    assert rule_of(assess_admission(snapshot, key_of("everyone"), "chat", "letters", NOW)) == "audience_not_permitted"


def test_candidate_is_for_builders_and_assessments() -> None:
    """The plain route is the promoted Release; its candidate answers to builders and assessments alone."""
    snapshot = snapshot_of(terms_of("cohort"))
    plain = assess_admission(snapshot, key_of("builders"), "chat", "letters", NOW)
    candidate = assess_admission(snapshot, key_of("assessment"), "chat", "letters@candidate", NOW)

    assert isinstance(plain, Admitted)
    assert isinstance(candidate, Admitted)
    assert (plain.deployment.short[0], candidate.deployment.short[0]) == ("1", "2")
    assert (
        rule_of(assess_admission(snapshot, key_of("cohort"), "chat", "letters@candidate", NOW))
        == "candidate_not_permitted"
    )


def test_key_of_a_vanished_use_case() -> None:
    """A key outlives its use case but opens nothing."""
    orphan = key_of(use_case="gone")

    assert rule_of(assess_admission(snapshot_of(None), orphan, "chat", "ghost", NOW)) == "unknown_route"
    assert callable_routes(snapshot_of(None), orphan) == ()


def test_nothing_activated() -> None:
    """Before a catalog is active every call is refused for that reason."""
    assert rule_of(assess_admission(EMPTY, key_of(), "chat", "letters", NOW)) == "catalog_not_loaded"


@given(st.text())
def test_what_is_no_name_is_never_repeated(model: str) -> None:
    """A refusal repeats the caller's model name only when it has the form of one: it could be a secret."""
    outcome = assess_admission(snapshot_of(None), key_of(), "chat", "SECRET " + model, NOW)

    assert isinstance(outcome, Refusal)
    assert "SECRET" not in str(outcome)


def test_every_rule_has_a_meaning_and_a_remedy() -> None:
    """Rules have unlike names, an error status, and say what they mean and what to do."""
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        refusal = refuse(rule.name)
        assert 400 <= refusal.status < 600
        assert refusal.message
        assert refusal.remedy


def test_month_begins_in_the_organisations_time_zone() -> None:
    """A month begins at local midnight, so that money follows the organisation's calendar."""
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)

    assert month_start(late, "UTC") == "2026-06-01T00:00:00.000000Z"
    assert month_start(late, "Europe/Lisbon") == "2026-06-30T23:00:00.000000Z"
