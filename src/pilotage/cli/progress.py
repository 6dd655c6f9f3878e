"""Progress of gates on a terminal: one line an evaluation, kept up to date; plain lines where nobody looks."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pilotage.evaluation.runner import Tally, Watch
from pilotage.registry.kinds.evaluation import Evaluation


class GateProgress:
    """Shows each running gate; a context manager."""

    def __init__(self, console: Console) -> None:
        """Show on a console."""
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} asked  {task.fields[passes]} passed  {task.fields[verdict]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Begin to show."""
        self._progress.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Leave the last state on the screen."""
        self._progress.stop()

    def watch(self, evaluation: Evaluation) -> Watch:
        """Give a watcher for one evaluation."""
        row: list[TaskID] = []
        if not self._console.is_terminal:
            self._console.print(f"{evaluation.label}: asking …", markup=False)

        def show(tally: Tally) -> None:
            if not row:
                row.append(self._progress.add_task(evaluation.label, total=tally.total, passes=0, verdict=""))
            verdict = "" if tally.verdict == "UNDECIDED" else str(tally.verdict)
            self._progress.update(row[0], completed=tally.n, passes=tally.passes, verdict=verdict)

        return show
