"""Tests of `key`, `ledger`, `backup` and `restore`: what an operator does with the state folder."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from tests.cli.conftest import Ended, Pilotage

from pilotage.core.clock import parse_time

HERE = ("--registry", "registry")


@pytest.fixture
def assessed(pilotage: Pilotage, registry: Path) -> Ended:
    """Assess the starter's use case once, without measuring, so that there is something in the ledger."""
    return pilotage("assess", "claims-triage", "--no-measure", "--json", *HERE)


def test_a_key_is_shown_once(pilotage: Pilotage, registry: Path, tmp_path: Path) -> None:
    """Standard output holds the key alone; afterwards neither the list nor the database knows its secret."""
    made = pilotage("key", "create", "claims-triage", "--audience", "cohort", "--days", "2", "--label", "pilot", *HERE)
    key = made.out.strip()
    listed = pilotage("key", "list", "--json")

    assert made.code == 0
    assert key.startswith("pk_")
    assert made.out.count("\n") == 1
    (row,) = listed.json
    assert (row["audience"], row["label"], row["state"], row["use_case"]) == (
        "cohort",
        "pilot",
        "valid",
        "claims-triage",
    )
    assert (parse_time(row["expires"]) - parse_time(row["created"])).days == 2
    assert key.split("_")[2] not in listed.out
    assert all(key.split("_")[2].encode() not in file.read_bytes() for file in (tmp_path / ".pilotage").iterdir())


def test_a_key_for_machines(pilotage: Pilotage, registry: Path) -> None:
    """`--json` gives key and public id; revoking by that id shows in the list."""
    made = pilotage("key", "create", "claims-triage", "--json", *HERE)
    revoked = pilotage("key", "revoke", made.json["public_id"])
    listed = pilotage("key", "list", "claims-triage", "--json")

    assert (made.err, revoked.code) == ("", 0)
    assert [row["state"] for row in listed.json] == ["revoked"]


def test_keys_for_people(pilotage: Pilotage, registry: Path) -> None:
    """Without keys the list says how to make one; with one it is a table."""
    empty = pilotage("key", "list")
    pilotage("key", "create", "claims-triage", *HERE)
    listed = pilotage("key", "list")

    assert "pilotage key create" in empty.out
    assert "claims-triage" in listed.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("key", "create", "claim-triage", *HERE), "claims-triage"),
        (("key", "create", "claims-triage", "--label", "x" * 300, *HERE), "200"),
        (("key", "create", "claims-triage", "--days", "0", *HERE), "days"),
        (("key", "create", "claims-triage", "--registry", "nowhere"), "nowhere"),
        (("key", "revoke", "nonesuch"), "key list"),
    ],
)
def test_wrong_keys_are_wrong_use(words: tuple[str, ...], told: str, pilotage: Pilotage, registry: Path) -> None:
    """An unknown use case or key, or a label too long, ends with 2 and a word on what would be right."""
    ended = pilotage(*words)

    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_the_ledger_verifies_here_and_offline(pilotage: Pilotage, assessed: Ended, tmp_path: Path) -> None:
    """What was recorded verifies in place, and as an export with the root that was told."""
    here = pilotage("ledger", "verify", "--json")
    exported = pilotage("ledger", "export", "ledger.jsonl")
    offline = pilotage("ledger", "verify", "ledger.jsonl", "--root", here.json["root_key"], "--json")

    assert (here.code, exported.code, offline.code) == (0, 0, 0)
    assert here.json["verified"] is True
    assert offline.json == here.json | {"pinned": True}
    # The last line is a checkpoint of its moment.
    piped, written = pilotage("ledger", "export", "-").out, (tmp_path / "ledger.jsonl").read_text()
    assert piped.splitlines()[:-1] == written.splitlines()[:-1]


