"""`eval --html`, `segment --html`, `--csv` and `--out`, by their commands."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from kerf.classifier.model_file import save_model
from kerf.segmenter.errors import ExitCode
from tests.conftest import Here
from tests.tiny import tiny_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_model(tiny_model(), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def to_entries(page: Path) -> list[dict[str, object]]:
    """What a page holds of its images."""
    (data,) = re.findall('id="entries">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    entries: list[dict[str, object]] = json.loads(data)
    return entries


def test_an_evaluation_is_the_same_with_a_page(here: Here, mixed: Path, model: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "eval.html"
    plain = here("eval", mixed, "--model", model, "--json")
    shown = here("eval", mixed, "--model", model, "--json", "--html", page)
    assert (shown.code, shown.out) == (plain.code, plain.out)
    assert f"the page to look at is {page}" in shown.err
    entries = {entry["name"]: entry for entry in to_entries(page)}
    assert entries.keys() == {"a.png", "b.png", "c.png"}
    assert "error" in entries["b.png"]
    assert entries["c.png"]["label"] == "789"
    assert "<h1>mixed</h1>" in page.read_text(encoding="utf-8")


def test_a_page_takes_the_place_of_no_image(here: Here, mixed: Path, model: Path) -> None:
    for command in (["eval", mixed], ["segment", mixed]):
        answer = here(*command, "--model", model, "--html", mixed / "a.png")
        assert answer.code == ExitCode.OUTPUT
        assert "a.png: is an input, and would be lost; choose another --html" in answer.err
    answer = here("segment", mixed, "--csv", mixed / "a.png")
    assert "a.png: is an input, and would be lost; choose another --csv" in answer.err


def test_boxes_are_a_table(here: Here, mixed: Path, model: Path, tmp_path: Path) -> None:
    answer = here("segment", mixed, "--model", model, "--csv", tmp_path / "boxes.csv", "--length", "2")
    assert answer.code == ExitCode.UNREADABLE_IMAGE  # of the one in the middle
    rows = list(csv.DictReader((tmp_path / "boxes.csv").read_text(encoding="utf-8").splitlines()))
    assert [(Path(row["file"]).name, row["index"]) for row in rows] == [
        ("a.png", "0"),
        ("a.png", "1"),
        ("c.png", "0"),
        ("c.png", "1"),
    ]
    for row in rows:
        assert row["character"] in set("ab12")
        assert 0 <= float(row["confidence"]) <= 1
        assert int(row["left"]) < int(row["right"])
        assert int(row["top"]) < int(row["bottom"])
    assert f"4 characters of 2 images are in {tmp_path / 'boxes.csv'}" in answer.err


def test_boxes_without_a_model_have_no_names(here: Here, captchas: Path) -> None:
    answer = here("segment", captchas, "--no-model", "--limit", "1", "--csv", "/dev/stdout", "--quiet")
    first = answer.out.splitlines()[1].split(",")
    assert first[1:4] == ["0", "", ""]


def test_the_index_leads_to_each_image_s_files(here: Here, captchas: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "p q"
    answer = here("segment", captchas, "--limit", "2", "--model", model, "--out", out, "--html", tmp_path / "page.html")
    assert answer.code == 0, answer.err
    linked = [entry["files"] for entry in to_entries(out / "index.html")]
    assert linked == ["000000/overlay.png", "000001/overlay.png"]
    assert all((out / str(path)).is_file() for path in linked)
    assert all("files" not in entry for entry in to_entries(tmp_path / "page.html"))


def test_nothing_to_write_is_said(here: Here, captchas: Path) -> None:
    answer = here("segment", captchas)
    assert answer.code == ExitCode.SETTINGS
    assert "nothing to write: give --out FOLDER for crops, --html FILE for a page, or --csv FILE" in answer.err
