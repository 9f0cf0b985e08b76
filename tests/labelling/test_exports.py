"""Labels as the files of other tools: what these look like, and that they are read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerf.classifier.labelling.exports import export_answers
from kerf.classifier.labelling.store import Answer, LabelStore, Status
from kerf.classifier.labelling.tools import Tool
from kerf.segmenter.errors import NoLabelsError
from tests.folders.making import labels_of, touch

LABELS = {"a b.png": "AB12", "sub/ä#1.png": 'é"<,', "sub/c.d.jpg": "0"}
ANSWERS = {
    "a b.png": Answer(Status.LABELLED, "AB12", "AB1Z", 0.75),
    "skipped.png": Answer(Status.SKIPPED, "", "XY", 0.5),
    "sub/ä#1.png": Answer(Status.LABELLED, 'é"<,'),
    "broken.png": Answer(Status.UNREADABLE, "", "Q", 0.5),
    "sub/c.d.jpg": Answer(Status.LABELLED, "0"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose own name has to be quoted in an address."""
    touch(tmp_path / "my captchas", *ANSWERS)
    return tmp_path / "my captchas"


@pytest.mark.parametrize("tool", Tool)
def test_what_is_written_is_read_again(folder: Path, tool: Tool) -> None:
    for _ in range(2):
        files = export_answers(folder, ANSWERS, tool)
        assert labels_of(folder) == LABELS
        assert LabelStore(folder, [folder / name for name in ANSWERS]).labels() == LABELS
    assert len(files) == (3 if tool is Tool.KRAKEN else 1)
    assert not list(folder.rglob("*.before"))


def test_hugging_face_has_objects_and_paddleocr_and_kraken_have_lines(folder: Path) -> None:
    for tool in (Tool.HUGGINGFACE, Tool.PADDLEOCR, Tool.KRAKEN):
        export_answers(folder, ANSWERS, tool)
    assert (folder / "metadata.jsonl").read_text().splitlines() == [
        '{"file_name": "a b.png", "text": "AB12"}',
        '{"file_name": "sub/ä#1.png", "text": "é\\"<,"}',
        '{"file_name": "sub/c.d.jpg", "text": "0"}',
    ]
    assert (folder / "rec_gt.txt").read_text() == 'a b.png\tAB12\nsub/ä#1.png\té"<,\nsub/c.d.jpg\t0\n'
    assert {p.name: p.read_text() for p in folder.rglob("*.gt.txt")} == {
        "a b.gt.txt": "AB12\n",
        "ä#1.gt.txt": 'é"<,\n',
        "c.d.gt.txt": "0\n",
    }


def test_label_studio_has_labels_as_annotations_and_readings_as_predictions(folder: Path) -> None:
    (path,) = export_answers(folder, ANSWERS, Tool.LABEL_STUDIO)
    tasks = json.loads(path.read_text())

    def result(text: str) -> list[dict[str, object]]:
        return [{"from_name": "text", "to_name": "image", "type": "textarea", "value": {"text": [text]}}]

    assert path.name == "label-studio.json"
    assert tasks[0] == {
        "data": {"image": "/data/local-files/?d=my%20captchas/a%20b.png"},
        "annotations": [{"result": result("AB12")}],
        "predictions": [{"model_version": "kerf", "score": 0.75, "result": result("AB1Z")}],
    }
    assert [len(task["annotations"]) for task in tasks] == [1, 0, 1, 1]
    assert [len(task["predictions"]) for task in tasks] == [1, 1, 0, 0]
    assert tasks[2]["data"]["image"].endswith("/sub/%C3%A4%231.png")


def test_what_was_there_is_kept(folder: Path) -> None:
    (folder / "metadata.jsonl").write_text('{"file_name": "a b.png", "text": "old", "more": 1}\n')
    export_answers(folder, ANSWERS, Tool.HUGGINGFACE)
    assert '"old"' in (folder / "metadata.jsonl.before").read_text()
    assert labels_of(folder) == LABELS


def test_what_cannot_be_written_is_said(folder: Path) -> None:
    skipped = {"skipped.png": ANSWERS["skipped.png"]}
    with pytest.raises(NoLabelsError, match="has no labels to export; label some first"):
        export_answers(folder, skipped, Tool.KRAKEN)
    one = Answer(Status.LABELLED, "x")
    with pytest.raises(NoLabelsError, match=r"a\.png and another image would have their labels in a\.gt\.txt"):
        export_answers(folder, {"a.jpg": one, "a.png": one}, Tool.KRAKEN)
    with pytest.raises(NoLabelsError, match=r"'a\\tb\.png' is a name that rec_gt\.txt cannot hold"):
        export_answers(folder, {"a\tb.png": one}, Tool.PADDLEOCR)
    assert not list(folder.rglob("*.txt"))
