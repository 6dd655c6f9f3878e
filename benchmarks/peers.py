"""Installs and runs the tools whose results Pilotage reads, each in an environment of its own under `.peers/`.

    python3 benchmarks/peers.py install [inspect] [promptfoo] [garak]
    python3 benchmarks/peers.py run NAME ARGUMENTS

They want versions of packages that fight with each other's (garak wants openai below 3, Inspect AI from 3.1), so none
of them is ever a dependency. Versions are pinned here; the packages come from the indexes that pip and npm are set up
with. Needs Python and pip; promptfoo needs npm too, and brings a Node of its own.
"""

from __future__ import annotations

import json
import os
import platform
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".peers"
STAMP = "versions.json"
SET_UP = runpy.run_path(str(ROOT / "requirements" / "install.py"))  # it knows where packages come from

# What Python packages each environment is made of, and what of their dependencies is left out: garak declares
# PyTorch and its kind for detectors and generators that run a model in the same process, which nothing here does.
PYTHON = {
    "inspect": (("inspect-ai==0.3.285", "openai==3.54.0"), ()),
    "garak": (("garak==0.17.1", "openai==2.54.0"), ("torch", "accelerate", "nvidia-riva-client")),
}
NODE = ("node@22.23.3", "promptfoo@0.123.1")
NAMES = (*PYTHON, "promptfoo")


def main(arguments: Sequence[str]) -> int:
    """Install the tools that are named, all by default, or run one; returns the exit code."""
    match list(arguments):
        case ["install", *names] if set(names) <= set(NAMES):
            for name in names or NAMES:
                install(name)
            return 0
        case ["run", name, *rest] if name in NAMES:
            words = [*command_of(name), *rest]
            return subprocess.run(words, env=environment_of(name), check=False).returncode  # noqa: S603 - what the caller asks
        case _:
            print(f"usage: python3 benchmarks/peers.py install|run [{'|'.join(NAMES)}] [ARGUMENTS]", file=sys.stderr)
            return 2


def command_of(name: str) -> list[str]:
    """Give the words that start a tool.

    Raises:
        FileNotFoundError: it is not installed.
    """
    home = PEERS / name
    if not (home / STAMP).is_file():
        raise FileNotFoundError(f"{name} is not installed; run python3 benchmarks/peers.py install {name}")
    modules = home / "node_modules"
    return {
        "inspect": [str(home / "bin" / "inspect")],
        "garak": [str(home / "bin" / "python"), "-m", "garak"],
        "promptfoo": [str(modules / "node" / "bin" / "node"), str(modules / "promptfoo" / "dist" / "src" / "main.js")],
    }[name]


def environment_of(name: str) -> dict[str, str]:
    """Give the environment of a tool: state in its own folder, and nothing sent to or fetched from its makers."""
    state = PEERS / f"{name}-state"
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "PROMPTFOO_CONFIG_DIR": str(state),
        "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
    }
    homes = {f"XDG_{kind}_HOME": str(state / kind.lower()) for kind in ("DATA", "CONFIG", "CACHE")}
    return {**os.environ, **quiet, **homes}


def install(name: str) -> None:
    """Install a tool unless it is there in the pinned versions.

    Raises:
        subprocess.CalledProcessError: a package could not be had.
        FileNotFoundError: promptfoo is wanted, and there is no npm.
    """
    home = PEERS / name
    wanted = json.dumps(
        {"python": platform.python_version(), "versions": NODE if name == "promptfoo" else PYTHON[name]}
    )
    stamp = home / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"installing {name} into {home.relative_to(ROOT)}", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if name == "promptfoo":
        install_node(home)
    else:
        install_python(home, *PYTHON[name])
    stamp.write_text(wanted)


def install_python(home: Path, packages: Sequence[str], left_out: Sequence[str]) -> None:
    """Make a virtual environment with some packages, and without some of what they depend on."""
    uv_home, uv = SET_UP["UV_HOME"], SET_UP["uv"]
    uv_home.mkdir(exist_ok=True)
    overrides = home / "overrides.txt"
    uv("venv", "--clear", "--python", sys.executable, home)
    overrides.write_text("".join(f'{package} ; python_version < "0"\n' for package in left_out))
    uv("pip", "install", "--python", home, "--overrides", overrides, *packages)


def install_node(home: Path) -> None:
    """Install Node packages; the Node that promptfoo needs is one of them, and so is the SQLite that it opens."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("promptfoo needs npm, which is not on the path")
    (home / "package.json").write_text('{"name": "peers", "private": true}\n')
    run_npm = [npm, "install", "--no-audit", "--no-fund", "--loglevel", "error", "--omit", "optional"]
    subprocess.run([*run_npm, *NODE], cwd=home, stdout=sys.stderr, check=True)  # noqa: S603 - fixed words
    optional = json.loads((home / "node_modules" / "libsql" / "package.json").read_text())["optionalDependencies"]
    binding = f"@libsql/{sys.platform}-{'x64' if platform.machine() in {'x86_64', 'AMD64'} else 'arm64'}"
    binding += "-gnu" if sys.platform == "linux" else ""
    wanted = f"{binding}@{optional[binding]}"
    subprocess.run([*run_npm, wanted], cwd=home, stdout=sys.stderr, check=True)  # noqa: S603 - as above


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
