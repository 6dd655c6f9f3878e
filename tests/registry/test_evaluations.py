"""What an evaluation asks, scores by, compares with and claims has to fit the documents around it."""

from collections.abc import Callable

import pytest

from pilotage.core.errors import Problem

Find = Callable[..., tuple[Problem, ...]]

MORE = """\
kind: Model
version: 1
name: vectors
task: embedding
base_url: http://127.0.0.1/v1
upstream_model: vectors-1
data_classes: [public, internal, personal]
---
{kind: Route, version: 1, name: meaning, use_case: triage, model: vectors}
---
{kind: Route, version: 1, name: rival, use_case: triage, model: chat}
---
{kind: UseCase, version: 1, name: other, purpose: p, owner: claims}
---
{kind: Route, version: 1, name: foreign, use_case: other, model: chat}
---
{kind: Judge, version: 1, name: strict, route: rival, question: Is it right?}
---
{kind: Judge, version: 1, name: blind, route: meaning, question: Is it right?}
---
{kind: Judge, version: 1, name: stranger, route: foreign, question: Is it right?}
---
{kind: Evaluation, version: 1, name: benign, use_case: triage, dataset: triage-items, target: {route: triage},
 scorer: {type: refusal, wanted: answer}, claim: {text: It answers., p0: 0.8, p1: 0.9}}
---
{kind: Evaluation, version: 1, name: elsewhere, use_case: triage, dataset: triage-items, target: {route: rival},
 scorer: {type: refusal, wanted: answer}, claim: {text: It answers., p0: 0.8, p1: 0.9}}
---
{kind: Evaluation, version: 1, name: foreign-benign, use_case: other, dataset: triage-items, target: {route: foreign},
 scorer: {type: refusal, wanted: answer}, claim: {text: It answers., p0: 0.8, p1: 0.9}}
"""
EVALUATION = (
    "kind: Evaluation\nversion: 1\nname: more\nuse_case: triage\ndataset: triage-items\n"
    "target: {route: triage}\nscorer: %s\nclaim: %s\n%s"
)
SHARE = "{text: Good., p0: 0.8, p1: 0.9}"
ATTACK = "{text: Few succeed., success_below: 0.05, believed: 0.01}"
REFUSAL = "{type: refusal, wanted: refusal}"


def told(problems: Find, scorer: str, claim: str = SHARE, more: str = "") -> list[tuple[int, str]]:
    """Give line and words of each problem that an evaluation brings into the registry."""
    found = problems(**{"more.yaml": MORE, "z.yaml": EVALUATION % (scorer, claim, more)})
    assert {each.file for each in found} <= {"z.yaml"}
    return [(each.line, each.what) for each in found]


@pytest.mark.parametrize(
    "case",
    [
        ("{type: judged, judge: strict}",),
        ("{type: similarity, route: meaning}",),
        ("{type: exact}", "{text: Better., baseline: {route: rival}}", "measures: comparison"),
        ("{type: exact}", "{text: Better., baseline: {route: triage, release: promoted}}", "measures: comparison"),
        (REFUSAL, ATTACK, "measures: attack\nbenign: benign"),
    ],
)
def test_every_form_can_be_declared(problems: Find, case: tuple[str, ...]) -> None:
    """A judge, embeddings, a baseline and an attack with benign items beside it load where they fit."""
    assert told(problems, *case) == []


@pytest.mark.parametrize(
    ("scorer", "line", "what"),
    [
        ("{type: judged, judge: blind}", 7, "`blind` asks the route `meaning`, which gives embeddings"),
        ("{type: judged, judge: stranger}", 7, "`foreign` belongs to the use case `other`"),
        ("{type: similarity, route: rival}", 7, "`rival` chats, and similarity is measured between embeddings"),
        ("{type: similarity, route: foreign}", 7, "`foreign` belongs to the use case `other`"),
        ("{type: judged, judge: nobody}", 7, "names the Judge `nobody`, which does not exist"),
        ("{type: similarity, route: nowhere}", 7, "names the Route `nowhere`, which does not exist"),
    ],
)
def test_what_a_scorer_asks_belongs_to_the_use_case(problems: Find, scorer: str, line: int, what: str) -> None:
    """A judge chats, similarity needs embeddings, and neither may be another use case's."""
    found = told(problems, scorer)
    assert any(at == line and what in words for at, words in found), found


