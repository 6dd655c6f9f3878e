"""The package as source files, as an import graph and as the contracts that it is held to."""

import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

import pilotage

Contract = dict[str, Any]


@pytest.fixture(scope="session")
def package() -> Path:
    """Give the folder of the package under test, be it `src/` or an installed wheel."""
    return Path(pilotage.__file__).parent


@pytest.fixture(scope="session")
def sources(package: Path) -> dict[str, str]:
    """Give the text of each source file, by its path within the package."""
    return {str(path.relative_to(package)): path.read_text("utf-8") for path in sorted(package.rglob("*.py"))}


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    """Give who imports whom, packages of others included."""
    return grimp.build_graph("pilotage", include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="session")
def contracts(pytestconfig: pytest.Config) -> dict[str, Contract]:
    """Give the contracts of pyproject.toml by their id."""
    settings = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text("utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


@pytest.fixture(scope="session")
def pure_modules(contracts: dict[str, Contract], graph: grimp.ImportGraph) -> set[str]:
    """Give every module that the contract `pure` covers: those it names and all that lies in them."""
    named = {
        module
        for expression in contracts["pure"]["source_modules"]
        for module in (graph.find_matching_modules(expression) if "*" in expression else {expression})
    }
    return named | {inner for module in named for inner in graph.find_descendants(module)}


@pytest.fixture(scope="session")
def pure_sources(pure_modules: set[str], package: Path, sources: dict[str, str]) -> dict[str, str]:
    """Give the text of each pure module, by its path within the package."""

    def name_of(path: str) -> str:
        return ".".join([package.name, *Path(path).with_suffix("").parts]).removesuffix(".__init__")

    return {path: text for path, text in sources.items() if name_of(path) in pure_modules}
