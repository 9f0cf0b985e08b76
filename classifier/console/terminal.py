"""The two ends of a terminal: standard output for data and nothing else, standard error for people."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Self, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from kerf.classifier.console.output_file import (
    STDOUT_NAMES,
    is_stream,
    open_further,
    open_partial,
    open_stream,
    put_in_place,
    to_target,
)
from kerf.classifier.console.output_file import check_output_file as check_output_file
from kerf.segmenter.errors import ExitCode, KerfError, OutputError, UnforeseenError

T = TypeVar("T")

UNCAUGHT = 1
"""Exit code of a fault that nobody foresaw, as Python has it."""


class Terminated(KeyboardInterrupt):
    """The program was asked to end by SIGTERM; to whoever keeps what was done, the same as Ctrl-C."""


class People(Console):
    """Standard error; where nobody listens any more, the work goes on in silence."""

    def on_broken_pipe(self) -> None:
        """Say nothing further."""
        self.quiet = True


class Terminal:
    """A command's way to talk while it runs.

    Inside its ``with`` block ``data`` is the real standard output, and whatever else is written there, by
    Python or by C, goes to standard error.

    Parameters
    ----------
    quiet
        Say nothing but problems.
    debug
        Show the traceback of a fault that nobody foresaw.

    Attributes
    ----------
    exit_code
        That of the first problem, or ``OK``.
    partial
        The file or folder that is being written to and is not whole yet.
    """

    data: TextIO

    def __init__(self, *, quiet: bool = False, debug: bool = False) -> None:
        self.quiet = quiet
        self.debug = debug
        self.exit_code: int = ExitCode.OK
        self.partial: Path | None = None
        self._console = People(stderr=True, markup=False, emoji=False, highlight=False)
        self._streaming = False
        self._shown = not quiet and self._console.is_interactive
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=self._console, transient=True, disable=not self._shown)
        self._starting = self._console.status("starting")
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        sys.stdout.flush()
        self.data = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape", newline="")
        os.dup2(2, 1)
        if self._shown:
            self._starting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._starting.stop()
        self._progress.stop()
        with suppress(OSError):  # standard error, if it takes no more
            sys.stdout.flush()
        os.dup2(self.data.fileno(), 1)
        with suppress(OSError):  # told already, by `output`
            self.data.close()

    def stream(self) -> None:
        """Prepare for rows that are written to ``data`` all along: no progress bar where that is a terminal too."""
        self._streaming = self.data.isatty()

    def say(self, text: str) -> None:
        """Print one line for people, or several."""
        if not self.quiet:
            self._print(text)

    def problem(self, error: KerfError) -> None:
        """Print one line about a bad input, and leave with its code in the end if it is the first."""
        self._print(f"kerf: error: {' '.join(str(error).split())}")
        if self.debug and isinstance(error, UnforeseenError):
            self._print("".join(traceback.format_exception(error)))
        self.exit_code = self.exit_code or error.exit_code

    def fault(self, error: Exception) -> None:
        """Print one line about a fault of Kerf's own that ended the command, or with ``debug`` where it was."""
        if self.debug:
            self._print("".join(traceback.format_exception(error)))
        report = "report what is above" if self.debug else "run again with --debug and report what it shows"
        what = " ".join(f"{type(error).__name__}: {error}".split())
        self._print(f"kerf: error: {what}; this is a fault in Kerf: {report}{self._kept()}")
        self.exit_code = UNCAUGHT

    def interrupted(self, stop: KeyboardInterrupt) -> None:
        """Say that the work was stopped, and where what was done is."""
        self._print(f"kerf: interrupted{self._kept()}")
        self.exit_code = ExitCode.TERMINATED if isinstance(stop, Terminated) else ExitCode.INTERRUPTED

    def ended(self, error: KerfError) -> None:
        """Print one line about the problem that ended the command, and where what was done is."""
        self.problem(error)
        if kept := self._kept():
            self._print(f"kerf: {kept.removeprefix('; ')}")

    @property
    def has_bar(self) -> bool:
        """Whether anybody sees how far a stage is."""
        return self._shown and not self._streaming

    def advance(self, what: str, done: int, total: int | None) -> None:
        """Show how far a stage is, and the time it has left."""
        if self._streaming:
            return
        self._starting.stop()
        if what not in self._tasks:
            self._progress.start()
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)

    def track(self, items: Iterable[T], total: int | None, what: str) -> Iterator[T]:
        """Yield the items, showing how far they are; those that are errors are told of as problems.

        The total is None where nobody knows it.
        """
        self.advance(what, 0, total)
        for done, item in enumerate(items, start=1):
            self.advance(what, done, total)
            if isinstance(item, KerfError):
                self.problem(item)
            yield item
        self._progress.stop()

    @contextmanager
    def output(self, path: Path | None, *, further: bool = False) -> Iterator[TextIO]:
        """Open where data goes: standard output, or a file that appears when it is whole.

        Until then it is called ``<name>.partial``; that stays, as far as it is, when the work is stopped, and is gone
        on with if ``further``. A link is followed, a device or a pipe is written to as it is.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        try:
            if path is None or str(path) in STDOUT_NAMES:
                self._starting.stop()  # it would be among the data, where that goes to the terminal too
                yield self.data
                self.data.flush()
                return
            check_output_file(path)
            if is_stream(path):
                with open_stream(path) as stream:
                    yield stream
                return
            target = to_target(path)
            with open_further(target) if further else open_partial(target) as stream:
                self.partial = Path(stream.name)
                if self.partial.suffix != ".partial":
                    self.say(f"{target}.partial is of a run that was stopped; it stays as it is")
                yield stream
            put_in_place(self.partial, target)
            self.partial = None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"{path or 'standard output'}: cannot be written: {error.strerror}") from error

    def _kept(self) -> str:
        """Say where what was done is; a file that holds nothing is removed."""
        partial = self.partial
        if partial is None or not partial.exists() or (partial.is_dir() and not any(partial.iterdir())):
            return ""
        if partial.is_file() and not partial.stat().st_size:
            partial.unlink()
            return ""
        return f"; what was done so far is in {partial}"

    def _print(self, text: str) -> None:
        """Print lines, broken between words if this is a terminal; what a terminal would obey is escaped."""
        lines = "\n".join(map(to_printable, text.split("\n")))
        with suppress(OSError):  # there is nowhere else to say it
            self._console.print(lines, soft_wrap=not self._console.is_terminal)


@contextmanager
def terminal_session(*, quiet: bool, debug: bool = False) -> Iterator[Terminal]:
    """Run a command's body: its errors become one line on stderr and an exit code, here and nowhere else."""
    terminal = Terminal(quiet=quiet, debug=debug)
    try:
        with stop_signals(), terminal:
            yield terminal
    except KerfError as error:
        terminal.ended(error)
    except KeyboardInterrupt as stop:
        terminal.interrupted(stop)
    except BrokenPipeError:  # whoever read our output has seen enough
        terminal.exit_code = terminal.exit_code or ExitCode.BROKEN_PIPE
    except Exception as error:
        terminal.fault(error)
    if terminal.exit_code:
        raise typer.Exit(terminal.exit_code)


@contextmanager
def stop_signals() -> Iterator[None]:
    """Make SIGTERM raise `Terminated`, as Ctrl-C raises KeyboardInterrupt; the second of either ends at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    if threading.current_thread() is not threading.main_thread():
        heeded = []  # Python lets no other thread set them

    def stop(number: int, _: FrameType | None) -> None:
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    for number in heeded:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def to_printable(text: str) -> str:
    r"""Escape what a terminal would obey or could not show, such as an ESC in a file's name, as ``\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
