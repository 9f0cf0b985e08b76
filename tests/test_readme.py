"""What the README says can be typed runs, in order; of what takes long, the options are checked."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kerf.cli import app
from tests.running import ROOT
from tests.typed import blocks_to_lines, make_checkout, path_to_blocks, run_blocks

pytestmark = pytest.mark.process
BLOCKS = path_to_blocks(ROOT / "README.md")


def test_what_the_readme_shows_runs_as_typed(tmp_path: Path) -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh", "python", "text"}
    checkout = make_checkout(tmp_path)
    run_blocks(BLOCKS, checkout)
    assert (checkout / "texts.csv").read_text().count("\n") == 101
    assert (checkout / "pieces" / "000000" / "overlay.png").exists()


@pytest.mark.parametrize("line", blocks_to_lines(BLOCKS, "text"))
def test_commands_that_take_long_have_options_that_there_are(line: str) -> None:
    result = CliRunner().invoke(app, [*shlex.split(line)[1:], "--help"])
    assert result.exit_code == 0, result.output
    assert not [option for option in re.findall(r"--[a-z-]+", line) if option not in result.output]
