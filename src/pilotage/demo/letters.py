"""Asks a route for one answer, to show it as it is."""

from __future__ import annotations

from pathlib import Path

from pilotage.core.errors import UsageError
from pilotage.demo.story import Letter
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.targets.http_target import RouteTarget

NO_RUN = ""


async def fetch_letter(letter: Letter, data_folder: Path, *, gateway_url: str, key: str) -> tuple[str, str]:
    """Give the question and the answer.

    Raises:
        UsageError: the story names an item that its data lack.
        CallError: no answer came.
    """
    items = read_items((data_folder / letter.dataset).read_bytes())
    item = next((item for item in items if item.id == letter.item), None)
    if item is None:
        raise UsageError(f"{letter.dataset} has no item {letter.item!r}", "name one of its ids in story.yaml")
    async with RouteTarget(gateway_url, route=letter.route, key=key) as target:
        answer = await target.fetch_answer(item, run=NO_RUN, repeat=0)
    return str(item.input), str(answer.value)
