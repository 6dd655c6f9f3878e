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
_MOST_RUNS = 60
_LOW = 0.12
"""Height below which a label would cover the figures of the axis."""
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
        form: the claim's form. All figures are of the mean that the gate bets on; drawn is what the form makes of
            it: the share passed, the share of attacks that succeeded, or the difference to the baseline.
    """

    key: str
    claim: str
    verdict: str
    p0: float
    p1: float
    cap: int
    band: Sequence[BandAt]
    baseline: float | None
    form: str = "share"


@dataclass(frozen=True, slots=True)
class RunAt:
    """What one run found, in the words of its claim's form.

    Attributes:
        at: when its verdict fell.
        verdict: MEETS, FAILS or UNDECIDED.
        point: the figure found.
        low: lower end of its interval.
        high: upper end of its interval.
        n: items that it rests on.
        here: whether it is the run that the page is about.
    """

    at: datetime
    verdict: str
    point: float
    low: float
    high: float
    n: int
    here: bool


@dataclass(frozen=True, slots=True)
class RunsFigures:
    """What the chart of an evaluation's runs shows.

    Attributes:
        key: unique on the page; ids within the SVG begin with it.
        form: the claim's form: share, attack or comparison.
        bound: what must be exceeded, or stayed below by an attack, in the form's own words.
        runs: what each run found, oldest first.
    """

    key: str
    form: str
    bound: float
    runs: Sequence[RunAt]


@dataclass(frozen=True, slots=True)
class LevelsAt:
    """The three levels at one moment, and the stage."""

    at: datetime
    levels: dict[str, int]
    stage: str


@dataclass(frozen=True, slots=True)
class _Axis:
    """The upright axis: from which figure to which, and how they are written."""

    low: float
    high: float
    form: str

    def place(self, figure: float) -> float:
        """Give the height of a figure, from 0 at the bottom to 1 at the top."""
        return (figure - self.low) / (self.high - self.low)

    def inside(self, figure: float) -> float:
        """Give the height of a figure, held within the plot."""
        return min(max(self.place(figure), 0.0), 1.0)

    def text(self, figure: float) -> str:
        """Write a figure: a share in per cent, a difference in points with its sign."""
        if self.form != "comparison":
            return share_text(figure)
        points = round(figure * 100, 1)
        digits = f"{abs(points):.0f}" if points == round(points) else f"{abs(points):.1f}"
        return f"{'−' if points < 0 else '+' if points > 0 else ''}{digits}"

    def grid(self) -> tuple[float, ...]:
        """Give the figures at which lines are drawn."""
        return tuple(self.low + (self.high - self.low) * quarter / 4 for quarter in range(5))


def _plan_axis(form: str, figures: Sequence[float]) -> _Axis:
    """Choose the axis: all of it for shares, the part that matters for rates near 0 and for differences."""
    if form == "share":
        return _Axis(0.0, 1.0, form)
    most = max((abs(figure) for figure in figures), default=1.0)
    high = next((end for end in (0.05, 0.1, 0.2, 0.4, 0.6, 1.0) if end >= most), 1.0)
    return _Axis(-high if form == "comparison" else 0.0, high, form)


_NOUNS = {
    "share": "Share passed",
    "attack": "Share of attacks that succeeded",
    "comparison": "Points over the baseline",
}
_BOUNDS = {"share": ("p0", "p1"), "attack": ("limit", "believed"), "comparison": ("bound", "believed")}


def _in_words_of(form: str, mean: float) -> float:
    """Give the mean that a gate bets on as the claim's form tells it."""
    return {"share": mean, "attack": 1 - mean, "comparison": 2 * mean - 1}[form]


def _band_in_words_of(form: str, at: BandAt) -> BandAt:
    low, high = sorted((_in_words_of(form, at.low), _in_words_of(form, at.high)))
    return BandAt(at.n, _in_words_of(form, at.point), low, high)


