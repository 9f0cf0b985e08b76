"""The command line as its users have it: a real process each time, its exit code, its two outputs."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from segmenter.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent
CLI = ROOT / "cli.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
COMMANDS = ("segment", "train-char", "solve", "eval", "synth")


def kerf(*arguments: str | Path, stdin: str = "", program: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; with ``program``, that Python source in its place."""
    start = ["-c", program] if program else [str(CLI)]
    command = [sys.executable, *start, *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False
    )


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


@pytest.fixture(scope="module")
def captchas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen rendered captchas with their labels."""
    folder = tmp_path_factory.mktemp("captchas")
    result = kerf("synth", folder, "--count", "12", "--seed", "7", "--length", "3", "--charset", "0-9")
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def trained(captchas: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A model of those captchas, hardly trained, and what training said."""
    out = tmp_path_factory.mktemp("models") / "new" / "model.safetensors"
    result = kerf("train-char", captchas, "--out", out, "--epochs", "2", "--device", "cpu")
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    return out, result.stderr


@pytest.fixture
def mixed(captchas: Path, tmp_path: Path) -> Path:
    """A folder of three images, of which the one in the middle is broken, with labels for all."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, image in zip(["a.png", "c.png"], sorted(captchas.glob("*.png")), strict=False):
        shutil.copy(image, folder / name)
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (folder / "labels.csv").write_text("file,label\na.png,123\nb.png,456\nc.png,789\n")
    return folder


# --- help --------------------------------------------------------------------------------------------------


def test_help_is_quick_and_imports_no_torch() -> None:
    source = "import sys, runpy; sys.argv = ['kerf', '--help']\n"
    source += f"try: runpy.run_path({str(CLI)!r}, run_name='__main__')\n"
    source += "except SystemExit: print('torch' in sys.modules)"
    start = time.monotonic()
    result = kerf(program=source)
    assert time.monotonic() - start < 3.0  # well under 1 s on an idle machine
    assert result.stdout.endswith("False\n"), result.stdout + result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    result = kerf(command, "--help")
    assert result.returncode == 0
    assert re.search(rf"^ +kerf {command} ", result.stdout, re.MULTILINE)


def test_all_commands_are_tested_here() -> None:
    listed = re.search(r"Commands:\n((?:  .*\n?)+)", kerf("--help").stdout)
    assert listed is not None
    assert sorted(line.split()[0] for line in listed[1].splitlines() if line[2] != " ") == sorted(COMMANDS)


def test_readme_documents_every_command_and_option() -> None:
    readme = (ROOT / "README.md").read_text()
    for command in COMMANDS:
        assert f"### kerf {command}\n" in readme
        assert f"\nkerf {command} " in readme


def test_readme_documents_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \| .+ \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(code.value, code.name) for code in ExitCode]


def test_version() -> None:
    assert re.fullmatch(r"kerf \S+\n", kerf("--version").stdout)


# --- each command ------------------------------------------------------------------------------------------


def test_synth_is_the_same_for_the_same_seed(captchas: Path, tmp_path: Path) -> None:
    kerf("synth", tmp_path, "--count", "12", "--seed", "7", "--length", "3", "--charset", "0-9")
    for path in captchas.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_train_char_says_how_far_it_is(trained: tuple[Path, str]) -> None:
    model, said = trained
    assert model.is_file()
    epochs = [line for line in said.splitlines() if line.startswith("epoch ")]
    assert len(epochs) == 2
    for line in epochs:
        assert re.search(r"loss +\d.*validation whole-text accuracy +\d.*train-validation gap +[+-]", line)
    assert str(model) in said.splitlines()[-1]


def test_solve_csv(trained: tuple[Path, str], captchas: Path) -> None:
    result = kerf("solve", captchas, "--model", trained[0])
    assert result.returncode == 0, result.stderr
    rows = csv_rows(result.stdout)
    assert [Path(row["file"]) for row in rows] == sorted(captchas.glob("*.png"))
    assert all(re.fullmatch(r"\d{3}", row["text"]) and 0 <= float(row["confidence"]) <= 1 for row in rows)
    assert {row["status"] for row in rows} == {"read"}


def test_solve_jsonl_of_a_list_with_every_column(trained: tuple[Path, str], captchas: Path) -> None:
    images = sorted(captchas.glob("*.png"))[:3][::-1]
    options = ("--format", "jsonl", "--characters", "--check", "--length", "2", "--charset", "1-5")
    result = kerf("solve", "-", "--model", trained[0], *options, stdin="\n".join(map(str, images)))
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["file"] for row in rows] == [str(image) for image in images]
    assert all(re.fullmatch(r"[1-5]{2}", row["text"]) and len(row["characters"]) == 2 for row in rows)
    assert all(re.fullmatch(r"\d{3}", row["label"]) and row["right"] is False for row in rows)


def test_solve_marks_what_it_is_unsure_of(trained: tuple[Path, str], captchas: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "rows.csv"
    options = ("--min-confidence", "1", "--limit", "2", "--out", out)
    result = kerf("solve", captchas, "--model", trained[0], *options)
    assert (result.returncode, result.stdout) == (0, "")
    rows = csv_rows(out.read_text())
    assert [(row["text"], row["status"]) for row in rows] == [("", "unsure")] * 2
    assert os.listdir(out.parent) == ["rows.csv"]  # noqa: PTH208


def test_segment_with_a_model_names_the_crops(
    trained: tuple[Path, str], captchas: Path, tmp_path: Path
) -> None:
    result = kerf(
        "segment", captchas, "--out", tmp_path, "--model", trained[0], "--limit", "1", "--length", "3"
    )
    assert (result.returncode, result.stdout) == (0, "")
    (stem,) = (path.stem for path in sorted(captchas.glob("*.png"))[:1])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 4
    for index, name in enumerate(names[:3]):
        assert re.fullmatch(rf"{stem}_{index}_\d\.png", name)
    assert names[3] == f"{stem}_overlay.png"


def test_segment_without_a_model(captchas: Path, tmp_path: Path) -> None:
    result = kerf("segment", captchas, "--out", tmp_path, "--limit", "2", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert len(list(tmp_path.glob("*_overlay.png"))) == 2
    assert len(list(tmp_path.glob("*_0.png"))) == 2


def test_eval_in_both_forms_and_below_the_minimum(trained: tuple[Path, str], captchas: Path) -> None:
    text = kerf("eval", captchas, "--model", trained[0])
    assert text.returncode == 0, text.stderr
    assert re.match(r"whole-text accuracy +\d+\.\d % \(\d+ of 12; 95 % interval", text.stdout)
    result = kerf("eval", captchas, "--model", trained[0], "--json", "--min-accuracy", "1", "--length", "2")
    assert "--min-accuracy 1.0" in problem(result, ExitCode.BELOW_MINIMUM)
    evaluation = json.loads(result.stdout)
    assert evaluation["wrong_length"]["count"] == evaluation["whole_text"]["n"] == 12


# --- bad input ---------------------------------------------------------------------------------------------


def test_missing_folder() -> None:
    for command in (["solve", "nowhere"], ["eval", "nowhere"], ["segment", "nowhere", "--out", "x"]):
        assert "nowhere" in problem(kerf(*command), ExitCode.NOT_FOUND)


def test_empty_folder(tmp_path: Path) -> None:
    assert str(tmp_path) in problem(kerf("solve", tmp_path), ExitCode.NO_IMAGES)


def test_folder_without_labels(tmp_path: Path, captchas: Path) -> None:
    shutil.copy(next(captchas.glob("*.png")), tmp_path / "_.png")
    problem(kerf("train-char", tmp_path, "--out", tmp_path / "m.safetensors"), ExitCode.NO_LABELS)


def test_unreadable_file_among_good_ones(trained: tuple[Path, str], mixed: Path) -> None:
    result = kerf("solve", mixed, "--model", trained[0])
    line = problem(result, ExitCode.UNREADABLE_IMAGE)
    rows = csv_rows(result.stdout)
    assert [Path(row["file"]).name for row in rows] == ["a.png", "b.png", "c.png"]
    assert [row["status"] for row in rows] == ["read", "unreadable", "read"]
    assert (rows[1]["text"], rows[1]["confidence"]) == ("", "")
    assert rows[1]["error"]
    assert rows[1]["error"] in line


def test_label_that_cannot_fit(captchas: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(captchas, tmp_path / "captchas")
    shutil.copy(next(captchas.glob("*.png")), folder / "long.png")
    with (folder / "labels.csv").open("a") as labels:
        labels.write(f"long.png,{'8' * 60}\n")
    out = tmp_path / "model.safetensors"
    line = problem(kerf("train-char", folder, "--out", out, "--epochs", "1"), ExitCode.LABEL_FIT)
    assert "long.png" in line
    assert out.is_file()  # the other images were learnt all the same


def test_unreadable_file_while_cutting(mixed: Path, tmp_path: Path) -> None:
    problem(kerf("segment", mixed, "--out", tmp_path / "out"), ExitCode.UNREADABLE_IMAGE)
    assert sorted(p.name for p in (tmp_path / "out").glob("*_overlay.png")) == [
        "a_overlay.png",
        "c_overlay.png",
    ]


def test_model_that_is_not_there(captchas: Path) -> None:
    problem(kerf("solve", captchas, "--model", "nowhere.safetensors"), ExitCode.NOT_FOUND)


def test_truncated_model(trained: tuple[Path, str], captchas: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.safetensors"
    short.write_bytes(trained[0].read_bytes()[:-1000])
    problem(kerf("solve", captchas, "--model", short), ExitCode.MODEL_UNREADABLE)


def test_model_of_another_version(trained: tuple[Path, str], captchas: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.safetensors"
    with safe_open(trained[0], framework="pt") as file:
        metadata = {**file.metadata(), "format_version": "999"}
    save_file(load_file(trained[0]), later, metadata)
    assert "999" in problem(kerf("eval", captchas, "--model", later), ExitCode.MODEL_VERSION)


def test_device_that_is_not_there(captchas: Path) -> None:
    problem(kerf("solve", captchas, "--device", "abacus"), ExitCode.DEVICE)


def test_settings_that_are_not_understood(captchas: Path) -> None:
    assert "four" in problem(kerf("solve", captchas, "--length", "four"), ExitCode.SETTINGS)


def test_output_that_cannot_be_written(captchas: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "model.safetensors"
    problem(kerf("train-char", captchas, "--out", out), ExitCode.OUTPUT)


def test_usage_error_is_typers() -> None:
    assert kerf("solve").returncode == 2
    assert kerf("solve", "x", "--format", "xml").returncode == 2


# --- outputs -----------------------------------------------------------------------------------------------

POLLUTER = """
import os, sys
import segmenter.load
inner = segmenter.load.path_to_image
def noisy(path):
    print("POLLUTION from Python")
    os.write(1, b"POLLUTION from C\\n")
    return inner(path)
