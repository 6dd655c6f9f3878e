"""Where an upstream listens, and the key for it; pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an upstream listens, and the key for it, which never shows in a repr.

    Attributes:
        base_url: the address up to and with `/v1`, without a slash at the end.
        credential: sent as a bearer token; None where the upstream asks for none.
    """

    base_url: str
    credential: str | None = field(default=None, repr=False)


@lru_cache(maxsize=1024)
def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
