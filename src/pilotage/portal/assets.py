"""Style sheet, script and icon: package data under one version, so that a browser fetches each only once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from pilotage.core.canonical import digest_of_bytes

_TYPES = {
    "portal.css": "text/css; charset=utf-8",
    "portal.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file for browsers."""

    data: bytes
    media_type: str


@lru_cache(maxsize=1)
def read_assets() -> dict[str, Asset]:
    """Read all assets, by file name."""
    folder = files("pilotage.portal") / "static"
    return {name: Asset((folder / name).read_bytes(), media_type) for name, media_type in _TYPES.items()}


@lru_cache(maxsize=1)
def assets_version() -> str:
    """Give a short text that changes when any asset does."""
    return digest_of_bytes(b"".join(asset.data for asset in read_assets().values()))[7:19]
