"""Folders to labelled images, and these to a training and a validation part that share no content."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1, sha256
from itertools import chain
from pathlib import Path

from kerf.classifier.folders.claims import (
    Claim,
    are_folders_texts,
    file_to_claims,
    image_to_sidecar,
    names_to_claims,
    parents_to_claims,
    sidecars_to_claims,
)
from kerf.classifier.folders.images import find_images, is_there, path_to_hash
from kerf.classifier.folders.labels import Note, find_label_files
from kerf.classifier.folders.texts import ZERO_WIDTH, find_refused, texts_to_remarks, to_label
from kerf.segmenter.errors import KerfError, NoLabelsError, NotFoundError, SettingsError

LEAST_VALIDATION = 3
"""The validation part has at least so many samples, where it has that many of three times as many."""
EMPTY = sha256().hexdigest()
"""Hash of files that cannot be read, or are empty: these are not the same image."""
DROPPED = Note("labels with zero-width characters, which were dropped")


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
        Where the labels came from: the label file's name, or ``file names`` and the like.
    remarks
        What else should be known of them, a line each: what was left out or changed, and labels all alike.
    """

    samples: tuple[Sample, ...]
    problems: tuple[KerfError, ...]
    source: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """Samples to learn from and samples to measure on; no file content is on both sides."""

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]


def folder_to_samples(folder: Path, label_pattern: str | None = None) -> LabelledFolder:
    r"""Read the labels of a folder's images, from the first of these that it has.

    1. File names by ``label_pattern``, if one is given.
    2. A table, ``labels.csv``, ``labels.tsv`` or ``metadata.csv``, whose first line names its columns: the image is
       ``file``, ``filename``, ``image`` or ``path``, its text ``label``, ``text`` or ``transcription``, in any case,
       with ``file_name`` for ``filename``; between them is a comma, semicolon, tab or ``|``. What `solve` writes is
       such a table, in which rows without a text are left out.
    3. ``metadata.jsonl`` or ``labels.jsonl``, the same as one JSON object a line.
    4. ``label.txt``, ``labels.txt``, ``rec_gt.txt``, ``rec_gt_train.txt``, or else the first file like ``gt.txt``,
       ``test_gt.txt``, ``gt_1.txt``: such a table or, without a first line that names columns, image, tab, text. Or
       what Label Studio exports, JSON or JSON-MIN, under the name that it gives or ``label-studio.json``.
    5. Files beside the images, one a text: ``a.gt.txt`` or else ``a.txt`` for ``a.png``.
    6. Folders, one a text: ``AB12/1.png``, where all images are in such and their own names are counters.
    7. File names: ``AB12.png``, ``AB12_0007.png``, unless they are counters or have more than the text in them.

    Label files are UTF-8, with or without a byte order mark, or UTF-16 with one; the case of their names does not
    count. Images that have no label are left out. Images are in the folder; PaddleOCR's files, those of 4., may also
    name some in the folder above.

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
        If the label file is malformed, only subfolders have one, the file names are no texts, or not one label can
        be used.
    SettingsError
        If ``label_pattern`` is not a regular expression with a group, or takes too long.
    """
    if not (is_there(folder) and folder.is_dir()):
        raise NotFoundError(f"{folder}: is not a folder; name the folder that has the images")
    source, claims = folder_to_claims(folder, label_pattern)
    found = list(claims_to_samples(claims))
    samples = tuple(item for item in found if isinstance(item, Sample))
    problems = tuple(item for item in found if isinstance(item, KerfError))
    if not samples:
        reason = f"; the first problem: {problems[0]}" if problems else ""
        where = folder / source if (folder / source).is_file() else folder
        raise NoLabelsError(f"{where}: has no label that can be used{reason}")
    notes = Counter(item.what for item in found if isinstance(item, Note))
    remarks = (f"{what}: {count}" for what, count in notes.items())
    return LabelledFolder(samples, problems, source, (*remarks, *labels_to_remarks(samples)))


