"""A service of the demo must not outlive it, even when the demo is killed: it ends when its standard input closes."""

from __future__ import annotations

import os
import sys
import threading


def end_with_standard_input() -> None:
    """End this process as soon as whoever started it is gone; does nothing at a terminal or without a pipe."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return
    descriptor = sys.stdin.fileno()

    def wait() -> None:
        # Straight from the descriptor: a thread that holds the buffered reader would abort an ordinary ending.
        while os.read(descriptor, 4_096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True, name="ending").start()
