"""What the workshop promises: pinned, hashed packages from no particular index, and ignores with reasons."""

import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

PINS = ["uv", "runtime", "demo", "test"]
DROPPED = {"huggingface-hub", "llama-cpp-python", "llm", "sentence-transformers", "torch"}
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))? \\$", re.MULTILINE)


@pytest.fixture(scope="session")
def root(pytestconfig: pytest.Config) -> Path:
    """Give the folder of the project."""
    return pytestconfig.rootpath


def read_pins(root: Path, name: str) -> set[tuple[str, str]]:
    """Read which packages a file of pins holds: name and version."""
    text = (root / "requirements" / f"{name}.txt").read_text()
    return {(found["name"], found["version"]) for found in REQUIREMENT.finditer(text)}


@pytest.mark.parametrize("name", PINS)
def test_pins_name_no_index(root: Path, name: str) -> None:
    """A file of pins says what is installed; where it comes from is each machine's affair."""
    text = (root / "requirements" / f"{name}.txt").read_text()

    strange = [
        line
        for line in text.splitlines()
        if not REQUIREMENT.match(line) and not re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)
    ]

    assert [] == strange
    assert read_pins(root, name)


def test_pins_nest(root: Path) -> None:
    """One environment serves every level, as each holds the one before it at the same versions."""
    assert read_pins(root, "runtime") <= read_pins(root, "demo") <= read_pins(root, "test")


def test_what_is_dropped_stays_dropped(root: Path) -> None:
    """No file of pins holds what the overrides drop: compilers, gigabytes and hubs."""
    dropped = set(re.findall(r"^([a-z0-9-]+) ;", (root / "requirements" / "overrides.txt").read_text(), re.MULTILINE))

    assert dropped == DROPPED
    assert set() == {name for pins in PINS for name, _ in read_pins(root, pins)} & DROPPED


def test_package_metadata_is_pinned(root: Path) -> None:
    """Whatever the package or one of its groups asks for stands in the pins."""
    tables = tomllib.loads((root / "pyproject.toml").read_text())
    asked = [
        *tables["project"]["dependencies"],
        *itertools.chain.from_iterable(tables["project"]["optional-dependencies"].values()),
        *itertools.chain.from_iterable(tables["dependency-groups"].values()),
    ]
    names = {re.sub(r"[._]", "-", re.split(r"[^\w.-]", wish)[0].lower()) for wish in asked}

    assert set() == names - {name for name, _ in read_pins(root, "test")}


def test_every_ignore_has_its_reason(root: Path) -> None:
    """A lint rule that is ignored in pyproject.toml says why on its own line."""
    text = (root / "pyproject.toml").read_text()
    ignores = re.findall(r'^    "[A-Z]+[0-9]*",.*$', text, re.MULTILINE)

    assert ignores
    assert [] == [line for line in ignores if not re.search(r"# \S.{10,}", line)]


def test_help_lists_every_command(root: Path) -> None:
    """`make help` names each target that a person would call."""
    makefile = (root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))

    done = subprocess.run(["make", "--silent", "help"], cwd=root, capture_output=True, text=True, check=True)

    assert targets - {"setup-demo", "setup-test"} == set(re.findall(r"^  make ([a-z-]+) ", done.stdout, re.MULTILINE))
