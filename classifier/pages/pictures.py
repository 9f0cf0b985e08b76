"""Segmented images as files to look at: the crop of each character, and one overlay."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.pages.inspection import Inspection
from kerf.segmenter.errors import OutputError
from kerf.segmenter.overlay import segmentation_to_overlay

CROP_SAMPLES = 30
"""Columns of a crop without its margins: as a picture, about as wide as it is high."""


def write_pictures(inspection: Inspection, folder: Path) -> None:
    """Write the crop of each character and the overlay of one image into its folder.

    Raises
    ------
    OutputError
        A picture cannot be written, or would take the place of a file.
    """
    for name, picture in inspection_to_pictures(inspection):
        write_png(folder / f"{name}.png", picture)


def inspection_to_pictures(inspection: Inspection) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield name and pixels of each picture: the crops of its characters, dark on white, then the overlay."""
    segmentation, labels = inspection.segmentation, inspection.reading.text
    for index, crop in enumerate(segmentation.crops(inspection.span_cols, CROP_SAMPLES)):
        yield "_".join([str(index), *map(to_file_name, labels[index : index + 1])]), 255 - crop
    boxes = [
        (left, top, right, bottom) for left, top, right, bottom in segmentation.boxes(inspection.span_cols).tolist()
    ]
    yield "overlay", segmentation_to_overlay(segmentation, boxes, labels)


def images_to_folders(images: Sequence[Path], folder: Path) -> list[Path]:
    """Choose the folder of each image's pictures: under its own name, apart from the others'."""
    # Not resolve(): a link keeps its own name, whatever it points to.
    absolute = [Path(os.path.abspath(image)) for image in images]  # noqa: PTH100
    common = os.path.commonpath([image.parent for image in absolute])
    paths = [folder / image.relative_to(common) for image in absolute]
    taken = Counter(path.with_suffix("") for path in paths)
    return [path if taken[path.with_suffix("")] > 1 else path.with_suffix("") for path in paths]


def check_folders(images: Iterable[Path], folders: Iterable[Path]) -> None:
    """See that no picture comes among the images, and that none of these images was cut to the same place before.

    Raises
    ------
    OutputError
        A folder to write to holds one of the images, or an overlay is there already.
    """
    sources = {os.path.realpath(folder) for folder in {image.parent for image in images}}
    for folder in {folder.parent for folder in folders}:
        if os.path.realpath(folder) in sources:
            raise OutputError(f"{folder}: holds images that are to be cut; name another --out")
    for folder in folders:
        refuse_existing(folder / "overlay.png")


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file.

    Raises
    ------
    OutputError
        It is there.
    """
    if os.path.lexists(path):
        raise OutputError(f"{path}: is there already, and nothing is overwritten; name another --out, or remove it")


def to_file_name(character: str) -> str:
    """Return a character as file names may have it: letters and digits as they are, others by code point."""
    return character if character.isalnum() else f"U+{ord(character):04X}"


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture to a new file, and the folder it is in.

    Raises
    ------
    OutputError
        It cannot be written, or is there.
    """
    refuse_existing(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            stream.write(cv2.imencode(".png", picture)[1].tobytes())
    except OSError as error:
        if not isinstance(error, FileExistsError):
            with suppress(OSError):
                path.unlink(missing_ok=True)  # half a picture
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another --out") from error
