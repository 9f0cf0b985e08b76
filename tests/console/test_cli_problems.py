import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from kerf.classifier.model_header import FORMAT_VERSION
from kerf.segmenter.errors import ExitCode
from tests.conftest import Here
from tests.running import CLI, ENVIRONMENT, csv_rows, kerf, problem

pytestmark = pytest.mark.process

# --- bad input ---------------------------------------------------------------------------------------------


def test_missing_folder(here: Here) -> None:
    for command in (["solve", "nowhere"], ["eval", "nowhere"], ["segment", "nowhere", "--out", "x"]):
        assert "nowhere" in problem(here(*command), ExitCode.NOT_FOUND)


def test_empty_folder(tmp_path: Path, here: Here) -> None:
    assert str(tmp_path) in problem(here("solve", tmp_path), ExitCode.NO_IMAGES)


def test_folder_without_labels(tmp_path: Path, captchas: Path, here: Here) -> None:
    shutil.copy(next(captchas.glob("*.png")), tmp_path / "_.png")
    problem(here("train-char", tmp_path, "--out", tmp_path / "m.safetensors"), ExitCode.NO_LABELS)


def test_unreadable_file_among_good_ones(trained: Path, mixed: Path) -> None:
    result = kerf("solve", mixed, "--model", trained)
    line = problem(result, ExitCode.UNREADABLE_IMAGE)
    rows = csv_rows(result.out)
    assert [Path(row["file"]).name for row in rows] == ["a.png", "b.png", "c.png"]
    assert [row["status"] for row in rows] == ["read", "unreadable", "read"]
    assert (rows[1]["text"], rows[1]["confidence"]) == ("", "")
    assert rows[1]["error"]
    assert rows[1]["error"] in line


def test_label_outside_the_alphabet(trained: Path, captchas: Path, tmp_path: Path, here: Here) -> None:
    folder = shutil.copytree(captchas, tmp_path / "captchas")
    labels = (folder / "labels.csv").read_text().splitlines()
    labels[1] = labels[1].split(",")[0] + ",1X1"
    (folder / "labels.csv").write_text("\n".join(labels))
    out = tmp_path / "model.safetensors"
    result = here("train-char", folder, "--out", out, "--epochs", "1", "--charset", "0-9")
    assert "'X'" in problem(result, ExitCode.LABEL_ALPHABET)
    assert "trained on 8 labelled images" in result.err  # of twelve, without this one and the validation part
    result = here("eval", folder, "--model", trained)
    assert "1 of 12 labels have characters that the model does not know" in problem(result, ExitCode.LABEL_ALPHABET)
    assert "whole-text accuracy" in result.out


def test_label_that_cannot_fit(captchas: Path, tmp_path: Path, here: Here) -> None:
    folder = shutil.copytree(captchas, tmp_path / "captchas")
    (folder / "long.png").write_bytes(next(captchas.glob("*.png")).read_bytes() + b"other")
    with (folder / "labels.csv").open("a") as labels:
        labels.write(f"long.png,{'8' * 60}\n")
    out = tmp_path / "model.safetensors"
    line = problem(here("train-char", folder, "--out", out, "--epochs", "1"), ExitCode.LABEL_FIT)
    assert "long.png" in line
    assert out.is_file()  # the other images were learnt all the same


def test_unreadable_file_while_cutting(mixed: Path, tmp_path: Path, here: Here) -> None:
    problem(here("segment", mixed, "--out", tmp_path / "out"), ExitCode.UNREADABLE_IMAGE)
    assert sorted(p.parent.name for p in (tmp_path / "out").glob("*/overlay.png")) == ["a", "c"]


def test_model_that_is_not_there(captchas: Path, here: Here) -> None:
    problem(here("solve", captchas, "--model", "nowhere.safetensors"), ExitCode.NOT_FOUND)


def test_truncated_model(trained: Path, captchas: Path, tmp_path: Path, here: Here) -> None:
    short = tmp_path / "short.safetensors"
    short.write_bytes(trained.read_bytes()[:-1000])
    problem(here("solve", captchas, "--model", short), ExitCode.MODEL_UNREADABLE)


