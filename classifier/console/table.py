"""Tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from kerf.classifier.console.terminal import to_printable

FLEXIBLE = frozenset({"file", "error", "characters", "alternatives"})
"""Columns that give way where the terminal is narrow; the others are never broken."""
SHORTEST_PATH = 12
"""Columns that a path keeps, of its end."""


@dataclass(frozen=True)
class PathCell:
    """A path that loses its beginning where there is no room for all of it."""

    path: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Tell rich the room it needs at least and at most."""
        width = cell_len(self.path)
        return Measurement(min(width, SHORTEST_PATH), width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render it into the room that it got."""
        yield Text(shorten_path(self.path, options.max_width), no_wrap=True)


def shorten_path(path: str, width: int) -> str:
    """Cut a path's beginning away so that it takes at most ``width`` columns of a terminal."""
    if cell_len(path) <= width:
        return path
    rest = path
    while rest and cell_len(rest) > width - 1:
        rest = rest[1:]
    return f"…{rest}"


def write_table(columns: Sequence[str], cells: Sequence[Sequence[str]], styles: Sequence[str], stream: TextIO) -> None:
    """Write rows, without the columns that are empty in all of them.

    Parameters
    ----------
    columns
        Their names; ``file`` is a path.
    cells
        A row each, a text a column.
    styles
        Of each row, as rich names them; seen on a terminal only.
    stream
        Where it is no terminal, the table is as wide as it needs.
    """
    width = None if stream.isatty() else 10_000
    console = Console(file=stream, width=width, markup=False, emoji=False, highlight=False)
    table = Table()
    filled = [i for i in range(len(columns)) if any(row[i] for row in cells)]
    for i in filled:
        table.add_column(columns[i], no_wrap=columns[i] not in FLEXIBLE, overflow="fold")
    for row, style in zip(cells, styles, strict=True):
        texts = {i: to_printable(row[i]) for i in filled}
        table.add_row(*(PathCell(t) if columns[i] == "file" else t for i, t in texts.items()), style=style)
    with console.capture() as capture:  # rich itself would end the program at a closed pipe
        console.print(table)
    stream.write(capture.get())
