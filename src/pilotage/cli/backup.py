"""`backup` and `restore`: everything an installation knows, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pilotage.cli.options import StateOption
from pilotage.cli.output import console, ending_on_errors, read_settings

File = Annotated[Path, typer.Argument(help="The backup file.")]


def backup(file: File, *, state: StateOption = None) -> None:
    """Write database, artefacts and keys to one file, as they are at one moment; keep it as secret as the keys.

    Example: pilotage backup pilotage-2026-11-22.zip
    """
    from pilotage.app.platform import open_platform
    from pilotage.storage.backup import write_backup

    with ending_on_errors(), open_platform(read_settings(state=state)) as platform:
        write_backup(platform.engine, platform.state, file, platform.clock)
    console.print(f"{file} is written; whoever has it can read and sign as this installation", markup=False)


def restore(file: File, *, state: StateOption = None) -> None:
    """Restore a backup into an empty state folder and database.

    Example: pilotage restore pilotage-2026-11-22.zip --state .pilotage
    """
    from pilotage.ledger.audit import verify_connection
    from pilotage.storage.engine import open_engine
    from pilotage.storage.restore import restore_backup
    from pilotage.storage.state import StateFolder

    with ending_on_errors():
        config = read_settings(state=state)
        folder = StateFolder(config.state)
        engine = open_engine(config.database or folder.database_url)
        try:
            restore_backup(file, engine, folder, verify_connection)
        finally:
            engine.dispose()
    console.print("restored; check it with  pilotage ledger verify", markup=False)
