"""Waits until somebody ends the command, by Ctrl-C or by the signal that service managers send."""

from __future__ import annotations

import signal
import threading


def wait_for_end() -> None:
    """Return once SIGINT or SIGTERM arrives."""
    ended = threading.Event()
    previous = {
        name: signal.signal(name, lambda _number, _frame: ended.set()) for name in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        while not ended.wait(1):
            pass
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)
