"""Tests of assessing from end to end: declared, measured through a gateway, judged; and nothing false recorded."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.app.installation import EVALUATION, NOWHERE, ROUTE, USE_CASE, Installation, make_installation
from tests.storage_fixtures import DatabaseMaker

from pilotage.app import assessing
from pilotage.app.assessing import assess_use_case
from pilotage.app.platform import Platform
from pilotage.app.web import Running
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.runner import Tally
from pilotage.ledger.audit import verify_ledger
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.seal import UsageSeal
from pilotage.models.fake import Behaviour
from pilotage.storage.tables import outcome, usage

DOCUMENT = "use_cases/claims-triage.yaml"
SCORER = "scorer: {type: exact}"
pytestmark = pytest.mark.anyio


@pytest.fixture
def either_platform(databases: DatabaseMaker, backend: str, installation: Installation) -> Generator[Platform]:
    """Open the installation on each kind of database."""
    url = databases.make(backend).url.render_as_string(hide_password=False)
    with installation.opened(replace(installation.config, database=url)) as platform:
        yield platform


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a model for away at its first missing answer, so that a test need not wait for three."""
    monkeypatch.setattr("pilotage.evaluation.runner.AWAY_AFTER", 1)


def count(platform: Platform, table: sa.Table) -> int:
    """Count rows."""
    with platform.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


async def test_declared_measured_assessed(either_platform: Platform, installation: Installation) -> None:
    """A model that always says "motor" fails the starter's claim; what it cost is known, and a second look is free."""
    platform = either_platform
    installation.fake.behaviour = Behaviour(content="motor")
    tallies: list[Tally] = []

    entry = await assess_use_case(platform, USE_CASE, watch=lambda _: tallies.append)
    asked = len(installation.fake.seen)
    again = await assess_use_case(platform, USE_CASE)

    (found,) = [entry.body for entry in platform.ledger.read(kinds=(Measurement,))]
    assert (found.verdict, found.evaluation, found.sample) == ("FAILS", EVALUATION, True)
    assert found.spent.calls == asked == count(platform, usage)
    assert found.spent.money is not None
    assert (found.spent.money.unit, found.spent.money.low > 0) == ("EUR", True)
    assert found.spent.energy is None
    assert tallies[-1].n == found.n
    assert entry.body.stage in {"idea", "pilot"}
    assert entry.body.blockers
    assert again.body.stage == entry.body.stage
    assert len(installation.fake.seen) == asked
    permit = platform.ledger.latest(Permit, use_case=USE_CASE)
    assert permit is not None
    assert "everyone" not in permit.body.audiences
    assert sum(entry.body.rows for entry in platform.ledger.read(kinds=(UsageSeal,))) == asked
    assert verify_ledger(platform.engine).head == platform.ledger.head()


async def test_the_models_get_the_route_and_no_key_of_ours(platform: Platform, installation: Installation) -> None:
    """The upstream sees prompt, pinned model and its own credential, never the key of the assessment."""
    installation.fake.behaviour = Behaviour(content="home")

    await assess_use_case(platform, USE_CASE)

    seen = installation.fake.seen[0]
    assert seen.body["model"] == "small-chat-2026-03-01"
    assert seen.body["messages"][0]["role"] == "system"
    assert seen.headers["authorization"] == "Bearer secret-of-the-fake"
    assert all("pk_" not in str(one) for one in installation.fake.seen)


@pytest.mark.long
async def test_an_upstream_that_is_away_says_nothing_about_the_items(
    platform: Platform, installation: Installation, impatient: None
) -> None:
    """With the model out of reach the look is recorded, but no outcome and no finding; later it goes on."""
    installation.edit(DOCUMENT, SCORER, f"{SCORER}\nretries: 0")
    reachable = installation.environment["SMALL_CHAT_URL"]
    installation.environment["SMALL_CHAT_URL"] = NOWHERE
    with pytest.raises(EvidenceError, match="run it again"):
        await assess_use_case(platform, USE_CASE)

    assert (count(platform, outcome), platform.ledger.read(kinds=(Measurement,))) == (0, [])
    assert len(platform.ledger.read(kinds=(DatasetOpened,))) == 1
    standing = platform.read_assessment(USE_CASE)
    assert standing is not None
    assert standing.body.levels["TRL"].level < 4

    installation.environment["SMALL_CHAT_URL"] = reachable
    await assess_use_case(platform, USE_CASE)
    (found,) = platform.ledger.read(kinds=(Measurement,))
    assert (found.body.attempt, found.body.not_measured) == (1, 0)


