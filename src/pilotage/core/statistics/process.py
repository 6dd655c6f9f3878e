"""What every gate's process has in common: values enter one by one in schedule order, and at some n it is decided."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

from pilotage.core.statistics.gate import GateDesign, Verdict

Value_contra = TypeVar("Value_contra", contravariant=True)


class Process(Protocol[Value_contra]):
    """A gate on its way: `GateProcess` counts truths, `GradedProcess` grades, `CorrectedProcess` judged answers.

    It never changes; `after` gives the next one.
    """

    @property
    def design(self) -> GateDesign:
        """The claim under test."""
        ...

    @property
    def n(self) -> int:
        """Values counted, in schedule order; never beyond the decision or the cap."""
        ...

    @property
    def total(self) -> float:
        """Sum of the values counted."""
        ...

    @property
    def verdict(self) -> Verdict:
        """MEETS or FAILS once decided, until then UNDECIDED."""
        ...

    @property
    def decided_at(self) -> int | None:
        """The n at the decision; None before."""
        ...

    @property
    def finished(self) -> bool:
        """Whether no further value can count: decided, or at the cap."""
        ...

    @property
    def surely_needed(self) -> int:
        """How many further values no continuation can spare: with no more in flight, none is wasted."""
        ...

    def after(self, value: Value_contra | None, /) -> Self:
        """Count the next value in schedule order; None was not measured and counts as the worst there is."""
        ...
