"""What several documents must agree on beyond names: one organisation, one scale an axis, claims, targets, people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from zoneinfo import available_timezones

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from pilotage.core.errors import Problem
from pilotage.registry.kinds.evaluation import Evaluation, JsonSchemaScorer, RegexScorer, RouteTarget
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.kinds.route import Route
from pilotage.registry.kinds.scale import Scale
from pilotage.registry.kinds.team import Team
from pilotage.registry.kinds.use_case import UseCase
from pilotage.registry.parse import quoted
from pilotage.registry.references import of_kind
from pilotage.registry.tier import choose_tier
from pilotage.registry.validate import Declared, Placed
from pilotage.registry.wording import closest

_AXES = ("TRL", "IRL", "HRL")


def check_uniqueness(declared: tuple[Declared, ...]) -> Iterator[Problem]:
    """Report names that stand twice within a kind, and an organisation that is missing or there twice."""
    first: dict[tuple[str, str], Declared] = {}
    for each in declared:
        known = first.setdefault((each.kind, each.name), each)
        if known is not each and each.name:
            what = f"the {each.kind} {quoted(each.name)} stands twice, first at {known.file}:{known.line}"
            yield Problem(each.file, each.line, what, "rename one of them, or take it out")
    organisations = [each for each in first.values() if each.kind == "Organisation"]
    for each in organisations[1:]:
        known = organisations[0]
        what = f"there is a second Organisation; the first stands at {known.file}:{known.line}"
        yield Problem(each.file, each.line, what, "keep exactly one")


def check_organisation(documents: tuple[Placed, ...], declared: tuple[Declared, ...]) -> Iterator[Problem]:
    """Report a registry without an organisation, and facts of it that cannot be."""
    if not any(each.kind == "Organisation" for each in declared):
        what = "the registry has no Organisation"
        yield Problem(".", 0, what, "add a document with `kind: Organisation`, `version: 1` and `name:`")
    zones = available_timezones()
    for placed, organisation in of_kind(documents, Organisation):
        calendar = organisation.working_calendar
        if len(zones) > 1 and organisation.time_zone not in zones:
            what = f"there is no time zone {quoted(organisation.time_zone)}"
            meant = closest(organisation.time_zone, zones)
            remedy = f"did you mean {quoted(meant)}?" if meant else "use an IANA name such as Europe/Lisbon"
            yield placed.problem(("time_zone",), what, remedy)
        if calendar.opens >= calendar.closes:
            what = f"working_calendar opens at {calendar.opens} and closes at {calendar.closes}"
            yield placed.problem(("working_calendar", "closes"), what, "let it close later than it opens")
        for place, day in enumerate(calendar.holidays):
            if not _is_date(day):
                path = ("working_calendar", "holidays", place)
                yield placed.problem(path, f"{quoted(day)} is no day of the calendar", "correct it")


def check_scales_and_tiers(documents: tuple[Placed, ...], declared: tuple[Declared, ...]) -> Iterator[Problem]:
    """Report an axis with two scales or none, tiers of equal rank, and a registry without any tier."""
    by_axis: dict[str, Scale] = {}
    for placed, scale in of_kind(_shipped_first(documents), Scale):
        known = by_axis.setdefault(scale.axis, scale)
        if known is not scale:
            what = f"a second Scale measures the axis {scale.axis}; the other is {quoted(known.name)}"
            yield placed.problem(("axis",), what, f"name it {quoted(known.name)} to take the other's place")
    by_rank: dict[int, RiskTier] = {}
    for placed, tier in of_kind(_shipped_first(documents), RiskTier):
        known = by_rank.setdefault(tier.rank, tier)
        if known is not tier:
            what = f"the tiers {quoted(known.name)} and {quoted(tier.name)} have the same rank {tier.rank}"
            yield placed.problem(("rank",), what, "give each tier a rank of its own")
        for stage in tier.stages:
            if stage == "production" and tier.stages[stage].sample_evidence and not placed.shipped:
                path = ("stages", "production", "sample_evidence")
                what = "SAMPLE evidence can never permit production"
                yield placed.problem(path, what, "write `sample_evidence: false` for production")
    kinds = {each.kind for each in declared}
    read = {scale.name for _, scale in of_kind(documents, Scale)}
    # A scale that stands there but could not be read may be the one that is missed.
    some_unread = any(each.kind == "Scale" and each.name not in read for each in declared)
    for axis in _AXES:
        if axis not in by_axis and not some_unread:
            yield Problem(".", 0, f"no Scale measures the axis {axis}", f"add a Scale with `axis: {axis}`")
    if "RiskTier" not in kinds:
        yield Problem(".", 0, "the registry has no RiskTier", "add one with `rank: 1`")


def check_people(documents: tuple[Placed, ...]) -> Iterator[Problem]:
    """Report handles and signing keys that stand for two persons, and a deputy who is the person deputised for."""
    handles: dict[str, str] = {}
    keys: dict[str, str] = {}
    for placed, team in of_kind(documents, Team):
        for place, member in enumerate(team.members):
            path = ("members", place)
            if (other := handles.setdefault(member.name, team.name)) != team.name or place != _first(team, member.name):
                what = f"the handle {quoted(member.name)} already stands in the team {quoted(other)}"
                yield placed.problem((*path, "name"), what, "list each person once, with all roles")
            if member.ssh_key is None:
                continue
            key = " ".join(member.ssh_key.split()[:2])
            if (holder := keys.setdefault(key, member.name)) != member.name:
                what = f"{quoted(member.name)} has the same ssh_key as {quoted(holder)}"
                yield placed.problem((*path, "ssh_key"), what, "give each person a key of their own")
    for placed, use_case in of_kind(documents, UseCase):
        if use_case.deputy is not None and use_case.deputy == use_case.owner_person:
            what = f"{quoted(use_case.deputy)} is both owner_person and deputy"
            yield placed.problem(("deputy",), what, "name somebody else, or leave `deputy` out")
        if use_case.started is not None and not _is_date(use_case.started):
            what = f"{quoted(use_case.started)} is no day of the calendar"
            yield placed.problem(("started",), what, "correct it")


def check_evaluations(documents: tuple[Placed, ...]) -> Iterator[Problem]:
    """Report evaluations whose target, scorer or claim cannot hold for their use case."""
    routes = {route.name: route for _, route in of_kind(documents, Route)}
    models = {model.name: model for _, model in of_kind(documents, Model)}
    use_cases = {use_case.name: use_case for _, use_case in of_kind(documents, UseCase)}
    tiers = tuple(tier for _, tier in of_kind(documents, RiskTier))
    for placed, evaluation in of_kind(documents, Evaluation):
        use_case = use_cases.get(evaluation.use_case)
        yield from _check_target(placed, evaluation, routes, models, use_case)
        yield from _check_scorer(placed, evaluation)
        if use_case is not None and tiers:
            yield from _check_claim(placed, evaluation, use_case, tiers)


def check_data_classes(documents: tuple[Placed, ...]) -> Iterator[Problem]:
    """Report routes that would send a use case's data to a model that may not see them."""
    models = {model.name: model for _, model in of_kind(documents, Model)}
    use_cases = {use_case.name: use_case for _, use_case in of_kind(documents, UseCase)}
    for placed, route in of_kind(documents, Route):
        model, use_case = models.get(route.model), use_cases.get(route.use_case)
        if model is None or use_case is None:
            continue
        if refused := sorted(set(use_case.data_classes) - set(model.data_classes)):
            what = (
                f"the use case {quoted(use_case.name)} handles {', '.join(refused)} data, "
                f"which may not be sent to the model {quoted(model.name)}"
            )
            remedy = "choose another model, or add the class to the `data_classes` of this one once that is agreed"
            yield placed.problem(("model",), what, remedy)


