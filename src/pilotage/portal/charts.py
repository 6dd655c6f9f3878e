"""Charts as accessible SVG text from plain values; one render serves light and dark, narrow and wide.

The outer `<svg>` has no viewBox: text, circles and rules are placed by percentages, so that letters keep their
size at every width. Only bands and lines stand in a nested `<svg preserveAspectRatio="none">`, where the style
sheet keeps strokes from being stretched. Colours are classes, never attributes. The same figures stand in a
table below each chart, which is the path for those who do not see it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from markupsafe import Markup, escape

from pilotage.portal.figures import date_text, share_text

_T = TypeVar("_T")

_SPAN = 1_000
"""Width and height of the stretched coordinate system."""
_MOST_POINTS = 120
_MOST_ROWS = 24
_HAIR = 0.008
_LABEL_GAP = 8.5
"""Least distance between two labels on one edge, in per cent of the height."""


@dataclass(frozen=True, slots=True)
class BandAt:
    """The observed share after n items, with its confidence band."""

    n: int
    point: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GateFigures:
    """What the chart of a gate shows.

    Attributes:
        key: unique on the page; ids within the SVG begin with it.
        claim: the claim in words.
        verdict: MEETS, FAILS or UNDECIDED.
        p0: the share that must be exceeded.
        p1: the share that the team believes it reaches.
        cap: most items that are asked.
        band: the running band, by n; the last one is where the verdict fell.
        baseline: the share that the trivial answer passes; None where there is none.
    """

    key: str
    claim: str
    verdict: str
    p0: float
    p1: float
    cap: int
    band: Sequence[BandAt]
    baseline: float | None


@dataclass(frozen=True, slots=True)
class LevelsAt:
    """The three levels at one moment, and the stage."""

    at: datetime
    levels: dict[str, int]
    stage: str


def draw_gate(figures: GateFigures) -> Markup:
    """Draw the share passed against n, its band, the lines p0 and p1, and the point of the verdict."""
    if not figures.band:
        return Markup('<p class="empty-note">Nothing was measured yet, so there is nothing to draw.</p>')
    last = figures.band[-1]
    most = _round_up(last.n)
    points = _thinned(figures.band, _MOST_POINTS)
    key = escape(figures.key)
    title = f"Share passed after each item: {figures.verdict} at n = {last.n}"
    description = (
        f"Claim: {figures.claim}. After {last.n} items {share_text(last.point)} had passed, with a confidence band "
        f"from {share_text(last.low)} to {share_text(last.high)}. The line to exceed, p0, stands at "
        f"{share_text(figures.p0)}; the team believes in p1 = {share_text(figures.p1)}; at most {figures.cap} items."
    )
    band = _band_path(points, most)
    line = " ".join(f"{_x(point.n, most)},{_y(point.point)}" for point in points)
    marks = [("p0", figures.p0, "p0"), ("p1", figures.p1, "p1")]
    if figures.baseline is not None:
        marks.append(("trivial", figures.baseline, "trivial"))
    parts = [
        *(_grid_line(share, share_text(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
        *(_tick(n / most * 100, str(n)) for n in _ticks(most)),
        Markup(
            '<svg class="stretch" x="0" y="0" width="100%" height="100%" viewBox="0 0 {s} {s}" '
            'preserveAspectRatio="none"><path class="band" d="{band}"/>'
            '<polyline class="line" points="{line}"/></svg>'
        ).format(s=_SPAN, band=band, line=line),
        *(_mark(name, share, kind) for name, share, kind in marks),
        *_edge_labels([(f"{name} {share_text(share)}", share, kind) for name, share, kind in marks]),
        _verdict_point(figures.verdict, last, most),
    ]
    return _svg(key, title, description, parts) + _band_table(figures)


def draw_history(key: str, history: Sequence[LevelsAt], now: datetime) -> Markup:
    """Draw the three levels over time as steps; each has its own dash and a label at its end."""
    if not history:
        return Markup('<p class="empty-note">Nothing was assessed yet, so there is no history.</p>')
    first = history[0].at
    whole = max((now - first).total_seconds(), 1.0)
    axes = sorted({axis for item in history for axis in item.levels}, key=_axis_order)
    last = history[-1]
    title = "Levels over time: " + ", ".join(f"{axis} {last.levels.get(axis, 0)}" for axis in axes)
    description = f"From {date_text(first)} to {date_text(now)}, {len(history)} assessments; stage {last.stage}."
    lines: list[Markup] = []
    for place, axis in enumerate(axes):
        # Lines at the same level would hide each other, so each stands off by a hair.
        off = (place - 1) * _HAIR
        steps: list[str] = []
        level = 0
        for item in history:
            x = _number((item.at - first).total_seconds() / whole * _SPAN)
            if steps:
                steps.append(f"{x},{_y(level / 9 + off)}")
            level = item.levels.get(axis, 0)
            steps.append(f"{x},{_y(level / 9 + off)}")
        steps.append(f"{_SPAN},{_y(level / 9 + off)}")
        lines.append(
            Markup('<polyline class="line {axis}" points="{points}"/>').format(
                axis=axis.lower(), points=" ".join(_thinned(steps, 4 * _MOST_POINTS))
            )
        )
    parts = [
        *(_grid_line(level / 9, str(level)) for level in (0, 3, 6, 9)),
        _tick(0, date_text(first), "start"),
        _tick(100, date_text(now), "end"),
        Markup(
            '<svg class="stretch" x="0" y="0" width="100%" height="100%" viewBox="0 0 {s} {s}" '
            'preserveAspectRatio="none">{lines}</svg>'
        ).format(s=_SPAN, lines=Markup().join(lines)),
        *_edge_labels(
            [(f"{axis} {last.levels.get(axis, 0)}", last.levels.get(axis, 0) / 9, axis.lower()) for axis in axes]
        ),
    ]
    return _svg(escape(key), title, description, parts) + _history_table(history, axes)


def _svg(key: Markup, title: str, description: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<div class="chart"><svg class="plot" role="img" aria-labelledby="{key}-t {key}-d">'
        '<title id="{key}-t">{title}</title><desc id="{key}-d">{description}</desc>{parts}</svg></div>'
    ).format(key=key, title=title, description=description, parts=Markup().join(parts))


def _grid_line(share: float, label: str) -> Markup:
    y = _percent_down(share)
    return Markup(
        '<line class="grid" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
        '<text class="tick" x="0" y="{y}%" dx="-8" dy="4" text-anchor="end">{label}</text>'
    ).format(y=y, label=label)


def _tick(x: float, label: str, anchor: str = "middle") -> Markup:
    return Markup('<text class="tick" x="{x}%" y="100%" dy="20" text-anchor="{anchor}">{label}</text>').format(
        x=_number(x), anchor=anchor, label=label
    )


def _mark(name: str, share: float, kind: str) -> Markup:
    return Markup('<line class="mark {kind}" x1="0" x2="100%" y1="{y}%" y2="{y}%"><title>{name}</title></line>').format(
        kind=kind, y=_percent_down(share), name=name
    )


def _edge_labels(labels: Sequence[tuple[str, float, str]]) -> list[Markup]:
    """Place labels at the right edge, pushed apart where they would cover each other."""
    placed: list[Markup] = []
    ordered = sorted(labels, key=lambda label: -label[1])
    heights = [100 - 100 * share for _, share, _ in ordered]
    for index in range(1, len(heights)):
        heights[index] = max(heights[index], heights[index - 1] + _LABEL_GAP)
    overshoot = max(0.0, heights[-1] - 100) if heights else 0.0
    for index in reversed(range(len(heights))):
        ceiling = heights[index + 1] - _LABEL_GAP if index + 1 < len(heights) else heights[index] - overshoot
        heights[index] = min(heights[index], ceiling)
    for (text, _, kind), height in zip(ordered, heights, strict=True):
        placed.append(
            Markup('<text class="edge {kind}" x="100%" y="{y}%" dx="8" dy="4">{text}</text>').format(
                kind=kind, y=_number(height), text=text
            )
        )
    return placed


def _verdict_point(verdict: str, last: BandAt, most: int) -> Markup:
    x = last.n / most * 100
    # The label leans to the inside, away from the nearer edge, and stands off the point.
    anchor, dx = ("end", "-10") if x > 50 else ("start", "10")  # noqa: PLR2004 - the middle
    below = last.high > 0.85  # noqa: PLR2004 - where a label above would leave the plot
    return Markup(
        '<line class="whisker" x1="{x}%" x2="{x}%" y1="{high}%" y2="{low}%"/>'
        '<circle class="verdict {kind}" cx="{x}%" cy="{y}%" r="5.5"/>'
        '<text class="verdict-label" x="{x}%" y="{label}%" dx="{dx}" dy="{dy}" text-anchor="{anchor}">'
        "{verdict} at n = {n}</text>"
    ).format(
        x=_number(x),
        high=_percent_down(last.high),
        low=_percent_down(last.low),
        y=_percent_down(last.point),
        label=_percent_down(last.low if below else last.high),
        kind=verdict.lower(),
        dx=dx,
        dy="18" if below else "-8",
        anchor=anchor,
        verdict=verdict,
        n=last.n,
    )


def _band_path(points: Sequence[BandAt], most: int) -> str:
    upper = [f"{_x(point.n, most)},{_y(point.high)}" for point in points]
    lower = [f"{_x(point.n, most)},{_y(point.low)}" for point in reversed(points)]
    return "M" + "L".join([*upper, *lower]) + "Z"


def _band_table(figures: GateFigures) -> Markup:
    rows = Markup().join(
        Markup("<tr><td>{n}</td><td>{point}</td><td>{low}</td><td>{high}</td></tr>").format(
            n=at.n, point=share_text(at.point), low=share_text(at.low), high=share_text(at.high)
        )
        for at in _thinned(figures.band, _MOST_ROWS)
    )
    return Markup(
        '<details class="figures"><summary>The chart’s figures</summary><div class="scroll" tabindex="0" role="group" '
        'aria-label="Figures of the chart"><table><thead><tr><th scope="col">n</th><th scope="col">Passed</th>'
        '<th scope="col">Low</th><th scope="col">High</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    ).format(rows=rows)


def _history_table(history: Sequence[LevelsAt], axes: Sequence[str]) -> Markup:
    head = Markup().join(Markup('<th scope="col">{axis}</th>').format(axis=axis) for axis in axes)
    rows = Markup().join(
        Markup("<tr><td>{at}</td>{levels}<td>{stage}</td></tr>").format(
            at=date_text(item.at),
            levels=Markup().join(Markup("<td>{level}</td>").format(level=item.levels.get(axis, 0)) for axis in axes),
            stage=item.stage,
        )
        for item in reversed(_thinned(history, _MOST_ROWS))
    )
    return Markup(
        '<details class="figures"><summary>The chart’s figures</summary><div class="scroll" tabindex="0" role="group" '
        'aria-label="Figures of the history"><table><thead><tr><th scope="col">Assessed</th>{head}'
        '<th scope="col">Stage</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    ).format(head=head, rows=rows)


def _thinned(items: Sequence[_T], most: int) -> list[_T]:
    """Keep at most so many items, evenly chosen, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / (most - 1)
    return [items[round(index * step)] for index in range(most)]


def _ticks(most: int) -> list[int]:
    step = _nice_step(most / 4)
    return list(range(0, most + 1, step))


def _nice_step(rough: float) -> int:
    size = 10 ** max(0, math.floor(math.log10(max(rough, 1))))
    return next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough)


def _round_up(n: int) -> int:
    step = _nice_step(n / 4)
    return max(1, math.ceil(n / step) * step)


def _axis_order(axis: str) -> tuple[int, str]:
    known = ("TRL", "IRL", "HRL")
    return (known.index(axis) if axis in known else len(known), axis)


def _x(n: int, most: int) -> str:
    return _number(n / most * _SPAN)


def _y(share: float) -> str:
    return _number((1 - share) * _SPAN)


def _percent_down(share: float) -> str:
    return _number(100 - 100 * share)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
