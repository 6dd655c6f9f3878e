"""`ledger verify|export|show`: what was recorded, and proof that nobody changed it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pilotage.cli.options import StateOption
from pilotage.cli.output import Json, console, ending_on_errors, errors, print_json, read_settings
from pilotage.core.clock import format_time
from pilotage.core.errors import UsageError

if TYPE_CHECKING:
    from pilotage.ledger.chain import VerifiedChain

group = typer.Typer(no_args_is_help=True, help="The append-only, hash-chained, signed record of everything.")


@group.command()
def verify(
    file: Annotated[Path | None, typer.Argument(help="An export; else the ledger of the state folder.")] = None,
    root: Annotated[str | None, typer.Option(help="Key id that must have begun the chain.")] = None,
    *,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Verify the chain and every signature; works offline on an export.

    Example: pilotage ledger verify ledger.jsonl --root 3f9a…

    Ends with 0 when every record is as it was written, and else with 1 and the first record that is not.
    """
    from pilotage.app.platform import open_platform
    from pilotage.ledger.audit import verify_ledger

    with ending_on_errors():
        if file is not None:
            chain = _verify_file(file, root)
        else:
            with open_platform(read_settings(state=state)) as platform:
                chain = verify_ledger(platform.engine, root)
    if as_json:
        print_json(
            {
                "verified": True,
                "records": chain.head.seq,
                "head": chain.head.digest,
                "root_key": chain.root_key_id,
                "pinned": chain.pinned,
                "kinds": dict(chain.kinds),
            }
        )
        return
    console.print(f"{chain.head.seq} records verified, head {chain.head.digest[:19]}…", markup=False)
    console.print(f"begun by key {chain.root_key_id}", markup=False)
    if not chain.pinned:
        errors.print("The root key is the ledger's own word; compare it with one you kept, or give --root.")


@group.command()
def export(
    file: Annotated[Path, typer.Argument(help="File to write, JSON Lines; - for standard output.")],
    *,
    state: StateOption = None,
) -> None:
    """Write the whole ledger to a file that anyone can verify offline.

    Example: pilotage ledger export ledger.jsonl
    """
    from pilotage.app.platform import open_platform
    from pilotage.ledger.export import export_ledger

    with ending_on_errors(), open_platform(read_settings(state=state)) as platform:
        if str(file) == "-":
            head = export_ledger(platform.ledger, sys.stdout.buffer)
        else:
            with file.open("wb") as target:
                head = export_ledger(platform.ledger, target)
    errors.print(f"{head.seq} records, head {head.digest[:19]}…", markup=False)


def _verify_file(file: Path, root: str | None) -> VerifiedChain:
    from pilotage.ledger.export import read_lines
    from pilotage.ledger.verify import verify_export

    try:
        with file.open("rb") as source:
            return verify_export(read_lines(source), root)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror})", "name an export that exists") from error


@group.command()
def show(
    use_case: Annotated[str | None, typer.Argument(help="Only records about this use case.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the latest records.")] = 20,
    *,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Show the latest records, newest last.

    Example: pilotage ledger show claims-inbox --last 5
    """
    from pilotage.app.platform import open_platform

    with ending_on_errors(), open_platform(read_settings(state=state)) as platform:
        entries = platform.ledger.read(use_case=use_case)[-last:]
    rows: list[dict[str, Any]] = [
        {
            "seq": entry.seq,
            "recorded": format_time(entry.recorded_at),
            "record": entry.body.record_name,
            "use_case": entry.body.about_use_case,
            "digest": entry.digest,
        }
        for entry in entries
    ]
    if as_json:
        print_json(
            [row | {"body": entry.body.model_dump(mode="json")} for row, entry in zip(rows, entries, strict=True)]
        )
        return
    for row in rows:
        about = row["use_case"] or "-"
        line = f"{row['seq']:>6}  {row['recorded'][:19]}Z  {row['record']:<18} {about:<24} {row['digest'][:19]}"
        console.print(line, markup=False)
    if not rows:
        console.print("The ledger is empty.")


@group.command()
def rotate(
    reason: Annotated[str, typer.Option(help="Why, in a few words; it is recorded.")] = "routine",
    *,
    state: StateOption = None,
) -> None:
    """Make a new signing key; the old one vouches for it in a record that both sign, and is gone.

    Example: pilotage ledger rotate --reason "left the team"
    """
    from pilotage.app.platform import open_platform
    from pilotage.ledger.rotation import rotate_key_file

    with ending_on_errors(), open_platform(read_settings(state=state)) as platform:
        key = rotate_key_file(platform.ledger, platform.state.signing_key_path, reason)
    console.print(f"signed by {key.key_id} from now on", markup=False)
