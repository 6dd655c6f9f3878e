"""The rules of shape that no linter knows: sizes, what a package file holds, names, what pure code may do."""

import ast
import itertools
import statistics
from pathlib import Path

MOST_LINES = 500
MEDIAN_LINES = 200
MOST_NAMES = 18
ROOT_ERROR = "PilotageError"
VAGUE_NAMES = {
    "base",
    "common",
    "helper",
    "helpers",
    "manager",
    "misc",
    "service",
    "services",
    "shared",
    "util",
    "utils",
}
ACTING_CALLS = {"breakpoint", "input", "open", "print"}
CLOCK_CALLS = {"now", "today", "utcnow"}


def calls_in(tree: ast.AST) -> list[tuple[int, str]]:
    """List the calls in some code: line, and the last word of what is called."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    plain = [(call.lineno, call.func.id) for call in calls if isinstance(call.func, ast.Name)]
    attributes = [(call.lineno, f".{call.func.attr}") for call in calls if isinstance(call.func, ast.Attribute)]
    return plain + attributes


def test_no_file_is_long(sources: dict[str, str]) -> None:
    """No source file has more lines than a reader holds in mind."""
    lengths = {path: len(text.splitlines()) for path, text in sources.items()}

    assert {} == {path: lines for path, lines in lengths.items() if lines > MOST_LINES}


def test_most_files_are_short(sources: dict[str, str]) -> None:
    """The median file, packages' docstrings aside, stays below the limit."""
    lengths = [len(text.splitlines()) for path, text in sources.items() if not path.endswith("__init__.py")]

    assert statistics.median(lengths) < MEDIAN_LINES


def test_package_file_holds_a_docstring_only(sources: dict[str, str]) -> None:
    """An __init__.py says what its package is and re-exports nothing, so that each name has one home."""
    bodies = {path: ast.parse(text).body for path, text in sources.items() if path.endswith("__init__.py")}

    wrong = {path for path, body in bodies.items() if not is_docstring_alone(body)}

    assert set() == wrong


def is_docstring_alone(body: list[ast.stmt]) -> bool:
    """Tell whether a module consists of one string."""
    return len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


def test_every_folder_is_a_package(package: Path, sources: dict[str, str]) -> None:
    """A folder with source files has an __init__.py, or the import contracts would not see it."""
    folders = {Path(path).parent for path in sources}

    assert set() == {str(folder) for folder in folders if not (package / folder / "__init__.py").is_file()}


def test_names_say_something(sources: dict[str, str]) -> None:
    """No file or folder is named for being used, helping or managing."""
    words = {path: {*Path(path).with_suffix("").parts} for path in sources}
    parts = {
        path: set(itertools.chain.from_iterable(word.split("_") for word in found)) for path, found in words.items()
    }

    assert {} == {path: found & VAGUE_NAMES for path, found in parts.items() if found & VAGUE_NAMES}


def test_classes_carry_no_brand(sources: dict[str, str]) -> None:
    """No class repeats the name of the product, but for the root of the error tree."""
    classes = [
        f"{path}: {node.name}"
        for path, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and node.name.startswith("Pilotage") and node.name != ROOT_ERROR
    ]

    assert [] == classes


def test_folder_list_stays_short(package: Path) -> None:
    """The package's folder list fits one look, as the flow that it draws has to."""
    names = {path.name for path in package.iterdir() if not path.name.startswith(("_", "py.typed"))}

    assert len(names) <= MOST_NAMES


def test_pure_modules_are_not_asynchronous(pure_sources: dict[str, str]) -> None:
    """Nothing that decides waits: a pure module has no async function."""
    found = [
        f"{path}:{node.lineno}"
        for path, text in pure_sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await))
    ]

    assert [] == found


def test_pure_modules_do_not_ask_the_clock(pure_sources: dict[str, str]) -> None:
    """A pure module is handed the present moment as an argument."""
    found = [
        f"{path}:{line}: {name}"
        for path, text in pure_sources.items()
        for line, name in calls_in(ast.parse(text))
        if name.removeprefix(".") in CLOCK_CALLS and name.startswith(".")
    ]

    assert [] == found


def test_pure_modules_neither_read_nor_print(pure_sources: dict[str, str]) -> None:
    """A pure module opens no file, asks nobody and prints nothing."""
    found = [
        f"{path}:{line}: {name}"
        for path, text in pure_sources.items()
        for line, name in calls_in(ast.parse(text))
        if name in ACTING_CALLS
    ]

    assert [] == found
