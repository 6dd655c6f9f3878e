"""`evaluation list|run|show|diff|plan`: what was measured, item by item, and what differs between two runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pilotage.cli.evaluation_plan import plan_evaluation
from pilotage.cli.options import RegistryOption, StateOption
from pilotage.cli.output import (
    NOT_YET,
    REACHED,
    Json,
    console,
    ending_on_errors,
    errors,
    print_json,
    print_warning,
    read_settings,
)
from pilotage.core.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from pilotage.evaluation.reports.difference import Difference
    from pilotage.evaluation.reports.item_lines import PairLine
    from pilotage.evaluation.reports.reading import RunReader
    from pilotage.evaluation.reports.report import RunReport
    from pilotage.registry.catalog import Catalog

group = typer.Typer(no_args_is_help=True, help="Evaluations: what they will cost, what they found, item by item.")
group.command("plan")(plan_evaluation)

RUN_HELP = "Id of a run, the beginning of one, or its evaluation: NAME is the latest, NAME~1 the one before."
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV on standard output, for spreadsheets.")]
Page = Annotated[int, typer.Option(min=1, help="Which page of the items.")]
StateWord = Literal["fail", "not-measured", "pass"]


@group.command("list")
def list_runs(
    use_case: Annotated[str | None, typer.Argument(help="Only runs of this use case.")] = None,
    evaluation: Annotated[str | None, typer.Option(help="Only runs of this evaluation.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the latest runs.")] = 20,
    *,
    state: StateOption = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the latest runs, newest last.

    Example: pilotage evaluation list claims-inbox --last 5
    """
    from pilotage.app.platform import open_platform
    from pilotage.app.reporting import open_runs
    from pilotage.cli.evaluation_text import print_lines
    from pilotage.evaluation.reports.files import line_as_json, lines_as_csv

    with ending_on_errors():
        _refuse_both(as_json=as_json, as_csv=as_csv)
        with open_platform(read_settings(state=state)) as platform:
            lines = open_runs(platform, None).read_lines(use_case=use_case)
        shown = [line for line in lines if evaluation in {None, line.evaluation}][-last:]
        if as_json:
            print_json([line_as_json(line) for line in shown])
        elif as_csv:
            _print_text(lines_as_csv(shown))
        else:
            print_lines(console, shown)


