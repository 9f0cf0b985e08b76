"""How a function becomes a command: its groups of options side by side, its terminal opened for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest
import typer

from kerf.classifier.console.application import command, new_app
from kerf.classifier.console.terminal import Terminal
from kerf.segmenter.errors import ExitCode, NotFoundError


@dataclass(frozen=True)
class Inner:
    """A group within a group."""

    width: Annotated[int, typer.Option()] = 3
    fast: Annotated[bool, typer.Option("--fast")] = False


@dataclass(frozen=True)
class Outer:
    """A group that needs one option to be given."""

    out: Annotated[Path, typer.Option()]
    inner: Inner = field(default_factory=Inner)
    seeds: Annotated[list[int] | None, typer.Option("--seed")] = None


def run_command(register: Callable[[typer.Typer], object], *arguments: str) -> int:
    """Run what is registered beside another command; return the exit code."""
    app = new_app()
    register(app)
    command(app, "other")(lambda terminal: None)
    with pytest.raises(SystemExit) as ended:
        app(list(arguments), prog_name="program")
    assert isinstance(ended.value.code, int)
    return ended.value.code


def run_draw(*arguments: str) -> tuple[int, list[object]]:
    """Run a command that has groups; return the exit code and what it was given."""
    given: list[object] = []

    def draw(terminal, name, chosen, last="z") -> None:  # type: ignore[no-untyped-def]
        """Draw it.

        For example:
          program draw x
        """
        given.extend([terminal.quiet, terminal.debug, name, chosen, last])

    draw.__annotations__ = {"name": Annotated[str, typer.Argument()], "chosen": Outer, "last": str}
    return run_command(lambda app: command(app, "draw")(draw), *arguments), given


def test_a_command_is_given_its_groups_filled() -> None:
    code, given = run_draw("draw", "x", "--out", "o", "--fast", "--seed", "4", "--seed", "5", "--last", "y", "-q")
    assert (code, given) == (0, [True, False, "x", Outer(Path("o"), Inner(3, True), [4, 5]), "y"])
    code, given = run_draw("draw", "x", "--out", "o", "--width", "7", "--debug")
    assert (code, given) == (0, [False, True, "x", Outer(Path("o"), Inner(7, False), None), "z"])


def test_an_option_of_a_group_without_default_must_be_given(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_draw("draw", "x") == (2, [])
    assert "--out" in capfd.readouterr().err


def test_help_has_the_options_in_order_and_those_of_the_terminal_last(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_draw("draw", "--help") == (0, [])
    shown = capfd.readouterr().out
    options = ["--out", "--width", "--fast", "--seed", "--last", "--quiet", "--debug", "--help"]
    assert [word for word in shown.replace(",", " ").split() if word in options] == options
    assert "  Draw it.\n\n  For example:\n    program draw x\n" in shown


def test_an_error_of_a_command_is_its_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    def fail(terminal: Terminal) -> None:
        raise NotFoundError("x: is not there")

    assert run_command(lambda app: command(app, "fail")(fail), "fail") == ExitCode.NOT_FOUND
    assert capfd.readouterr().err == "kerf: error: x: is not there\n"


def test_no_option_is_there_twice() -> None:
    def twice(terminal: object, width: int, chosen: Inner) -> None:
        """Have one name twice."""

    twice.__annotations__ = {"width": int, "chosen": Inner}
    with pytest.raises(ValueError, match="width"):
        command(new_app(), "twice")(twice)
