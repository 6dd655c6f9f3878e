"""The two lines of a gate on outcomes, grown as far as a walk comes: a million calls fit in eight megabytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from pilotage.core.statistics.e_process import fails_line, meets_line

_BLOCK = 1024


class Boundary(NamedTuple):
    """After n calls: MEETS from `meets_at` passes up, FAILS from `fails_at` down; None where it cannot."""

    n: int
    meets_at: int | None
    fails_at: int | None


class Lines(Sequence[Boundary]):
    """The lines for n = 1, 2, ... up to the cap, or up to the first n at which they have closed.

    Beyond that n every walk has crossed one of them. Failures that still allow MEETS and passes that still mean FAILS
    are kept, -1 where there are none; neither ever falls as n grows.
    """

    def __init__(self, p0: float, p1: float, alpha: float, beta: float, cap: int) -> None:
        """Begin the lines of a claim; nothing is computed yet."""
        self._cap = cap
        self._meets = meets_line(p0, 1 / alpha)
        self._fails = fails_line(p0, p1, 1 / beta)
        self._spare = array("i")
        self._fatal = array("i")
        self._closed = False

    @overload
    def __getitem__(self, index: int) -> Boundary: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Boundary, ...]: ...
    def __getitem__(self, index: int | slice) -> Boundary | tuple[Boundary, ...]:
        """Give the boundary of n = index + 1."""
        if isinstance(index, slice):
            return tuple(self[at] for at in range(*index.indices(len(self))))
        at = index + len(self) if index < 0 else index
        self._grow(at + 1)
        spare, fatal = self._spare[at], self._fatal[at]
        return Boundary(at + 1, None if spare < 0 else at + 1 - spare, None if fatal < 0 else fatal)

    def __iter__(self) -> Iterator[Boundary]:
        """Walk along the lines, growing them on the way."""
        at = 0
        while at < len(self._spare) or self._grow(at + 1):
            yield self[at]
            at += 1

    def __bool__(self) -> bool:
        """Tell that there are lines, without growing them."""
        return True

    def __len__(self) -> int:
        """Count the boundaries, which grows the lines to their end."""
        self._grow(self._cap)
        return len(self._spare)

    def spare_at(self, n: int) -> int:
        """Give how many failures among n calls still MEET; -1 where not even none does."""
        if n > len(self._spare):
            self._grow(n)
        return self._spare[n - 1]

    def fatal_at(self, n: int) -> int:
        """Give how many passes among n calls still FAIL; -1 where not even none does."""
        if n > len(self._fatal):
            self._grow(n)
        return self._fatal[n - 1]

    def first_n(self, n: int, passes: int) -> int:
        """Give the first n at which a walk, undecided at (n, passes), can be decided; the cap at the latest."""
        grown = max(_BLOCK, n + 1)
        while True:
            more = self._grow(grown)
            meets = bisect_left(self._spare, n - passes, lo=n)
            fails = bisect_left(self._fatal, passes, lo=n)
            first = min(meets, fails) + 1
            if first <= len(self._spare) or not more:
                return min(first, self._cap)
            grown *= 2

    def _grow(self, n: int) -> bool:
        """Compute the lines up to n, in blocks; tell whether they reach so far."""
        while len(self._spare) < n and not self._closed:
            done = len(self._spare)
            block = zip(range(done + 1, min(done + _BLOCK, self._cap) + 1), self._meets, self._fails, strict=False)
            for at, meets_at, fails_at in block:
                self._spare.append(-1 if meets_at is None else at - meets_at)
                self._fatal.append(-1 if fails_at is None else fails_at)
                if meets_at is not None and fails_at is not None and meets_at <= fails_at + 1:
                    self._closed = True
                    break
            self._closed = self._closed or len(self._spare) >= self._cap
        return len(self._spare) >= n
