"""Which system calls generated code may make: a seccomp filter, as the bytes that bubblewrap hands to the kernel.

The namespaces already part the code from everything outside. The filter shuts what they leave open: no process and no
thread is started, so nothing can multiply, whoever runs Pilotage; no socket is opened; no memory is taken that the
limit on addresses does not count; and the kernel's rarer doors, through which others have broken out before, stay shut.

Format: struct seccomp_data and BPF, Linux `Documentation/userspace-api/seccomp_filter.rst`; numbers of the calls:
`arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

_NEWEST = 450
"""Calls from this number on are unknown to this table; programs take ENOSYS for an older kernel and do without."""
_ALIKE = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_open": 434,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "memfd_secret": 447,
}
_CLONE3 = 435
# fmt: off
_X86_64 = {
    "fork": 57, "vfork": 58, "clone": 56, "socket": 41, "ptrace": 101, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166,
    "pivot_root": 155, "chroot": 161, "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321,
    "perf_event_open": 298, "userfaultfd": 323, "name_to_handle_at": 303, "open_by_handle_at": 304,
    "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320,
    "reboot": 169, "swapon": 167, "swapoff": 168, "acct": 163, "settimeofday": 164, "clock_settime": 227,
    "adjtimex": 159, "clock_adjtime": 305, "quotactl": 179, "syslog": 103, "lookup_dcookie": 212,
    "memfd_create": 319, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240, "fanotify_init": 300,
    "inotify_init": 253, "inotify_init1": 294, "personality": 135, "sethostname": 170, "setdomainname": 171,
    "vhangup": 153, "iopl": 172, "ioperm": 173, "modify_ldt": 154, "uselib": 134, "nfsservctl": 180,
}
_AARCH64 = {
    "clone": 220, "socket": 198, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
    "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "keyctl": 219,
    "add_key": 217, "request_key": 218, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
    "name_to_handle_at": 264, "open_by_handle_at": 265, "init_module": 105, "finit_module": 273,
    "delete_module": 106, "kexec_load": 104, "kexec_file_load": 294, "reboot": 142, "swapon": 224, "swapoff": 225,
    "acct": 89, "settimeofday": 170, "clock_settime": 112, "adjtimex": 171, "clock_adjtime": 266, "quotactl": 60,
    "syslog": 116, "lookup_dcookie": 18, "memfd_create": 279, "shmget": 194, "semget": 190, "msgget": 186,
    "mq_open": 180, "fanotify_init": 262, "inotify_init1": 26, "personality": 92, "sethostname": 161,
    "setdomainname": 162, "vhangup": 58, "nfsservctl": 42,
}
# fmt: on


@dataclass(frozen=True, slots=True)
class _Machine:
    """A kind of processor: how seccomp names it, and its numbers of the calls that are refused."""

    audit: int
    calls: dict[str, int]


_MACHINES = {
    "x86_64": _Machine(0xC000003E, _X86_64),
    "aarch64": _Machine(0xC00000B7, _AARCH64),
}
KNOWN_MACHINES = tuple(_MACHINES)

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF: ld abs word, jeq, jge, ret constant
_NUMBER_AT, _MACHINE_AT = 0, 4  # in struct seccomp_data
_KILL, _ALLOW, _ERRNO = 0x8000_0000, 0x7FFF_0000, 0x0005_0000


def filter_for(machine: str) -> bytes:
    """Give the filter for a kind of processor.

    Args:
        machine: as `uname -m` has it; one of `KNOWN_MACHINES`.
    """
    kind = _MACHINES[machine]
    program = [
        _step(_LOAD, _MACHINE_AT),
        _step(_IF_EQUAL, kind.audit, if_true=1),  # 32-bit calls have other numbers: whoever makes one is killed
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        *_refuse(_IF_AT_LEAST, _NEWEST, errno.ENOSYS),  # also the calls of x32, which are numbered from 2^30
        *_refuse(_IF_EQUAL, _CLONE3, errno.ENOSYS),  # its flags lie in memory; the C library then takes clone
    ]
    for number in sorted({**_ALIKE, **kind.calls}.values()):
        program += _refuse(_IF_EQUAL, number, errno.EPERM)
    return b"".join([*program, _step(_RETURN, _ALLOW)])


def _refuse(condition: int, number: int, error: int) -> list[bytes]:
    return [_step(condition, number, if_false=1), _step(_RETURN, _ERRNO | error)]


def _step(code: int, constant: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, constant)
