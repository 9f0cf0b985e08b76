import json
import os
import re
from pathlib import Path

import pytest

from kerf.segmenter.errors import ExitCode
from tests.conftest import Here
from tests.running import CLI, COMMANDS, ROOT, csv_rows, kerf, problem

pytestmark = pytest.mark.process

# --- help --------------------------------------------------------------------------------------------------


def test_help_imports_no_torch() -> None:
    source = "import sys, runpy; sys.argv = ['kerf', '--help']\n"
    source += f"try: runpy.run_path({str(CLI)!r}, run_name='__main__')\n"
    source += "except SystemExit: print('torch' in sys.modules)"
    result = kerf(program=source)
    assert result.out.endswith("False\n"), result.out + result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command: str, here: Here) -> None:
    result = here(command, "--help")
    assert result.code == 0
    assert re.search(rf"^ +kerf {command} ", result.out, re.MULTILINE)


def test_all_commands_are_tested_here(here: Here) -> None:
    listed = re.search(r"Commands:\n((?:  .*\n?)+)", here("--help").out)
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
    assert re.fullmatch(r"kerf \S+\n", kerf("--version").out)


# --- each command ------------------------------------------------------------------------------------------


def test_synth_is_the_same_for_the_same_seed(captchas: Path, tmp_path: Path, here: Here) -> None:
    here("synth", tmp_path, "--count", "12", "--seed", "7", "--length", "3", "--charset", "0-9")
    for path in captchas.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_train_char_says_how_far_it_is(captchas: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "model.safetensors"
    answer = kerf("train-char", captchas, "--out", out, "--epochs", "2", "--device", "cpu")
    assert (answer.code, answer.out, out.is_file()) == (0, "", True), answer.err
    epochs = [line for line in answer.err.splitlines() if line.startswith("epoch ")]
    assert len(epochs) == 2
    for line in epochs:
        few = r"too few to tell \(\d of \d\)"
        assert re.search(rf"loss +\d.*whole-text accuracy in training {few}, in validation {few}, \d+ s$", line)
    assert str(out) in answer.err.splitlines()[-1]


def test_solve_csv(trained: Path, captchas: Path, here: Here) -> None:
    result = here("solve", captchas, "--model", trained)
    assert result.code == 0, result.err
    rows = csv_rows(result.out)
    assert [Path(row["file"]) for row in rows] == sorted(captchas.glob("*.png"))
    assert all(re.fullmatch(r"\d{3}", row["text"]) and 0 <= float(row["confidence"]) <= 1 for row in rows)
    assert {row["status"] for row in rows} == {"read"}


def test_solve_jsonl_of_a_list_with_every_column(trained: Path, captchas: Path) -> None:
    images = sorted(captchas.glob("*.png"))[:3][::-1]
    options = ("--format", "jsonl", "--characters", "--check", "--length", "2", "--charset", "1-5")
    result = kerf("solve", "-", "--model", trained, *options, stdin="\n".join(map(str, images)))
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["file"] for row in rows] == [str(image) for image in images]
    assert all(re.fullmatch(r"[1-5]{2}", row["text"]) and len(row["characters"]) == 2 for row in rows)
    assert all(re.fullmatch(r"\d{3}", row["label"]) and row["right"] is False for row in rows)


def test_solve_marks_what_it_is_unsure_of(trained: Path, captchas: Path, tmp_path: Path, here: Here) -> None:
    out = tmp_path / "new" / "rows.csv"
    options = ("--min-confidence", "1", "--limit", "2", "--out", out)
    result = here("solve", captchas, "--model", trained, *options)
    assert (result.code, result.out) == (0, "")
    rows = csv_rows(out.read_text())
    assert [(row["text"], row["status"]) for row in rows] == [("", "unsure")] * 2
    assert os.listdir(out.parent) == ["rows.csv"]  # noqa: PTH208


