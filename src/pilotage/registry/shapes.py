"""Every shape that a stored document may have: kind and version -> the class that reads it.

A version stays here for ever: a registry that loaded once loads with every later Pilotage.
"""

from __future__ import annotations

from pilotage.registry.kinds.dataset import Dataset
from pilotage.registry.kinds.document import Document
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.judge import Judge
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.kinds.route import Route
from pilotage.registry.kinds.scale import Scale
from pilotage.registry.kinds.team import Team
from pilotage.registry.kinds.use_case import UseCase

KINDS: dict[str, type[Document]] = {
    kind.__name__: kind
    for kind in (
        Organisation,
        Team,
        Model,
        Route,
        Dataset,
        Judge,
        Evaluation,
        OutsideEvaluation,
        UseCase,
        Scale,
        RiskTier,
    )
}
"""Kind -> the class of its latest version."""

SHAPES: dict[tuple[str, int], type[Document]] = {(name, 1): kind for name, kind in KINDS.items()}
"""Kind and version -> the class that reads it."""

VERSIONS = tuple(sorted({version for _, version in SHAPES}))
