"""The scripts that measure: they run, and their figures agree with what is known of the images."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import Here, run_here
from tests.running import ROOT, script


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen captchas of any look."""
    folder = tmp_path_factory.mktemp("rendered")
    assert run_here("synth", folder, "--count", "16", "--seed", "4") == 0
    return folder


def test_candidates_are_counted_against_the_true_boxes(rendered: Path, script_here: Here) -> None:
    said = script_here("trials.candidates", rendered).out
    rows = re.findall(r"^ *(\w.+?) +(?:[\d.]+ %|too few to tell) \((\d+) of (\d+);", said, re.MULTILINE)
    characters = len((rendered / "boxes.csv").read_text().splitlines()) - 1
    near, apart, overlapping, close = ((int(count), int(n)) for _, count, n in rows)
    assert near[1] == close[1] == apart[1] + overlapping[1] == characters
    assert near[0] == apart[0] + overlapping[0] <= close[0]
    assert close[0] >= 0.95 * characters


def test_every_wrong_text_has_one_cause(rendered: Path, tmp_path: Path, here: Here, script_here: Here) -> None:
    options = (rendered, "--charset", "0-9")  # it cannot read the letters
    kinds = json.loads(script_here("trials.errors", *options, "--json").out)
    whole = json.loads(here("eval", *options, "--json").out)["whole_text"]
    assert sum(kinds.values()) == whole["n"] - whole["count"] > 0
    assert kinds["character the model does not know"] > 0
    drawing = tmp_path / "errors.png"
    said = script_here("trials.errors", *options, "--draw", drawing).out
    assert said.startswith(f"wrong texts: too few to tell ({sum(kinds.values())} of {whole['n']};")
    assert drawing.stat().st_size > 10_000


def test_speed_is_measured_on_images_that_can_be_read(family: Path, tmp_path: Path) -> None:
    shutil.copytree(family, tmp_path / "digits")
    first = min((tmp_path / "digits" / "test").glob("*.png"))
    first.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    answer = script("speed", tmp_path / "digits", "--images", "3", "--only", "CTC")
    assert answer.code == 0, answer.err
    assert float(answer.out) > 0


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("trials.candidates", []),
        ("compare", ["after.json"]),
        ("trials.errors", []),
        ("speed", ["--only", "decoding"]),
        ("trials.trial", ["--labels", "10"]),
    ],
)
def test_a_wrong_path_is_said_in_one_line(name: str, arguments: list[str], tmp_path: Path, script_here: Here) -> None:
    said = script_here(name, tmp_path / "nowhere", *arguments)
    assert (said.code, said.out) == (1, "")
    assert said.err.count("\n") == 1
    assert str(tmp_path / "nowhere") in said.err


def test_a_file_that_is_no_run_is_said_in_one_line(tmp_path: Path, script_here: Here) -> None:
    for content in ("no JSON", "[]", "{}"):
        (tmp_path / "after.json").write_text(content)
        said = script_here("compare", ROOT / "docs" / "benchmark.json", tmp_path / "after.json")
        assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
        assert str(tmp_path / "after.json") in said.err