def draw_gate(figures: GateFigures) -> Markup:
    """Draw what was found against n, its band, the claim's two lines, and the point of the verdict."""
    if not figures.band:
        return Markup('<p class="empty-note">Nothing was measured yet, so there is nothing to draw.</p>')
    form = figures.form
    bands = [_band_in_words_of(form, at) for at in figures.band]
    bound, believed = _in_words_of(form, figures.p0), _in_words_of(form, figures.p1)
    last = bands[-1]
    most = _round_up(last.n)
    axis = _plan_axis(form, (bound * 1.5, believed * 1.5, last.low, last.high))
    points = _thinned(bands, _MOST_POINTS)
    key = escape(figures.key)
    noun, (lower, upper) = _NOUNS[form], _BOUNDS[form]
    title = f"{noun} after each item: {figures.verdict} at n = {last.n}"
    description = (
        f"Claim: {figures.claim}. After {last.n} items it was {axis.text(last.point)}, with a confidence band "
        f"from {axis.text(last.low)} to {axis.text(last.high)}. The line of the claim, {lower}, stands at "
        f"{axis.text(bound)}; the team believes in {upper} = {axis.text(believed)}; at most {figures.cap} items."
    )
    band = _band_path(points, most, axis)
    line = " ".join(f"{_x(point.n, most)},{_y(axis.place(point.point))}" for point in points)
    marks = [(lower, bound, "p0"), (upper, believed, "p1")]
    if figures.baseline is not None and form == "share":
        marks.append(("trivial", figures.baseline, "trivial"))
    parts = [
        *(_grid_line(axis.place(figure), axis.text(figure)) for figure in axis.grid()),
        *(_tick(n / most * 100, str(n)) for n in _ticks(most)),
        _stretched(
            Markup('<path class="band" d="{band}"/><polyline class="line" points="{line}"/>').format(
                band=band, line=line
            )
        ),
        *(_mark(name, axis.inside(figure), kind) for name, figure, kind in marks),
        *_edge_labels([(f"{name} {axis.text(figure)}", axis.inside(figure), kind) for name, figure, kind in marks]),
        _verdict_point(figures.verdict, last, most, axis),
    ]
    table = _figures_table(
        "Figures of the chart",
        ("n", noun, "Low", "High"),
        [(str(at.n), axis.text(at.point), axis.text(at.low), axis.text(at.high)) for at in _thinned(bands, _MOST_ROWS)],
    )
    return _svg(key, title, description, parts) + table


def draw_runs(figures: RunsFigures) -> Markup:
    """Draw what each run of an evaluation found, with its interval, at the time when its verdict fell."""
    if not figures.runs:
        return Markup('<p class="empty-note">No run has a verdict yet, so there is nothing to compare.</p>')
    runs = figures.runs
    first, last = runs[0].at, runs[-1].at
    whole = max((last - first).total_seconds(), 1.0)
    axis = _plan_axis(figures.form, [figures.bound * 1.5, *(end for run in runs for end in (run.low, run.high))])
    noun, name = _NOUNS[figures.form], _BOUNDS[figures.form][0]
    shown = _thinned(runs, _MOST_RUNS)
    title = f"{noun}, run by run: {len(runs)} with a verdict"
    newest = runs[-1]
    description = (
        f"From {date_text(first)} to {date_text(last)}. The last run found {axis.text(newest.point)}, from "
        f"{axis.text(newest.low)} to {axis.text(newest.high)} ({newest.verdict}). The line of the claim, {name}, "
        f"stands at {axis.text(figures.bound)}."
    )
    alone = last == first
    parts = [
        *(_grid_line(axis.place(figure), axis.text(figure)) for figure in axis.grid()),
        *(
            [_tick(50, date_text(first))]
            if alone
            else [_tick(0, date_text(first), "start"), _tick(100, date_text(last), "end")]
        ),
        _mark(name, axis.inside(figures.bound), "p0"),
        *_edge_labels([(f"{name} {axis.text(figures.bound)}", axis.inside(figures.bound), "p0")]),
        *(_run_point(run, 50.0 if alone else 2 + 96 * (run.at - first).total_seconds() / whole, axis) for run in shown),
    ]
    table = _figures_table(
        "Figures of the runs",
        ("Verdict fell", "Verdict", noun, "Low", "High", "n"),
        [
            (date_text(run.at), run.verdict, axis.text(run.point), axis.text(run.low), axis.text(run.high), str(run.n))
            for run in reversed(_thinned(runs, _MOST_ROWS))
        ],
    )
    return _svg(escape(figures.key), title, description, parts) + table


