"""Reports as machines read them: JSON values, and CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pilotage.core.amount import Amount
from pilotage.core.clock import format_time
from pilotage.core.estimate import Estimate
from pilotage.evaluation.reports.difference import Difference
from pilotage.evaluation.reports.item_lines import ItemLine, PairLine, Texts, visible_text
from pilotage.evaluation.reports.report import SEALED_WHY, RunLine, RunReport, claim_in_words

LONGEST_CELL = 30_000
"""Characters of a text in a cell; a spreadsheet takes no more than 32,767."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
ITEM_COLUMNS = (
    "slot", "item", "state", "reason", "score", "label", "baseline", "seconds", "tries",
    "cost_low", "cost_high", "currency", "answers", "input", "expected", "answer",
)  # fmt: skip
RUN_COLUMNS = (
    "run", "use_case", "evaluation", "release", "attempt", "verdict", "form", "found", "low", "high", "confidence",
    "n", "started", "finished", "evidence",
)  # fmt: skip
PAIR_COLUMNS = ("item", "change", "before", "before_reason", "after", "after_reason")


def line_as_json(line: RunLine) -> dict[str, Any]:
    """Give a run in short as a JSON value."""
    return {
        "run": line.run,
        "use_case": line.use_case,
        "evaluation": line.evaluation,
        "release": line.release,
        "attempt": line.attempt,
        "claim": line.claim.model_dump(mode="json") | {"words": claim_in_words(line.claim)},
        "verdict": line.verdict,
        "found": _estimate(line.estimate),
        "n": line.n,
        "dataset_digest": line.dataset_digest,
        "plan": line.plan,
        "seed": line.seed,
        "started": format_time(line.started),
        "finished": None if line.finished is None else format_time(line.finished),
        "evidence": line.evidence,
    }


def report_as_json(report: RunReport) -> dict[str, Any]:
    """Give the report of a run, without its items, as a JSON value; figures are in the words of the claim's form."""
    line, found = report.line, report.finding
    claim = line.claim
    band = () if found is None else found.band
    return {
        **line_as_json(line),
        "title": report.title,
        "standing": report.standing,
        "turn": None if report.turn is None else asdict(report.turn),
        "about": report.about,
        "dataset": report.dataset,
        "sealed": report.sealed,
        "sealed_why": SEALED_WHY if report.sealed else None,
        "sample": None if found is None else found.sample,
        "counts": {**asdict(report.counts), "n": report.counts.n},
        "gate": None if found is None else found.gate,
        "repeats": None if found is None else found.repeats,
        "trivial": None if found is None or found.baseline is None else _estimate(found.baseline.value()),
        "disagreement": None if found is None or found.disagreement is None else _estimate(found.disagreement.value()),
        "proof": report.proof or None,
        "benign": report.benign or None,
        "false_refusals": _estimate(report.refusals),
        "discordant": None if report.discordant is None else asdict(report.discordant),
        "labels": None if found is None or found.labels is None else found.labels.model_dump(mode="json"),
        "labelling": None if report.labelling is None else asdict(report.labelling),
        "pacing": None if report.pacing is None else asdict(report.pacing),
        "calls": None if report.calls is None else asdict(report.calls),
        "decided_by": report.decided_by or None,
        "spent": None if found is None else found.spent.model_dump(mode="json"),
        "source": None if found is None or found.source is None else found.source.model_dump(mode="json"),
        "environment": {} if found is None else found.environment,
        "band": [
            {"n": at.n, "point": claim.plain(at.point)} | _ends(claim.plain(at.low), claim.plain(at.high))
            for at in band
        ],
        "earlier": [line_as_json(other) for other in report.earlier if other.run != line.run],
    }


def item_as_json(line: ItemLine, texts: Texts | None) -> dict[str, Any]:
    """Give one item as a JSON value; without texts where they may not be shown."""
    value: dict[str, Any] = {
        "slot": line.slot,
        "item": line.item,
        "state": line.state,
        "reason": line.reason,
        "score": line.score,
        "label": line.label,
        "baseline": line.baseline,
        "seconds": line.seconds,
        "tries": line.tries,
        "cost": _amount(line.cost),
        "answers": line.answers,
    }
    return value if texts is None else value | {"texts": asdict(texts)}


