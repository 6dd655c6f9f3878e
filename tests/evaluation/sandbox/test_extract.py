"""Which part of an answer is taken for its code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.evaluation.sandbox.extract import extract_code

_F = "def f(x):\n    return x"


@pytest.mark.parametrize(
    "answer",
    [
        _F,
        f"Here it is:\n```python\n{_F}\n```\nEnjoy.",
        f"```py\n{_F}\n```",
        f"```\n{_F}\n```",
        f"~~~Python title=x\n{_F}\n~~~",
        f"````python\n{_F}\n````",
        f"```python\n{_F}",
        f"```bash\npip install x\n```\n```python\n{_F}\n```",
        f"```\nsample output\n```\n```python\n{_F}\n```",
        f"```python\n{_F}\n```\nUse it:\n```python\nprint(f(input()))\n```",
        f"```python\n{_F}\n```\nOr shorter:\n```python\nf = lambda x: x\n```",
    ],
)
def test_takes_code(answer: str) -> None:
    """Code is found in a marked block, in an unmarked one, or as the whole answer; use and variants are left out."""
    assert extract_code(answer, "f") == _F


def test_joins_blocks() -> None:
    """What stands in blocks before the definition, such as imports, belongs to it."""
    answer = f"```python\nimport math\n```\nand\n```python\n{_F}\n```"

    assert extract_code(answer, "f") == f"import math\n{_F}"


def test_joins_all_without_definition() -> None:
    """Where no block defines the function all are joined, and the sandbox says what is wrong."""
    assert extract_code("```python\na = 1\n```\n```python\nb = 2\n```", "f") == "a = 1\nb = 2"


def test_keeps_inner_fences() -> None:
    """A shorter fence within a block, as in a docstring, is part of the code."""
    inner = 'def f(x):\n    """\n    ```python\n    f(1)\n    ```\n    """'

    assert extract_code(f"````python\n{inner}\n````", "f") == inner


@given(st.text(alphabet="`~ \npyf=a:", max_size=80))
def test_takes_any_text(answer: str) -> None:
    """Any text has a part that is taken, and it is made of lines of the answer."""
    assert set(extract_code(answer, "f").split("\n")) <= set(answer.split("\n")) | {""}


def test_takes_time_linear_in_text() -> None:
    """Megabytes of fences are gone through once; this ends, or the run does not."""
    assert extract_code("```" * 500_000 + "\n" + "`" * 1_000_000, "f")
