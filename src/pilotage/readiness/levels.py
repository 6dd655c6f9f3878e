"""Levels: the highest rung up to which every applicable criterion is MET; only comparisons, so valid on ordinals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pilotage.ledger.records.assessment import Axis, AxisLevel
from pilotage.readiness.answer import assess_criterion
from pilotage.readiness.basis import Answer, Basis
from pilotage.registry.kinds.scale import Criterion

AXES: tuple[Axis, ...] = ("TRL", "IRL", "HRL")
TOP = 9


@dataclass(frozen=True, slots=True)
class Answered:
    """A criterion at its place on a scale, with its answer."""

    axis: Axis
    level: int
    criterion: Criterion
    answer: Answer

    @property
    def is_met(self) -> bool:
        """Whether it stands in nobody's way."""
        return self.answer.state in {"MET", "NOT APPLICABLE"}

    @property
    def is_met_without_sample(self) -> bool:
        """Whether it stands in nobody's way, SAMPLE evidence left out."""
        return self.is_met and not self.answer.sample


def assess_axes(basis: Basis) -> tuple[Answered, ...]:
    """Answer every criterion of every scale, in the order of axes, levels and documents."""
    scales = basis.catalog.scales_by_axis()
    return tuple(
        Answered(axis, level.level, criterion, assess_criterion(criterion, basis))
        for axis in AXES
        if axis in scales
        for level in scales[axis].levels
        for criterion in level.criteria
    )


def score_axis(answered: Sequence[Answered], axis: Axis) -> AxisLevel:
    """Give the level of an axis, with what it would be were unknowns met, and without SAMPLE evidence.

    An axis without any criterion has no scale, and no scale means level 0.
    """
    own = [item for item in answered if item.axis == axis]
    if not own:
        return AxisLevel(level=0, upper=0, without_sample=0)
    return AxisLevel(
        level=_height(own, lambda item: item.is_met),
        upper=_height(own, lambda item: item.answer.state != "NOT MET"),
        without_sample=_height(own, lambda item: item.is_met_without_sample),
    )


def _height(own: Sequence[Answered], stands: Callable[[Answered], bool]) -> int:
    """Give the highest level below the first criterion that does not stand."""
    return min((item.level - 1 for item in own if not stands(item)), default=TOP)
