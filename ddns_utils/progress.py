"""What a command shows while it works: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.table import Table


class Progress:
    """Shows the step that is going on, with the seconds so far."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.status = self.console.status("…") if self.console.is_terminal else None
        self.started = time.monotonic()
        self.told: set[str] = set()

    def __enter__(self) -> Progress:
        if self.status:
            self.status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self.status:
            self.status.stop()

    def step(self, what: str, done: int, of: int) -> None:
        """Show step ``done`` of ``of``; off a terminal each kind of step is told once."""
        if self.status:
            self.status.update(f"{what} ({done} of {of}, {time.monotonic() - self.started:.0f} s)")
        elif what not in self.told:
            self.console.print(f"{what} …", highlight=False, markup=False)
        self.told.add(what)


def show_table(title: str, columns: list[str], rows: list[list[object]]) -> None:
    """Print a table: drawn on a terminal, tab-separated elsewhere; None is left empty."""
    console = Console()
    texts = [
        ["" if value is None else f"{value:,}" if isinstance(value, int) else str(value) for value in row]
        for row in rows
    ]
    if not console.is_terminal:
        for line in (columns, *texts):
            print("\t".join(line))
        return
    table = Table(title=title or None)
    for position, column in enumerate(columns):
        numbers = any(isinstance(row[position], int) for row in rows)
        table.add_column(column, justify="right" if numbers else "left")
    for row in texts:
        table.add_row(*row)
    console.print(table)
