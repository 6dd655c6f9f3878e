"""Finds items of a data set by their ids, for those who look at a run; the file is indexed once for each digest."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from pilotage.core.canonical import Json, digest_of_bytes
from pilotage.registry.items import Item


@dataclass(frozen=True, slots=True)
class _Indexed:
    """A file of items, and where each item's line begins and ends."""

    digest: str
    data: bytes
    places: Mapping[str, tuple[int, int]]


class ItemFinder:
    """Finds items in the files of data sets; holds the last file that was looked into, and may be asked by threads."""

    def __init__(self, read_file: Callable[[str], bytes | None]) -> None:
        """Find items in files that are read by the data set's name; None where there is no such file."""
        self._read_file = read_file
        self._last: _Indexed | None = None
        self._lock = threading.Lock()

    def find_items(self, dataset: str, digest: str, ids: Iterable[str]) -> dict[str, Item]:
        """Give the items of some ids, from exactly the file that has this digest; nothing where it is another now."""
        with self._lock:
            if self._last is None or self._last.digest != digest:
                data = self._read_file(dataset)
                if data is None or digest_of_bytes(data) != digest:
                    return {}
                self._last = _Indexed(digest, data, _index(data))
            held = self._last
        return {name: _item(held.data[slice(*held.places[name])]) for name in ids if name in held.places}


def _index(data: bytes) -> dict[str, tuple[int, int]]:
    """Find each item's line; the file was sound when it was measured on, and its digest says that it is the same."""
    places: dict[str, tuple[int, int]] = {}
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        places[_item(data[start:end]).id] = (start, end)
        start = end + 1
    return places


def _item(line: bytes) -> Item:
    plain = cast("dict[str, Json]", json.loads(line))
    return Item(str(plain["id"]), plain["input"], plain.get("expected"))
