"""Target: what an evaluation asks."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from pydantic import Discriminator, Field, Tag

from pilotage.registry.kinds.document import Location, Name, Part


class RouteTarget(Part):
    """Ask a route of the gateway: the item's input becomes the user message."""

    route: Name = Field(description="The route that is asked.")
    release: Literal["candidate", "promoted"] = Field(
        default="candidate", description="Ask the newest Release, or the one that users get."
    )


class EndpointTarget(Part):
    """Ask the use case's own application: POST {"input": …} and read {"output": …}."""

    endpoint: Location = Field(description="Where the application answers, or where its address stands.")


def _form_of_target(value: object) -> str:
    if isinstance(value, Part):
        return "of an application" if isinstance(value, EndpointTarget) else "at the gateway"
    keys = set(cast("dict[str, object]", value)) if isinstance(value, dict) else set[str]()
    return "of an application" if "endpoint" in keys and "route" not in keys else "at the gateway"


Target = Annotated[
    Annotated[RouteTarget, Tag("at the gateway")] | Annotated[EndpointTarget, Tag("of an application")],
    Discriminator(_form_of_target),
    Field(json_schema_extra={"x-reads": "{route: NAME} of the gateway, or {endpoint: ADDRESS} of the application"}),
]
