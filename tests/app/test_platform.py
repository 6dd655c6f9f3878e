"""Tests of opening an installation: what it reads from outside, and a catalog that follows the registry."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.app.installation import USE_CASE, Installation

from pilotage.app import platform as module
from pilotage.app.platform import Platform, _CatalogCache, open_platform
from pilotage.config import read_config
from pilotage.core.clock import ManualClock
from pilotage.core.errors import DocumentError, EvidenceError, StorageError, UsageError
from pilotage.ledger.records.release import CatalogActivated
from pilotage.registry.kinds.document import FromEnvironment
from pilotage.registry.load import Loaded, load_registry
from pilotage.registry.propose import propose_commit
from pilotage.registry.source import Source

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def place(source: str, name: str) -> FromEnvironment:
    """Name a variable or a file."""
    return FromEnvironment.model_validate({"from": source, "name": name})


def test_an_installation_is_made_at_first_use(installation: Installation) -> None:
    """State folder, keys and tables are there after the first opening, and the same after the second."""
    with installation.opened() as first:
        first.steward(alone=True).tick(MOMENT)
        head = first.ledger.head()
    with installation.opened() as second:
        assert second.ledger.head() == head

    assert head.seq > 0
    assert installation.config.state.stat().st_mode & 0o077 == 0


def test_a_database_of_another_kind_is_refused(installation: Installation) -> None:
    """A database address that nobody can open says what to use."""
    config = read_config({"PILOTAGE_DATABASE": "mysql://x/y", "PILOTAGE_STATE": str(installation.folder / "state")})

    with pytest.raises(UsageError, match="mysql is no database"), open_platform(config):
        pass


def test_a_database_that_is_away_is_an_error(installation: Installation) -> None:
    """A PostgreSQL that does not answer is told as such."""
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    config = read_config({"PILOTAGE_DATABASE": url, "PILOTAGE_STATE": str(installation.folder / "state")})

    with pytest.raises(StorageError, match="cannot be used"), open_platform(config):
        pass


def test_a_file_that_is_no_database_is_an_error(installation: Installation) -> None:
    """Something else in the database's place is told as such, and left as it is."""
    state = installation.folder / "state"
    state.mkdir(mode=0o700)
    (state / "pilotage.db").write_bytes(b"not a database, really not" * 100)

    with pytest.raises(StorageError, match="no SQLite database"), installation.opened():
        pass


def test_a_known_use_case_is_required(platform: Platform) -> None:
    """Somebody who mistypes a use case is told those that there are."""
    assert platform.require_use_case(USE_CASE).use_cases

    with pytest.raises(UsageError, match=r"no use case 'claim-triage'; the registry declares: claims-triage"):
        platform.require_use_case("claim-triage")


def test_values_stand_outside_the_registry(platform: Platform, installation: Installation, tmp_path: Path) -> None:
    """A value is read from a variable or a file, without the line's end; what is not there or empty is None."""
    (tmp_path / "key").write_text("from-a-file\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    installation.environment["EMPTY"] = ""

    assert platform.read_value(place("env", "SMALL_CHAT_KEY")) == "secret-of-the-fake"
    assert platform.read_value(place("file", str(tmp_path / "key"))) == "from-a-file"
    for missing in (
        place("env", "NOT_SET"),
        place("env", "EMPTY"),
        place("file", str(tmp_path / "none")),
        place("file", str(tmp_path / "binary")),
        place("file", str(tmp_path)),
    ):
        assert platform.read_value(missing) is None


def test_an_address_that_is_not_there_is_named(platform: Platform) -> None:
    """A missing variable is named, with what it should hold."""
    assert platform.resolve("http://x/v1") == "http://x/v1"
    with pytest.raises(EvidenceError, match=r"variable APP_URL is not there; set the variable APP_URL"):
        platform.resolve(place("env", "APP_URL"))


def test_the_catalog_is_loaded_again_after_an_edit(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder without git, an edit, a new file and a deletion are seen, and nothing else is loaded twice."""
    loads: list[Source] = []

    def load_counted(source: Source) -> Loaded:
        loads.append(source)
        return load_registry(source)

    monkeypatch.setattr(module, "load_registry", load_counted)
    cache = _CatalogCache(installation.registry)
    first = cache.read()
    assert cache.read() is first

    installation.edit("organisation.yaml", "title: Example Ltd", "title: Another Ltd")
    assert cache.read().organisation.title == "Another Ltd"
    second = installation.registry / "more.yaml"
    second.write_text("kind: Team\nversion: 1\nname: second\n")
    assert "second" in cache.read().teams
    second.unlink()
    assert "second" not in cache.read().teams
    cache.read()

    assert len(loads) == 4


def test_the_catalog_follows_commits_and_edits_in_git(tmp_path: Path, installation: Installation) -> None:
    """In git a new commit is seen, an edit of the working tree too, and taking the edit back as well."""
    files = {
        str(path.relative_to(installation.registry)): path.read_bytes()
        for path in installation.registry.rglob("*")
        if path.is_file()
    }
    repository = tmp_path / "git"

    def commit() -> None:
        propose_commit(repository, files, message="m", author=("A", "a@example.com"), moment=MOMENT)

    commit()
    cache = _CatalogCache(repository)
    first = cache.read()
    assert (first.dirty, cache.read()) == (False, first)
    files["more.yaml"] = b"kind: Team\nversion: 1\nname: second\n"
    commit()
    committed = cache.read()
    assert ("second" in committed.teams, committed.dirty) == (True, False)
    (repository / "more.yaml").write_text("kind: Team\nversion: 1\nname: third\n")
    edited = cache.read()
    assert ("third" in edited.teams, edited.dirty) == (True, True)
    (repository / "more.yaml").write_bytes(files["more.yaml"])

    assert cache.read().digest == committed.digest


def test_a_broken_registry_is_told_until_it_is_mended(installation: Installation) -> None:
    """The cache never gives an old catalog for a registry that no longer loads."""
    cache = _CatalogCache(installation.registry)
    cache.read()
    installation.edit("teams.yaml", "kind: Team", "kind: Tea")
    for _ in range(2):
        with pytest.raises(DocumentError):
            cache.read()
    installation.edit("teams.yaml", "kind: Tea\n", "kind: Team\n")

    assert "claims" in cache.read().teams


def test_the_steward_activates_once(installation: Installation) -> None:
    """Ticking again on an unchanged registry appends nothing, and time goes by the platform's clock."""
    clock = ManualClock(MOMENT)
    with open_platform(installation.config, environment=installation.environment, clock=clock) as platform:
        steward = platform.steward(alone=True)
        first, second = steward.tick(clock()), steward.tick(clock())
        activated = platform.ledger.read(kinds=(CatalogActivated,))

    assert first.appended
    assert second.appended == ()
    assert [entry.recorded_at for entry in activated] == [MOMENT]
