"""The story on a terminal: what each act shows, what its gates say, and what is missing."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from pilotage.cli.progress import GateProgress
from pilotage.cli.readiness_text import gate_line, print_blockers
from pilotage.demo.result import Result
from pilotage.demo.story import Act
from pilotage.evaluation.runner import Watch
from pilotage.portal.figures import energy_text, money_text
from pilotage.registry.kinds.evaluation import Evaluation

MOST_LINES = 4
"""Lines that an act shows of each side; the use case's page shows all."""


class TerminalAudience:
    """Watches a story on a console."""

    def __init__(self, console: Console) -> None:
        """Show on a console."""
        self._console = console
        self._progress: GateProgress | None = None

    def open_act(self, number: int, act: Act) -> None:
        """Show the act's banner."""
        self._console.print()
        self._console.print(Panel(act.banner, title=f"Act {number}: {act.title}", title_align="left"), soft_wrap=False)
        self._progress = GateProgress(self._console).__enter__()

    def watch(self, evaluation: Evaluation) -> Watch:
        """Give a watcher for an evaluation."""
        if self._progress is None:
            return lambda _tally: None
        return self._progress.watch(evaluation)

    def show_letter(self, question: str, answer: str) -> None:
        """Show one letter."""
        self._console.print(Panel(Text(question), title="a customer writes", title_align="left"), soft_wrap=False)
        self._console.print(Panel(Text(answer), title="the model replies", title_align="left"), soft_wrap=False)

    def close_act(self, number: int, result: Result) -> None:
        """Show what the act came to."""
        if self._progress is not None:
            self._progress.__exit__(None, None, None)
            self._progress = None
        for of_act, found in result.gates:
            if of_act != number:
                continue
            self._console.print(f"  {gate_line(found)}", markup=False)
            spent = found.spent
            money = money_text(None if spent.money is None else spent.money.value())
            energy = energy_text(None if spent.energy is None else spent.energy.value())
            calls = f"{spent.calls} calls (a fixed design asks {spent.calls_fixed_design} items)"
            self._console.print(f"    {calls}, {money}, {energy}, {spent.seconds:.0f} s", markup=False)
            if found.disagreement is not None:
                share = found.disagreement
                self._console.print(
                    f"    asked again, {share.point:.0%} [{share.low:.0%}, {share.high:.0%}] got another answer",
                    markup=False,
                )
        self._console.print()
        print_blockers(self._console, result.assessment, most=MOST_LINES)

    def tell(self, line: str) -> None:
        """Say what takes a while."""
        self._console.print(line, markup=False, style="dim")
