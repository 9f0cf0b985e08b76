"""Segmented images as files to look at: the crop of each character, and one overlay."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.segmenter import Segmentation, segment
from kerf.segmenter.errors import KerfError, OutputError, to_problem
from kerf.segmenter.load import path_to_image
from kerf.segmenter.overlay import segmentation_to_overlay

if TYPE_CHECKING:
    from kerf.classifier.alphabet import Constraint
    from kerf.classifier.recognizer import Recognizer

CROP_SAMPLES = 30
"""Columns of a crop without its margins: as a picture, about as wide as it is high."""


def write_pictures(
    images: Sequence[Path], stems: Sequence[Path], recognizer: Recognizer | None, constraint: Constraint | None
) -> Iterator[int | KerfError]:
    """Write the crops and the overlay of each image.

    Parameters
    ----------
    images
        Image files.
    stems
        Where to write each image's pictures, without endings; see `images_to_stems`.
    recognizer, constraint
        Chooses and names the characters; without it contours and projection choose, and none has a name.

    Yields
    ------
    int or KerfError
        The number of characters of each image, or why it could not be read; in order.

    Raises
    ------
    OutputError
        A picture cannot be written, or would take the place of a file.
    """
    for image, stem in zip(images, stems, strict=True):
        try:
            segmentation = recognizer.segment(image) if recognizer else segment(path_to_image(image))
            reading = recognizer.read(segmentation.image, constraint) if recognizer else None
        except Exception as error:
            yield to_problem(str(image), error)
            continue
        spans = segmentation.lattice.pieces
        if reading:
            spans = segmentation.lattice.span_cols[[c.candidate for c in reading.characters]]
        labels = reading.text if reading else ""
        for name, picture in segmentation_to_pictures(segmentation, spans, labels):
            write_png(to_picture(stem, name), picture)
        yield len(spans)


def segmentation_to_pictures(
    segmentation: Segmentation, spans: NDArray[np.int32], labels: str
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield name and pixels of each picture: the crops of ``spans``, dark on white, then the overlay."""
    for index, crop in enumerate(segmentation.crops(spans, CROP_SAMPLES)):
        yield "_".join([str(index), *map(to_file_name, labels[index : index + 1])]), 255 - crop
    boxes = [(left, top, right, bottom) for left, top, right, bottom in segmentation.boxes(spans).tolist()]
    yield "overlay", segmentation_to_overlay(segmentation, boxes, labels)


def images_to_stems(images: Sequence[Path], folder: Path) -> list[Path]:
    """Choose where each image's pictures go, without endings: under its own name, apart from the others'."""
    # Not resolve(): a link keeps its own name, whatever it points to.
    absolute = [Path(os.path.abspath(image)) for image in images]  # noqa: PTH100
    common = os.path.commonpath([image.parent for image in absolute])
    paths = [folder / image.relative_to(common) for image in absolute]
    taken = Counter(path.with_suffix("") for path in paths)
    return [path if taken[path.with_suffix("")] > 1 else path.with_suffix("") for path in paths]


def check_stems(images: Iterable[Path], stems: Iterable[Path]) -> None:
    """See that no picture comes among the images, and that none of these images was cut to the same place before.

    Raises
    ------
    OutputError
        A folder to write to holds one of the images, or an overlay is there already.
    """
    sources = {os.path.realpath(folder) for folder in {image.parent for image in images}}
    for folder in {stem.parent for stem in stems}:
        if os.path.realpath(folder) in sources:
            raise OutputError(f"{folder}: holds images that are to be cut; name another --out")
    for stem in stems:
        refuse_existing(to_picture(stem, "overlay"))


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file.

    Raises
    ------
    OutputError
        It is there.
    """
    if os.path.lexists(path):
        raise OutputError(f"{path}: is there already, and nothing is overwritten; name another --out, or remove it")


def to_picture(stem: Path, name: str) -> Path:
    """Return the file of one of an image's pictures."""
    return stem.with_name(f"{stem.name}_{name}.png")


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
