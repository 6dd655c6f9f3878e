"""Tries the walls from within before generated code meets them, and tells what does not hold.

With the argument `properties` it also has Hypothesis make its tables of characters, which take seconds, and hands them
out, so that they can be put into every later sandbox.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pilotage.evaluation.sandbox.inside.limits import set_limits

_MEMORY = 1_073_741_824
_CPU_SECONDS = 60


def main() -> None:
    """Tell, as one line of JSON, the holes and the tables."""
    tables = _make_tables(Path(os.environ["HYPOTHESIS_STORAGE_DIRECTORY"])) if "properties" in sys.argv else {}
    set_limits(_MEMORY, _CPU_SECONDS)
    holes = [name for name, attempt in ATTEMPTS.items() if _succeeds(attempt)]
    sys.stdout.write(json.dumps({"holes": holes, "tables": tables}))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _writes_to(folder: str) -> Callable[[], object]:
    return lambda: Path(folder, "trial").touch()


ATTEMPTS: dict[str, Callable[[], object]] = {
    "a process can be started": _fork,
    "a thread can be started": lambda: threading.Thread(target=int).start(),
    "a socket can be opened": socket.socket,
    "memory is not limited": lambda: bytearray(_MEMORY),
    **{f"files can be written to {folder}": _writes_to(folder) for folder in ("/", "/dev", "/inside", "/python")},
    "the host's processes can be seen": lambda: list(Path("/proc").iterdir()),
    "the host's settings can be read": lambda: Path("/etc/passwd").read_bytes(),
}


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, RuntimeError, MemoryError):
        return False
    return True


def _make_tables(folder: Path) -> dict[str, str]:
    from hypothesis import given, settings, strategies  # noqa: PLC0415 - needed for properties alone

    @settings(database=None, max_examples=5)
    @given(strategies.text())
    def use(text: str) -> None:
        del text

    use()
    files = [path for path in sorted(folder.glob("unicode_data/**/*")) if path.is_file()]
    return {str(path.relative_to(folder)): base64.b64encode(path.read_bytes()).decode() for path in files}


if __name__ == "__main__":
    main()
