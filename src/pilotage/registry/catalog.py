"""The Catalog: everything declared at one moment, consistent with itself, addressable by kind and name."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from pilotage.core.canonical import digest_of_json
from pilotage.registry.kinds.dataset import Dataset
from pilotage.registry.kinds.document import Digest
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.judge import Judge
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.kinds.route import Route
from pilotage.registry.kinds.scale import Scale
from pilotage.registry.kinds.team import Member, Team
from pilotage.registry.kinds.use_case import UseCase


class Position(BaseModel):
    """Where a document stands: a file of the registry and the line it begins at (1-based)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    line: int


class Catalog(BaseModel):
    """A consistent set of documents; references between them hold, so look-ups by a referenced name never miss.

    A catalog travels as JSON (`model_dump_json(by_alias=True)`): a gateway replica loads it without git or YAML.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    commit: str | None = Field(description="The git commit it was read at; None outside git.")
    dirty: bool = Field(description="True when read from a working tree that differs from the commit.")
    organisation: Organisation
    teams: dict[str, Team] = {}
    models: dict[str, Model] = {}
    routes: dict[str, Route] = {}
    datasets: dict[str, Dataset] = {}
    judges: dict[str, Judge] = {}
    evaluations: dict[str, Evaluation] = {}
    outside_evaluations: dict[str, OutsideEvaluation] = {}
    use_cases: dict[str, UseCase] = {}
    scales: dict[str, Scale] = {}
    risk_tiers: dict[str, RiskTier] = {}
    dataset_digests: dict[str, Digest] = Field(default={}, description="Dataset name -> SHA-256 of its file as read.")
    dataset_sizes: dict[str, int] = Field(default={}, description="Dataset name -> number of items.")
    positions: dict[str, Position] = Field(default={}, description="`Kind/name` -> where the document stands.")

    @property
    def digest(self) -> str:
        """SHA-256 over the documents themselves, wherever and at whatever commit they stand."""
        return digest_of_json(
            self.model_dump(mode="json", by_alias=True, exclude={"commit", "dirty", "positions"}, exclude_none=True)
        )

    def routes_of(self, use_case: str) -> tuple[Route, ...]:
        """The routes of a use case, by name."""
        return tuple(route for _, route in sorted(self.routes.items()) if route.use_case == use_case)

    def evaluations_of(self, use_case: str) -> tuple[Evaluation, ...]:
        """The evaluations of a use case, by name."""
        return tuple(item for _, item in sorted(self.evaluations.items()) if item.use_case == use_case)

    def outside_evaluations_of(self, use_case: str) -> tuple[OutsideEvaluation, ...]:
        """The evaluations of a use case that other tools carry out, by name."""
        return tuple(item for _, item in sorted(self.outside_evaluations.items()) if item.use_case == use_case)

    def scales_by_axis(self) -> dict[str, Scale]:
        """Axis (TRL, IRL, HRL) -> the scale that measures it."""
        return {scale.axis: scale for _, scale in sorted(self.scales.items())}

    def member(self, name: str) -> tuple[Team, Member] | None:
        """Find a person by handle, with the team; None where nobody has it."""
        for _, team in sorted(self.teams.items()):
            for member in team.members:
                if member.name == name:
                    return team, member
        return None
