"""Builds files of other tools for tests: archives as Inspect AI writes them, and edits of the real samples."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zstandard

from pilotage.evaluation.imports.archive import Archive

SAMPLES = Path(__file__).parent / "samples"
ZSTANDARD, DEFLATED, STORED = 93, 8, 0
_LOCAL, _CENTRAL, _END = "<4s5H3I2H", "<4s6H3I5H2I", "<4s4H2IH"


def read_sample(name: str) -> bytes:
    """Read a file that a real tool wrote."""
    return (SAMPLES / name).read_bytes()


def edited(name: str, change: Callable[[Any], object]) -> bytes:
    """Change a JSON sample."""
    document = json.loads(read_sample(name))
    change(document)
    return json.dumps(document).encode()


def edited_eval(name: str, changes: Mapping[str, Callable[[Any], object]]) -> bytes:
    """Change entries of an `.eval` sample; an entry whose change gives "drop" is left out."""
    archive = Archive(read_sample(name))
    entries: dict[str, bytes] = {}
    for entry in archive.names():
        value = json.loads(archive.read(entry))
        change = changes.get(entry)
        if change is None or change(value) != "drop":
            entries[entry] = json.dumps(value).encode()
    return zipped(entries)


def zipped(
    entries: Mapping[str, bytes], *, method: int = ZSTANDARD, told_size: int | None = None, flags: int = 0
) -> bytes:
    """Write a zip archive, which Python's zipfile cannot do with Zstandard before 3.14."""
    out, central = bytearray(), bytearray()
    for name, content in entries.items():
        packed = packed_with(method, content)
        size = len(content) if told_size is None else told_size
        offset, words = len(out), name.encode()
        common = (flags, method, 0, 33, zlib.crc32(content), len(packed), size, len(words), 0)
        out += struct.pack(_LOCAL, b"PK\3\4", 20, *common) + words + packed
        central += struct.pack(_CENTRAL, b"PK\1\2", 20, 20, *common, 0, 0, 0, 0, offset) + words
    return (
        bytes(out)
        + bytes(central)
        + struct.pack(_END, b"PK\5\6", 0, 0, len(entries), len(entries), len(central), len(out), 0)
    )


def packed_with(method: int, content: bytes) -> bytes:
    """Pack bytes by a zip method."""
    if method == ZSTANDARD:
        return zstandard.ZstdCompressor().compress(content)
    if method == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return packer.compress(content) + packer.flush()
    return content
