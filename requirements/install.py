"""Bring `.venv` to the pinned state: `python3 requirements/install.py demo|test|wheel|pins`.

It needs only Python and pip: pip installs a pinned uv, uv does the rest, and every file is checked against
its hash. It may be killed at any moment and run again: an environment counts as ready only when its stamp was
written, and one without a stamp is made anew. All output goes to standard error, so that a caller's standard
output stays clean.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements"
UV_HOME = ROOT / ".uv"
VENV = ROOT / ".venv"
WHEEL_VENV = ROOT / ".venv-wheel"
STAMP = "pilotage-pins"
BUILD_TABLES = ("build-system", "project")

# One level contains the one before it at the same versions, so a readier environment serves a lesser wish.
LEVELS = ("demo", "test")

# Each file of pins: what it covers. The first is compiled freely, the others are held to its versions.
COMPILED = {
    "test": ["--extra", "code", "--extra", "postgres", "--group", "build", "--group", "demo", "--group", "test"],
    "demo": ["--extra", "code", "--extra", "postgres", "--group", "build", "--group", "demo"],
    "runtime": ["--extra", "code", "--extra", "postgres"],
}


def main(arguments: Sequence[str]) -> int:
    """Do what the one argument names; returns the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        return fail(f"needs Python 3.11 or later, and this is {sys.version.split()[0]}; run make PYTHON=python3.12")
    if len(arguments) != 1 or arguments[0] not in {*LEVELS, "wheel", "pins"}:
        return fail("usage: python3 requirements/install.py demo|test|wheel|pins")
    started = time.monotonic()
    try:
        with locked():
            if arguments[0] == "pins":
                compile_pins()
            elif arguments[0] == "wheel":
                install_wheel()
            elif not is_ready(arguments[0]):
                install_editable(arguments[0])
                print(f"set-up: ready after {time.monotonic() - started:.0f} s", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        return fail(f"{' '.join(map(str, error.cmd[:3]))} ... ended with {error.returncode}; its words stand above")
    return 0


def fail(message: str) -> int:
    """Say on standard error what went wrong; returns the exit code for it."""
    print(f"set-up: {message}", file=sys.stderr)
    return 1


@contextlib.contextmanager
def locked() -> Generator[None]:
    """Hold the set-up for this process alone; a lock that dies with its process needs no mending."""
    UV_HOME.mkdir(exist_ok=True)
    with (UV_HOME / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_ready(level: str) -> bool:
    """Tell whether the environment holds this level, or one that contains it, at the present pins."""
    stamp = read_stamp(VENV)
    return any(stamp == digest(wider) for wider in LEVELS[LEVELS.index(level) :])


def read_stamp(venv: Path) -> str:
    """Read which pins the environment was completed with; empty when it never was."""
    stamp = venv / STAMP
    return stamp.read_text() if stamp.is_file() and (venv / "bin" / "python").exists() else ""


def digest(level: str) -> str:
    """Name the state that an environment of this level is to be in: its Python and all that goes in."""
    import tomllib  # noqa: PLC0415 - absent before Python 3.11, which has to get as far as its error message

    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "level": level,
        "pins": (PINS / f"{level}.txt").read_text(),
        "package": [tables.get(name) for name in BUILD_TABLES],
        "place": str(ROOT),
    }
    return f"{python_name()} {hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()}"


def python_name() -> str:
    """Name the Python that this script runs on, which the environments are made from."""
    return f"{sys.version.split()[0]}@{sys.base_prefix}"


def install_editable(level: str) -> None:
    """Install the pins of a level in `.venv`, and the package itself from `src/`."""
    install_pins(VENV, level)
    uv(
        "pip",
        "install",
        "--python",
        VENV,
        "--no-deps",
        "--no-build-isolation",
        "--offline",
        "--editable",
        ROOT,
    )
    (VENV / STAMP).write_text(digest(level))


def install_wheel() -> None:
    """Build the wheel, and install it with the test pins in `.venv-wheel`, which knows nothing of `src/`."""
    if not is_ready("test"):
        install_editable("test")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    uv("build", "--wheel", "--no-build-isolation", "--offline", "--python", VENV / "bin" / "python", ROOT)
    install_pins(WHEEL_VENV, "test")
    wheels = list((ROOT / "dist").glob("*.whl"))
    uv("pip", "install", "--python", WHEEL_VENV, "--no-deps", "--offline", *wheels)
    (WHEEL_VENV / STAMP).write_text(digest("test"))


def install_pins(venv: Path, level: str) -> None:
    """Make the environment hold just the pins of a level; half-made or of another Python, it is made anew."""
    if not read_stamp(venv).startswith(f"{python_name()} "):
        uv("venv", "--clear", "--python", sys.executable, venv)
    (venv / STAMP).unlink(missing_ok=True)
    uv("pip", "sync", "--python", venv, "--require-hashes", "--no-build", PINS / f"{level}.txt")


def compile_pins() -> None:
    """Resolve the pins anew, for every platform and Python that is supported, without any index address."""
    resolve("uv", ["--upgrade", PINS / "uv.in"])
    constraint: list[str | Path] = ["--upgrade"]
    for name, covered in COMPILED.items():
        resolve(name, [*covered, *constraint, "--overrides", PINS / "overrides.txt", ROOT / "pyproject.toml"])
        constraint = ["--constraint", PINS / "test.txt"]


def resolve(name: str, what: Sequence[str | Path]) -> None:
    """Write one file of hashed pins."""
    how = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-header",
    ]
    uv("pip", "compile", "--no-annotate", *how, "--output-file", PINS / f"{name}.txt", *what)


