"""Asks the candidate and judges its replies, behind walls of its own: the verdict goes out here and nowhere else.

It knows what is expected, and the candidate does not. What the candidate says is parsed as JSON within bounds and
compared as plain values, so it can be wrong and nothing worse. One line goes out before generated code is loaded
(`ready`, or the `fault` of the data set), and one after (`ran`, `failures`, `checks`, or again a `fault`).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Never, cast

from pilotage.evaluation.sandbox.inside.asking import Candidate, GoneError
from pilotage.evaluation.sandbox.inside.examples import wrong_in
from pilotage.evaluation.sandbox.inside.limits import forget_streams, set_limits
from pilotage.evaluation.sandbox.inside.wire import Json

_MEMORY = 2 * 1_073_741_824
_CPU_SECONDS = 300


def main() -> None:
    """Check one item; the arguments are two descriptors, the order comes on standard input."""
    requests_to, replies_from = map(int, sys.argv[1:])
    set_limits(_MEMORY, _CPU_SECONDS)
    order = json.loads(sys.stdin.buffer.readline())
    verdict = os.dup(sys.stdout.fileno())
    forget_streams()
    candidate = Candidate(os.fdopen(requests_to, "wb"), os.fdopen(replies_from, "rb"))
    Checker(order, candidate, verdict).check()


class Checker:
    """Goes through the checks of one item."""

    def __init__(self, order: dict[str, Json], candidate: Candidate, verdict: int) -> None:
        """Keep what to check, whom to ask, and the descriptor on which to tell."""
        self._order = order
        self._candidate = candidate
        self._verdict = verdict
        self._failures: list[str] = []
        self._checks = 0

    def check(self) -> Never:
        """Check everything, and tell."""
        source = self._order["properties"]
        if not source:
            self._get_ready()
            self._check_examples()
            self._end(ran=True)
        from pilotage.evaluation.sandbox.inside.properties import (  # noqa: PLC0415 - Hypothesis takes its time
            DataFaultError,
            Properties,
        )

        try:
            properties = Properties(source, self._order["function"], self._candidate, self._finish)
            self._get_ready()
            self._check_examples()
            self._failures += properties.failures()
        except DataFaultError as fault:
            self._tell({"fault": str(fault)})
            os._exit(0)
        self._checks += properties.count
        self._end(ran=True)

    def _get_ready(self) -> None:
        try:
            self._candidate.receive()
        except GoneError:
            os._exit(1)  # no generated code has run yet, so it is not to blame
        self._tell({"ready": True})
        try:
            self._candidate.load(self._order["code"], self._order["function"])
        except GoneError as error:
            self._finish(str(error))

    def _check_examples(self) -> None:
        for number, example in enumerate(cast("list[dict[str, Json]]", self._order["examples"]), start=1):
            try:
                reply = self._candidate.call(example.get("args", []), example.get("kwargs", {}))
            except GoneError as error:
                self._finish(str(error))
            self._checks += 1
            wrong = wrong_in(reply, example)
            if wrong:
                self._failures.append(f"example {number} {wrong}")

    def _finish(self, failure: str) -> Never:
        self._failures.append(failure)
        self._end(ran=False)

    def _end(self, *, ran: bool) -> Never:
        self._tell({"ran": ran, "failures": self._failures, "checks": self._checks})
        os._exit(0)

    def _tell(self, message: Json) -> None:
        os.write(self._verdict, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
