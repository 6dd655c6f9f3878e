"""`init`, `check` and `schema`: what an author of registry documents needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pilotage.cli.output import BROKEN, Json, console, ending_on_errors, errors, print_json, print_warning
from pilotage.core.errors import DocumentError

Folder = Annotated[Path, typer.Argument(help="Folder of the registry.")]


def init(folder: Folder) -> None:
    """Lay a commented starter registry that loads as it is.

    Example: pilotage init my-registry
    """
    from pilotage.registry.init import write_starter

    with ending_on_errors():
        written = write_starter(folder)
    for path in written:
        console.print(str(path), markup=False)
    console.print(f"\nNext: edit the files, then run  pilotage check {folder}", markup=False)


def check(folder: Folder = Path(), *, as_json: Json = False) -> None:
    """Check every document and print every problem at once as `file:line: what is wrong; how to mend it`.

    Example: pilotage check my-registry

    Claims that their data sets are too small for are told on standard error; these are hints and no problems.

    Ends with 0 when the registry loads, and with 1 when it does not.
    """
    from pilotage.evaluation.dataset import read_items
    from pilotage.evaluation.enough import say_too_few
    from pilotage.registry.git import open_source
    from pilotage.registry.load import load_registry

    with ending_on_errors():
        try:
            loaded = load_registry(open_source(folder))
        except DocumentError as error:
            if as_json:
                rows = [{"file": p.file, "line": p.line, "what": p.what, "remedy": p.remedy} for p in error.problems]
                print_json({"problems": rows})
            else:
                for problem in error.problems:
                    console.print(str(problem), markup=False)
                count = len(error.problems)
                errors.print(f"{count} problem{'' if count == 1 else 's'}", markup=False)
            raise typer.Exit(BROKEN) from error
    catalog = loaded.catalog
    hints = [
        hint
        for _, evaluation in sorted(catalog.evaluations.items())
        if (hint := say_too_few(evaluation, items=len(read_items(loaded.datasets[evaluation.dataset])), attempt=1))
    ]
    if as_json:
        print_json({"problems": [], "hints": hints, "documents": len(catalog.positions), "digest": catalog.digest})
        return
    for hint in hints:
        print_warning(hint)
    state = catalog.commit[:12] if catalog.commit else "no commit"
    dirty = ", with changes that are not committed" if catalog.dirty and catalog.commit else ""
    console.print(f"{len(catalog.positions)} documents, all well ({state}{dirty})", markup=False)


def schema(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder to write a file for each kind to; else they are printed.")
    ] = None,
) -> None:
    """Export the JSON Schemas of all document kinds, for editors.

    Example: pilotage schema .vscode/schemas
    """
    from pilotage.registry.schema import all_schemas, combined_schema

    with ending_on_errors():
        if folder is None:
            print_json(combined_schema())
            return
        folder.mkdir(parents=True, exist_ok=True)
        for kind, document in all_schemas().items():
            path = folder / f"{kind}.schema.json"
            path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
            console.print(str(path), markup=False)
