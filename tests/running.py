"""The command line as its users have it: a real process each time, its exit code, its two outputs.

A process takes seconds, as it imports torch; the fixture ``here`` runs the same command in the one of the tests.
"""

import csv
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kerf.segmenter.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent
CLI = ROOT / "cli.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT / "build")}
COMMANDS = ("segment", "train-char", "adapt", "label", "pretrain", "solve", "eval", "export", "synth", "audit")


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str


def kerf(*arguments: str | Path, stdin: str = "", program: str = "") -> Answer:
    """Run the command line to its end; with ``program``, that Python source in its place."""
    start = ["-c", program] if program else [str(CLI)]
    return to_answer([*start, *map(str, arguments)], stdin)


def script(name: str, *arguments: str | Path) -> Answer:
    """Run a script of ``benchmarks/``, such as ``trials.errors``, to its end."""
    return to_answer(["-m", f"benchmarks.{name}", *map(str, arguments)])


def to_answer(arguments: list[str], stdin: str = "") -> Answer:
    """Run Python to its end, in the checkout."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=300,
        check=False,
    )
    return Answer(result.returncode, result.stdout, result.stderr)


def problem(answer: Answer, code: ExitCode) -> str:
    """Assert that a command failed as it should, with one line about it, and return the line."""
    assert answer.code == code, answer.err
    errors = [line for line in answer.err.splitlines() if line.startswith("kerf: error: ")]
    assert len(errors) == 1, answer.err
    assert "Traceback" not in answer.err
    return errors[0]


def csv_rows(text: str) -> list[dict[str, str]]:
    """Read what `solve` wrote."""
    return list(csv.DictReader(io.StringIO(text)))
