"""`evidence import|list|garak`: results of other tools as evidence on the current Release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pilotage.cli.options import RegistryOption, StateOption
from pilotage.cli.output import NOT_YET, REACHED, Json, console, ending_on_errors, errors, print_json, read_settings
from pilotage.core.errors import UsageError

group = typer.Typer(no_args_is_help=True, help="Results of other tools, as evidence on the current Release.")

EvaluationOption = Annotated[str, typer.Option("--evaluation", help="The OutsideEvaluation whose claim they decide.")]


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Inspect AI .eval or .json, promptfoo JSON, garak JSONL, JUnit XML.")],
    evaluation: EvaluationOption,
    score: Annotated[str | None, typer.Option(help="Which score, where the file holds several.")] = None,
    provider: Annotated[str | None, typer.Option(help="Which provider (promptfoo).")] = None,
    prompt: Annotated[int | None, typer.Option(min=0, help="Number of the prompt's column (promptfoo).")] = None,
    probe: Annotated[list[str] | None, typer.Option(help="Only this probe (garak); may be repeated.")] = None,
    detector: Annotated[list[str] | None, typer.Option(help="Only this detector (garak); may be repeated.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would record, and record nothing.")] = False,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Read what another tool wrote, decide a claim by it, and record it as evidence.

    Example: pilotage evidence import logs/capitals.eval --evaluation capitals-outside

    Ends with 0 when the claim is met, 3 when it is not, 2 on wrong use, 1 when the file cannot be read or is no
    evidence: then nothing is recorded. The tool is known by the file's content, not its name.
    """
    from pilotage.app.importing import import_results
    from pilotage.app.platform import open_platform
    from pilotage.cli.evidence_text import imported_as_json, print_imported
    from pilotage.evaluation.imports.results import Choice

    choice = Choice(score, provider, prompt, tuple(probe or ()), tuple(detector or ()))
    with ending_on_errors():
        data = _read_file(file)
        with open_platform(read_settings(registry=registry, state=state)) as platform:
            imported = import_results(platform, evaluation, data, choice, dry_run=dry_run)
    if as_json:
        print_json(imported_as_json(imported))
    else:
        print_imported(console, imported)
    raise typer.Exit(REACHED if imported.measurement.verdict == "MEETS" else NOT_YET)


@group.command("list")
def list_(
    use_case: Annotated[str | None, typer.Argument(help="Only evidence on this use case.")] = None,
    *,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """List what was imported, oldest first.

    Example: pilotage evidence list claims-inbox
    """
    from pilotage.app.importing import read_imported
    from pilotage.app.platform import open_platform
    from pilotage.cli.evidence_text import measurement_as_json, print_measurements

    with ending_on_errors(), open_platform(read_settings(state=state)) as platform:
        entries = read_imported(platform, use_case)
    if as_json:
        print_json([measurement_as_json(entry.body, entry.digest) for entry in entries])
    elif entries:
        print_measurements(console, [entry.body for entry in entries])
    else:
        errors.print("Nothing was imported yet.")


@group.command()
def garak(
    route: Annotated[str, typer.Argument(help="The Route that is attacked, at its newest Release.")],
    evaluation: EvaluationOption,
    python: Annotated[Path, typer.Option(help="Python of the environment that garak is installed in.")],
    probes: Annotated[str, typer.Option(help="What garak tries, with commas between.")] = "web_injection,promptinject",
    prompts: Annotated[int, typer.Option(min=1, max=100_000, help="Most prompts of each probe.")] = 64,
    generations: Annotated[int, typer.Option(min=1, max=100, help="Times each prompt is sent; together one.")] = 1,
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Attack a Route with garak, which stays in an environment of its own, and record its report as evidence.

    Example: pilotage evidence garak claims --evaluation claims-attacks --python .peers/garak/bin/python

    Ends as `evidence import` does. Ctrl-C ends garak too, and records nothing.
    """
    from pilotage.app.garak import GarakRun, measure_with_garak
    from pilotage.app.platform import open_platform
    from pilotage.cli.evidence_text import imported_as_json, print_imported

    names = tuple(name.strip() for name in probes.split(",") if name.strip())
    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        if not names:
            raise UsageError("--probes names no probe", "name some of those that `python -m garak --list_probes` lists")
        wanted = GarakRun(python, names, prompts, generations)
        with errors.status("garak starts") as status:
            imported = measure_with_garak(
                platform,
                route,
                evaluation,
                wanted,
                tell=lambda judged: status.update(f"garak: {judged} prompts judged"),
            )
    if as_json:
        print_json(imported_as_json(imported))
    else:
        print_imported(console, imported)
    raise typer.Exit(REACHED if imported.measurement.verdict == "MEETS" else NOT_YET)


def _read_file(path: Path) -> bytes:
    """Read a file, one byte further than is ever read at most.

    Raises:
        UsageError: it cannot be read.
    """
    from pilotage.evaluation.imports.read import LARGEST_FILE

    try:
        with path.expanduser().open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path} cannot be read ({reason})", "name a file that you may read") from error
