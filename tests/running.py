"""The command line as its users have it: a real process each time, its exit code, its two outputs."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

from kerf.segmenter.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent
CLI = ROOT / "cli.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT / "build")}
COMMANDS = ("segment", "train-char", "adapt", "label", "pretrain", "solve", "eval", "export", "synth", "audit")


def kerf(*arguments: str | Path, stdin: str = "", program: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; with ``program``, that Python source in its place."""
    start = ["-c", program] if program else [str(CLI)]
    command = [sys.executable, *start, *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False
    )


def script(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a script of ``benchmarks/``, such as ``trials.errors``, to its end."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False)


def problem(result: subprocess.CompletedProcess[str], code: ExitCode) -> str:
    """Assert that a command failed as it should, with one line about it, and return the line."""
    assert result.returncode == code, result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("kerf: error: ")]
    assert len(errors) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return errors[0]


def csv_rows(text: str) -> list[dict[str, str]]:
    """Read what `solve` wrote."""
    return list(csv.DictReader(io.StringIO(text)))
