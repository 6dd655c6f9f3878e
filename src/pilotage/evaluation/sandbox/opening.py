"""Opens the sandbox: finds what it is made of, and tries from within whether its walls hold, before code meets them."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import replace

from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.sandbox.cell import Cell, find_cell
from pilotage.evaluation.sandbox.descriptors import open_pipe, readable

_TRIAL_SECONDS = 120
_REMEDY = (
    "let the operator's user make user namespaces: `sysctl kernel.unprivileged_userns_clone=1` or "
    "`kernel.apparmor_restrict_unprivileged_userns=0`, an AppArmor profile for bwrap, or, in a container, a seccomp "
    "profile that allows unshare and mount"
)


def open_sandbox(*, properties: bool) -> Cell:
    """Give a sandbox that was tried.

    Args:
        properties: whether Hypothesis properties will be checked; its tables are then made, once.

    Raises:
        EvidenceError: bubblewrap or Hypothesis is missing, user namespaces are not permitted, or the walls have a hole.
    """
    cell = find_cell(properties=properties)
    with readable(cell.calls) as calls, open_pipe() as (_, told):
        more = (*cell.library_mounts({}), "--tmpfs", "/tables") if properties else ()
        command = cell.command(
            "trial", calls=calls, told=told, arguments=("properties",) if properties else (), more=more
        )
        try:
            done = subprocess.run(  # noqa: S603 - the command is ours alone
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env={},
                pass_fds=(calls, told),
                timeout=_TRIAL_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EvidenceError(f"bubblewrap cannot start the sandbox for generated code ({error})", _REMEDY) from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it gave no reason"]
        raise EvidenceError(f"bubblewrap cannot start the sandbox for generated code ({said[-1][:300]})", _REMEDY)
    return _judge(cell, json.loads(done.stdout))


def _judge(cell: Cell, trial: dict[str, Json]) -> Cell:
    """Refuse a sandbox with holes; give one that holds with the tables that were made in it."""
    if trial["holes"]:
        remedy = "generated code is not run here; use a newer bubblewrap and kernel, and report this"
        raise EvidenceError(f"the sandbox for generated code does not hold: {'; '.join(trial['holes'])}", remedy)
    tables = {name: base64.b64decode(data) for name, data in trial["tables"].items()}
    return replace(cell, tables=tables)
