"""`evaluation plan`: what a gate will cost, told before a call is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pilotage.cli.options import RegistryOption, StateOption
from pilotage.cli.output import Json, console, ending_on_errors, print_json, read_settings
from pilotage.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from pilotage.evaluation.costing import EvaluationCost, Price

WIDEST = 110
"""Columns that the table may take; where a terminal has fewer, it wraps rather than hides figures."""
ALREADY_COUNTED = "Tries after troubled calls come on top."


def plan_evaluation(
    evaluation: Annotated[str, typer.Argument(help="Name of the evaluation.")],
    discordance: Annotated[
        float, typer.Option(help="Of a comparison: the share of the items on which the two are taken to disagree.")
    ] = 0.2,
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Say what an evaluation will cost for the newest Release: calls, money, energy, minutes. No call is made.

    Example: pilotage evaluation plan claims-routing
    """
    from dataclasses import asdict

    from pilotage.app.costing import plan_cost
    from pilotage.app.platform import open_platform

    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        try:
            cost = plan_cost(platform, platform.load_registry(), evaluation, discordance=discordance)
        except ValueError as error:
            raise UsageError(str(error), "mend the claim, or give another --discordance") from error
        if as_json:
            print_json(asdict(cost) | {"claim": cost.claim.model_dump(mode="json"), "can_meet": cost.can_meet})
        else:
            print_cost(console, cost)


def print_cost(console: Console, cost: EvaluationCost) -> None:
    """Print what an evaluation will cost: a line for each true rate, then the worst case and the fixed-n design."""
    from rich.table import Table

    from pilotage.portal.figures import energy_text, exact_text, minutes_text, money_text

    claim = cost.claim
    console.print(f"\n[bold]{cost.evaluation}[/]: ", end="")
    console.print(claim.text, markup=False)
    sure = f"errors: alpha {claim.alpha:g} at attempt {cost.attempt}, beta {claim.beta:g}"
    console.print(
        f"  a {cost.gate} gate, {sure}; at most {exact_text(cost.most_items)} of {exact_text(cost.items)} items"
    )
    for part in cost.parts:
        call = f"{money_text(part.money)}, {energy_text(part.energy)}"
        seconds = "unknown time" if part.seconds is None else f"{part.seconds:.2g} s"
        console.print(f"  a call of {part.name}: {call}, {seconds} ({part.basis})", markup=False)
    known = [name for name in ("money", "energy", "minutes") if getattr(cost.worst, name) is not None]
    write = {"money": money_text, "energy": energy_text, "minutes": minutes_text}
    judged = cost.gate == "corrected"
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("if in truth", no_wrap=True)
    for name in ("MEETS", "FAILS", "UNDECIDED", "items", "calls", *known, *(("labels",) if judged else ())):
        table.add_column("time" if name == "minutes" else name, justify="right", no_wrap=True)

    def add(name: str, chances: tuple[str, ...], price: Price, labels: float | None = None) -> None:
        told = [write[figure](getattr(price, figure)) for figure in known]
        asked = "" if labels is None else f"{labels:.0f}"
        table.add_row(name, *chances, f"{price.items:.0f}", f"{price.calls:.0f}", *told, *((asked,) if judged else ()))

    for one in cost.rates:
        name = _rate(one.rate, claim.form) + (f" ({one.mark})" if one.mark else "")
        chances = tuple(f"{chance:.1%}" for chance in (one.meets, one.fails, one.undecided))
        add(name, chances, one.expected, one.labels)
    none = ("", "", "")
    add("at worst", none, cost.worst)
    if cost.fixed is not None:
        add("fixed-n design", none, cost.fixed)
    console.print(table, width=max(console.width, WIDEST), crop=False)
    unknown = [name for name in ("money", "energy", "time") if {"time": "minutes"}.get(name, name) not in known]
    if unknown:
        console.print(f"Unknown: {', '.join(unknown)}.")
    how = "computed exactly" if cost.exact else "simulated"
    console.print(f"Chances and averages are {how}, where {cost.assumption}. {ALREADY_COUNTED}", markup=False)
    if cost.fewest_to_meet is None:
        count = exact_text(min(cost.items, claim.cap))
        console.print(
            f"[bold]It can never MEET:[/] {count} items are too few, were every answer right; add items or raise `cap`."
        )
    else:
        console.print(f"MEETS is possible from {exact_text(cost.fewest_to_meet)} items on, were every answer right.")


def _rate(rate: float, form: str) -> str:
    if form == "comparison":
        return f"{100 * rate:+.1f} points"
    return f"{100 * rate:.4g}% {'succeed' if form == 'attack' else 'pass'}"
