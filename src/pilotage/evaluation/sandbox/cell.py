"""What a sandbox is made of: bubblewrap's arguments, and the few files that Python needs, bound read-only.

Every namespace is new. There is no network device but a loopback of its own, no /proc, no /sys, no /etc, no home, no
shell, nothing that can be written, and no environment but what stands here.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.sandbox.system_calls import KNOWN_MACHINES, filter_for

_INSIDE = "pilotage.evaluation.sandbox.inside"
_LIBRARIES = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib32", "/lib64")
_DATA = ("/etc/ld.so.cache", "/usr/share/zoneinfo")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_ENVIRONMENT = {
    "HOME": "/",
    "HYPOTHESIS_STORAGE_DIRECTORY": "/tables",
    "LC_ALL": "C.UTF-8",
    "LD_LIBRARY_PATH": "/python/lib",
    "PYTHONHASHSEED": "0",  # the order of a set must not differ from run to run
    "PYTHONHOME": "/python",
    "PYTHONPATH": f"/inside{os.pathsep}/packages",
    "TZ": "UTC",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A sandbox that can be started as often as wanted.

    Attributes:
        bubblewrap: path of its program.
        mounts: its arguments for what is seen within.
        packages: its arguments for Hypothesis; empty where no properties are checked.
        calls: the filter on system calls.
        tables: files that Hypothesis would have to make anew every time, by their path below its folder.
    """

    bubblewrap: str
    mounts: tuple[str, ...]
    packages: tuple[str, ...]
    calls: bytes
    tables: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def command(
        self, program: str, *, calls: int, told: int, arguments: tuple[object, ...], more: tuple[str, ...] = ()
    ) -> list[str]:
        """Give the command that starts one of the programs within.

        Args:
            program: the module's name: `candidate`, `checker` or `trial`.
            calls: descriptor from which bubblewrap reads the filter on system calls.
            told: descriptor on which bubblewrap tells of its child.
            arguments: what the program is told; descriptors and limits.
            more: further arguments of bubblewrap.
        """
        environment = [part for name, value in _ENVIRONMENT.items() for part in ("--setenv", name, value)]
        walls = [
            *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
            *("--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--clearenv", *environment),
            *("--seccomp", str(calls), "--info-fd", str(told)),
        ]
        python = ["/python/bin/python", "-S", "-s", "-P", "-B", "-m", f"{_INSIDE}.{program}", *map(str, arguments)]
        # Last, since what is bound makes folders: the root itself is a file system in memory.
        return [self.bubblewrap, *walls, *self.mounts, *more, "--remount-ro", "/", "--chdir", "/", "--", *python]

    def library_mounts(self, tables: dict[str, int]) -> tuple[str, ...]:
        """Give the arguments that bring Hypothesis in.

        Args:
            tables: descriptors from which its tables are read, by their path.
        """
        files = (("--ro-bind-data", str(descriptor), f"/tables/{name}") for name, descriptor in tables.items())
        return *self.packages, *(part for arguments in files for part in arguments)


def find_cell(*, properties: bool) -> Cell:
    """Find what a sandbox is made of on this machine; `open_sandbox` tries whether it holds.

    Args:
        properties: whether Hypothesis is needed.

    Raises:
        EvidenceError: something is missing; says how to get it.
    """
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        remedy = "install bubblewrap (`apt-get install bubblewrap`, `dnf install bubblewrap`) where evaluations run"
        raise EvidenceError("generated code runs in bubblewrap only, and `bwrap` is not installed", remedy)
    machine = platform.machine()
    if machine not in KNOWN_MACHINES:
        remedy = f"run evaluations of code on {' or '.join(KNOWN_MACHINES)}"
        raise EvidenceError(f"the sandbox for generated code does not know the processor {machine}", remedy)
    mounts = (*_system_mounts(), *_python_mounts(), *_bind(Path(__file__).parent / "inside", _inside_path()))
    return Cell(bubblewrap, mounts, _hypothesis_mounts() if properties else (), filter_for(machine))


def _inside_path() -> str:
    """Give the folder that makes the programs importable by their full name, as a namespace package."""
    return "/inside/" + _INSIDE.replace(".", "/")


def _bind(source: Path, target: str) -> tuple[str, ...]:
    return "--ro-bind", str(source), target


def _system_mounts() -> tuple[str, ...]:
    mounts: list[str] = []
    for path in map(Path, _LIBRARIES):
        if path.is_symlink():
            mounts += ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            mounts += _bind(path, str(path))
    mounts += (part for path in _DATA for part in ("--ro-bind-try", path, path))
    mounts += (part for path in _DEVICES for part in ("--dev-bind", path, path))
    return tuple(mounts)


def _python_mounts() -> tuple[str, ...]:
    """Bind the interpreter that runs now under a name that tells nothing of this machine, without its packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    programs = [Path(sys.base_prefix, "bin", version), Path(sys.executable)]
    program = next(path for path in programs if path.exists()).resolve()
    library = f"/python/{sys.platlibdir}/{version}"
    mounts = [*_bind(program, "/python/bin/python"), *_bind(Path(os.__file__).parent, library)]
    for packages in ("site-packages", "dist-packages"):
        if Path(os.__file__).with_name(packages).is_dir():
            mounts += ("--tmpfs", f"{library}/{packages}", "--remount-ro", f"{library}/{packages}")
    folder = Path(str(sysconfig.get_config_var("LIBDIR")))
    if str(folder) not in _LIBRARIES and not str(folder).startswith("/usr/lib/"):
        for path in sorted(folder.glob("lib*.so*")):
            mounts += _bind(path, f"/python/lib/{path.name}")
    return tuple(mounts)


def _hypothesis_mounts() -> tuple[str, ...]:
    try:
        needed = _with_needed("hypothesis", {})
    except importlib.metadata.PackageNotFoundError as error:
        remedy = "install it with `pip install 'pilotage[code]'`"
        raise EvidenceError("the data set gives properties, and Hypothesis is not installed", remedy) from error
    mounts: list[str] = []
    for distribution in needed.values():
        tops = {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}
        for top in sorted(tops - {"__pycache__"}):
            mounts += _bind(Path(str(distribution.locate_file(top))), f"/packages/{top}")
    return tuple(mounts)


def _with_needed(
    name: str, found: dict[str, importlib.metadata.Distribution]
) -> dict[str, importlib.metadata.Distribution]:
    """Give an installed distribution and those that it needs, extras aside."""
    found[name] = importlib.metadata.distribution(name)
    for requirement in found[name].requires or ():
        needed = re.match(r"[\w.-]+", requirement)
        if needed is None or "extra ==" in requirement or needed[0] in found:
            continue
        try:
            _with_needed(needed[0], found)
        except importlib.metadata.PackageNotFoundError:
            found.pop(needed[0], None)  # its marker says that it is for another version of Python
    return found
