"""`assess` and `attest`: how ready a use case is and what is missing; and a person's signed statement."""

from __future__ import annotations

from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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
from pilotage.people.sshsig import load_private_key, sign_message
from pilotage.people.statement import read_statement, render_statement

LONGEST_FILE = 100_000
STAGES = ("idea", "pilot", "limited", "production")


def assess(
    use_case: Annotated[str, typer.Argument(help="Name of the use case.")],
    *,
    measure: Annotated[bool, typer.Option(help="Run evaluations that have no verdict for this Release yet.")] = True,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Measure what is not measured yet, assess the evidence, and say what is missing and whose turn it is.

    Example: pilotage assess claims-inbox

    Ends with 0 when the use case's target stage is reached, 3 when not yet, 2 on wrong use, 1 when something broke.
    """
    import uvloop

    from pilotage.app.assessing import assess_use_case
    from pilotage.app.platform import open_platform
    from pilotage.cli.progress import GateProgress
    from pilotage.cli.readiness_text import assessment_as_json, print_assessment
    from pilotage.ledger.records.measurement import Measurement

    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        catalog = platform.require_use_case(use_case)
        notes: list[str] = []
        with GateProgress(errors) as progress:
            entry = uvloop.run(
                assess_use_case(
                    platform,
                    use_case,
                    evaluations=None if measure else (),
                    watch=progress.watch,
                    tell=notes.append,
                    warn=print_warning,
                )
            )
        target = catalog.use_cases[use_case].target_stage
        found = [
            item.body
            for item in platform.ledger.read(kinds=(Measurement,), use_case=use_case, release=entry.body.release)
        ]
        if as_json:
            print_json(assessment_as_json(entry, found, target) | {"waiting": notes})
        else:
            print_assessment(console, entry, found, target, notes)
    reached = entry.body.stage in STAGES and STAGES.index(entry.body.stage) >= STAGES.index(target)
    raise typer.Exit(REACHED if reached else NOT_YET)


def attest(
    use_case: Annotated[str, typer.Argument(help="Name of the use case.")],
    criterion: Annotated[str, typer.Argument(help="Id of the criterion, or promote-limited, promote-production.")],
    key: Annotated[
        Path | None, typer.Option(help="Your private SSH key (Ed25519); else the statement is only asserted.")
    ] = None,
    participants: Annotated[int, typer.Option(min=0, help="Representative users who took part.")] = 0,
    note: Annotated[str, typer.Option(help="One line in your own words; kept encrypted, erasable.")] = "",
    signature: Annotated[
        Path | None, typer.Option(help="A signature made elsewhere over --statement, as ssh-keygen -Y sign writes it.")
    ] = None,
    statement: Annotated[Path | None, typer.Option(help="The printed statement that --signature is over.")] = None,
    *,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the statement, to be signed elsewhere, and record nothing.")
    ] = False,
    no: Annotated[bool, typer.Option("--no", help="Answer the question with no.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Mark it SAMPLE; it can never permit production.")] = False,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Sign a statement on one criterion of the current Release.

    Example: pilotage attest claims-inbox hrl-5-usability --participants 5 --key ~/.ssh/id_ed25519

    With a key on a token: add --print > statement.txt, run ssh-keygen -Y sign -n pilotage -f KEY statement.txt, then
    give --statement statement.txt --signature statement.txt.sig.
    """
    from pilotage.app.attesting import append_statement, make_statement
    from pilotage.app.platform import open_platform

    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        if statement is None and signature is None:
            stated = make_statement(
                platform, use_case, criterion, answer=not no, participants=participants, sample=sample, note=note
            )
            text = render_statement(stated)
            if only_print:
                print(text.decode(), end="")  # noqa: T201 - exactly these bytes are signed
                return
            signed = None if key is None else sign_message(text, read_key(key))
        elif statement is None or signature is None:
            raise UsageError("--statement and --signature go together", "give the printed text and its signature")
        else:
            stated = read_statement(_read_file(statement))
            if (stated.use_case, stated.criterion) != (use_case, criterion):
                found = f"{stated.use_case} {stated.criterion}"
                raise UsageError(f"{statement} is a statement on {found}", "name the use case and criterion it is on")
            signed = _read_file(signature).decode("ascii", errors="replace")
        entry = append_statement(platform, stated, signed)
    body = entry.body
    if as_json:
        print_json({"digest": entry.digest} | body.model_dump(mode="json"))
        return
    roles = ", ".join(body.roles) or "no role that the registry knows"
    console.print(f"{body.criterion}: {'yes' if body.answer else 'no'}, {body.assurance} ({roles})", markup=False)
    if body.assurance == "asserted":
        errors.print("It is kept and shown, but satisfies no criterion: sign with a key that a Team document names.")


def read_key(path: Path) -> Ed25519PrivateKey:
    """Read a private SSH key from its file, asking for the passphrase where it has one.

    Raises:
        UsageError: there is no such file, or it holds no Ed25519 private key.
    """
    data = _read_file(path)
    try:
        return load_private_key(data)
    except EvidenceError as error:
        if not isinstance(error.__cause__, TypeError):  # cryptography's word for: it has a passphrase
            raise
        return load_private_key(data, getpass("Passphrase: ").encode())


def _read_file(path: Path) -> bytes:
    try:
        with path.expanduser().open("rb") as file:
            return file.read(LONGEST_FILE)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", "name a file that you may read") from error
