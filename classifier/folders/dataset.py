"""Folders to labelled images, and these to a training and a validation part that share no content."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from kerf.classifier.folders.images import find_images, is_there, path_to_hash
from kerf.classifier.folders.labels import compile_pattern, find_label_file, name_to_label, path_to_rows, to_label
from kerf.segmenter.errors import KerfError, NoLabelsError, NotFoundError, SettingsError

LEAST_VALIDATION = 3
"""The validation part has at least so many samples, where it has that many of three times as many."""


@dataclass(frozen=True)
class Sample:
    """One image and what it says.

    Attributes
    ----------
    path
        The image file.
    text
        Its label, without white space around it, in Unicode's composed form (NFC); never empty.
    """

    path: Path
    text: str


@dataclass(frozen=True)
class LabelledFolder:
    """What a folder's labels say.

    Attributes
    ----------
    samples
        In the order of the label file, or of the file names.
    problems
        One for each label or image that cannot be used, in the same order.
    source
        Where the labels came from: the label file's name, or ``file names``.
    """

    samples: tuple[Sample, ...]
    problems: tuple[KerfError, ...]
    source: str


@dataclass(frozen=True)
class Split:
    """Samples to learn from and samples to measure on; no file content is on both sides."""

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]


def folder_to_samples(folder: Path, label_pattern: str | None = None) -> LabelledFolder:
    r"""Read the labels of a folder's images, from the first of these that it has.

    1. File names by ``label_pattern``, if one is given.
    2. ``labels.csv`` with columns ``file,label``.
    3. ``metadata.csv`` with columns ``file_name,text``; 4. ``metadata.jsonl``, the same as an object a line.
    5. ``image<TAB>text`` lines in ``Label.txt``, ``label.txt``, ``labels.txt``, ``rec_gt.txt``,
       ``rec_gt_train.txt``, or else the first file like ``gt.txt``, ``test_gt.txt``, ``gt_1.txt``.
    6. File names: ``AB12.png``, ``AB12_0007.png``.

    Label files are UTF-8, with or without a byte order mark. They name images from the folder they are in
    or, as PaddleOCR's do, from the folder above. Images that they do not name are left out.

    Parameters
    ----------
    folder
        Holds the images, and the label file if there is one.
    label_pattern
        Regular expression, searched for in file names without suffix; its group ``text``, or else its first
        group, is the label.

    Raises
    ------
    NotFoundError, NoImagesError
        If there is no such folder, or no image in it.
    NoLabelsError
        If the label file is malformed, only subfolders have one, or not one label can be used.
    SettingsError
        If ``label_pattern`` is not a regular expression with a group.
    """
    pattern = compile_pattern(label_pattern)
    if not (is_there(folder) and folder.is_dir()):
        raise NotFoundError(f"{folder}: is not a folder; name the folder that has the images")
    label_file = None if label_pattern else find_label_file(folder)
    if label_file:
        found = list(file_to_samples(label_file))
    else:
        images = find_images([folder]).paths
        if not label_pattern:
            refuse_labels_below(folder, images)
        found = [name_to_sample(image, pattern) for image in images]
    samples = tuple(item for item in found if isinstance(item, Sample))
    problems = tuple(item for item in found if isinstance(item, KerfError))
    if not samples:
        reason = f"; the first problem: {problems[0]}" if problems else ""
        raise NoLabelsError(f"{label_file or folder}: has no label that can be used{reason}")
    return LabelledFolder(samples, problems, label_file.name if label_file else "file names")


def refuse_labels_below(folder: Path, images: Iterable[Path]) -> None:
    """Raise ``NoLabelsError`` if images lie beside label files below the folder: their names say nothing."""
    for parent in dict.fromkeys(image.parent for image in images):
        if label_file := find_label_file(parent):
            raise NoLabelsError(f"{folder}: has no label file, but {label_file} is below it; name that folder")


def name_to_sample(image: Path, pattern: re.Pattern[str]) -> Sample | NoLabelsError:
    """Read a label off a file name."""
    if text := name_to_label(image.stem, pattern):
        return Sample(image, text)
    return NoLabelsError(f"{image}: its name has no label; rename it, write labels.csv or give --label-pattern")


def file_to_samples(label_file: Path) -> Iterator[Sample | KerfError]:
    """Read a label file and look for its images; of lines that name the same image, the first counts."""
    texts: dict[Path, str] = {}
    for row in path_to_rows(label_file):
        if isinstance(row, KerfError):
            yield row
            continue
        where, text = f"{label_file}: line {row.line}", to_label(row.text)
        image = resolve_image(label_file.parent, row.file.strip())
        if image is None:
            yield NotFoundError(f"{where} names {row.file!r}, which does not exist; correct or remove the line")
        elif not text:
            yield NoLabelsError(f"{where} has no label for {row.file}; write it or remove the line")
        elif image not in texts:
            texts[image] = text
            yield Sample(image, text)
        elif texts[image] != text:
            yield NoLabelsError(f"{where} has {text!r} for {row.file}, an earlier one {texts[image]!r}; keep one")


def resolve_image(folder: Path, name: str) -> Path | None:
    """Find the file that a label names: from the label file's folder, or from the one above."""
    return next((path for path in (folder / name, folder.parent / name) if is_there(path) and path.is_file()), None)


def split_samples(samples: Sequence[Sample], fraction: float) -> Split:
    """Split by the hash of file contents, so that the same images fall to the same side every time.

    The contents with the smallest hashes are for validation, as many as ``fraction`` asks for and at least
    ``LEAST_VALIDATION``. Samples with identical files stay together; where they would be too many for
    validation, all are for training. Adding an image moves few others, if any. Both parts keep their order.

    Parameters
    ----------
    samples
        Labelled images; the content of one that cannot be read counts as empty.
    fraction
        Share for validation, from 0 (none) to below 1.

    Raises
    ------
    SettingsError
        If ``fraction`` is out of range.
    """
    if not 0 <= fraction < 1:
        raise SettingsError(f"validation fraction {fraction} is not in [0, 1); give a share such as 0.1")
    least = min(LEAST_VALIDATION, len(samples) // 3) if fraction else 0
    wanted = max(round(fraction * len(samples)), least)
    groups: defaultdict[str, set[int]] = defaultdict(set)
    for index, sample in enumerate(samples):
        groups[path_to_hash(sample.path)].add(index)
    chosen: set[int] = set()
    for digest in sorted(groups):
        if len(chosen) + len(groups[digest]) <= wanted:
            chosen |= groups[digest]
    return Split(
        train=tuple(sample for index, sample in enumerate(samples) if index not in chosen),
        validation=tuple(samples[index] for index in sorted(chosen)),
    )


def data_hash(samples: Iterable[Sample]) -> str:
    """Digest of contents and labels, whatever their order and names: 64 hexadecimal digits."""
    labelled = (path_to_hash(s.path) + s.text for s in samples)
    digests = sorted(sha256(item.encode("utf-8", "surrogatepass")).hexdigest() for item in labelled)
    return sha256("".join(digests).encode()).hexdigest()
