"""What Label Studio exports, JSON and JSON-MIN, as its documentation has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kerf.classifier.folders.dataset import folder_to_samples
from kerf.segmenter.errors import NoLabelsError
from tests.folders.making import labels_of, touch

EXPORTED = "project-3-at-2026-01-02-03-04-0a1b2c3d.json"


def area(text: object, **place: float) -> dict[str, object]:
    """A field of text, perhaps of a region."""
    return {"from_name": "x", "to_name": "y", "type": "textarea", "value": {"text": text, **place}}


def task(image: str, *results: dict[str, Any], key: str = "image", **more: object) -> dict[str, object]:
    """A task that was answered."""
    return {"id": 7, "data": {"n": 1, key: image}, "annotations": [{"id": 1, "result": [*results], **more}]}


@pytest.mark.parametrize(
    "image",
    [
        "/data/local-files/?d=in/a%20b.png",
        "/data/local-files/?d=docs/deeper/in/a%20b.png",
        "/data/local-files/?d=in%5Ca%20b.png",
        "/data/upload/12/0a1b2c3d-a b.png",
        "https://example.com/in/a%20b.png?signed=1",
        "s3://bucket/some/a%20b.png",
        "a b.png",
    ],
)
def test_an_image_is_found_by_the_end_of_its_path(tmp_path: Path, image: str) -> None:
    touch(tmp_path / "in", "a b.png", "sub/c.png")
    (tmp_path / "in" / EXPORTED).write_text(json.dumps([task(image, area(["AB"]), key="ocr")]))
    assert labels_of(tmp_path / "in") == {"a b.png": "AB"}


@pytest.mark.parametrize(
    ("entry", "label"),
    [
        (task("a.png", area(["AB12"])), "AB12"),
        (task("a.png", area("AB12")), "AB12"),
        (task("a.png", area(["12"], x=50.5, y=0), {"type": "rectangle", "value": {"x": 1}}, area(["AB"], x=3)), "AB12"),
        ({"image": "a.png", "text": "AB12", "id": 1, "annotator": 1, "lead_time": 2.5}, "AB12"),
        ({"ocr": "a.png", "transcription": ["AB", "12"], "bbox": [{"x": 1}]}, "AB12"),
        (task("a.png", area(["AB12"]), was_cancelled=True), None),
        ({"data": {"image": "a.png"}, "annotations": [], "predictions": [{"result": [area(["no"])]}]}, None),
        (task("a.png", {"type": "choices", "value": {"choices": ["no"]}}), None),
        ({"image": "a.png", "annotator": 1}, None),
    ],
)
def test_the_text_of_a_task_is_what_was_typed(tmp_path: Path, entry: dict[str, object], label: str | None) -> None:
    touch(tmp_path, "a.png", "b.png")
    (tmp_path / "label-studio.json").write_text(json.dumps([task("b.png", area(["B"])), entry]))
    found = folder_to_samples(tmp_path)
    assert [(s.path.name, s.text) for s in found.samples] == [("b.png", "B"), *([("a.png", label)] if label else [])]
    assert found.remarks == (() if label else ("rows without a text, left out: 1",))


def test_a_task_that_makes_no_sense_is_a_problem_of_its_own(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    strange: list[Any] = [3, {"data": {"text": "no image"}}, task("none.png", area(["x"])), task("a.png", area(["A"]))]
    (tmp_path / EXPORTED).write_text(json.dumps(strange))
    found = folder_to_samples(tmp_path)
    assert [sample.text for sample in found.samples] == ["A"]
    assert [str(problem).removeprefix(f"{tmp_path / EXPORTED}: ") for problem in found.problems] == [
        "task 1 names no image; correct the task",
        "task 2 names no image; correct the task",
        "task 3 names 'none.png', which does not exist; correct or remove the task",
    ]


@pytest.mark.parametrize("content", ["", "{}", '[{"image"', "[" * 100_000])
def test_another_file_of_that_name_is_refused(tmp_path: Path, content: str) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / EXPORTED).write_text(content)
    with pytest.raises(NoLabelsError, match="is not a list of Label Studio's tasks; export them as JSON or JSON-MIN"):
        folder_to_samples(tmp_path)


def test_other_json_files_say_nothing_and_tables_come_first(tmp_path: Path) -> None:
    touch(tmp_path, "AB12.png", "CD34.png")
    (tmp_path / "package.json").write_text("{}")
    assert labels_of(tmp_path) == {"AB12.png": "AB12", "CD34.png": "CD34"}
    (tmp_path / EXPORTED).write_text(json.dumps([task("AB12.png", area(["x"]))]))
    assert labels_of(tmp_path) == {"AB12.png": "x"}
    (tmp_path / "labels.csv").write_text("file,label\nAB12.png,y\n")
    assert labels_of(tmp_path) == {"AB12.png": "y"}
