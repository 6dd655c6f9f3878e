"""Reads a zip archive held in memory within bounds: stored, deflated or (as Inspect AI writes) Zstandard entries.

Python's zipfile reads Zstandard from 3.14 on; here the entries are found with it and unpacked piece by piece, so
that a small file cannot grow into all memory, and a wrong size or checksum is told.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import zstandard

from pilotage.evaluation.imports.results import malformed

ZSTANDARD = 93
LARGEST_ENTRY = 64_000_000
LARGEST_WHOLE = 2_000_000_000
MOST_ENTRIES = 2_100_000
_LARGEST_WINDOW = 2**27
_PIECE = 1_000_000
_LOCAL = struct.Struct("<4s5H3I2H")
_LOCAL_SIGN = b"PK\x03\x04"
_ENCRYPTED = 1


class Archive:
    """A zip archive in memory; entries are unpacked when asked for."""

    def __init__(self, data: bytes) -> None:
        """Read the list of entries.

        Raises:
            EvidenceError: it is no whole zip archive, or names an entry twice.
        """
        self._data = memoryview(data)
        self._unpacked = 0
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as file:
                listing = file.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError, struct.error) as error:
            raise malformed("the archive is cut off or damaged") from error
        self._entries = {entry.filename: entry for entry in listing}
        if len(self._entries) < len(listing):
            raise malformed("the archive names an entry twice")
        if len(listing) > MOST_ENTRIES:
            raise malformed("the archive holds more entries than are read", "import a smaller file")

    def __contains__(self, name: str) -> bool:
        """Tell whether there is an entry of this name."""
        return name in self._entries

    def names(self, prefix: str = "") -> tuple[str, ...]:
        """Give the names of the entries that begin so, in the archive's order."""
        return tuple(name for name in self._entries if name.startswith(prefix))

    def read(self, name: str) -> bytes:
        """Unpack an entry.

        Raises:
            EvidenceError: it is not there, damaged, or larger than is read.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise malformed(f"the archive lacks {name}")
        if entry.flag_bits & _ENCRYPTED:
            raise malformed(f"{name} is encrypted")
        content = bytearray()
        for piece in _unpack(self._packed(entry), entry.compress_type, name):
            content += piece
            if len(content) > LARGEST_ENTRY or self._unpacked + len(content) > LARGEST_WHOLE:
                raise malformed(f"{name} unpacks to more than is read", "import a smaller file")
        self._unpacked += len(content)
        if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
            raise malformed(f"{name} is damaged")
        return bytes(content)

    def _packed(self, entry: zipfile.ZipInfo) -> memoryview:
        """Find the packed bytes of an entry behind its own header."""
        head = self._data[entry.header_offset : entry.header_offset + _LOCAL.size]
        if len(head) < _LOCAL.size or bytes(head[:4]) != _LOCAL_SIGN:
            raise malformed(f"the archive is damaged at {entry.filename}")
        *_, name_length, extra_length = _LOCAL.unpack(head)
        start = entry.header_offset + _LOCAL.size + name_length + extra_length
        packed = self._data[start : start + entry.compress_size]
        if len(packed) < entry.compress_size:
            raise malformed(f"the archive is cut off at {entry.filename}")
        return packed


def _unpack(packed: memoryview, method: int, name: str) -> Iterator[bytes]:
    """Unpack in pieces, so that the reader can stop."""
    try:
        if method == zipfile.ZIP_STORED:
            yield bytes(packed)
        elif method == zipfile.ZIP_DEFLATED:
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            rest: bytes | memoryview = packed
            while rest and not unpacker.eof:
                yield unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
        elif method == ZSTANDARD:
            with zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(packed) as reader:
                while piece := reader.read(_PIECE):
                    yield piece
        else:
            raise malformed(f"{name} is packed in a way (method {method}) that is not read")
    except (zlib.error, zstandard.ZstdError) as error:
        raise malformed(f"{name} is damaged") from error
