"""Where the sandbox is missing, not permitted or has holes, nothing is run, and the message says how to mend it."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

import pytest

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.sandbox.cell import Cell, find_cell
from pilotage.evaluation.sandbox.opening import open_sandbox
from pilotage.evaluation.sandbox.system_calls import KNOWN_MACHINES


def put_bubblewrap(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program of the name in the place of bubblewrap."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap the message names the package to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EvidenceError, match="`bwrap` is not installed") as caught:
        open_sandbox(properties=False)

    assert "apt-get install bubblewrap" in caught.value.remedy


def test_not_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel permits no user namespaces the message tells what bubblewrap said, and the settings."""
    put_bubblewrap(tmp_path, monkeypatch, "echo 'bwrap: No permissions to create new namespace' >&2; exit 1")

    with pytest.raises(EvidenceError, match="No permissions to create new namespace") as caught:
        open_sandbox(properties=False)

    assert "kernel.unprivileged_userns_clone" in caught.value.remedy


def test_not_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that cannot be started is told as such."""
    put_bubblewrap(tmp_path, monkeypatch, "")
    (tmp_path / "bwrap").write_bytes(b"\x7fELF")

    with pytest.raises(EvidenceError, match="cannot start"):
        open_sandbox(properties=False)


def test_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Walls through which the trial got are refused, and the holes are named."""
    put_bubblewrap(tmp_path, monkeypatch, """echo '{"holes": ["a socket can be opened"], "tables": {}}'""")

    with pytest.raises(EvidenceError, match="does not hold: a socket can be opened"):
        open_sandbox(properties=False)


def test_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that ends well without a word is no trial."""
    put_bubblewrap(tmp_path, monkeypatch, "exit 0")

    with pytest.raises(EvidenceError, match="cannot start"):
        open_sandbox(properties=False)


def test_unknown_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the filter on system calls has no table for the processor, code is refused."""
    put_bubblewrap(tmp_path, monkeypatch, "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(EvidenceError, match="riscv64") as caught:
        find_cell(properties=False)

    assert all(machine in caught.value.remedy for machine in KNOWN_MACHINES)


def test_hypothesis_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Properties without Hypothesis are refused with the extra to install; examples need none."""

    def nothing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    put_bubblewrap(tmp_path, monkeypatch, "")
    monkeypatch.setattr(importlib.metadata, "distribution", nothing)

    with pytest.raises(EvidenceError, match="Hypothesis") as caught:
        find_cell(properties=True)

    assert "pilotage[code]" in caught.value.remedy
    assert find_cell(properties=False).packages == ()


def test_opens(property_cell: Cell) -> None:
    """A sandbox that holds is given, with the tables that take long to make."""
    assert any(name.endswith("charmap.json.gz") for name in property_cell.tables)


def test_command_shows_nothing_of_the_host(cell: Cell) -> None:
    """Within, no path tells where on this machine Python, the platform or a home lies."""
    command = cell.command("candidate", calls=9, told=8, arguments=())
    bound = [target for option, _, target in zip(command, command[1:], command[2:], strict=False) if "bind" in option]

    assert bound
    assert all(
        target.startswith(("/python/", "/inside/", "/packages/", "/usr/lib", "/lib", "/dev/")) or "." not in target[1:2]
        for target in bound
    )
    assert not [target for target in bound if target.startswith(("/home", "/root", "/work", "/var", "/proc", "/sys"))]