def folder_to_claims(folder: Path, label_pattern: str | None) -> tuple[str, Iterable[Claim | Note | KerfError]]:
    """Choose where a folder's labels come from: what to call it, and what it says; see ``folder_to_samples``."""
    label_files = find_label_files(folder) if label_pattern is None else []
    if label_files:
        unused = Note(f"label files that are not used, as {label_files[0].name} is there")
        return label_files[0].name, chain(file_to_claims(label_files[0]), [unused] * (len(label_files) - 1))
    images = find_images([folder]).paths
    if label_pattern is not None:
        return "file names", names_to_claims(folder, images, label_pattern)
    refuse_labels_below(folder, images)
    if any(map(image_to_sidecar, images)):
        return "text files beside the images", sidecars_to_claims(images)
    if are_folders_texts(folder, images):
        return "names of the folders", parents_to_claims(images)
    return "file names", names_to_claims(folder, images, None)


def refuse_labels_below(folder: Path, images: Iterable[Path]) -> None:
    """Raise ``NoLabelsError`` if images lie beside label files below the folder: their names say nothing."""
    for parent in dict.fromkeys(image.parent for image in images):
        if label_files := find_label_files(parent):
            raise NoLabelsError(f"{folder}: has no label file, but {label_files[0]} is below it; name that folder")


def claims_to_samples(claims: Iterable[Claim | Note | KerfError]) -> Iterator[Sample | Note | KerfError]:
    """Make labels of texts; of different ones for one image, or for images of one content, the first counts."""
    earlier: dict[Path | str, tuple[Claim, str]] = {}
    for claim in claims:
        if not isinstance(claim, Claim):
            yield claim
            continue
        if ZERO_WIDTH.search(claim.text):
            yield DROPPED
        label = to_label(claim.text)
        if fault := find_fault(claim, label):
            yield fault
            continue
        keys = claim.image, path_to_hash(claim.image)
        first = next((earlier[key] for key in keys if key in earlier), None)
        if first and first[1] != label:
            yield to_conflict((claim, label), first)
        elif claim.image not in earlier:
            earlier.update({key: (claim, label) for key in keys if key != EMPTY})
            yield Sample(claim.image, label)


def find_fault(claim: Claim, label: str) -> NoLabelsError | None:
    """Say what is wrong with a label by itself, if something is."""
    if refused := find_refused(label):
        return NoLabelsError(f"{claim.where} has {label!r} for {claim.image.name}, with a {refused}; correct it")
    if not label:
        return NoLabelsError(f"{claim.where} has no label for {claim.image.name}; write one or remove it")
    return None


def to_conflict(second: tuple[Claim, str], first: tuple[Claim, str]) -> NoLabelsError:
    """Say that two claims give one image two labels."""
    (claim, label), (earlier, other) = second, first
    return NoLabelsError(
        f"{claim.where} has {label!r} for {claim.image.name}, but {earlier.where} has {other!r} for "
        f"{earlier.image.name}, which is the same image; correct one"
    )


def labels_to_remarks(samples: Sequence[Sample]) -> Iterator[str]:
    """Warn of labels from which nothing can be learnt, or not what is meant."""
    yield from texts_to_remarks(sample.text for sample in samples)
    texts = {sample.text for sample in samples}
    characters = set("".join(texts))
    if len(samples) > 1 and len(texts) == 1:
        yield f"warning: all {len(samples)} labels are alike, {texts.pop()!r}; no other text can be learnt from them"
    elif len(samples) > 1 and len(characters) == 1:
        yield f"warning: the labels have one character only, {characters.pop()!r}; no other can be learnt from them"


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


def sample_by_hash(samples: Sequence[Sample], n: int | None = None) -> list[Sample]:
    """Order samples by the SHA-1 of their files' contents, and keep the first ``n``, or all.

    That is a fair sample whatever the order was, and every smaller one is inside the larger. The hash is not that of
    ``split_samples``, so that the sample says nothing of the part. Samples of the same content keep their order.
    """

    def content_hash(sample: Sample) -> bytes:
        try:
            return sha1(sample.path.read_bytes(), usedforsecurity=False).digest()
        except OSError:
            return b""

    return sorted(samples, key=content_hash)[:n]


def data_hash(samples: Iterable[Sample]) -> str:
    """Digest of contents and labels, whatever their order and names: 64 hexadecimal digits."""
    labelled = (path_to_hash(s.path) + s.text for s in samples)
    digests = sorted(sha256(item.encode("utf-8", "surrogatepass")).hexdigest() for item in labelled)
    return sha256("".join(digests).encode()).hexdigest()
