"""Starts the processes of a story and ends them with the demonstration, however that ends.

Each service holds the other end of a pipe as its standard input and ends when that closes: a kill of the
demonstration closes it too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pilotage.core.errors import EvidenceError
from pilotage.demo.story import Service

START_SECONDS = 120
END_SECONDS = 5
LONGEST_LINE = 65_536


class RunningServices:
    """The services that were started; a context manager that ends them."""

    def __init__(self, folder: Path, log_folder: Path) -> None:
        """Run modules from `folder`; what they print on standard error goes to a file each in `log_folder`."""
        self._folder = folder
        self._log_folder = log_folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, service: Service, environment: Mapping[str, str]) -> dict[str, str]:
        """Start a service and wait until it answers.

        Returns:
            Environment variable -> address.

        Raises:
            EvidenceError: it ended, or did not answer in time; names the file with what it said.
        """
        self._log_folder.mkdir(parents=True, exist_ok=True)
        log = self._log_folder / f"{service.module}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 - a Python module that the story names
                [sys.executable, "-m", service.module],
                cwd=self._folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._processes.append(process)
        line = _first_line(process)
        try:
            ready = json.loads(line)
            return {variable: str(ready[key]) for key, variable in service.addresses.items()}
        except (ValueError, KeyError, TypeError) as error:
            message = f"the service {service.name} ({service.module}) {_explain(process, line)}"
            raise EvidenceError(message, f"read what it said in {log}") from error

    def __enter__(self) -> Self:
        """Begin; nothing runs yet."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End every service, the last started first."""
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """Read the first line that a process prints; empty when it ends or takes too long."""
    lines: list[bytes] = []

    def read() -> None:
        if process.stdout is not None:
            lines.append(process.stdout.readline(LONGEST_LINE))

    reader = threading.Thread(target=read, daemon=True, name="ready-line")
    reader.start()
    reader.join(START_SECONDS)
    return lines[0] if lines else b""


def _explain(process: subprocess.Popen[bytes], line: bytes) -> str:
    """Say why a process that was started is of no use."""
    if line:
        return "did not print its addresses as one JSON line"
    try:
        return f"ended with code {process.wait(1)} before it answered"
    except subprocess.TimeoutExpired:
        return f"did not answer within {START_SECONDS} s"
