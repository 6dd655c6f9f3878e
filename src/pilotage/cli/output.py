"""What every command shares: two consoles, JSON for machines, and one way to end on an error.

Exit codes: 0 done (for `assess`: the target stage is reached), 1 something is broken, 2 the command was used wrongly,
3 the target stage is not reached yet.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from pilotage.config import Config, read_config
from pilotage.core.errors import DocumentError, PilotageError, UsageError

REACHED, BROKEN, USAGE, NOT_YET = 0, 1, 2, 3

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, for machines.")]

console = Console(highlight=False, soft_wrap=True, emoji=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def print_json(value: Any) -> None:  # noqa: ANN401 - anything that JSON can hold
    """Print a value as indented JSON on standard output, and nothing else."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))  # noqa: T201 - machines read this


def print_warning(text: str) -> None:
    """Print on standard error what to look at, though the command goes on."""
    errors.print(f"warning: {text}", markup=False)


def read_settings(**given: str | None) -> Config:
    """Read the settings; options of the command line win over the environment."""
    options = {f"PILOTAGE_{name.upper()}": value for name, value in given.items() if value is not None}
    return read_config(dict(os.environ) | options)


@contextmanager
def ending_on_errors() -> Generator[None]:
    """Print an error of ours as what was wrong and how to mend it, and end with its exit code."""
    try:
        yield
    except DocumentError as error:
        for problem in error.problems:
            errors.print(str(problem), markup=False)
        raise typer.Exit(BROKEN) from error
    except PilotageError as error:
        errors.print(f"error: {error.message}", markup=False)
        if error.remedy:
            errors.print(f"  mend: {error.remedy}", markup=False)
        raise typer.Exit(USAGE if isinstance(error, UsageError) else BROKEN) from error
    except BrokenPipeError:
        raise  # whoever read our output went away; Typer ends quietly
    except OSError as error:
        errors.print(f"error: {error.filename or 'a file'} cannot be used ({error.strerror or error})", markup=False)
        errors.print("  mend: check the path, its permissions and the free space", markup=False)
        raise typer.Exit(USAGE if error.filename else BROKEN) from error
