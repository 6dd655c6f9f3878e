"""A starter registry with a judged evaluation, and a run of it whose answers wait for labels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from pilotage.app.platform import Platform, open_platform
from pilotage.config import read_config
from pilotage.core.canonical import digest_of_json
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.finding import claim_figures
from pilotage.evaluation.journal import DatabaseJournal, Found, Run, mint_run_id, read_page
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.plan import Ask, Recorded, plan_design, plan_run
from pilotage.ledger.records.measurement import DatasetOpened
from pilotage.registry.configuration import digest_of_plan, digest_of_scorer, plan_configuration

EVALUATION = "claims-triage-tone"
DATASET = "claims-triage-letters"
DOCUMENTS = """\
kind: Judge
version: 1
name: tone
route: claims-triage
question: Is the answer polite?
parser: {type: scale}
---
kind: Dataset
version: 1
name: claims-triage-letters
path: letters.jsonl
---
kind: Evaluation
version: 1
name: claims-triage-tone
use_case: claims-triage
dataset: claims-triage-letters
target: {route: claims-triage}
scorer: {type: judged, judge: tone, label_share: 1, graded: true}
claim: {text: Most letters are answered politely., p0: 0.8, p1: 0.9, beta: 0.001, cap: 60}
"""


def write_judged(registry: Path, items: int) -> None:
    """Add a judge, a data set and a judged evaluation to a registry."""
    (registry / "tone.yaml").write_text(DOCUMENTS)
    rows = ({"id": f"i{number}", "input": f"Letter {number}", "expected": f"Reply {number}"} for number in range(items))
    (registry / "letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def open_world(folder: Path) -> AbstractContextManager[Platform]:
    """Open the installation that commands in a folder work on."""
    return open_platform(
        read_config({"PILOTAGE_REGISTRY": str(folder / "registry"), "PILOTAGE_STATE": str(folder / ".pilotage")})
    )


def record_run(platform: Platform, scores: Sequence[float | None]) -> str:
    """Record a run whose first answers the judge gave these scores; None was not measured. Give its id."""
    loaded = platform.load_registry()
    catalog = loaded.catalog
    evaluation = catalog.evaluations[EVALUATION]
    release = plan_configuration(catalog, evaluation.use_case).root
    run = mint_run_id(platform.clock())
    opened = DatasetOpened(
        run=run,
        use_case=evaluation.use_case,
        release=release,
        evaluation=EVALUATION,
        dataset=evaluation.dataset,
        dataset_digest=catalog.dataset_digests[evaluation.dataset],
        sealed=False,
        items=digest_of_json("items"),
        measures=evaluation.measures,
        plan=digest_of_plan(catalog, evaluation),
        scorer=digest_of_scorer(catalog, evaluation.scorer),
        claim=claim_figures(evaluation.claim, plan_design(evaluation.claim, 1)),
        attempt=1,
        seed=evaluation.seed,
    )
    platform.ledger.append(opened)
    asyncio.run(
        _journal(platform).append_run(
            Run(run, opened.use_case, release, EVALUATION, opened.dataset_digest, 1, platform.clock())
        )
    )
    record_answers(platform, run, scores)
    return run


def record_answers(platform: Platform, run: str, scores: Sequence[float | None]) -> None:
    """Record more answers of a run, behind those that it has."""
    loaded = platform.load_registry()
    evaluation = loaded.catalog.evaluations[EVALUATION]
    plan = plan_run(
        read_items(loaded.datasets[evaluation.dataset]), evaluation, attempt=1, run=run, seed=evaluation.seed
    )
    first = len(read_page(platform.engine, run))
    found = [_found(slot, plan.item(slot).id, score) for slot, score in enumerate(scores, start=first)]
    asyncio.run(_journal(platform).append_outcomes(run, found))


def _journal(platform: Platform) -> DatabaseJournal:
    return DatabaseJournal(platform.engine, platform.artefacts, platform.clock)


def _found(slot: int, item: str, score: float | None) -> Found:
    if score is None:
        outcome = Outcome("not-measured", "the judge's reply gives no verdict")
    else:
        outcome = (
            Outcome("pass", score=score) if score >= 0.75 else Outcome("fail", "the judge fails the answer", score)
        )
    return Found(Ask(slot), Recorded(item, outcome, None, 0.1, 1), f"Dear customer, about {item}. \x1b[31mYours\x07")
