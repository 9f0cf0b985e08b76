"""Answers as the files of other tools, beside the images; ``folder_to_samples`` reads each of them again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from kerf.classifier.labelling.store import Answer, Status, to_free
from kerf.classifier.labelling.tools import Tool
from kerf.classifier.model_file import write_whole
from kerf.segmenter.errors import NoLabelsError, OutputError


def export_answers(folder: Path, answers: Mapping[str, Answer], tool: Tool) -> list[Path]:
    """Write what a tool reads into the folder; a file of other content that was there is kept beside it.

    Parameters
    ----------
    folder
        Has the images.
    answers
        By the images' paths below it; images that cannot be read are left out.
    tool
        Whose files.

    Returns
    -------
    list of Path
        What was written: one file, or for kraken one an image.

    Raises
    ------
    NoLabelsError
        No image has a label, an image has a name that the file cannot hold, or two would have one file.
    OutputError
        A file cannot be written.
    """
    labels = {name: answer.label for name, answer in answers.items() if answer.status is Status.LABELLED}
    if not labels:
        raise NoLabelsError(f"{folder}: has no labels to export; label some first, with kerf label {folder}")
    if tool is Tool.LABEL_STUDIO:
        files = {"label-studio.json": answers_to_tasks(folder.resolve().name, answers)}
    elif tool is Tool.HUGGINGFACE:
        files = {"metadata.jsonl": "".join(map(to_json_line, labels.items()))}
    elif tool is Tool.PADDLEOCR:
        files = {"rec_gt.txt": "".join(map(to_tabbed_line, labels.items()))}
    else:
        files = labels_to_sidecars(labels)
    return [write_beside(folder / name, content) for name, content in files.items()]


def to_json_line(named: tuple[str, str]) -> str:
    """Render a name and its label for Hugging Face's ``imagefolder``."""
    name, label = named
    return json.dumps({"file_name": name, "text": label}, ensure_ascii=False) + "\n"


def to_tabbed_line(named: tuple[str, str]) -> str:
    """Render a name and its label for PaddleOCR, whose ``data_dir`` is the folder.

    Raises
    ------
    NoLabelsError
        The name cannot stand in a line.
    """
    name, label = named
    if "\t" in name or "\n" in name:
        raise NoLabelsError(f"{name!r} is a name that rec_gt.txt cannot hold; rename the image")
    return f"{name}\t{label}\n"


def labels_to_sidecars(labels: Mapping[str, str]) -> dict[str, str]:
    """Name kraken's file of each image.

    Raises
    ------
    NoLabelsError
        Two images would have the same.
    """
    files: dict[str, str] = {}
    for name, label in labels.items():
        file = str(Path(name).with_suffix(".gt.txt"))
        if file in files:
            raise NoLabelsError(f"{name} and another image would have their labels in {file}; rename one")
        files[file] = f"{label}\n"
    return files


def answers_to_tasks(folder: str, answers: Mapping[str, Answer]) -> str:
    """Render Label Studio's tasks: labels as annotations, readings as predictions.

    The images are files that it serves itself, of a document root that is the folder above; the fields are those of
    ``<Image name="image" value="$image"/>`` and ``<TextArea name="text" toName="image"/>``.
    """
    tasks = [
        {
            "data": {"image": "/data/local-files/?d=" + quote(f"{folder}/{name}")},
            "annotations": [{"result": text_to_result(answer.label)}] if answer.label else [],
            "predictions": list(answer_to_predictions(answer)),
        }
        for name, answer in answers.items()
        if answer.status is not Status.UNREADABLE
    ]
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def answer_to_predictions(answer: Answer) -> Iterator[dict[str, object]]:
    """Render what had been read, if something was."""
    if answer.reading:
        yield {"model_version": "kerf", "score": answer.confidence, "result": text_to_result(answer.reading)}


def text_to_result(text: str) -> list[dict[str, object]]:
    """Render a text as that of a whole image."""
    return [{"from_name": "text", "to_name": "image", "type": "textarea", "value": {"text": [text]}}]


def write_beside(path: Path, content: str) -> Path:
    """Write a file; one that has other content is kept under the name that ``to_free`` gives."""
    written = content.encode()
    try:
        if path.exists() and path.read_bytes() != written:
            path.rename(to_free(path))
    except OSError as error:
        raise OutputError(f"{path}: cannot be replaced: {error.strerror}; check its rights") from error
    write_whole(path, written)
    return path
