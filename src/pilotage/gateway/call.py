"""One metered call: what is reserved before the upstream is asked, and what is settled after; pure values."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pilotage.gateway.limits import Limits
from pilotage.gateway.standing import Tariff
from pilotage.registry.kinds.document import Audience

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SHIFTS = range(125, -1, -5)
UsageSource = Literal["provider", "none"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """A call about to be made, as it is written down first.

    Attributes:
        reserved_cost: the most it may cost, in billionths of the tariff's currency; None where that is unknown.
        would_refuse: rules that were broken and not enforced.
    """

    call: str
    at: datetime
    access_key: str
    use_case: str
    route: str
    release: str
    model: str
    audience: Audience
    surface: str
    run: str | None
    streamed: bool
    tariff: Tariff
    reserved_cost: int | None
    would_refuse: tuple[str, ...]
    limits: Limits | None

    @property
    def counted_cost(self) -> int | None:
        """What counts towards the limit: the reserved cost, where it is in the limit's currency."""
        same = self.limits is not None and self.limits.currency == self.tariff.currency
        return self.reserved_cost if same else None


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a reserved call ended.

    Attributes:
        status: the HTTP status given to the caller; 499 when the caller left.
        billable: whether the provider may charge for it; the reserve of any other is given back.
    """

    reservation: Reservation
    status: int
    tokens_in: int | None
    tokens_out: int | None
    source: UsageSource
    billable: bool
    milliseconds: int
    first_byte_milliseconds: int | None


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A call that was refused, for the record: never the caller's content."""

    at: datetime
    access_key: str | None
    use_case: str | None
    route: str | None
    rule: str
    status: int


class CallIds:
    """Makes ULIDs: 48 bits of time, 80 random ones, 26 characters that sort by time.

    See https://github.com/ulid/spec. The operating system is asked for randomness once: asking on each call lets the
    interpreter's lock go and costs more than all the rest of admission. An id is no secret.
    """

    def __init__(self) -> None:
        """Seed; two processes never share a sequence."""
        self._random = random.Random(secrets.randbits(256))  # noqa: S311 - an id is no secret

    def make(self, now: datetime) -> str:
        """Make the id of a call that came now."""
        number = int(now.timestamp() * 1000) << 80 | self._random.getrandbits(80)
        return "".join([CROCKFORD[number >> shift & 31] for shift in SHIFTS])
