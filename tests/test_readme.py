"""What the README says can be typed: every block marked sh or python runs, in order, in one folder.

Blocks marked text are what installs something or takes many minutes; of their Kerf commands, the options are checked.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kerf.cli import app
from tests.running import CLI, ENVIRONMENT, ROOT

pytestmark = pytest.mark.process
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
OPTIONAL = ("pandas",)
"""What examples use and Kerf does not need; where it is not installed, they are only compiled."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder as a checkout is after `make solve`, as far as the README's commands see it."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "kerf").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(CLI))} "$@"\n')
    (programs / "kerf").chmod(0o755)
    (programs / "activate").write_text("")
    (tmp_path / "data").symlink_to(ROOT / "data")
    return tmp_path


def to_command(kind: str, block: str) -> list[str]:
    """Command that runs a block."""
    if kind == "sh":
        return ["bash", "-e", "-o", "pipefail", "-c", block]
    absent = [name for name in OPTIONAL if f"import {name}" in block and not importlib.util.find_spec(name)]
    return [sys.executable, "-c", f"compile({block!r}, 'README', 'exec')" if absent else block]


def test_every_block_has_a_kind() -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert len(kinds) == README.count("\n```") // 2
    assert set(kinds) == {"sh", "python", "text"}


def test_what_the_readme_shows_runs_as_typed(checkout: Path) -> None:
    environment = ENVIRONMENT | {"PATH": f"{checkout / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for kind, block in BLOCKS:
        if kind == "text":
            continue
        command = to_command(kind, block)
        result = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{block}\n{result.stderr}"
    assert (checkout / "texts.csv").read_text().count("\n") == 101
    assert (checkout / "pieces" / "000000" / "overlay.png").exists()


@pytest.mark.parametrize("line", re.findall(r"^kerf .*$", "".join(b for kind, b in BLOCKS if kind == "text"), re.M))
def test_commands_that_take_long_have_options_that_there_are(line: str) -> None:
    result = CliRunner().invoke(app, [*shlex.split(line)[1:], "--help"])
    assert result.exit_code == 0, result.output
    assert not [option for option in re.findall(r"--[a-z-]+", line) if option not in result.output]
