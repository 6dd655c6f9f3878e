"""The filter on system calls, run here by a small machine for its few instructions."""

from __future__ import annotations

import errno
import struct

import pytest

from pilotage.evaluation.sandbox.system_calls import KNOWN_MACHINES, filter_for

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000


def verdict_of(machine: str, audit: int, call: int) -> int:
    """Run the filter on one call."""
    steps = list(struct.iter_unpack("=HBBI", filter_for(machine)))
    loaded, at = 0, 0
    while True:
        code, if_true, if_false, constant = steps[at]
        at += 1
        if code == 0x20:
            loaded = {0: call, 4: audit}[constant]
        elif code in {0x15, 0x35}:
            at += if_true if (loaded == constant if code == 0x15 else loaded >= constant) else if_false
        else:
            assert code == 0x06
            return constant


@pytest.mark.parametrize(
    ("machine", "call"),
    [("x86_64", number) for number in (56, 57, 58, 41, 101, 165, 272, 319, 29)]
    + [("aarch64", number) for number in (220, 198, 117, 40, 97, 279, 194)]
    + [(machine, number) for machine in KNOWN_MACHINES for number in (425, 434, 438)],
)
def test_refuses(machine: str, call: int) -> None:
    """Starting processes, sockets, tracing, mounting and memory beside the limit are not permitted."""
    assert verdict_of(machine, _AUDIT[machine], call) == _ERRNO | errno.EPERM


@pytest.mark.parametrize(
    ("machine", "call"),
    [("x86_64", number) for number in (0, 1, 3, 9, 12, 59, 60, 202, 231, 257)]
    + [("aarch64", number) for number in (56, 57, 63, 64, 93, 94, 98, 214, 221, 222)],
)
def test_permits(machine: str, call: int) -> None:
    """What Python needs to start and compute is permitted: read, write, close, mmap, brk, exec, exit, futex, openat."""
    assert verdict_of(machine, _AUDIT[machine], call) == _ALLOW


@pytest.mark.parametrize("machine", KNOWN_MACHINES)
def test_unknown_calls(machine: str) -> None:
    """Newer calls, those of x32 and clone3, whose flags a filter cannot see, look as if the kernel had them not."""
    for call in (435, 450, 999, 0x40000000 + 57):
        assert verdict_of(machine, _AUDIT[machine], call) == _ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", KNOWN_MACHINES)
def test_kills_other_abi(machine: str) -> None:
    """A call of another architecture, such as 32-bit x86, has other numbers and ends the process."""
    assert verdict_of(machine, 0x40000003, 0) == _KILL