@pytest.mark.long
async def test_an_upstream_that_breaks_in_the_middle_loses_nothing(
    platform: Platform, installation: Installation, impatient: None
) -> None:
    """When the model goes away after some answers, those stay, and the next start asks only for the rest."""
    installation.edit(DOCUMENT, SCORER, f"{SCORER}\nconcurrency: 1\nretries: 0")
    installation.fake.script.extend([Behaviour(content="motor")] * 2)
    installation.fake.behaviour = Behaviour(status=503)
    with pytest.raises(EvidenceError):
        await assess_use_case(platform, USE_CASE)
    kept = count(platform, outcome)

    installation.fake.behaviour = Behaviour(content="motor")
    await assess_use_case(platform, USE_CASE)

    (found,) = platform.ledger.read(kinds=(Measurement,))
    assert kept == 2
    assert (found.body.verdict, found.body.not_measured) == ("FAILS", 0)


async def test_an_application_without_address_is_named(platform: Platform, installation: Installation) -> None:
    """An endpoint whose variable is not set is told by the variable's name, and nothing is recorded."""
    target = "{endpoint: {from: env, name: TRIAGE_URL}}"
    installation.edit(DOCUMENT, "target: {route: claims-triage}", f"target: {target}")
    installation.edit(DOCUMENT, "target_stage: limited", 'target_stage: limited\napplication: {version: "1"}')

    with pytest.raises(EvidenceError, match="TRIAGE_URL"):
        await assess_use_case(platform, USE_CASE)

    assert platform.ledger.read(kinds=(DatasetOpened, Measurement)) == []


async def test_without_evaluations_no_gateway_is_needed(platform: Platform) -> None:
    """Asked to measure nothing, it assesses what there is, though no gateway could be reached."""
    entry = await assess_use_case(platform, USE_CASE, evaluations=(), gateway_url=NOWHERE)

    assert entry.body.use_case == USE_CASE


async def test_a_gateway_of_another_ledger_is_refused(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that works with another registry would measure something else: an error, before any look at data."""
    monkeypatch.setattr(assessing, "FOLLOWING_LOOKS", 3)
    with make_installation(tmp_path / "other") as other:
        other.edit("organisation.yaml", "title: Example Ltd", "title: Another Ltd")
        with other.opened() as theirs:
            theirs.steward(alone=True).tick(theirs.clock())
            told = pytest.raises(EvidenceError, match=r"does not work with this registry.*PILOTAGE_GATEWAY_URL")
            with Running(theirs, host="127.0.0.1", port=0) as running, told:
                await assess_use_case(platform, USE_CASE, gateway_url=running.gateway_url)

    assert platform.ledger.read(kinds=(DatasetOpened,)) == []


async def test_a_gateway_of_another_database_bars_us(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway with the same registry but other keys lets us not in, and no outcome is recorded."""
    monkeypatch.setattr("pilotage.app.evaluating.KEY_LOOKS", 2)
    with make_installation(tmp_path / "other") as other, other.opened() as theirs:
        theirs.steward(alone=True).tick(theirs.clock())
        told = pytest.raises(EvidenceError, match="mend the key")
        with Running(theirs, host="127.0.0.1", port=0) as running, told:
            await assess_use_case(platform, USE_CASE, gateway_url=running.gateway_url)

    assert count(platform, outcome) == 0


async def test_the_gateway_of_the_settings_is_used_where_it_answers(
    platform: Platform, installation: Installation
) -> None:
    """With `up` running, an assessment goes through its gateway and starts none of its own."""
    installation.fake.behaviour = Behaviour(content="motor")
    platform.steward(alone=True).tick(platform.clock())
    with Running(platform, host="127.0.0.1", port=0) as running:
        config = replace(platform.config, gateway_url=running.gateway_url)
        await assess_use_case(replace(platform, config=config), USE_CASE)

    with platform.engine.connect() as connection:
        replicas = connection.execute(sa.select(usage.c.replica).distinct()).scalars().all()
    assert replicas == ["local"]


@pytest.mark.long
async def test_a_changed_configuration_is_measured_anew(platform: Platform, installation: Installation) -> None:
    """Another prompt is another Release, a second attempt at the same claim; the first finding stays."""
    installation.fake.behaviour = Behaviour(content="motor")
    first = await assess_use_case(platform, USE_CASE)
    installation.edit(DOCUMENT, "Answer with one word:", "Answer in one word:")

    second = await assess_use_case(platform, USE_CASE)

    attempts = [entry.body.attempt for entry in platform.ledger.read(kinds=(Measurement,))]
    assert attempts == [1, 2]
    assert first.body.release != second.body.release
    assert platform.ledger.latest(Assessment, use_case=USE_CASE, release=first.body.release) is not None
    assert ROUTE in platform.load_catalog().routes
