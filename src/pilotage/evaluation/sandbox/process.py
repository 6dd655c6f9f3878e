"""One running sandbox, from its start to the end of everything in it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from pilotage.evaluation.sandbox.descriptors import open_pipe

_LINE_BYTES = 1_048_576


class Running:
    """A sandbox that runs."""

    def __init__(self, process: Process, information: int) -> None:
        """Take over a process of bubblewrap, and the descriptor on which it tells the number of its child."""
        self._process = process
        self._information = information

    @property
    def output(self) -> asyncio.StreamReader:
        """What it writes."""
        return cast("asyncio.StreamReader", self._process.stdout)

    async def write_line(self, line: bytes) -> None:
        """Write to its standard input.

        Raises:
            OSError: it has ended.
        """
        stream = cast("asyncio.StreamWriter", self._process.stdin)
        stream.write(line + b"\n")
        await stream.drain()

    async def end(self, *, reader: asyncio.Task[None] | None = None) -> None:
        """End it, with all that is in it.

        The first process of its namespace is killed, and the kernel ends the others with it. To kill bubblewrap itself
        would not do: while it sets the sandbox up, a child is left that waits for it for ever.

        Args:
            reader: who reads its output to the end; None: it is thrown away.
        """
        with os.fdopen(self._information, "rb", buffering=0) as information:
            told = await asyncio.to_thread(information.read, 256)  # comes at once, or never where it did not start
        child = re.search(rb'"child-pid": (\d+)', told or b"")
        if child is not None and self._process.returncode is None:
            _kill(int(child[1]), child_of=self._process.pid)
        if reader is not None:
            await reader
        else:
            while await self.output.read(_LINE_BYTES):
                pass
        await self._process.wait()


async def start_sandbox(
    command: Callable[[int], Sequence[str]], descriptors: Sequence[int], *, speaks: bool = False
) -> Running:
    """Start a sandbox; whoever is cancelled meanwhile leaves none behind.

    Args:
        command: gives bubblewrap's command for the descriptor on which it is to tell of its child.
        descriptors: what it inherits.
        speaks: whether one writes to it and takes its output for its word; else its errors are output as well.

    Raises:
        OSError: the system starts no process.
    """
    starting = asyncio.create_task(_start(command, descriptors, speaks=speaks))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError):
            await (await starting).end()
        raise


async def _start(command: Callable[[int], Sequence[str]], descriptors: Sequence[int], *, speaks: bool) -> Running:
    with open_pipe() as (information, told):
        process = await asyncio.create_subprocess_exec(
            *command(told),
            stdin=PIPE if speaks else DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL if speaks else STDOUT,
            env={},  # the first process within could be read for it
            pass_fds=(*descriptors, told),
            limit=_LINE_BYTES,
        )
        return Running(process, os.dup(information))


def _kill(process: int, *, child_of: int) -> None:
    """Kill a process, unless its number has passed to another."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
        if f"\nPPid:\t{child_of}\n" in status:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:  # it has ended
        return
    finally:
        os.close(handle)
