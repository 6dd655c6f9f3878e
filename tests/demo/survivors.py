"""Finds processes by a mark in their environment, which children inherit: who outlived the demonstration?"""

from __future__ import annotations

import time
from pathlib import Path

MARK = "DEMO_MARK"
PATIENCE_SECONDS = 30


def marked_processes(mark: str) -> list[int]:
    """Give the ids of living processes whose environment bears a mark; those that ended and wait are not living."""
    wanted = f"{MARK}={mark}".encode()
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return found


def await_none(mark: str) -> None:
    """Wait until no process bears a mark; fails with those that are left."""
    until = time.monotonic() + PATIENCE_SECONDS
    while left := marked_processes(mark):
        assert time.monotonic() < until, f"processes that outlived the demonstration: {left}"
        time.sleep(0.02)
