"""Tests of the charts: well-formed, accessible, and the same figures in picture and table."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.portal.charts import (
    BandAt,
    GateFigures,
    LevelsAt,
    RunAt,
    RunsFigures,
    draw_gate,
    draw_history,
    draw_runs,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def gate(n: int, **changes: object) -> GateFigures:
    """Make the figures of a gate that passed four of five."""
    band = tuple(BandAt(at, 0.8, max(0, 0.8 - 1 / at), min(1, 0.8 + 1 / at)) for at in range(1, n + 1))
    plain = {
        "key": "g",
        "claim": "eight of ten",
        "verdict": "FAILS",
        "p0": 0.8,
        "p1": 0.9,
        "cap": 240,
        "band": band,
        "baseline": 0.4,
    }
    return GateFigures(**(plain | changes))  # pyright: ignore[reportArgumentType] - fields by name


def parsed(chart: str) -> ET.Element:
    """Read a chart as XML, which it must be."""
    return ET.fromstring(f"<div>{chart}</div>")  # noqa: S314 - text that was made here


def test_a_gate_chart_tells_itself_in_words() -> None:
    """The SVG is an image with a title and a description, which name verdict, n, band, p0 and p1."""
    svg = parsed(draw_gate(gate(40))).find(".//svg")

    assert svg is not None
    assert "img" == svg.get("role")
    assert "g-t g-d" == svg.get("aria-labelledby")
    words = " ".join(svg.itertext())
    for word in ("FAILS at n = 40", "p0", "p1", "80", "90", "eight of ten"):
        assert word in words


def test_letters_are_not_scaled() -> None:
    """The outer SVG has no viewBox; only the nested one, which holds no text, is stretched."""
    svg = parsed(draw_gate(gate(40))).find(".//svg")

    assert svg is not None
    assert svg.get("viewBox") is None
    nested = svg.find("svg")
    assert nested is not None
    assert "none" == nested.get("preserveAspectRatio")
    assert nested.find(".//text") is None


def test_a_chart_carries_no_style_of_its_own() -> None:
    """There is no style attribute, which the content policy would refuse, and no colour, which a theme sets."""
    charts = draw_gate(gate(40)) + draw_history("h", [LevelsAt(NOW, {"TRL": 3}, "pilot")], NOW)

    assert not re.search(r'style=|fill="|stroke="|#[0-9a-f]{3}', charts)


def test_the_table_ends_where_the_gate_did() -> None:
    """The table holds at most two dozen rows, the first and the last item among them."""
    rows = [row for row in parsed(draw_gate(gate(240))).iter("tr") if row.find("td") is not None]

    assert 24 == len(rows)
    assert ["1", "240"] == [(rows[at].findtext("td")) for at in (0, -1)]


def test_hostile_text_stays_text() -> None:
    """A claim with mark-up in it is escaped in the chart."""
    chart = draw_gate(gate(3, claim="<script>alert(1)</script>"))

    assert "<script" not in chart
    assert parsed(chart) is not None


@pytest.mark.parametrize("close", [(0.95, 0.97, 0.96), (0.01, 0.02, 0.015), (0.5, 0.51, 0.5)])
def test_labels_do_not_cover_each_other(close: tuple[float, float, float]) -> None:
    """Labels at the edge are pushed apart and stay inside the plot."""
    p0, p1, baseline = close
    labels = [
        float(text.get("y", "")[:-1])
        for text in parsed(draw_gate(gate(3, p0=p0, p1=p1, baseline=baseline))).iter("text")
        if text.get("class", "").startswith("edge")
    ]

    assert 3 == len(labels)
    assert all(below - above >= 8.4 for above, below in pairwise(labels))
    assert all(0 <= label <= 100.1 for label in labels)


def test_an_attack_is_drawn_as_success_rate() -> None:
    """The gate bets on the share resisted; drawn are the share that succeeded, its limit, and a fitting axis."""
    band = tuple(BandAt(at, 0.99, 0.9, 1.0) for at in range(1, 60))
    chart = draw_gate(gate(1, band=band, p0=0.95, p1=0.99, form="attack"))
    words = " ".join(parsed(chart).itertext())

    assert "Share of attacks that succeeded" in words
    assert "limit 5\u202f%" in words
    assert "believed 1\u202f%" in words
    assert "7.5\u202f%" in words
    assert "100\u202f%" not in words
    assert ["59", "1\u202f%", "0\u202f%", "10\u202f%"] == [cell.text for cell in list(parsed(chart).iter("tr"))[-1]]


def test_a_comparison_is_drawn_as_difference() -> None:
    """The gate bets on (difference + 1) / 2; drawn is the difference in points, on an axis around 0."""
    band = tuple(BandAt(at, 0.53, 0.48, 0.58) for at in range(1, 60))
    words = " ".join(parsed(draw_gate(gate(1, band=band, p0=0.49, p1=0.55, form="comparison"))).itertext())

    assert "Points over the baseline" in words
    assert "bound −2" in words
    assert "believed +10" in words
    assert "+6" in words
    assert "−20" in words


def run(days: int, **changes: object) -> RunAt:
    """Make what one run found, so many days ago."""
    plain = {
        "at": NOW - timedelta(days=days),
        "verdict": "MEETS",
        "point": 0.9,
        "low": 0.85,
        "high": 0.95,
        "n": 200,
        "here": False,
    }
    return RunAt(**(plain | changes))  # pyright: ignore[reportArgumentType] - fields by name


def test_runs_are_drawn_over_time() -> None:
    """Each run is a point with its interval; the page's own stands out, and the table has the newest first."""
    runs = [run(30, verdict="FAILS", point=0.7, low=0.6, high=0.8), run(20), run(0, here=True)]
    tree = parsed(draw_runs(RunsFigures("r", "share", 0.8, runs)))
    svg = tree.find(".//svg")

    assert svg is not None
    assert "r-t r-d" == svg.get("aria-labelledby")
    assert ["verdict fails", "verdict meets", "verdict meets here"] == [
        circle.get("class") for circle in tree.iter("circle")
    ]
    places = [float((circle.get("cx") or "")[:-1]) for circle in tree.iter("circle")]
    assert sorted(places) == places
    assert "2026-11-22" == next(row.findtext("td") for row in tree.iter("tr") if row.find("td") is not None)
    assert "p0 80" in " ".join(tree.itertext())


