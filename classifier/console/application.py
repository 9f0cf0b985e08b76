"""The application around the commands: how they are registered, and how a run of the program begins and ends."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter
from itertools import chain
from typing import TYPE_CHECKING, TypeVar, get_type_hints

import typer

from kerf.classifier.console.options import Debug, Quiet, Version
from kerf.segmenter.errors import ExitCode

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Command = TypeVar("Command", bound=Callable[..., None])
TERMINAL = (
    Parameter("quiet", Parameter.KEYWORD_ONLY, default=False, annotation=Quiet),
    Parameter("debug", Parameter.KEYWORD_ONLY, default=False, annotation=Debug),
)
"""Options of every command's terminal."""
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


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Register a command, which is given its terminal, its arguments and its options, those in groups too.

    Its help is its docstring, with the examples line by line; it is listed by the first paragraph.
    """

    def register(function: Command) -> Command:
        text = inspect.getdoc(function) or ""
        shown = text.replace("For example:", "\b\nFor example:")
        app.command(name, help=shown, short_help=text.split("\n\n")[0])(to_callback(function))
        return function

    return register


def to_callback(function: Callable[..., None]) -> Callable[..., None]:
    """Return what Typer calls: the options of a command side by side, and after them those of its terminal."""
    _, *parameters = inspect.signature(function).parameters.values()

    def callback(*, quiet: bool, debug: bool, **values: object) -> None:
        from kerf.classifier.console.terminal import terminal_session

        with terminal_session(quiet=quiet, debug=debug) as terminal:
            function(terminal, *(to_value(parameter, values) for parameter in parameters))

    options = [*chain.from_iterable(map(to_options, parameters)), *TERMINAL]
    callback.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    callback.__annotations__ = {option.name: option.annotation for option in options}
    return callback


def group_to_parameters(group: type[DataclassInstance]) -> list[Parameter]:
    """List the fields of a dataclass whose annotations are options, or groups of them."""
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]


def to_options(parameter: Parameter) -> list[Parameter]:
    """Expand a parameter of a command: a group of options to all of them, in order."""
    group: type = parameter.annotation
    if not is_dataclass(group):
        return [parameter.replace(kind=Parameter.KEYWORD_ONLY)]
    return list(chain.from_iterable(map(to_options, group_to_parameters(group))))


def to_value(parameter: Parameter, values: Mapping[str, object]) -> object:
    """Make what a command is given for a parameter out of the values of all options."""
    group: type = parameter.annotation
    if not is_dataclass(group):
        return values[parameter.name]
    return group(**{field.name: to_value(field, values) for field in group_to_parameters(group)})


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
