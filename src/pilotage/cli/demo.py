"""`demo`: plays the story of one use case in acts, on real models, and leaves the portal open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pilotage.cli.output import BROKEN, Json, console, ending_on_errors, errors, print_json, read_settings

STORY = Path("examples/claims_inbox")
PLACE = Path(".demo")


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after printing, and leave no portal open.")] = False,
    story: Annotated[Path, typer.Option(help="Folder with story.yaml.")] = STORY,
    place: Annotated[
        Path, typer.Option(help="Folder for all of the demonstration's state; delete it to start anew.")
    ] = PLACE,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port of portal and gateway.")] = None,
    as_json: Json = False,
) -> None:
    """Play one use case in three acts: dazzle, measured, repaired; killed at any moment, it resumes.

    Example: pilotage demo --once
    """
    from pilotage.app.web import StewardThread
    from pilotage.cli.demo_text import TerminalAudience
    from pilotage.cli.signals import wait_for_end
    from pilotage.demo.run import open_stage

    with ending_on_errors():
        config = read_settings()
        config = replace(config, port=port if port is not None else 0 if once else config.port)
        audience = TerminalAudience(errors if as_json else console)
        with open_stage(story, place, config, audience) as stage:
            result = stage.play()
            if as_json:
                print_json(result.as_json())
            if not result.ledger_verified:
                raise typer.Exit(BROKEN)
            if once:
                return
            errors.print(f"\nThe portal is open on {stage.running.address}  (Ctrl-C ends it)", markup=False)
            with StewardThread(stage.platform):
                wait_for_end()