segmenter.load.path_to_image = noisy
import cli
sys.argv[0] = "kerf"
cli.main()
"""


def test_stdout_has_nothing_but_data(trained: tuple[Path, str], mixed: Path) -> None:
    result = kerf("solve", mixed, "--model", trained[0], "--format", "jsonl", program=POLLUTER)
    assert result.stderr.count("POLLUTION from Python") == result.stderr.count("POLLUTION from C") == 3
    assert [json.loads(line)["status"] for line in result.stdout.splitlines()] == [
        "read",
        "unreadable",
        "read",
    ]


SLOW = """
import sys, time
import segmenter.load
inner = segmenter.load.path_to_image
def slow(path):
    if path.name == "stop.png":
        print("NOW", file=sys.stderr, flush=True)
        time.sleep(60)
    return inner(path)
segmenter.load.path_to_image = slow
import classifier.recognizer
classifier.recognizer.Recognizer.read_many.__defaults__ = (None, 1)
import cli
cli.main()
"""


def test_interruption_keeps_the_rows_so_far(trained: tuple[Path, str], mixed: Path, tmp_path: Path) -> None:
    shutil.copy(mixed / "a.png", mixed / "stop.png")
    out = tmp_path / "rows.csv"
    command = [sys.executable, "-c", SLOW, "solve", str(mixed), "--model", str(trained[0]), "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stderr is not None
        while "NOW" not in (line := process.stderr.readline()):
            assert line, "it ended by itself"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(60) == ExitCode.INTERRUPTED
    partial = tmp_path / "rows.csv.partial"
    assert not out.exists()
    assert [row["status"] for row in csv_rows(partial.read_text())] == ["read", "unreadable", "read"]
    assert f"interrupted; what was done so far is in {partial}" in said
    assert "Traceback" not in said


def test_a_reader_that_goes_away_is_no_error(trained: tuple[Path, str], captchas: Path) -> None:
    command = [sys.executable, str(CLI), "solve", str(captchas), "--model", str(trained[0])]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == ExitCode.OUTPUT