@group.command("run")
def run_evaluation(
    evaluation: Annotated[str, typer.Argument(help="Name of the evaluation.")],
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Ask a Release one evaluation to its verdict, or go on where it stopped, and print what was found.

    Example: pilotage evaluation run claims-routing

    The use case is assessed anew with what was found.

    Ends with 0 when the gate MEETS, 3 when it does not or waits for labels, 2 on wrong use, 1 when something broke.
    """
    import uvloop

    from pilotage.app.assessing import assess_use_case
    from pilotage.app.platform import open_platform
    from pilotage.app.reporting import open_runs
    from pilotage.cli.progress import GateProgress

    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        catalog = platform.load_catalog()
        if evaluation not in catalog.evaluations:
            known = ", ".join(sorted(catalog.evaluations)) or "none"
            raise UsageError(f"there is no evaluation {evaluation!r}", f"the registry declares: {known}")
        use_case = catalog.evaluations[evaluation].use_case
        notes: list[str] = []
        with GateProgress(errors) as progress:
            assessed = uvloop.run(
                assess_use_case(
                    platform,
                    use_case,
                    evaluations=(evaluation,),
                    watch=progress.watch,
                    tell=notes.append,
                    warn=print_warning,
                )
            )
        reader = open_runs(platform, catalog)
        run = reader.find_latest(evaluation, assessed.body.release)
        if run is None:
            message = notes[0] if notes else f"{evaluation} could not be asked"
            raise EvidenceError(message, "`pilotage check` and `pilotage assess` tell what is missing")
        report = _require_report(reader, run, catalog)
        _show(reader, report, state=None, page=1, as_json=as_json, as_csv=False)
    raise typer.Exit(REACHED if report.line.verdict == "MEETS" else NOT_YET)


@group.command()
def show(
    run: Annotated[str, typer.Argument(help=RUN_HELP)],
    only: Annotated[StateWord | None, typer.Option(help="Only items in this state.")] = None,
    page: Page = 1,
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show what a run found: the verdict in the claim's words, what stands behind it, and its items, failures first.

    Example: pilotage evaluation show claims-routing --only fail

    Items of sealed data are shown without texts. --csv prints every item, --json those of the page.
    """
    from pilotage.app.platform import open_platform
    from pilotage.app.reporting import load_catalog_if_sound, open_runs

    with ending_on_errors():
        _refuse_both(as_json=as_json, as_csv=as_csv)
        with open_platform(read_settings(registry=registry, state=state)) as platform:
            catalog = load_catalog_if_sound(platform)
            reader = open_runs(platform, catalog)
            report = _require_report(reader, reader.find_run(run), catalog)
            _show(reader, report, state=only, page=page, as_json=as_json, as_csv=as_csv)


@group.command()
def diff(
    before: Annotated[str, typer.Argument(help=RUN_HELP)],
    after: Annotated[str, typer.Argument(help="The run that is compared with it, named likewise.")],
    page: Page = 1,
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Compare two runs on the items that both asked: how many got worse, how many better, and which.

    Example: pilotage evaluation diff claims-routing~1 claims-routing

    --json and --csv hold every item that the runs treated differently.
    """
    from pilotage.app.platform import open_platform
    from pilotage.app.reporting import load_catalog_if_sound, open_runs
    from pilotage.cli.evaluation_text import print_difference
    from pilotage.evaluation.reports.files import difference_as_json, pairs_as_csv

    with ending_on_errors():
        _refuse_both(as_json=as_json, as_csv=as_csv)
        with open_platform(read_settings(registry=registry, state=state)) as platform:
            catalog = load_catalog_if_sound(platform)
            reader = open_runs(platform, catalog)
            first, second = (_require_report(reader, reader.find_run(name), catalog) for name in (before, after))
            if first.line.run == second.line.run:
                message = f"{before} and {after} are the same run"
                raise UsageError(message, f"name two; {first.line.evaluation}~1 is the one before the latest")
            difference = reader.read_difference(first, second)
            every = _every_pair(reader, first, second, difference)
            if as_json:
                print_json(difference_as_json(difference, every))
            elif as_csv:
                _print_text(pairs_as_csv(every))
            else:
                print_difference(console, difference, reader.read_pair_page(first, second, difference, page))


def _show(
    reader: RunReader, report: RunReport, *, state: StateWord | None, page: int, as_json: bool, as_csv: bool
) -> None:
    """Print a run in the form that was asked for."""
    from pilotage.cli.evaluation_text import print_items, print_report
    from pilotage.evaluation.reports.files import item_as_json, items_as_csv, report_as_json

    if as_csv:
        _print_text(items_as_csv(reader.read_every_item(report)))
        return
    found = reader.read_page(report, state, page)
    texts = reader.read_texts(report, found.lines)
    if as_json:
        items = [item_as_json(line, texts.get(line.slot)) for line in found.lines]
        paging = {"state": found.state, "page": found.page, "pages": found.pages, "total": found.total}
        print_json(report_as_json(report) | {"items": items, "paging": paging})
        return
    print_report(console, report)
    print_items(console, found, texts, sealed=report.sealed)


def _require_report(reader: RunReader, run: str, catalog: Catalog | None) -> RunReport:
    report = reader.read_report(run, catalog)
    if report is None:
        raise UsageError(f"there is no run {run}", "`pilotage evaluation list` lists those that there are")
    return report


def _every_pair(reader: RunReader, first: RunReport, second: RunReport, difference: Difference) -> Iterator[PairLine]:
    """Give every item that two runs treated differently, a page at a time."""
    number, pages = 1, 1
    while number <= pages:
        page = reader.read_pair_page(first, second, difference, number)
        yield from page.lines
        number, pages = number + 1, page.pages


def _print_text(parts: Iterable[str]) -> None:
    for part in parts:
        sys.stdout.write(part)


def _refuse_both(*, as_json: bool, as_csv: bool) -> None:
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms of the same", "choose one")
