"""Limits that the kernel keeps on a process within the walls; once set they can be lowered and never raised."""

from __future__ import annotations

import os
import resource
import sys

_OPEN_FILES = 64


def set_limits(memory: int, cpu_seconds: int) -> None:
    """Limit this process, for good.

    Args:
        memory: most address space, in bytes; a request beyond it fails with MemoryError.
        cpu_seconds: most time on a processor, in seconds; the kernel kills the process after it.
    """
    for name, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NPROC, 0),  # does not bind root; the filter on system calls binds everyone
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(name, (most, most))


def forget_streams() -> None:
    """Point standard input, output and error at nothing, so that what is run can neither read nor write them."""
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.close(nothing)