@given(
    st.lists(st.tuples(st.integers(0, 400), st.floats(-1, 1)), min_size=1, max_size=90),
    st.sampled_from(["share", "attack", "comparison"]),
)
def test_any_runs_can_be_drawn(found: list[tuple[int, float]], form: str) -> None:
    """However many runs there are and whatever they found, the chart is well formed, bounded and inside."""
    ordered = sorted(found, reverse=True)
    runs = [
        run(days, point=value if form == "comparison" else abs(value), low=-1 if form == "comparison" else 0, high=1)
        for days, value in ordered
    ]
    chart = draw_runs(RunsFigures("r", form, 0.05, runs))

    assert len(chart) < 30_000
    for circle in parsed(chart).iter("circle"):
        assert 0 <= float((circle.get("cx") or "")[:-1]) <= 100
        assert 0 <= float((circle.get("cy") or "")[:-1]) <= 100


@given(
    st.integers(1, 500),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 1)),
    st.sampled_from(["share", "attack", "comparison"]),
)
def test_any_gate_can_be_drawn(n: int, share: float, baseline: float | None, form: str) -> None:
    """Whatever was measured, the chart is well formed and small."""
    band = tuple(BandAt(at, share, max(0, share - 1 / at), min(1, share + 1 / at)) for at in range(1, n + 1))
    chart = draw_gate(gate(1, band=band, baseline=baseline, form=form))

    assert parsed(chart) is not None
    assert len(chart) < 12_000


def test_nothing_measured_is_said() -> None:
    """A gate without items and a history without assessments say so instead of drawing."""
    assert "Nothing was measured" in draw_gate(gate(0))
    assert "Nothing was assessed" in draw_history("h", [], NOW)
    assert "No run has a verdict" in draw_runs(RunsFigures("r", "share", 0.8, ()))


def test_history_draws_a_step_for_each_change() -> None:
    """Each axis is a line of steps with its own class, its level stands at the end, and the newest row is first."""
    history = [LevelsAt(NOW - timedelta(days=10 - k), {"HRL": 1, "TRL": k}, "pilot") for k in range(5)]
    tree = parsed(draw_history("h", history, NOW))

    assert ["line trl", "line hrl"] == [line.get("class") for line in tree.iter("polyline")]
    words = " ".join(tree.itertext())
    assert "TRL 4" in words
    assert "2026-11-16" == next(row.findtext("td") for row in tree.iter("tr") if row.find("td") is not None)
