"""`label`: people's labels, which correct a judge or complete a data set; one key at a time, blind, and resumable."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pilotage.cli.options import RegistryOption, StateOption
from pilotage.cli.output import Json, console, ending_on_errors, print_json, read_settings
from pilotage.core.errors import UsageError

if TYPE_CHECKING:
    from pilotage.app.platform import Platform


def label(
    evaluation: Annotated[str | None, typer.Argument(help="A judged evaluation, whose answers are labelled.")] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Label the items of this data set instead: what should be answered.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Your handle in a Team; may be left out where there is one person.")
    ] = None,
    *,
    second: Annotated[
        bool, typer.Option("--second", help="Give a second opinion on what others labelled, or the data set expects.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="With --dataset: compare people's labels, and write what they agree on.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --merge: write over the file of an earlier one.")
    ] = False,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Label answers that a judge judged, or items of a data set; you see neither model nor judge.

    Example: pilotage label claims-tone --by eva

    One key an answer, kept at once: end whenever you like and go on later. With --json nothing is asked, and how far
    the labels are is printed.
    """
    from pilotage.app.platform import open_platform

    with ending_on_errors():
        if (evaluation is None) == (dataset is None):
            raise UsageError("name what is labelled", "give the name of a judged evaluation, or --dataset NAME")
        if (merge and dataset is None) or (force and not merge):
            raise UsageError("--merge goes with --dataset, and --force with --merge", "see `pilotage label --help`")
        with open_platform(read_settings(registry=registry, state=state)) as platform:
            if dataset is not None and merge:
                _merge(platform, dataset, force=force, as_json=as_json)
            elif dataset is not None:
                _label_dataset(platform, dataset, by, second=second, as_json=as_json)
            elif evaluation is not None:
                _label_evaluation(platform, evaluation, by, second=second, as_json=as_json)


def _label_evaluation(platform: Platform, name: str, by: str | None, *, second: bool, as_json: bool) -> None:
    from pilotage.app.labelling import Labelling, require_labeller
    from pilotage.cli.label_answers import label_answers
    from pilotage.cli.label_keys import open_keys
    from pilotage.cli.label_text import agreement_line

    labeller = require_labeller(platform.load_catalog(), by)
    labelling = Labelling(platform, name, labeller=labeller, second=second)
    given = 0
    if not as_json:
        with open_keys() as keys:
            given = label_answers(labelling, keys, console)
    standing = labelling.read_standing()
    if as_json:
        print_json({"evaluation": name, "run": labelling.run} | asdict(standing))
        return
    console.print(
        f"Labelled now: {given}. Of {standing.drawn} answers drawn by lot so far {standing.labelled} have a label."
    )
    go_on = f"`pilotage assess {labelling.evaluation.use_case}` goes on."
    if standing.decided:
        console.print(f"The gate needs no more labels: {go_on}")
    elif standing.waiting:
        console.print(f"{standing.waiting} wait for you: run this command again to go on.")
    else:
        console.print(f"None waits for you: {go_on}")
    if standing.agreement is not None:
        console.print(agreement_line(standing.agreement))


def _label_dataset(platform: Platform, name: str, by: str | None, *, second: bool, as_json: bool) -> None:
    from pilotage.app.labelling import require_labeller
    from pilotage.app.labelling_items import ItemLabelling
    from pilotage.cli.label_items import label_items
    from pilotage.cli.label_keys import open_keys

    labeller = require_labeller(platform.load_catalog(), by)
    labelling = ItemLabelling(platform, name, labeller=labeller, second=second)
    given = 0
    if not as_json:
        with open_keys() as keys:
            given = label_items(labelling, keys, console)
    waiting = len(labelling.plan_queue())
    if as_json:
        print_json({"dataset": name, "file": labelling.path, "labelled": labelling.labelled, "waiting": waiting})
        return
    console.print(f"Labelled now: {given}. {waiting} wait; all that you gave stands in {labelling.path}.", markup=False)


def _merge(platform: Platform, name: str, *, force: bool, as_json: bool) -> None:
    from pilotage.app.labelling_items import merge_opinions
    from pilotage.cli.label_text import agreement_line

    merged = merge_opinions(platform, name, force=force)
    if as_json:
        print_json(asdict(merged))
        return
    for pair in merged.pairs:
        console.print(agreement_line(pair.agreement, f"{pair.first} and {pair.second}"), markup=False)
    console.print(
        f"{merged.items} agreed items stand in {merged.path} ({merged.digest}); {merged.contested} are contested.",
        markup=False,
    )