def _check_target(
    placed: Placed,
    evaluation: Evaluation,
    routes: dict[str, Route],
    models: dict[str, Model],
    use_case: UseCase | None,
) -> Iterator[Problem]:
    if isinstance(evaluation.target, RouteTarget):
        route = routes.get(evaluation.target.route)
        if route is None:
            return
        path = ("target", "route")
        if route.use_case != evaluation.use_case:
            what = f"the route {quoted(route.name)} belongs to the use case {quoted(route.use_case)}"
            yield placed.problem(path, what, f"ask a route of {quoted(evaluation.use_case)}")
        model = models.get(route.model)
        if model is not None and model.task != "chat":
            what = f"the route {quoted(route.name)} gives embeddings, which no scorer can judge"
            yield placed.problem(path, what, "ask a chat route, or the endpoint of the application")
    elif use_case is not None and use_case.application is None:
        what = f"the endpoint is asked, but the use case {quoted(use_case.name)} declares no application"
        yield placed.problem(("target", "endpoint"), what, "add `application: {version: …}` to the use case")


def _check_scorer(placed: Placed, evaluation: Evaluation) -> Iterator[Problem]:
    if isinstance(evaluation.scorer, RegexScorer) and evaluation.scorer.pattern is not None:
        try:
            re.compile(evaluation.scorer.pattern)
        except (re.error, RecursionError, OverflowError) as error:
            yield placed.problem(
                ("scorer", "pattern"), f"the pattern is not a regular expression: {error}", "correct it"
            )
    if isinstance(evaluation.scorer, JsonSchemaScorer):
        try:
            Draft202012Validator.check_schema(evaluation.scorer.json_schema)
        except SchemaError as error:
            what = f"the schema is not a JSON Schema: {str(error.message)[:200]}"
            yield placed.problem(("scorer", "schema"), what, "correct it")


def _check_claim(
    placed: Placed, evaluation: Evaluation, use_case: UseCase, tiers: tuple[RiskTier, ...]
) -> Iterator[Problem]:
    tier = choose_tier(use_case, tiers).tier
    floor, claim = tier.claim_floor, evaluation.claim
    if claim.p0 < floor.p0:
        what = f"claim.p0 {claim.p0:g} is weaker than the {floor.p0:g} that the tier {quoted(tier.name)} demands"
        yield placed.problem(("claim", "p0"), what, f"claim at least {floor.p0:g}")
    if claim.alpha > floor.alpha:
        what = (
            f"claim.alpha {claim.alpha:g} is weaker than the {floor.alpha:g} that the tier {quoted(tier.name)} demands"
        )
        yield placed.problem(("claim", "alpha"), what, f"write at most {floor.alpha:g}")


def _shipped_first(documents: tuple[Placed, ...]) -> tuple[Placed, ...]:
    return tuple(sorted(documents, key=lambda placed: not placed.shipped))


def _first(team: Team, handle: str) -> int:
    return next(place for place, member in enumerate(team.members) if member.name == handle)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
