"""Tests of `init`, `check` and `schema`: a registry from nothing, and every problem told as file and line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Pilotage

LINE = re.compile(r"[^:]+:\d+: [^;]+; .+")
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)
HOSTILE: dict[str, bytes] = {
    "tabs": b"kind: Team\n\tversion: 1\n",
    "binary": bytes(range(256)) * 8,
    "empty": b"",
    "half": b'kind: Team\nversion: 1\nname: "hal',
    "bomb": BOMB.encode(),
    "deep": b"a: " + b"[" * 50_000,
    "list": b"- 1\n- 2\n",
    "python": b"!!python/object/apply:os.system ['true']\n",
    "control": b"kind: Team\nversion: 1\nname: \x1b[31mred\x07\n",
    "secret": b"kind: Model\nversion: 1\nname: m\nbase_url: http://x/v1\nupstream_model: m\n"
    b"api_key: sk-proj-abcdef0123456789abcdef0123456789\n",
    "number": b"kind: Team\nversion: 99999999999999999999\nname: t\n",
    "keys": b"kind: Team\nversion: 1\nname: t\nname: t\n",
}


def test_init_lays_a_registry_that_checks(pilotage: Pilotage, tmp_path: Path) -> None:
    """What `init` writes loads as it is, and it says what to do next."""
    laid = pilotage("init", "mine")
    checked = pilotage("check", "mine")

    assert (laid.code, checked.code) == (0, 0)
    assert "pilotage check mine" in laid.out
    assert (tmp_path / "mine" / "organisation.yaml").exists()
    assert "all well" in checked.out
    assert "cannot meet this claim: at attempt 1 at least" in checked.err


def test_init_overwrites_nothing(pilotage: Pilotage, registry: Path) -> None:
    """A folder that holds something is left alone, as is a file; both are wrong use."""
    before = sorted(path.stat().st_mtime_ns for path in registry.rglob("*"))

    again = pilotage("init", "registry")
    on_a_file = pilotage("init", "registry/organisation.yaml")

    assert (again.code, again.out, on_a_file.code) == (2, "", 2)
    assert "not empty; " in again.err.replace("\n  mend: ", "; ")
    assert before == sorted(path.stat().st_mtime_ns for path in registry.rglob("*"))


def test_check_prints_every_problem_at_once(pilotage: Pilotage, registry: Path) -> None:
    """Three mistakes in two files are three lines on standard output, each with file, line and remedy; code 1."""
    teams, models = registry / "teams.yaml", registry / "models.yaml"
    teams.write_text(teams.read_text().replace("kind: Team", "kind: Tea", 1).replace("roles: [owner]", "roles: [boss]"))
    models.write_text(models.read_text().replace("task: chat", "task: sing"))

    ended = pilotage("check", "registry")

    lines = ended.out.splitlines()
    assert ended.code == 1
    assert len(lines) >= 3
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert {line.split(":")[0] for line in lines} >= {"teams.yaml", "models.yaml"}
    assert f"{len(lines)} problems" in ended.err


def test_check_tells_machines(pilotage: Pilotage, registry: Path) -> None:
    """`--json` gives the problems as one document on standard output, and an empty list when all is well."""
    well = pilotage("check", "registry", "--json")
    (registry / "more.yaml").write_text("kind: Team\nversion: 1\nname: t\ncolour: red\n")
    ill = pilotage("check", "registry", "--json")

    assert (well.code, well.json["problems"], well.err) == (0, [], "")
    assert "it can only end UNDECIDED or FAILS" in well.json["hints"][0]
    assert (ill.code, ill.err) == (1, "")
    (problem,) = ill.json["problems"]
    assert set(problem) == {"file", "line", "what", "remedy"}
    assert (problem["file"], problem["line"]) == ("more.yaml", 4)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_documents_are_problems(kind: str, pilotage: Pilotage, registry: Path) -> None:
    """Whatever lies in a document, `check` ends with lines of problems, prints no control characters and no secret."""
    (registry / "hostile.yaml").write_bytes(HOSTILE[kind])

    ended = pilotage("check", "registry")

    assert ended.code == 1
    assert all(line.startswith("hostile.yaml:") for line in ended.out.splitlines())
    assert not set(ended.out) & {"\x1b", "\x07", "\x00"}
    assert "sk-proj-abcdef" not in ended.out + ended.err
    assert max(map(len, ended.out.splitlines())) < 2_000


@pytest.mark.parametrize("folder", ["nowhere", "registry/teams.yaml"])
def test_check_of_no_registry(folder: str, pilotage: Pilotage, registry: Path) -> None:
    """A folder that is not there, or a file, is told in words."""
    ended = pilotage("check", folder)

    assert ended.code in {1, 2}
    assert folder.rsplit("/", maxsplit=1)[-1] in ended.err + ended.out


def test_check_of_an_empty_folder(pilotage: Pilotage, tmp_path: Path) -> None:
    """A folder without documents is told what a registry needs at least."""
    (tmp_path / "void").mkdir()

    ended = pilotage("check", "void")

    assert ended.code == 1
    assert "Organisation" in ended.out


def test_schema_prints_one_document(pilotage: Pilotage) -> None:
    """Without a folder all schemas are printed as one JSON document."""
    ended = pilotage("schema")

    assert (ended.code, ended.err) == (0, "")
    assert "UseCase" in json.dumps(ended.json)


def test_schema_writes_a_file_for_each_kind(pilotage: Pilotage, tmp_path: Path) -> None:
    """With a folder each kind gets a file that is a JSON Schema."""
    ended = pilotage("schema", "made/schemas")

    files = sorted((tmp_path / "made" / "schemas").iterdir())
    assert ended.code == 0
    assert {file.name for file in files} >= {"UseCase.schema.json", "Model.schema.json", "Scale.schema.json"}
    assert all("$schema" in json.loads(file.read_text()) or "$defs" in file.read_text() for file in files)


def test_schema_to_a_file_is_wrong_use(pilotage: Pilotage, tmp_path: Path) -> None:
    """A file in the folder's place is told in words."""
    (tmp_path / "taken").write_text("x")

    ended = pilotage("schema", "taken")

    assert ended.code == 2
    assert "taken" in ended.err
