"""Captchas to a labelled folder."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import cv2

from kerf.classifier.synthesis.rendering import RenderedCaptcha
from kerf.segmenter.errors import OutputError

LABELS_FILE = "labels.csv"
BOXES_FILE = "boxes.csv"


def write_dataset(folder: Path, captchas: Iterable[RenderedCaptcha]) -> int:
    """Write captchas as PNG files, with ``labels.csv`` and ``boxes.csv``.

    ``labels.csv`` has the columns file and label; ``boxes.csv`` has a row for each character: file, position
    in the text, the character, and its half-open box in pixels. Both grow row by row, so that whatever stops
    the writing, they describe every image that is there.

    Parameters
    ----------
    folder
        Made if it does not exist; must not hold a ``labels.csv``.
    captchas
        What to write.

    Returns
    -------
    int
        Number of images.

    Raises
    ------
    OutputError
        If the folder has labels already, or cannot be written to.
    """
    if (folder / LABELS_FILE).exists():
        raise OutputError(f"{folder} has a {LABELS_FILE} already; name a new folder, or remove that one")
    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            (folder / LABELS_FILE).open("w", newline="", encoding="utf-8") as labels_stream,
            (folder / BOXES_FILE).open("w", newline="", encoding="utf-8") as boxes_stream,
        ):
            labels, boxes = csv.writer(labels_stream), csv.writer(boxes_stream)
            labels.writerow(["file", "label"])
            boxes.writerow(["file", "position", "character", "left", "top", "right", "bottom"])
            for count, captcha in enumerate(captchas, start=1):
                name = f"{count - 1:06d}.png"
                (folder / name).write_bytes(cv2.imencode(".png", captcha.image)[1].tobytes())
                labels.writerow([name, captcha.text])
                boxes.writerows(box_rows(name, captcha))
    except OSError as error:
        raise OutputError(f"cannot write to {folder} ({error}); choose another folder") from error
    return count


def box_rows(name: str, captcha: RenderedCaptcha) -> list[list[str | int]]:
    """Rows of ``boxes.csv`` for one image."""
    pairs = zip(captcha.text, captcha.boxes_ltrb.tolist(), strict=True)
    return [[name, i, character, *box] for i, (character, box) in enumerate(pairs)]