def test_solve_tells_the_next_best_texts(trained: Path, captchas: Path, here: Here) -> None:
    options = ("--model", trained, "--best", "3", "--limit", "2", "--format")
    for row in csv_rows(here("solve", captchas, *options, "csv").out):
        others = [other.split("=") for other in row["alternatives"].split(" ")]
        assert len({row["text"], *(text for text, _ in others)}) == 3
        assert [float(share) for _, share in others] == sorted((float(share) for _, share in others), reverse=True)
    row = json.loads(here("solve", captchas, *options, "jsonl").out.splitlines()[0])
    assert all(re.fullmatch(r"\d{3}", text) and 0 <= share <= 1 for text, share in row["alternatives"])


def test_train_char_draws_a_curve(tmp_path: Path, here: Here) -> None:
    folder, out = tmp_path / "captchas", tmp_path / "model.safetensors"
    here("synth", folder, "--count", "18", "--seed", "3", "--length", "3", "--charset", "0-9")
    options = ("--out", out, "--epochs", "1", "--device", "cpu", "--from-scratch")  # so that it reads none of them
    result = here("train-char", folder, "--curve", "10,12,14", *options)
    assert result.code == 0, result.err
    rows = csv_rows(result.out)
    assert [(row["labels"], row["n"]) for row in rows] == [("10", "4"), ("12", "4"), ("14", "4")]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["model.curve.png", out.name]
    assert "for 90 % of whole texts right" in result.err
    assert "15 labels" in problem(here("train-char", folder, "--curve", "10,15", *options), ExitCode.SETTINGS)


def test_train_char_learns_from_unlabelled_images(captchas: Path, tmp_path: Path, here: Here) -> None:
    options = ("--out", tmp_path / "model.safetensors", "--epochs", "1", "--device", "cpu", "--limit", "10")
    result = here("train-char", captchas, "--unlabelled", captchas, *options)
    assert result.code == 0, result.err
    assert re.search(r"^pass +1, .* learnt from \d of 1 images", result.err, re.MULTILINE)
    missing = here("train-char", captchas, "--unlabelled", tmp_path / "none", *options)
    assert "none" in problem(missing, ExitCode.NOT_FOUND)


def test_segment_with_a_model_names_the_crops(trained: Path, captchas: Path, tmp_path: Path, here: Here) -> None:
    result = here("segment", captchas, "--out", tmp_path, "--model", trained, "--limit", "1", "--length", "3")
    assert (result.code, result.out) == (0, "")
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*"))
    assert len(names) == 5
    for index, name in enumerate(names[:3]):
        assert re.fullmatch(rf"000000/{index}_\d\.png", name)
    assert names[3:] == ["000000/overlay.png", "index.html"]


def test_segment_without_a_model(captchas: Path, tmp_path: Path, here: Here) -> None:
    result = here("segment", captchas, "--out", tmp_path, "--no-model", "--limit", "2", "--quiet")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert len(list(tmp_path.glob("*/overlay.png"))) == 2
    assert len(list(tmp_path.glob("*/0.png"))) == 2


def test_eval_in_both_forms_and_below_the_minimum(trained: Path, captchas: Path, here: Here) -> None:
    text = here("eval", captchas, "--model", trained)
    assert text.code == 0, text.err
    assert "warning: 12 of these 12 images were learnt from by this model" in text.err
    every = r"^  [01]\.\d{4}  too few to tell answered \(12 of 12\),\s+too few to tell of them wrong \(\d+ of 12\)$"
    assert re.search(every, text.out, re.MULTILINE)
    assert re.match(r"\d+ of 12 texts are read right; that is too few images for a rate\.\n", text.out)
    assert re.search(
        r"^whole-text accuracy         too few to tell \(\d+ of 12;\s+95 % interval", text.out, re.MULTILINE
    )
    result = here("eval", captchas, "--model", trained, "--json", "--min-accuracy", "1", "--length", "2")
    assert "the minimum" in problem(result, ExitCode.BELOW_MINIMUM)
    evaluation = json.loads(result.out)
    assert evaluation["wrong_length"]["count"] == evaluation["whole_text"]["n"] == 12
