"""What several documents must agree on beyond names: one organisation, one scale an axis, people, classes of data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import available_timezones

from pilotage.core.errors import Problem
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.kinds.route import Route
from pilotage.registry.kinds.scale import Scale
from pilotage.registry.kinds.team import Team
from pilotage.registry.kinds.use_case import UseCase
from pilotage.registry.parse import quoted
from pilotage.registry.references import of_kind
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
