"""The import contracts are kept, and each of them notices a violation planted in a copy of the package."""

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grimp
import pytest

Contract = dict[str, Any]
Import = tuple[str, str]
Planter = Callable[[Contract, grimp.ImportGraph], Iterator[Import]]

CONTRACTS = ["acyclic", "gateway", "layers", "pure"]


def lint(folder: Path, pyproject: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package that lies in a folder, with the project's own contracts."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "1000", "NO_COLOR": "1"}
    program = "import sys; from importlinter.cli import lint_imports_command as run; sys.argv[0] = 'lint'; run()"
    command = [
        sys.executable,
        "-c",
        program,
        "--config",
        str(pyproject),
        "--no-cache",
        "--no-logo",
        *arguments,
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def layer_violations(contract: Contract, graph: grimp.ImportGraph) -> Iterator[Import]:
    """Give an import against each step of the layers, and one between every two packages side by side."""
    (container,) = contract["containers"]
    layers = [
        [module for name in layer.split("|") if (module := f"{container}.{name.strip(' ()')}") in graph.modules]
        for layer in contract["layers"]
    ]
    filled = [layer for layer in layers if layer]
    for upper, lower in itertools.pairwise(filled):
        yield from itertools.product(lower, upper)
    for layer in filled:
        yield from itertools.permutations(layer, 2)


def forbidden_violations(contract: Contract, graph: grimp.ImportGraph) -> Iterator[Import]:
    """Give an import of every forbidden module, and one from every place that may not import them."""
    sources = [
        module
        for expression in contract["source_modules"]
        for module in sorted(graph.find_matching_modules(expression) if "*" in expression else {expression})
    ]
    first_source, first_forbidden = sources[0], contract["forbidden_modules"][0]
    yield from ((first_source, forbidden) for forbidden in contract["forbidden_modules"])
    yield from ((source, first_forbidden) for source in sources)


def cycle_violations(_: Contract, graph: grimp.ImportGraph) -> Iterator[Import]:
    """Give, for every package, two new modules that import each other."""
    inside = graph.find_descendants("pilotage") | {"pilotage"}
    for package in sorted(module for module in inside if graph.find_children(module)):
        yield f"{package}.planted_one", f"{package}.planted_two"
        yield f"{package}.planted_two", f"{package}.planted_one"


PLANTERS: dict[str, Planter] = {
    "acyclic_siblings": cycle_violations,
    "forbidden": forbidden_violations,
    "layers": layer_violations,
}


def plant(folder: Path, importer: str, imported: str) -> Import:
    """Append one import to a module, or to a new one inside a package; returns what was planted."""
    place = folder.joinpath(*importer.split("."))
    if place.is_dir():
        importer, place = f"{importer}.planted", place / "planted"
    file = place.with_suffix(".py")
    with file.open("a") as handle:
        handle.write(f"\nimport {imported}\n")
    return importer, imported


def found_in(output: str, violation: Import) -> bool:
    """Tell whether import-linter named a violation; of a cycle it names the package."""
    importer, imported = violation
    cycle = f"No cycles are allowed in {importer.rpartition('.')[0]}."
    return cycle in output or re.search(rf"\b{re.escape(importer)} -> {re.escape(imported)}\b", output) is not None


@pytest.fixture
def copy(package: Path, tmp_path: Path) -> Path:
    """Give a folder with a copy of the package, so that nothing is planted in the real one."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "pilotage", ignore=ignored)
    return tmp_path


@pytest.fixture
def pyproject(pytestconfig: pytest.Config) -> Path:
    """Give the file with the contracts."""
    return pytestconfig.rootpath / "pyproject.toml"


def test_contracts_are_kept(package: Path, pyproject: Path) -> None:
    """The package as it stands breaks no contract."""
    result = lint(package.parent, pyproject)

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_contract_is_planted(contracts: dict[str, Contract]) -> None:
    """A contract that the test below leaves out, or cannot plant a violation of, is noticed."""
    assert set(CONTRACTS) == set(contracts)
    assert set(PLANTERS) >= {contract["type"] for contract in contracts.values()}


@pytest.mark.parametrize("name", CONTRACTS)
def test_planted_violation_is_found(
    name: str, copy: Path, pyproject: Path, contracts: dict[str, Contract], graph: grimp.ImportGraph
) -> None:
    """Each import that a contract forbids, planted in a copy, is found and named by that contract."""
    contract = contracts[name]
    planted = [plant(copy, *violation) for violation in PLANTERS[contract["type"]](contract, graph)]

    result = lint(copy, pyproject, "--contract", name)

    assert result.returncode != 0
    assert f"{contract['name']} BROKEN" in result.stdout
    assert [] == [violation for violation in planted if not found_in(result.stdout, violation)]


def test_unplaced_package_is_found(copy: Path, pyproject: Path) -> None:
    """A new package that was given no layer breaks the contract of the layers."""
    (copy / "pilotage" / "unplaced").mkdir()
    (copy / "pilotage" / "unplaced" / "__init__.py").touch()

    result = lint(copy, pyproject, "--contract", "layers")

    assert result.returncode != 0
    assert "unplaced" in result.stdout