def test_model_of_another_version(trained: Path, captchas: Path, tmp_path: Path, here: Here) -> None:
    later = tmp_path / "later.safetensors"
    with safe_open(trained, framework="pt") as file:
        metadata = {
            key: value.replace(f'"version": {FORMAT_VERSION}', '"version": 999')
            for key, value in file.metadata().items()
        }
    save_file(load_file(trained), later, metadata)
    assert "999" in problem(here("eval", captchas, "--model", later), ExitCode.MODEL_VERSION)


def test_device_that_is_not_there(captchas: Path, here: Here) -> None:
    problem(here("solve", captchas, "--device", "abacus"), ExitCode.DEVICE)


def test_settings_that_are_not_understood(captchas: Path, here: Here) -> None:
    assert "four" in problem(here("solve", captchas, "--length", "four"), ExitCode.SETTINGS)


def test_output_that_cannot_be_written(captchas: Path, tmp_path: Path, here: Here) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "model.safetensors"
    problem(here("train-char", captchas, "--out", out), ExitCode.OUTPUT)


def test_usage_error_is_typers(here: Here) -> None:
    assert here("solve").code == 2
    assert here("solve", "x", "--format", "xml").code == 2


# --- outputs -----------------------------------------------------------------------------------------------

POLLUTER = """
import os, sys
import kerf.segmenter.sources
inner = kerf.segmenter.sources.path_to_picture
def noisy(path, settings):
    print("POLLUTION from Python")
    os.write(1, b"POLLUTION from C\\n")
    return inner(path, settings)
kerf.segmenter.sources.path_to_picture = noisy
import kerf.cli
sys.argv[0] = "kerf"
kerf.cli.main()
"""


def test_stdout_has_nothing_but_data(trained: Path, mixed: Path) -> None:
    result = kerf("solve", mixed, "--model", trained, "--format", "jsonl", program=POLLUTER)
    assert result.err.count("POLLUTION from Python") == result.err.count("POLLUTION from C") == 3
    assert [json.loads(line)["status"] for line in result.out.splitlines()] == [
        "read",
        "unreadable",
        "read",
    ]


SLOW = """
import sys, time
import kerf.segmenter.sources
inner = kerf.segmenter.sources.path_to_picture
def slow(path, settings):
    if path.name == "stop.png":
        time.sleep(1)  # until the others are read
        print("NOW", file=sys.stderr, flush=True)
        time.sleep(60)
    return inner(path, settings)
kerf.segmenter.sources.path_to_picture = slow
import kerf.classifier.recognizer
kerf.classifier.recognizer.Recognizer.read_many.__kwdefaults__["batch_size"] = 1
import kerf.cli
kerf.cli.main()
"""


@pytest.mark.parametrize(
    ("number", "code", "jobs"),
    [(signal.SIGINT, ExitCode.INTERRUPTED, "1"), (signal.SIGTERM, ExitCode.TERMINATED, "2")],
)
def test_interruption_keeps_the_rows_so_far(
    number: signal.Signals, code: ExitCode, jobs: str, trained: Path, mixed: Path, tmp_path: Path
) -> None:
    shutil.copy(mixed / "a.png", mixed / "stop.png")
    out = tmp_path / "rows.csv"
    options = ["--model", str(trained), "--out", str(out), "--jobs", jobs]
    command = [sys.executable, "-c", SLOW, "solve", str(mixed), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stderr is not None
        while "NOW" not in (line := process.stderr.readline()):
            assert line, "it ended by itself"
        process.send_signal(number)
        said = process.stderr.read()
        assert process.wait(60) == code
    partial = tmp_path / "rows.csv.partial"
    assert not out.exists()
    assert [row["status"] for row in csv_rows(partial.read_text())] == ["read", "unreadable", "read"]
    assert f"interrupted; what was done so far is in {partial}" in said
    assert "Traceback" not in said


def test_a_reader_that_goes_away_is_no_error(trained: Path, captchas: Path) -> None:
    command = [sys.executable, str(CLI), "solve", str(captchas), "--model", str(trained)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == ExitCode.BROKEN_PIPE
