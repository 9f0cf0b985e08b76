"""Documents whose blocks can be typed: those marked sh or python run, in order, in one folder.

Blocks marked text are what installs something, waits for a person or takes many minutes.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.running import CLI, ENVIRONMENT, ROOT

OPTIONAL = ("pandas",)
"""What examples use and Kerf does not need; where it is not installed, they are only compiled."""
Block = tuple[str, str]
"""What it is marked as, and what it holds."""


def path_to_blocks(path: Path) -> list[Block]:
    """Blocks of a document; all of them are marked."""
    text = path.read_text(encoding="utf-8")
    blocks: list[Block] = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == text.count("\n```") // 2
    assert {kind for kind, _ in blocks} <= {"sh", "python", "text"}
    return blocks


def blocks_to_lines(blocks: list[Block], *kinds: str) -> list[str]:
    """Lines that begin with ``kerf``, of blocks of such kinds."""
    return re.findall(r"^kerf .*$", "".join(block for kind, block in blocks if kind in kinds), re.MULTILINE)


def make_checkout(folder: Path) -> Path:
    """Make a folder as a checkout is after `make solve`, as far as the blocks see it."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    python = shlex.quote(sys.executable)
    (programs / "kerf").write_text(f'#!/bin/sh\nexec {python} {shlex.quote(str(CLI))} "$@"\n')
    (programs / "python").write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    (programs / "activate").write_text("")
    (folder / "data").symlink_to(ROOT / "data")
    return folder


def block_to_command(kind: str, block: str) -> list[str]:
    """Command that runs a block."""
    if kind == "sh":
        return ["bash", "-e", "-o", "pipefail", "-c", block]
    absent = [name for name in OPTIONAL if f"import {name}" in block and not importlib.util.find_spec(name)]
    return [sys.executable, "-c", f"compile({block!r}, 'block', 'exec')" if absent else block]


def run_blocks(blocks: list[Block], checkout: Path) -> None:
    """Run what can be typed, and assert that each block succeeds."""
    environment = ENVIRONMENT | {"PATH": f"{checkout / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for kind, block in blocks:
        if kind != "text":
            command = block_to_command(kind, block)
            result = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
            assert result.returncode == 0, f"{block}\n{result.stderr}"
