"""The sources of labels of a folder's images, each to claims: which text which image is said to have."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from kerf.classifier.folders.images import file_to_kind, is_there
from kerf.classifier.folders.label_studio import path_to_names
from kerf.classifier.folders.labels import Note, path_to_rows, read_text, to_unit
from kerf.classifier.folders.names import NAME_PATTERN, look_of_names, names_to_texts
from kerf.segmenter.errors import KerfError, NoLabelsError, NotFoundError

SIDECARS = (".gt.txt", ".txt")
"""What stands in the place of an image's suffix in the name of its text; the first is kraken's and tesstrain's."""
NO_SIDECAR = Note("images without a text beside them, left out")
COMMON_FOLDERS = frozenset(["data", "images", "img", "imgs", "test", "train", "training", "val", "valid", "validation"])
"""Names of folders that are no texts."""
MANY_FOLDERS = 10
"""From so many folders on, whose names could be texts, file names in them are not taken for the texts."""
COPY = re.compile(r"(.+)[-.](\d+)")


@dataclass(frozen=True)
class Claim:
    """What is said of one image.

    Attributes
    ----------
    image
        The image file; whether it is one is not asked.
    text
        Its text as it was found, not yet a label.
    where
        Where that is said, for the beginning of a message: ``labels.csv: line 3``.
    """

    image: Path
    text: str
    where: str


def file_to_claims(label_file: Path) -> Iterator[Claim | Note | KerfError]:
    """Read a label file and look for its images."""
    for row in path_to_rows(label_file):
        if not isinstance(row, (KerfError, Note)):
            where = f"{label_file}: {to_unit(label_file)} {row.line}"
            yield name_to_claim(label_file, row.file.strip(), row.text, where)
        else:
            yield row


def name_to_claim(label_file: Path, name: str, text: str, where: str) -> Claim | KerfError:
    """Find the image that a line names, which must be in the folder of the label file.

    It may be named from there, from the folder above or from the working directory, and with the backslashes of
    Windows. What the ``.txt`` files of PaddleOCR name may be in the folder above as well. Of Label Studio's path, the
    end counts.
    """
    folder = label_file.parent
    above = Path(os.path.abspath(folder)).parent  # noqa: PTH100 (links in it are not followed)
    roots = (folder, above) if label_file.suffix.lower() == ".txt" else (folder,)
    spellings = path_to_names(name) if label_file.suffix.lower() == ".json" else (name, name.replace("\\", "/"))
    outside = False
    for start, spelling in product((folder, above, Path()), spellings):
        path = start / spelling
        if is_there(path) and path.is_file():
            if image := next(filter(None, (path_within(path, root) for root in roots)), None):
                return Claim(image, text, where)
            outside = True
    if outside:
        return NoLabelsError(
            f"{where} names {name!r}, which is outside of {folder}; move {label_file.name} to a folder that has all "
            "images below it, and name that folder"
        )
    return NotFoundError(f"{where} names {name!r}, which does not exist; correct or remove the {to_unit(label_file)}")


def path_within(path: Path, root: Path) -> Path | None:
    """Rewrite a path as one below a folder; None if it is not, whether links to folders are followed or not."""
    for absolute in (os.path.abspath, os.path.realpath):
        top, full = Path(absolute(root)), Path(absolute(path.parent), path.name)
        if full.is_relative_to(top):
            return root / full.relative_to(top)
    return None


def image_to_sidecar(image: Path) -> Path | None:
    """Return the file beside an image that holds its text; None if there is none."""
    return next((path for suffix in SIDECARS if (path := image.with_suffix(suffix)).is_file()), None)


def is_sidecar(path: Path) -> bool:
    """Whether a file holds the text of an image beside it."""
    return path.is_file() and any(
        image_to_sidecar(other) == path and file_to_kind(other) is None for other in path.parent.iterdir()
    )


def sidecars_to_claims(images: Sequence[Path]) -> Iterator[Claim | Note | KerfError]:
    """Read the texts that are in files beside the images."""
    for image in images:
        sidecar = image_to_sidecar(image)
        if sidecar is None:
            yield NO_SIDECAR
            continue
        try:
            lines = [line for line in read_text(sidecar).split("\n") if line.strip()]
        except NoLabelsError as error:
            yield error
            continue
        if len(lines) > 1:
            yield NoLabelsError(f"{sidecar}: has {len(lines)} lines; leave the one that is the text of {image.name}")
        else:
            yield Claim(image, "".join(lines), str(sidecar))


def are_folders_texts(folder: Path, images: Sequence[Path]) -> bool:
    """Return whether images lie in one folder a text, as ``AB12/1.png``: there the folders' names are not counters.

    Raises
    ------
    NoLabelsError
        If the names of many folders and those of the files in them could be texts.
    """
    names = sorted({image.parent.name for image in images})
    in_folders = all(image.parent.parent == folder for image in images) and len(names) > 1
    if not in_folders or COMMON_FOLDERS.intersection(map(str.lower, names)):
        return False
    if max(map(len, names)) > 1 and look_of_names(names):  # 0 to 9 are a counter, or the digits in the images
        return False
    stems = [image.stem for image in images]
    if look_of_names(stems) or len(set(stems)) == 1:
        return True
    if len(names) >= MANY_FOLDERS:
        raise NoLabelsError(
            f"{folder}: both its folders, such as {names[0]}, and the files in them, such as {images[0].name}, have "
            "names that could be texts; write labels.csv, or give --label-pattern '(.+)' if it is the files"
        )
    return False


def parents_to_claims(images: Sequence[Path]) -> Iterator[Claim]:
    """Read the names of the folders that the images are in."""
    return (Claim(image, image.parent.name, str(image)) for image in images)


def names_to_claims(folder: Path, images: Sequence[Path], pattern: str | None) -> Iterator[Claim | KerfError]:
    """Read the names of the images, by a pattern or, where they are no counters, by the usual one.

    Raises
    ------
    NoLabelsError
        If no pattern is given and the names look like something else than texts.
    SettingsError
        If the pattern is malformed or takes too long.
    """
    stems = [image.stem for image in images]
    if pattern is None and (look := look_of_names(stems)):
        raise NoLabelsError(
            f"{folder}: its file names look like {look}; write labels.csv, or give --label-pattern '(.+)' if they are "
            "the texts"
        )
    known = frozenset(stems)
    for image, text in zip(images, names_to_texts(stems, NAME_PATTERN if pattern is None else pattern), strict=True):
        copy = COPY.fullmatch(image.stem) if pattern is None else None
        if not text:
            yield NoLabelsError(f"{image}: its name has no label; rename it, write labels.csv or give --label-pattern")
        elif copy and copy[1] in known:
            yield NoLabelsError(f"{image}: looks like one more of {copy[1]}; rename it to {copy[1]}_{copy[2]}")
        else:
            yield Claim(image, text, str(image))
