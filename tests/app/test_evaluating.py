"""What an evaluation is put to: judges wait for people, comparisons need somebody else, and what it costs is told."""

from __future__ import annotations

import pytest
from tests.app.installation import EVALUATION, ROUTE, USE_CASE, Installation

from pilotage.app.assessing import assess_use_case, say_waiting
from pilotage.app.costing import plan_cost
from pilotage.app.evaluating import asks_gateway, measure_evaluation, read_promoted
from pilotage.app.platform import Platform
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.measure import Waiting
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.ledger.records.permit import Permit
from pilotage.models.fake import Behaviour
from pilotage.registry.kinds.evaluation import Evaluation

pytestmark = pytest.mark.anyio
DOCUMENT = "use_cases/claims-triage.yaml"
SCORER = "scorer: {type: exact}"
CLAIM = "  p0: 0.80 # this must be exceeded\n  p1: 0.92 # what the team believes it reaches\n"
JUDGE = "---\n{kind: Judge, version: 1, name: strict, route: claims-triage, question: Is it right?}\n"


def compare(installation: Installation, baseline: str) -> None:
    """Turn the starter's claim into a comparison."""
    installation.edit(DOCUMENT, CLAIM, f"  baseline: {baseline}\n")
    installation.edit(DOCUMENT, "measures: promise", "measures: comparison")


async def test_a_judge_waits_for_people_and_the_rest_goes_on(platform: Platform, installation: Installation) -> None:
    """The use case is assessed all the same; the line says how many answers wait and what to type."""
    installation.edit(DOCUMENT, SCORER, "scorer: {type: judged, judge: strict}")
    file = installation.registry / DOCUMENT
    file.write_text(file.read_text() + JUDGE)
    installation.fake.behaviour = Behaviour(content="PASS")
    told: list[str] = []

    entry = await assess_use_case(platform, USE_CASE, tell=told.append)

    assert entry.body.levels["TRL"].level < 5
    (line,) = told
    assert line.startswith(f"{EVALUATION}: ")
    assert line.endswith(f"wait for labels: pilotage label {EVALUATION}")
    assert platform.ledger.read(kinds=(Measurement,)) == []
    assert len(platform.ledger.read(kinds=(DatasetOpened,))) == 1


def test_what_waits_is_said_in_one_line() -> None:
    """One answer, several, and how many are done already."""
    assert say_waiting(Waiting("R", "tone", (3,), 1, 0)) == "tone: 1 answer waits for a label: pilotage label tone"
    several = say_waiting(Waiting("R", "tone", (3, 4), 9, 7))
    assert several == "tone: 2 answers wait for labels (7 of 9 are labelled): pilotage label tone"


async def test_without_a_promoted_release_there_is_nothing_to_compare_with(
    platform: Platform, installation: Installation
) -> None:
    """The gateway would serve the candidate in its place, and everything is as good as itself: it is not asked."""
    compare(installation, "{route: claims-triage, release: promoted}")
    told: list[str] = []

    await assess_use_case(platform, USE_CASE, tell=told.append)

    assert told == [f"{EVALUATION} is not measured: no Release is promoted yet, so there is nothing to compare with"]
    assert (installation.fake.seen, platform.ledger.read(kinds=(DatasetOpened,))) == ([], [])
    with pytest.raises(EvidenceError, match="nothing to compare with"):
        await measure_evaluation(platform, platform.load_registry(), EVALUATION, gateway_url="http://127.0.0.1:1/v1")


def permit(release: str, *audiences: str) -> Permit:
    """Permit a Release to some audiences."""
    return Permit.model_validate(
        {
            "use_case": USE_CASE,
            "release": release,
            "assessment": release,
            "stage": "limited",
            "audiences": audiences,
            "calls_per_minute": None,
            "monthly_spend": None,
            "currency": "EUR",
            "mode": "observe",
            "next_mode": None,
            "next_mode_on": None,
            "until": "2026-12-31T00:00:00Z",
        }
    )


async def test_the_promoted_release_is_the_last_that_serves_users(platform: Platform) -> None:
    """A Permit for builders promotes nothing."""
    old, new = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    assert read_promoted(platform, USE_CASE) is None
    platform.ledger.append(permit(old, "builders", "cohort"))
    platform.ledger.append(permit(new, "builders", "assessment"))
    assert read_promoted(platform, USE_CASE) == old
    platform.ledger.append(permit(new, "everyone"))
    assert read_promoted(platform, USE_CASE) == new


async def test_two_routes_are_compared_through_the_gateway(platform: Platform, installation: Installation) -> None:
    """Both are asked every item, and what both cost is the run's."""
    file = installation.registry / DOCUMENT
    rival = "---\n{kind: Route, version: 1, name: rival, use_case: claims-triage, model: small-chat}\n"
    file.write_text(file.read_text() + rival)
    compare(installation, "{route: rival}")
    installation.fake.behaviour = Behaviour(content="motor")

    await assess_use_case(platform, USE_CASE)

    (entry,) = platform.ledger.read(kinds=(Measurement,))
    found = entry.body
    assert (found.claim.form, found.gate, found.measures) == ("comparison", "graded", "comparison")
    assert found.estimate.point == 0.5
    assert found.environment["target"] == f"route {ROUTE}@candidate"
    assert found.environment["baseline"] == "route rival@candidate"
    assert found.spent.calls == len(installation.fake.seen) == 2 * found.n


async def test_after_a_run_the_cost_of_the_next_is_known(platform: Platform, installation: Installation) -> None:
    """What was a highest price becomes the mean of real calls, time included; the attempt counts on."""
    installation.fake.behaviour = Behaviour(content="motor")
    before = plan_cost(platform, platform.load_registry(), EVALUATION)
    await assess_use_case(platform, USE_CASE)
    after = plan_cost(platform, platform.load_registry(), EVALUATION)
    installation.edit(DOCUMENT, "temperature: 0", "temperature: 0.5")
    following = plan_cost(platform, platform.load_registry(), EVALUATION)

    assert before.parts[0].basis.startswith("at most")
    assert after.parts[0].basis.startswith("as its last ")
    assert before.worst.minutes is None
    assert after.worst.minutes is not None
    assert (before.attempt, after.attempt, following.attempt) == (1, 1, 2)
    assert len(platform.ledger.read(kinds=(DatasetOpened,))) == 1


async def test_an_unknown_evaluation_lists_those_there_are(platform: Platform) -> None:
    """Whoever typed the name is told which there are."""
    with pytest.raises(UsageError) as told:
        plan_cost(platform, platform.load_registry(), "nothing")
    assert EVALUATION in told.value.remedy


@pytest.mark.parametrize(
    ("fields", "asks"),
    [
        ({}, False),
        ({"target": {"route": "r"}}, True),
        ({"scorer": {"type": "judged", "judge": "j"}}, True),
        ({"scorer": {"type": "similarity", "route": "r"}}, True),
        ({"measures": "comparison", "claim": {"text": "x", "baseline": {"route": "r"}}}, True),
    ],
)
def test_a_key_is_made_only_for_who_asks_the_gateway(fields: dict[str, object], *, asks: bool) -> None:
    """An application that is asked at its own endpoint needs no key of ours."""
    plain = {
        "kind": "Evaluation",
        "version": 1,
        "name": "e",
        "use_case": "u",
        "dataset": "d",
        "target": {"endpoint": "http://127.0.0.1:1/"},
        "scorer": {"type": "exact"},
        "claim": {"text": "x", "p0": 0.5, "p1": 0.8},
    }
    assert asks_gateway(Evaluation.model_validate(plain | fields)) is asks
