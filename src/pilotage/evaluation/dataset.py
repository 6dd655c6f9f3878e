"""Reads the items of a data set for a measurement, which takes a whole and sound file or none."""

from __future__ import annotations

from pilotage.core.errors import EvidenceError
from pilotage.registry.items import Items, parse_items

_SHOWN = 20


def read_items(data: bytes) -> Items:
    """Read the items of a JSON Lines file in file order.

    Raises:
        EvidenceError: the file is empty, or lines are wrong; the message names each of the first 20 by its number.
    """
    items, problems = parse_items(data, "")
    if problems:
        told = "; ".join(f"line {each.line}: {each.what}" if each.line else each.what for each in problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise EvidenceError(f"the data set cannot be used: {told}{more}", problems[0].remedy)
    return items
