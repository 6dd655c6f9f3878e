"""The page on code that must work says what is so."""

from __future__ import annotations

import json
import re

import pytest

from pilotage.evaluation.observers.sandbox import SandboxObserver
from pilotage.evaluation.sandbox.cell import Cell
from pilotage.evaluation.sandbox.inside.wire import decode
from pilotage.evaluation.scorers.code import lacking_for_code, score_code
from pilotage.evaluation.targets.target import Answer
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import CodeScorer

_RIGHT = """```python
def unique(values):
    return list(dict.fromkeys(values))
```"""
_WRONG = "def unique(values):\n    return sorted(set(values))"


@pytest.fixture
def page(pytestconfig: pytest.Config) -> str:
    """Give the page."""
    return (pytestconfig.rootpath / "docs" / "code-that-must-work.md").read_text(encoding="utf-8")


@pytest.mark.anyio
@pytest.mark.parametrize(("code", "state"), [(_RIGHT, "pass"), (_WRONG, "fail")])
async def test_item(page: str, property_cell: Cell, code: str, state: str) -> None:
    """The item of the page passes right code and fails wrong code."""
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    item = Item(shown["id"], shown["input"], shown["expected"])
    scorer = CodeScorer(type="code", seconds=60)
    report = await SandboxObserver(scorer, property_cell).observe(item, Answer(code, 1.0), run="r", repeat=0)

    assert lacking_for_code(item.expected) is None
    assert score_code(scorer, item.expected, report).state == state


def test_tags(page: str) -> None:
    """Every tagged value on the page stands for a plain value."""
    tagged = [json.loads(text) for text in re.findall(r"`(\{\"\$.*?\})`", page)]

    assert len(tagged) == 7
    for value in tagged:
        decode(value)
