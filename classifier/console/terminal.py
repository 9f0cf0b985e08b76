"""The two ends of a terminal: standard output for data and nothing else, standard error for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from kerf.segmenter.errors import ExitCode, KerfError, OutputError

T = TypeVar("T")


class Terminal:
    """A command's way to talk while it runs.

    Inside its ``with`` block ``data`` is the real standard output, and whatever else is written there, by
    Python or by C, goes to standard error.

    Parameters
    ----------
    quiet
        Say nothing but problems.
    streaming
        Rows are written to ``data`` all along: no progress bar where that is a terminal too.

    Attributes
    ----------
    exit_code
        That of the first problem, or ``OK``.
    partial
        The file that output is being written to and that is not whole yet.
    """

    data: TextIO

    def __init__(self, *, quiet: bool = False, streaming: bool = False) -> None:
        self.quiet = quiet
        self.exit_code = ExitCode.OK
        self.partial: Path | None = None
        self._console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
        hidden = quiet or not self._console.is_terminal or (streaming and sys.stdout.isatty())
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=self._console, transient=True, disable=hidden)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        sys.stdout.flush()
        self.data = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape", newline="")
        os.dup2(2, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        sys.stdout.flush()
        os.dup2(self.data.fileno(), 1)
        with suppress(BrokenPipeError):
            self.data.close()

    def say(self, line: str) -> None:
        """Print one line for people."""
        if not self.quiet:
            self._console.print(line)

    def problem(self, error: KerfError) -> None:
        """Print one line about a bad input, and leave with its code in the end if it is the first."""
        self._console.print(f"kerf: error: {' '.join(str(error).split())}")
        self.exit_code = self.exit_code or error.exit_code

    def interrupted(self) -> None:
        """Say that the work was stopped, and where what was done is."""
        kept = f"; what was done so far is in {self.partial}" if self.partial else ""
        self._console.print(f"kerf: interrupted{kept}")
        self.exit_code = ExitCode.INTERRUPTED

    def advance(self, what: str, done: int, total: int) -> None:
        """Show how far a stage is, and the time it has left."""
        if what not in self._tasks:
            self._progress.start()
            self._tasks[what] = self._progress.add_task(what)
        self._progress.update(self._tasks[what], completed=done, total=total)

    def track(self, items: Iterable[T], total: int, what: str) -> Iterator[T]:
        """Yield the items, showing how far they are; those that are errors are told of as problems."""
        for done, item in enumerate(items, start=1):
            if isinstance(item, KerfError):
                self.problem(item)
            self.advance(what, done, total)
            yield item
        self._progress.stop()

    @contextmanager
    def output(self, path: Path | None) -> Iterator[TextIO]:
        """Open where data goes: standard output, or a file that appears when it is whole.

        Until then it is called ``<name>.partial``; that stays, as far as it is, when the work is interrupted.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        try:
            if path is None:
                yield self.data
                self.data.flush()
                return
            check_output_file(path)
            self.partial = path.with_name(path.name + ".partial")
            with self.partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
                yield stream
            self.partial.replace(path)
            self.partial = None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"{path or 'standard output'}: cannot be written: {error.strerror}") from error


@contextmanager
def terminal_session(*, quiet: bool, streaming: bool = False) -> Iterator[Terminal]:
    """Run a command's body: its errors become one line on stderr and an exit code, here and nowhere else."""
    terminal = Terminal(quiet=quiet, streaming=streaming)
    try:
        with terminal:
            yield terminal
    except KerfError as error:
        terminal.problem(error)
    except KeyboardInterrupt:
        terminal.interrupted()
    except BrokenPipeError:  # whoever read our output has seen enough
        terminal.exit_code = terminal.exit_code or ExitCode.OUTPUT
    if terminal.exit_code:
        raise typer.Exit(terminal.exit_code)


def check_output_file(path: Path) -> None:
    """Make the folder of a file, and see that it can be written, before the work that it is the result of.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another --out") from error
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise OutputError(f"{path}: is a folder, or in one that cannot be written to; choose another --out")