@pytest.mark.parametrize(
    ("baseline", "what"),
    [
        ("{route: triage}", "the baseline is the target itself"),
        ("{route: foreign}", "belongs to the use case `other`"),
        ("{route: meaning}", "gives embeddings, which no scorer can judge"),
        ("{endpoint: 'http://127.0.0.1:1/'}", "declares no application"),
        ("{route: nowhere}", "names the Route `nowhere`, which does not exist"),
    ],
)
def test_a_baseline_is_another_target_of_the_use_case(problems: Find, baseline: str, what: str) -> None:
    """Comparing with itself says nothing, and a baseline has to be reachable as a target has."""
    found = told(problems, "{type: exact}", f"{{text: Better., baseline: {baseline}}}", "measures: comparison")
    assert [at for at, _ in found] == [8]
    assert what in found[0][1]


@pytest.mark.parametrize(
    ("benign", "what"),
    [
        ("triage-promise", "does not score refusals with `wanted: answer`"),
        ("more", "is an attack itself"),
        ("elsewhere", "asks another target"),
        ("foreign-benign", "is about the use case `other`"),
        ("nobody", "names the Evaluation `nobody`, which does not exist"),
    ],
)
def test_benign_items_ask_the_same_target(problems: Find, benign: str, what: str) -> None:
    """Over-refusal stands beside an attack only where it is that of the same target, on items to be answered."""
    found = told(problems, REFUSAL, ATTACK, f"measures: attack\nbenign: {benign}")
    assert [at for at, _ in found] == [10]
    assert what in found[0][1]


@pytest.mark.parametrize(
    ("claim", "more", "what"),
    [
        (ATTACK.replace("0.05", "0.45"), "measures: attack", "claim.success_below 0.45 is weaker than the 0.4"),
        (ATTACK.replace("0.01}", "0.01, alpha: 0.15}"), "measures: attack", "claim.alpha 0.15 is weaker than the 0.1"),
        ("{text: x, baseline: {route: rival}, alpha: 0.15}", "measures: comparison", "claim.alpha 0.15 is weaker"),
    ],
)
def test_the_tiers_floor_holds_for_every_form(problems: Find, claim: str, more: str, what: str) -> None:
    """An attack claims in successes what the floor says in shares resisted; a comparison has to err seldom enough."""
    low = "claim_floor: {p0: 0.6, alpha: 0.1}"
    tier = f"kind: RiskTier\nversion: 1\nname: medium\nrank: 2\ninferred_from: {{}}\nstages: {{}}\n{low}\n"
    found = problems(**{"more.yaml": MORE, "tier.yaml": tier, "z.yaml": EVALUATION % (REFUSAL, claim, more)})
    assert [each.line for each in found] == [8]
    assert what in found[0].what


def test_a_comparison_has_no_floor_of_its_own(problems: Find) -> None:
    """How much better than a baseline something is, no tier can know: p0 of a comparison is a half or less."""
    claim = "{text: No worse., baseline: {route: rival}, margin: 0.2}"
    assert told(problems, "{type: exact}", claim, "measures: comparison") == []


def test_results_of_another_tool_have_a_name_of_their_own_and_the_same_floor(problems: Find) -> None:
    """A finding names its evaluation: two of one name could not be told apart; a weak claim is weak whoever asks."""
    outside = (
        "kind: OutsideEvaluation\nversion: 1\nname: triage-promise\nuse_case: triage\ntool: junit\n"
        "claim: {text: Good., p0: 0.55, p1: 0.9}\n"
    )
    found = problems(**{"z.yaml": outside})
    assert [(each.file, each.line) for each in found] == [("z.yaml", 3), ("z.yaml", 6)]
    assert "an Evaluation is named `triage-promise` too" in found[0].what
    assert "claim.p0 0.55 is weaker than the 0.6" in found[1].what
    sound = outside.replace("triage-promise", "unit-tests").replace("0.55", "0.8")
    assert problems(**{"z.yaml": sound}) == ()
