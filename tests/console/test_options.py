"""What the command line says about itself and about options that will not do."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Here
from tests.running import COMMANDS, ENVIRONMENT


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("--min-confidence", "90", "give a number from 0 to 1, such as 0.9"),
        ("--min-confidence", "-0.1", "give a number from 0 to 1, such as 0.9"),
        ("--min-confidence", "nan", "give a number from 0 to 1, such as 0.9"),
        ("--min-confidence", "high", "give a number from 0 to 1, such as 0.9"),
        ("--limit", "0", "give a whole number, 1 or more, such as 100"),
        ("--limit", "1.5", "give a whole number, 1 or more, such as 100"),
        ("--best", "21", "give a whole number from 1 to 20, such as 3"),
    ],
)
def test_an_error_names_the_option_and_a_value_that_would_do(option: str, value: str, line: str, here: Here) -> None:
    answer = here("solve", "x", option, value)
    assert answer.code == 2
    assert answer.err.splitlines()[-1] == f"Error: Invalid value for '{option}': {value!r} will not do; {line}"


@pytest.mark.parametrize(("value", "code"), [("-1", 2), ("4294967296", 2), ("9" * 26, 2), ("4294967295", 0), ("0", 0)])
def test_a_seed_has_bounds(value: str, code: int, here: Here, tmp_path: Path) -> None:
    answer = here("synth", tmp_path / "new", "--count", "1", "--seed", value)
    assert answer.code == code
    assert code == 0 or "from 0 to 4294967295, such as 1" in answer.err


@pytest.mark.parametrize("value", ["0", "0.001", "inf"])
def test_minutes_have_bounds(value: str, here: Here, tmp_path: Path) -> None:
    answer = here("train-char", tmp_path, "--out", tmp_path / "m", "--max-minutes", value)
    assert (answer.code, "a number, 0.01 or more, such as 10" in answer.err) == (2, True)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_fits_eighty_columns_and_has_a_short_name(
    command: tuple[str, ...], here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    answer = here(*command, "-h")
    assert answer == here(*command, "--help")
    assert answer.code == 0
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "..." not in answer.out.replace("[ARGS]...", "").replace("{paths}...", "").replace("paths...", "")


def test_a_shell_can_complete() -> None:
    asked = {"_KERF_COMPLETE": "complete_bash", "COMP_WORDS": "kerf solve --min", "COMP_CWORD": "2"}
    source = "import sys; sys.argv[0] = 'kerf'; from kerf.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, **asked},
        timeout=60,
        check=False,
    )
    assert result.stdout.split() == ["--min-confidence"]