def _run_point(run: RunAt, x: float, axis: _Axis) -> Markup:
    return Markup(
        "<g><title>{verdict}, {at}: {point}</title>"
        '<line class="whisker" x1="{x}%" x2="{x}%" y1="{high}%" y2="{low}%"/>'
        '<circle class="verdict {kind}{here}" cx="{x}%" cy="{y}%" r="{r}"/></g>'
    ).format(
        verdict=run.verdict,
        at=date_text(run.at),
        point=axis.text(run.point),
        x=_number(x),
        high=_percent_down(axis.inside(run.high)),
        low=_percent_down(axis.inside(run.low)),
        y=_percent_down(axis.inside(run.point)),
        kind=run.verdict.lower(),
        here=" here" if run.here else "",
        r="6.5" if run.here else "4.5",
    )


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
        _stretched(Markup().join(lines)),
        *_edge_labels(
            [(f"{axis} {last.levels.get(axis, 0)}", last.levels.get(axis, 0) / 9, axis.lower()) for axis in axes]
        ),
    ]
    table = _figures_table(
        "Figures of the history",
        ("Assessed", *axes, "Stage"),
        [
            (date_text(item.at), *(str(item.levels.get(axis, 0)) for axis in axes), item.stage)
            for item in reversed(_thinned(history, _MOST_ROWS))
        ],
    )
    return _svg(escape(key), title, description, parts) + table


def _svg(key: Markup, title: str, description: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<div class="chart"><svg class="plot" role="img" aria-labelledby="{key}-t {key}-d">'
        '<title id="{key}-t">{title}</title><desc id="{key}-d">{description}</desc>{parts}</svg></div>'
    ).format(key=key, title=title, description=description, parts=Markup().join(parts))


def _stretched(parts: Markup) -> Markup:
    return Markup(
        '<svg class="stretch" x="0" y="0" width="100%" height="100%" viewBox="0 0 {s} {s}" '
        'preserveAspectRatio="none">{parts}</svg>'
    ).format(s=_SPAN, parts=parts)


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


def _verdict_point(verdict: str, last: BandAt, most: int, axis: _Axis) -> Markup:
    x = last.n / most * 100
    # The label leans to the inside, away from the nearer edge, and stands off the point.
    anchor, dx = ("end", "-10") if x > 50 else ("start", "10")  # noqa: PLR2004 - the middle
    high, low = axis.inside(last.high), axis.inside(last.low)
    below = high > 0.85  # noqa: PLR2004 - where a label above would leave the plot
    return Markup(
        '<line class="whisker" x1="{x}%" x2="{x}%" y1="{high}%" y2="{low}%"/>'
        '<circle class="verdict {kind}" cx="{x}%" cy="{y}%" r="5.5"/>'
        '<text class="verdict-label" x="{x}%" y="{label}%" dx="{dx}" dy="{dy}" text-anchor="{anchor}">'
        "{verdict} at n = {n}</text>"
    ).format(
        x=_number(x),
        high=_percent_down(high),
        low=_percent_down(low),
        y=_percent_down(axis.inside(last.point)),
        label=_percent_down(low if below else high),
        kind=verdict.lower(),
        dx=dx,
        dy="18" if below and low > _LOW else "-8",
        anchor=anchor,
        verdict=verdict,
        n=last.n,
    )


def _band_path(points: Sequence[BandAt], most: int, axis: _Axis) -> str:
    upper = [f"{_x(point.n, most)},{_y(axis.place(point.high))}" for point in points]
    lower = [f"{_x(point.n, most)},{_y(axis.place(point.low))}" for point in reversed(points)]
    return "M" + "L".join([*upper, *lower]) + "Z"


def _figures_table(label: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Set the figures of a chart as a table, which is the path for those who do not see the chart."""
    return Markup(
        '<details class="figures"><summary>The chart’s figures</summary><div class="scroll" tabindex="0" role="group" '
        'aria-label="{label}"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
    ).format(
        label=label,
        head=Markup().join(Markup('<th scope="col">{name}</th>').format(name=name) for name in head),
        rows=Markup().join(
            Markup("<tr>{cells}</tr>").format(
                cells=Markup().join(Markup("<td>{cell}</td>").format(cell=cell) for cell in row)
            )
            for row in rows
        ),
    )


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
