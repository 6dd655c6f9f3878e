"""File descriptors that are handed to a sandbox."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def open_pipe() -> Generator[tuple[int, int]]:
    """Open a pipe, and close both its ends when those who inherit them have started."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


@contextmanager
def readable(data: bytes) -> Generator[int]:
    """Give a descriptor from which the data can be read; it is in memory alone."""
    descriptor = os.memfd_create("sandbox")
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
