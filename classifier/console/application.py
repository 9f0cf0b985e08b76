"""The application around the commands: how they are registered, and how a run of the program begins and ends."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec

import typer

from kerf.classifier.console.options import Version
from kerf.segmenter.errors import ExitCode

P = ParamSpec("P")
STOPPED = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def new_app() -> typer.Typer:
    """Return an application without commands."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def options(version: Version = False) -> None:
        """Read text captchas by cutting them into characters. Offline, on folders."""

    return app


def command(app: typer.Typer, name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a command: its help is its docstring, with the examples line by line; listed by its first paragraph."""

    def register(function: Callable[P, None]) -> Callable[P, None]:
        text = inspect.getdoc(function) or ""
        shown = text.replace("For example:", "\b\nFor example:")
        return app.command(name, help=shown, short_help=text.split("\n\n")[0])(function)

    return register


def run(app: typer.Typer) -> None:
    """Run the program to its exit; for what goes wrong in a command see `terminal_session`."""
    open_closed_streams()
    try:
        app()
    except OSError as error:  # the help, or the version
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left unwritten must not be tried again at the exit
        print(f"kerf: error: standard output: cannot be written: {error.strerror}", file=sys.stderr)
        sys.exit(ExitCode.OUTPUT)
    except SystemExit as end:
        if end.code in STOPPED:
            with suppress(OSError):
                sys.stderr.flush()
            os._exit(end.code)  # Python would wait for a thread that hangs, on a file that cannot be reached, say
        if isinstance(end.__context__, BrokenPipeError):  # Typer's own code, where the help's reader is gone, is 1
            sys.exit(ExitCode.BROKEN_PIPE)
        raise


def open_closed_streams() -> None:
    """Open whichever of the three standard streams the program was started without.

    Otherwise the next file to be opened would take its number, and be written to by whatever writes there.
    Standard input is then empty, standard output refuses every write, standard error swallows it.
    """
    for number, (name, flags) in enumerate([("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)]):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w"))
