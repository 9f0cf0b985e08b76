"""A command's body, run in a session to its end."""

from __future__ import annotations

from collections.abc import Callable

import typer

from kerf.classifier.console.terminal import Terminal, terminal_session


def end_of(body: Callable[[Terminal], object], *, debug: bool = False) -> int:
    """Run a command's body in a session; return the exit code."""
    try:
        with terminal_session(quiet=False, debug=debug) as terminal:
            body(terminal)
    except typer.Exit as end:
        return end.exit_code
    return 0


def throw(error: BaseException) -> Callable[[Terminal], object]:
    """Return a body that raises an error."""

    def body(_: Terminal) -> None:
        raise error

    return body
