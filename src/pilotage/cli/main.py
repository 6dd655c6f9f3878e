"""The `pilotage` command: every verb of the loop, each with `--help` and an example."""

from __future__ import annotations

import typer

from pilotage.cli import backup, demo, evaluation, evidence, keys, label, ledger, readiness, registry, scorer, serve

EPILOG = "Settings: environment variables PILOTAGE_…; docs/reference/settings.md lists them."

app = typer.Typer(
    name="pilotage",
    help="Gets generative-AI use cases out of pilot purgatory: declare, measure, assess, enforce.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(registry.init)
app.command()(registry.check)
app.command()(registry.schema)
app.command()(serve.up)
app.command()(serve.gateway)
app.command()(readiness.assess)
app.command()(readiness.attest)
app.command()(label.label)
app.add_typer(evaluation.group, name="evaluation")
app.add_typer(evidence.group, name="evidence")
app.add_typer(keys.group, name="key")
app.add_typer(ledger.group, name="ledger")
app.add_typer(scorer.group, name="scorer")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("demo")(demo.demo)


def main() -> None:
    """Run the command line."""
    app()
