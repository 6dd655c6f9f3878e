"""Declarations as evidence: what the document gives, and what follows from it."""

from __future__ import annotations

import pytest
from tests.readiness.declared import BARE, Case, catalog_of

from pilotage.readiness.declaration import is_bolted_on
from pilotage.registry.kinds.scale import Declared
from pilotage.registry.kinds.use_case import Process, Step

READ, FIND, MOVE = (Step(step=name, who="clerk") for name in ("Read", "Find the queue", "Move"))


def test_a_field_that_is_given_is_met_and_one_left_out_is_unknown() -> None:
    """Nothing declared is not recorded yet, which is another thing than failing; the reason names the fields."""
    assert Case().state("hrl-2-owner") == ("MET", "`owner_person` is declared; `deputy` is declared")
    state, reason = Case(catalog_of(BARE)).state("hrl-2-owner")
    assert state == "UNKNOWN"
    assert reason == "`owner_person` is not declared; `deputy` is not declared"


def test_a_use_case_without_routes_has_no_known_interface() -> None:
    """Where no route and no bought product is declared, nobody knows where calls pass."""
    catalog = catalog_of().model_copy(update={"routes": {}})
    assert Case(catalog).state("irl-1-interface")[0] == "UNKNOWN"
    assert Case().state("irl-1-interface") == ("MET", "calls pass by 1 route")


def test_routes_alone_pin_themselves() -> None:
    """An application of its own declares a version; without one, what only asks routes is pinned by them."""
    catalog = catalog_of()
    bare = catalog.use_cases["inbox"].model_copy(update={"application": None})
    undeclared = catalog.model_copy(update={"use_cases": {"inbox": bare}})
    assert Case(undeclared).state("trl-4-application")[0] == "UNKNOWN"
    trial = {"trial": catalog.evaluations["trial"]}
    assert Case(undeclared.model_copy(update={"evaluations": trial})).state("trl-4-application")[0] == "MET"


def test_a_scale_that_asks_for_an_unknown_field_says_so() -> None:
    """A misspelt field in an organisation's own scale is unknown with a reason, never met and never a traceback."""
    catalog = catalog_of()
    scale = catalog.scales["trl"]
    first = scale.levels[0]
    for wrong in ("purpos", "process.befor", "users.who.upper", "__class__", "cohort.count"):
        asks = first.criteria[0].model_copy(update={"answer": Declared(by="declaration", fields=(wrong,))})
        levels = (first.model_copy(update={"criteria": (asks,)}), *scale.levels[1:])
        changed = catalog.model_copy(
            update={"scales": catalog.scales | {"trl": scale.model_copy(update={"levels": levels})}}
        )
        assert Case(changed).state("trl-1-purpose")[0] == "UNKNOWN"


@pytest.mark.parametrize(
    ("after", "bolted_on"),
    [
        ((READ, FIND, MOVE), True),
        ((READ, Step(step="Ask the model", who="clerk"), FIND, MOVE), True),
        ((Step(step="  read ", who="CLERK"), FIND, MOVE), True),
        ((READ, MOVE), False),
        ((READ, MOVE, FIND), False),
        ((READ, Step(step="Find the queue", who="inbox"), MOVE), False),
    ],
)
def test_a_model_on_top_of_the_old_work_is_bolted_on(after: tuple[Step, ...], bolted_on: bool) -> None:  # noqa: FBT001 - a table of cases
    """A process changes when a step goes, moves or gets another owner; one more step on top changes nothing."""
    assert is_bolted_on(Process(before=(READ, FIND, MOVE), after=after)) is bolted_on


def test_a_bolted_on_model_is_refuted() -> None:
    """Declaring the same work twice is a failure, where declaring nothing is only unknown."""
    catalog = catalog_of()
    same = catalog.use_cases["inbox"].model_copy(update={"process": Process(before=(READ,), after=(READ, FIND))})
    state, reason = Case(catalog.model_copy(update={"use_cases": {"inbox": same}})).state("hrl-3-process")
    assert state == "NOT MET"
    assert reason.startswith("bolted on")
