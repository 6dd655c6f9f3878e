"""The wire format of SSH (RFC 4251, section 5): length-prefixed strings and numbers, read strictly."""

from __future__ import annotations

import struct

LONGEST = 65_536


class WireError(ValueError):
    """The bytes are not what they should be."""


class Reader:
    """Reads a message from front to back and refuses what is cut off or left over."""

    def __init__(self, data: bytes) -> None:
        """Start at the front.

        Raises:
            WireError: the message is far longer than any signature.
        """
        if len(data) > LONGEST:
            raise WireError("it is far too long")
        self._data = data
        self._at = 0

    def read_bytes(self, count: int) -> bytes:
        """Give the next bytes, exactly so many."""
        if count > len(self._data) - self._at:
            raise WireError("it is cut off")
        self._at += count
        return self._data[self._at - count : self._at]

    def read_number(self) -> int:
        """Give the next `uint32`."""
        return int(struct.unpack(">I", self.read_bytes(4))[0])

    def read_string(self) -> bytes:
        """Give the next `string`."""
        return self.read_bytes(self.read_number())

    def read_natural(self) -> int:
        """Give the next `mpint`, which must not be negative."""
        data = self.read_string()
        if data and data[0] & 0x80:
            raise WireError("it holds a negative number")
        return int.from_bytes(data, "big")

    def read_end(self) -> None:
        """Make sure that nothing is left."""
        if self._at != len(self._data):
            raise WireError("something stands after its end")


def write_string(data: bytes) -> bytes:
    """Give a `string`."""
    return struct.pack(">I", len(data)) + data
