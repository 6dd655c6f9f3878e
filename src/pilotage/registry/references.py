"""Every name in a document that stands for another document or a person must stand for one that is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pilotage.core.errors import Problem
from pilotage.registry.kinds.claim import ComparisonClaim
from pilotage.registry.kinds.document import Document
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.judge import Judge
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation
from pilotage.registry.kinds.route import Route
from pilotage.registry.kinds.scale import Scale
from pilotage.registry.kinds.scorer import JudgedScorer, SimilarityScorer
from pilotage.registry.kinds.target import RouteTarget
from pilotage.registry.kinds.team import Team
from pilotage.registry.kinds.use_case import UseCase
from pilotage.registry.nodes import Step
from pilotage.registry.parse import quoted
from pilotage.registry.validate import Declared, Placed
from pilotage.registry.wording import name_of, suggest

D = TypeVar("D", bound=Document)
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a document: the kind that it must be of, or `PERSON`."""

    path: tuple[Step, ...]
    kind: str
    name: str


def of_kind(documents: Iterable[Placed], kind: type[D]) -> Iterator[tuple[Placed, D]]:
    """Give the documents of one kind, each with its place."""
    for placed in documents:
        if isinstance(placed.document, kind):
            yield placed, placed.document


def check_references(documents: tuple[Placed, ...], declared: tuple[Declared, ...]) -> Iterator[Problem]:
    """Report references that lead nowhere.

    Args:
        documents: those that could be read.
        declared: all that claim a kind and a name, so that a faulty document is reported once and not again here.
    """
    names: dict[str, set[str]] = {}
    for each in declared:
        names.setdefault(each.kind, set()).add(each.name)
    teams = {team.name: team for _, team in of_kind(documents, Team)}
    names[PERSON] = {member.name for team in teams.values() for member in team.members}
    # People of a team that could not be read are unknown, so nobody can be called missing.
    all_teams_read = names.get("Team", set()) == set(teams)
    for placed in documents:
        for reference in references_of(placed.document):
            known = names.get(reference.kind, set())
            if reference.name in known or (reference.kind == PERSON and not all_teams_read):
                continue
            yield _dangling(placed, reference, known)
    yield from _owners_outside_their_team(documents, teams)


def references_of(document: Document) -> Iterator[Reference]:
    """Give every reference that a document makes."""
    match document:
        case Organisation(platform_team=str(name)):
            yield Reference(("platform_team",), "Team", name)
        case Route():
            yield Reference(("use_case",), "UseCase", document.use_case)
            yield Reference(("model",), "Model", document.model)
        case Evaluation():
            yield from _of_evaluation(document)
        case OutsideEvaluation():
            yield Reference(("use_case",), "UseCase", document.use_case)
        case Judge():
            yield Reference(("route",), "Route", document.route)
        case UseCase():
            yield from _of_use_case(document)
        case Scale():
            yield from _of_scale(document)
        case _:
            return


def _of_evaluation(document: Evaluation) -> Iterator[Reference]:
    yield Reference(("use_case",), "UseCase", document.use_case)
    yield Reference(("dataset",), "Dataset", document.dataset)
    if isinstance(document.target, RouteTarget):
        yield Reference(("target", "route"), "Route", document.target.route)
    if isinstance(document.claim, ComparisonClaim) and isinstance(document.claim.baseline, RouteTarget):
        yield Reference(("claim", "baseline", "route"), "Route", document.claim.baseline.route)
    if isinstance(document.scorer, JudgedScorer):
        yield Reference(("scorer", "judge"), "Judge", document.scorer.judge)
    if isinstance(document.scorer, SimilarityScorer):
        yield Reference(("scorer", "route"), "Route", document.scorer.route)
    if document.benign is not None:
        yield Reference(("benign",), "Evaluation", document.benign)


def _of_use_case(document: UseCase) -> Iterator[Reference]:
    yield Reference(("owner",), "Team", document.owner)
    if document.outside is not None:
        yield Reference(("outside", "owner"), "Team", document.outside.owner)
    if document.tier is not None:
        yield Reference(("tier",), "RiskTier", document.tier)
    people = {
        "owner_person": document.owner_person,
        "bridge_builder": document.bridge_builder,
        "deputy": document.deputy,
        "risk_owner": document.risk_owner,
    }
    for field, name in people.items():
        if name is not None:
            yield Reference((field,), PERSON, name)


def _of_scale(document: Scale) -> Iterator[Reference]:
    for rung, level in enumerate(document.levels):
        for place, criterion in enumerate(level.criteria):
            for position, tier in enumerate(criterion.applies_to_tiers):
                path = ("levels", rung, "criteria", place, "applies_to_tiers", position)
                yield Reference(path, "RiskTier", tier)


def _dangling(placed: Placed, reference: Reference, known: set[str]) -> Problem:
    if reference.kind == PERSON:
        what = f"{name_of(reference.path)} names {quoted(reference.name)}, and no team has such a member"
        remedy = suggest(reference.name, known, "add the person under `members:` of a Team; members are")
    else:
        what = f"{name_of(reference.path)} names the {reference.kind} {quoted(reference.name)}, which does not exist"
        otherwise = f"declare a {reference.kind} of this name" + ("; there are" if known else "")
        remedy = suggest(reference.name, known, otherwise)
    return placed.problem(reference.path, what, remedy)


def _owners_outside_their_team(documents: tuple[Placed, ...], teams: dict[str, Team]) -> Iterator[Problem]:
    everybody = {member.name for team in teams.values() for member in team.members}
    for placed, use_case in of_kind(documents, UseCase):
        team = teams.get(use_case.owner)
        person = use_case.owner_person
        if team is None or person is None or person not in everybody:
            continue
        if person not in {member.name for member in team.members}:
            what = f"owner_person {quoted(person)} is no member of the owning team {quoted(team.name)}"
            yield placed.problem(("owner_person",), what, "name a member of that team, or another `owner:`")