def test_a_changed_export_names_the_first_record(pilotage: Pilotage, assessed: Ended, tmp_path: Path) -> None:
    """An altered, dropped or cut export ends with 1 and the number of the first record that is not as it was."""
    pilotage("ledger", "export", "ledger.jsonl")
    lines = (tmp_path / "ledger.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "dropped.jsonl").write_text("".join([*lines[:2], *lines[3:]]))
    (tmp_path / "cut.jsonl").write_text("".join(lines[:-1]))
    (tmp_path / "none.jsonl").write_text("not an export\n")
    (tmp_path / "binary.jsonl").write_bytes(bytes(range(256)))

    for name in ("dropped", "cut", "none", "binary"):
        ended = pilotage("ledger", "verify", f"{name}.jsonl")
        assert (ended.code, ended.out) == (1, ""), name
        assert "error: " in ended.err
    assert "2" in pilotage("ledger", "verify", "dropped.jsonl").err


def test_another_root_does_not_verify(pilotage: Pilotage, assessed: Ended) -> None:
    """A ledger that another key began is not the one that was meant."""
    assert pilotage("ledger", "verify", "--root", "0" * 64).code == 1


def test_the_ledger_shows_its_records(pilotage: Pilotage, assessed: Ended) -> None:
    """The last records are shown with their kind, for people and for machines."""
    shown = pilotage("ledger", "show", "claims-triage", "--last", "2")
    rows = pilotage("ledger", "show", "--json").json

    assert "assessment" in shown.out or "permit" in shown.out
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert {"catalog-activated", "release", "assessment", "permit"} <= {row["record"] for row in rows}
    assert rows[-1]["body"]["use_case"] == "claims-triage"


def test_an_export_that_cannot_be_written_is_told(pilotage: Pilotage, assessed: Ended) -> None:
    """A folder that is not there is told in words, and so is an export that does not exist."""
    written, read = pilotage("ledger", "export", "no/such/folder.jsonl"), pilotage("ledger", "verify", "missing.jsonl")

    assert (written.code, read.code) == (2, 2)
    assert "no/such/folder.jsonl" in written.err
    assert "missing.jsonl" in read.err


def test_a_backup_comes_back(pilotage: Pilotage, assessed: Ended, tmp_path: Path) -> None:
    """A restored installation has the same ledger, signed by the same key; the file is for its owner alone."""
    before = pilotage("ledger", "verify", "--json")
    written = pilotage("backup", "all.zip")
    restored = pilotage("restore", "all.zip", "--state", "other")
    after = pilotage("ledger", "verify", "--state", "other", "--json")

    assert (written.code, restored.code) == (0, 0)
    assert after.json == before.json
    assert stat.S_IMODE((tmp_path / "all.zip").stat().st_mode) == 0o600


def test_a_backup_overwrites_nothing(pilotage: Pilotage, assessed: Ended, tmp_path: Path) -> None:
    """Neither an older backup nor an installation in use is overwritten."""
    pilotage("backup", "all.zip")
    content = (tmp_path / "all.zip").read_bytes()

    again, into_use = pilotage("backup", "all.zip"), pilotage("restore", "all.zip")

    assert again.code in {1, 2}
    assert into_use.code in {1, 2}
    assert (tmp_path / "all.zip").read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04half", b"something else"])
def test_what_is_no_backup_is_refused(content: bytes, pilotage: Pilotage, tmp_path: Path) -> None:
    """A half-written or foreign file is told as such, and nothing is restored."""
    (tmp_path / "file.zip").write_bytes(content)

    ended = pilotage("restore", "file.zip", "--state", "other")

    assert ended.code in {1, 2}
    assert "file.zip" in ended.err
    assert not (tmp_path / "other" / "signing.key").exists()


@pytest.mark.parametrize("words", [("restore", "missing.zip"), ("backup", "no/such/folder.zip")])
def test_a_backup_that_is_not_there(words: tuple[str, ...], pilotage: Pilotage) -> None:
    """A file that cannot be read or written is named."""
    ended = pilotage(*words)

    assert ended.code in {1, 2}
    assert words[1] in ended.err


def test_a_state_folder_for_all_eyes_is_refused(pilotage: Pilotage, assessed: Ended, tmp_path: Path) -> None:
    """A state folder that others may read is not used until its owner closes it; the message holds the command."""
    state = tmp_path / ".pilotage"
    state.chmod(0o755)

    ended = pilotage("ledger", "verify")

    assert ended.code == 1
    assert f"chmod 700 {state}" in ended.err
    state.chmod(0o700)
    assert pilotage("ledger", "verify").code == 0


@pytest.mark.parametrize("name", ["master.key", "signing.key"])
def test_a_damaged_key_file_is_told(name: str, pilotage: Pilotage, assessed: Ended, tmp_path: Path) -> None:
    """A key file with something else in it is named, and never replaced."""
    path = tmp_path / ".pilotage" / name
    path.write_bytes(b"half a key")

    ended = pilotage("ledger", "show")

    assert ended.code == 1
    assert name in ended.err
    assert path.read_bytes() == b"half a key"


def test_another_signing_key_is_refused(pilotage: Pilotage, assessed: Ended, registry: Path, tmp_path: Path) -> None:
    """With the signing key of another installation nothing can be recorded, and the ledger stays as it is."""
    pilotage("key", "list", "--state", "other")
    mine, other = tmp_path / ".pilotage" / "signing.key", tmp_path / "other" / "signing.key"
    mine.write_bytes(other.read_bytes())
    (registry / "more.yaml").write_text("kind: Team\nversion: 1\nname: second\n")
    count = len(pilotage("ledger", "show", "--json").json)

    ended = pilotage("attest", "claims-triage", "trl-4-data", *HERE)

    assert ended.code == 1
    assert "signing key" in ended.err
    assert len(pilotage("ledger", "show", "--json").json) == count


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PORT", "eighty"), ("PORT", "70000"), ("STEWARD_SECONDS", "-1"), ("REPLICA", "a b"), ("DATABASE", "::")],
)
def test_a_wrong_setting_is_named(
    variable: str, value: str, pilotage: Pilotage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that cannot be read is wrong use, told with its variable or what it takes."""
    monkeypatch.setenv(f"PILOTAGE_{variable}", value)

    ended = pilotage("key", "list")

    assert (ended.code, ended.out) == (2, "")
    assert f"PILOTAGE_{variable}" in ended.err or "address of the database" in ended.err


def test_json_is_one_document(assessed: Ended) -> None:
    """What machines read is JSON from the first to the last byte."""
    assert json.loads(assessed.out)["use_case"] == "claims-triage"
