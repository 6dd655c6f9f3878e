"""`scorer list|check`: the scorers that installed packages bring."""

from __future__ import annotations

from typing import Annotated

import typer

from pilotage.cli.output import BROKEN, Json, console, ending_on_errors, errors, print_json

group = typer.Typer(no_args_is_help=True, help="Scorers that installed packages bring.")


@group.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the scorers that installed packages bring, with their owner, release and whether they conform.

    Each is run over its own cases.

    Example: pilotage scorer list
    """
    from pilotage.core.errors import EvidenceError
    from pilotage.evaluation.conformance import find_faults
    from pilotage.evaluation.observers.plugin import find_plugins, load_plugin

    rows: list[dict[str, object]] = []
    for installed in find_plugins():
        try:
            plugin = load_plugin(installed)
            owner, faults = plugin.owner, find_faults(plugin)
        except EvidenceError as error:
            owner, faults = "", (error.message,)
        rows.append(
            {
                "name": installed.name,
                "package": installed.package,
                "release": installed.release,
                "owner": owner,
                "conforms": not faults,
                "faults": list(faults),
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "conforms" if row["conforms"] else "does not conform"
        line = f"{row['name']:<24} {row['package']} {row['release']}  {state:<16}  {row['owner']}"
        console.print(line.rstrip(), markup=False)
    if not rows:
        console.print("No installed package brings a scorer; docs/scorers.md shows how to write one.", markup=False)


@group.command()
def check(
    name: Annotated[str, typer.Argument(help="The scorer's name, as a document has it.")], *, as_json: Json = False
) -> None:
    """Run the conformance test of a scorer over its own cases and hostile answers; ends with 1 where it fails.

    Example: pilotage scorer check polite
    """
    from pilotage.evaluation.conformance import find_faults
    from pilotage.evaluation.observers.plugin import find_plugin, load_plugin

    with ending_on_errors():
        installed = find_plugin(name)
        faults = find_faults(load_plugin(installed))
    if as_json:
        print_json({"name": name, "release": installed.release, "conforms": not faults, "faults": list(faults)})
    elif not faults:
        console.print(f"{name} ({installed.package} {installed.release}) conforms", markup=False)
    else:
        errors.print(f"{name} ({installed.package} {installed.release}) does not conform:", markup=False)
        for fault in faults:
            errors.print(f"  - {fault}", markup=False)
    if faults:
        raise typer.Exit(BROKEN)