def items_as_json(report: RunReport, items: Iterable[tuple[ItemLine, Texts | None]]) -> Iterator[str]:
    """Give a report with all its items as the parts of one JSON document, one item a line."""
    head = json.dumps(report_as_json(report), ensure_ascii=False)
    yield head.removesuffix("}") + ', "items": ['
    between = "\n"
    for line, texts in items:
        yield between + json.dumps(item_as_json(line, texts), ensure_ascii=False)
        between = ",\n"
    yield "\n]}\n"


def difference_as_json(difference: Difference, lines: Iterable[PairLine]) -> dict[str, Any]:
    """Give two runs compared as a JSON value, with some or all of the items that they treated differently."""
    pairs = difference.pairs
    return {
        "first": line_as_json(difference.first),
        "second": line_as_json(difference.second),
        "pairs": pairs.n,
        "both_pass": pairs.both_pass,
        "both_fail": pairs.both_fail,
        "better": pairs.better,
        "worse": pairs.worse,
        "difference": _estimate(difference.share),
        "grade_difference": _estimate(difference.grade),
        "notes": list(difference.notes),
        "items": [
            {
                "item": line.before.item,
                "change": change_of(line),
                "before": {"state": line.before.state, "reason": line.before.reason},
                "after": {"state": line.after.state, "reason": line.after.reason},
            }
            for line in lines
        ],
    }


def change_of(line: PairLine) -> str:
    """Say in one word what became of an item that two runs treated differently."""
    return "worse" if line.before.state == "pass" else "better"


def items_as_csv(items: Iterable[tuple[ItemLine, Texts | None]]) -> Iterator[str]:
    """Give items as lines of CSV, the head first; the cells of sealed texts are empty."""
    yield _row(ITEM_COLUMNS)
    for line, texts in items:
        cost = line.cost
        yield _row(
            (
                line.slot,
                line.item,
                line.state,
                line.reason,
                line.score,
                line.label,
                line.baseline,
                round(line.seconds, 6),
                line.tries,
                *((None, None, None) if cost is None else (cost.low, cost.high, cost.unit)),
                line.answers,
                *((None, None, None) if texts is None else (texts.input, texts.expected, _answers(texts.answers))),
            )
        )


def lines_as_csv(lines: Iterable[RunLine]) -> Iterator[str]:
    """Give runs in short as lines of CSV, the head first."""
    yield _row(RUN_COLUMNS)
    for line in lines:
        found = line.estimate
        yield _row(
            (
                line.run,
                line.use_case,
                line.evaluation,
                line.release,
                line.attempt,
                line.verdict,
                line.claim.form,
                *((None,) * 4 if found is None else (found.point, found.low, found.high, found.confidence)),
                line.n,
                format_time(line.started),
                None if line.finished is None else format_time(line.finished),
                line.evidence,
            )
        )


def pairs_as_csv(lines: Iterable[PairLine]) -> Iterator[str]:
    """Give items that two runs treated differently as lines of CSV, the head first."""
    yield _row(PAIR_COLUMNS)
    for line in lines:
        before, after = line.before, line.after
        yield _row((before.item, change_of(line), before.state, before.reason, after.state, after.reason))


def _row(cells: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: object) -> object:
    """Disarm what a spreadsheet would run: a text that begins like a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = f"'{value}" if value.startswith(_FORMULA) else value
    return visible_text(text, LONGEST_CELL)


def _answers(answers: Sequence[str]) -> str:
    return "\n---\n".join(answers)


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    return None if estimate is None else asdict(estimate)


def _ends(one: float, other: float) -> dict[str, float]:
    return {"low": min(one, other), "high": max(one, other)}


def _amount(amount: Amount | None) -> dict[str, str] | None:
    if amount is None:
        return None
    return {"low": str(amount.low), "high": str(amount.high), "unit": amount.unit}
