"""Code that must work: what an item says of the function, and what the sandbox found."""

from __future__ import annotations

import ast
import keyword

from pilotage.core.canonical import Json
from pilotage.evaluation.json_shape import is_list, is_object
from pilotage.evaluation.outcome import PASS, Outcome, fail
from pilotage.evaluation.sandbox.inside.wire import NotPlainError, decode
from pilotage.evaluation.scorers.observation import SandboxReport
from pilotage.registry.kinds.scorer import CodeScorer

MOST_EXAMPLES = 1_000
MOST_PROPERTY_CHARACTERS = 65_536

_FIELDS = {"function", "examples", "properties"}
_EXAMPLE_FIELDS = {"args", "kwargs", "gives", "raises"}


def lacking_for_code(expected: Json) -> str | None:
    """Say what an item's expected value should be for code to be checked by it; None where it is fit.

    It is an object: `function`, the name of what the code must define; `examples`, a list of objects with `args`,
    `kwargs`, and either `gives` or `raises`, the name of an exception; `properties`, Python source with Hypothesis
    tests that call the function by its name. There are examples, properties, or both.
    """
    if not is_object(expected) or not expected.keys() <= _FIELDS:
        return "an object with `function`, `examples` and `properties` alone, as expected value"
    name = expected.get("function")
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        return "`function` in the expected value, the name of a Python function"
    if not expected.get("examples") and not expected.get("properties"):
        return "`examples` or `properties` in the expected value"
    return _lacking_in_examples(expected.get("examples", [])) or _lacking_in_properties(expected, name)


def count_checks(expected: Json) -> int:
    """Count the examples and properties of an expected value in which nothing is lacking."""
    return len(expected.get("examples", ())) + len(_tests_in(ast.parse(expected.get("properties", ""))))


def score_code(scorer: CodeScorer, expected: Json, observation: SandboxReport) -> Outcome:  # noqa: ARG001 - as every scorer
    """Pass when each example and each property was tried, and every one held.

    Args:
        scorer: its limits; the sandbox has kept them.
        expected: the item's expected value.
        observation: what the sandbox found.
    """
    if observation.failures:
        first, *others = observation.failures
        return fail(f"{first} (and {len(others)} more)" if others else first)
    if not observation.ran or observation.checks != count_checks(expected):
        return fail("the checks did not run to their end")
    return PASS


def _lacking_in_examples(examples: Json) -> str | None:
    if not is_list(examples) or len(examples) > MOST_EXAMPLES:
        return f"a list of at most {MOST_EXAMPLES} as `examples`"
    for number, example in enumerate(examples, start=1):
        lacking = _lacking_in_example(example)
        if lacking is not None:
            return f"{lacking} in example {number}"
    return None


def _lacking_in_example(example: Json) -> str | None:
    if not is_object(example) or not example.keys() <= _EXAMPLE_FIELDS:
        return "an object with `args`, `kwargs`, `gives` and `raises` alone"
    if ("gives" in example) == ("raises" in example):
        return "either `gives` or `raises`"
    if not isinstance(example.get("raises", "Exception"), str) or not example.get("raises", "Exception").isidentifier():
        return "the name of an exception as `raises`"
    if not is_list(example.get("args", [])) or not is_object(example.get("kwargs", {})):
        return "a list as `args` and an object as `kwargs`"
    try:
        decode([example.get("args"), list(example.get("kwargs", {}).values()), example.get("gives")])
    except NotPlainError as error:
        return f"values without unknown tags ({error})"
    return None


def _lacking_in_properties(expected: dict[str, Json], name: str) -> str | None:
    if "properties" not in expected:
        return None
    source = expected["properties"]
    if not isinstance(source, str) or not 0 < len(source) <= MOST_PROPERTY_CHARACTERS:
        return f"Python source of at most {MOST_PROPERTY_CHARACTERS} characters as `properties`"
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return f"Python as `properties` (line {error.lineno} is none)"
    except (ValueError, RecursionError, MemoryError):
        return "Python as `properties`"
    return _lacking_in_tests(tree, name)


def _lacking_in_tests(tree: ast.Module, name: str) -> str | None:
    if any(isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_") for node in tree.body):
        return "tests that are not async in `properties`"
    tests = _tests_in(tree)
    if not tests:
        return "a function named test_… in `properties`"
    if len({test.name for test in tests}) < len(tests):
        return "tests of different names in `properties`"
    if not any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree)):
        return f"tests that call {name} in `properties`"
    return None


def _tests_in(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