def uv(*arguments: str | Path) -> None:
    """Run the pinned uv, which is installed first where it is missing.

    Raises:
        subprocess.CalledProcessError: uv, or pip on the way to it, could not do it.
    """
    program = install_uv()
    # Paths are relative to the project's folder, so that none of this machine enters a compiled file.
    words = [
        str(word.relative_to(ROOT)) if isinstance(word, Path) and word.is_relative_to(ROOT) else str(word)
        for word in arguments
    ]
    subprocess.run([program, "--quiet", *words], cwd=ROOT, env=uv_environment(), stdout=sys.stderr, check=True)


def install_uv() -> Path:
    """Install the pinned uv with pip, beside the environments, and return its path."""
    pins = PINS / "uv.txt"
    home = UV_HOME / hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    if not home.is_dir():
        print("set-up: fetching the pinned packages, once", file=sys.stderr)
        half_made = UV_HOME / "half-made"
        shutil.rmtree(half_made, ignore_errors=True)
        where = ["--target", half_made, "--no-deps", "--only-binary", ":all:"]
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run(
            [*command, "--require-hashes", *where, "--requirement", pins],
            env={"PIP_ROOT_USER_ACTION": "ignore", **os.environ},
            stdout=sys.stderr,
            check=True,
        )
        half_made.rename(home)
    return home / "bin" / "uv"


def uv_environment() -> dict[str, str]:
    """Tell uv, which does not read pip's settings, which index and certificates pip uses on this machine.

    They are handed over in the environment and written nowhere. What the caller set for uv stays as it is.
    """
    environment = {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_TIMEOUT": "180",
        "UV_SYSTEM_CERTS": "true",
        **os.environ,
    }
    environment.pop("VIRTUAL_ENV", None)
    settings = pip_settings()
    if index := settings.get("index-url"):
        environment.setdefault("UV_DEFAULT_INDEX", index)
    if certificates := settings.get("cert"):
        environment.setdefault("SSL_CERT_FILE", certificates)
    return environment


def pip_settings() -> dict[str, str]:
    """Read pip's own settings, those in its environment variables winning over those in its files."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):
        for line in listing.splitlines():
            name, separator, value = line.partition("=")
            if separator and name.startswith(section):
                found[name.removeprefix(section)] = value.strip().strip("'\"")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
