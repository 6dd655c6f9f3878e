"""Whether bubblewrap can do its work on this machine."""

from __future__ import annotations

import shutil
import subprocess

REMEDY = "apt-get install bubblewrap, and permit user namespaces"


def bubblewrap_works() -> bool:
    """Tell whether bubblewrap is there and may make its namespaces."""
    program = shutil.which("bwrap")
    command = [program or "", "--unshare-all", "--ro-bind", "/", "/", "true"]
    return program is not None and subprocess.run(command, check=False, capture_output=True).returncode == 0
