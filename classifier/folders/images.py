"""Finding images: files as named, folders with all that is below them; and the hash that tells their contents apart."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kerf.segmenter.errors import KerfError, NoImagesError, NotFoundError
from kerf.segmenter.kinds import MAGIC_BYTES, bytes_to_kind

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff"})
"""What names of images end in, in either case: a broken file of such a name is an image that cannot be read."""
LABEL_SUFFIXES = frozenset({".csv", ".json", ".jsonl", ".tsv", ".txt"})
"""What the names of label files end in; they are expected beside images, and not worth a word."""
KINDS_SAID = 5


@dataclass(frozen=True)
class FoundImages:
    """What was found.

    Attributes
    ----------
    paths
        The images, in order.
    passed_over
        Of folders, how many files of each kind are no images: their suffixes, label files left out.
    problems
        One for each folder below those named that cannot be listed.
    """

    paths: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    problems: list[KerfError] = field(default_factory=list)


def find_images(paths: Iterable[Path]) -> FoundImages:
    """List images: files as given, folders with all that is below them.

    In a folder, images are the regular files that begin as one, and those that are named as one. Names that begin
    with a dot are passed over without a word, links to folders are not followed. The order within it is that of
    the paths, where numbers count by value: ``2.png`` is before ``10.png``.

    Parameters
    ----------
    paths
        Files and folders.

    Raises
    ------
    NotFoundError
        If one of them does not exist, or is a folder that cannot be listed.
    NoImagesError
        If one of them is a folder without images, or none is given.
    """
    found = FoundImages()
    for path in paths:
        if not is_there(path):
            raise NotFoundError(f"{path}: does not exist; check the path")
        found.paths.extend(folder_to_images(path, found) if path.is_dir() else [path])
    if not found.paths:
        raise NoImagesError("no image was named; give files or folders")
    return found


def folder_to_images(folder: Path, found: FoundImages) -> list[Path]:
    """List a folder's images, and add what was passed over to ``found``; see ``find_images``."""
    images, passed_over = [], Counter[str]()
    for entry in walk(folder, found.problems):
        kind = entry_to_kind(entry)
        if kind is None:
            images.append(Path(entry.path))
        elif kind not in LABEL_SUFFIXES:
            passed_over[kind] += 1
    if not images:
        there = f", only {kinds_to_text(passed_over)}" if passed_over else ""
        raise NoImagesError(f"{folder}: has no PNG, JPEG, GIF, BMP, WebP or TIFF image{there}; name another folder")
    found.passed_over.update(passed_over)
    return sorted(images, key=natural_order)


def walk(folder: Path, problems: list[KerfError]) -> Iterator[os.DirEntry[str]]:
    """Yield all files below a folder but those whose names begin with a dot; what cannot be listed there is told."""
    top = os.fspath(folder)
    waiting = [top]
    while waiting:
        where = waiting.pop()
        try:
            with os.scandir(where) as entries:
                shown = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            problem = NotFoundError(f"{where}: cannot be listed: {error.strerror}; check its rights")
            if where == top:
                raise problem from error
            problems.append(problem)
            continue
        waiting += [entry.path for entry in shown if entry.is_dir(follow_symlinks=False)]
        yield from (entry for entry in shown if not is_folder(entry))


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or a link to one; a link that leads in a circle is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def entry_to_kind(entry: os.DirEntry[str]) -> str | None:
    """Say what a file is that is no image; None for an image, also one that cannot be read."""
    suffix = Path(entry.name).suffix.lower()
    named = suffix in SUFFIXES
    try:
        if not entry.is_file():
            return None if named and entry.is_symlink() else "pipe or device"
        if named:
            return None
        with open(entry.path, "rb") as stream:  # noqa: PTH123
            return None if bytes_to_kind(stream.read(MAGIC_BYTES)) else suffix or "without suffix"
    except OSError:
        return None if named else suffix or "without suffix"


def kinds_to_text(kinds: Counter[str]) -> str:
    """Render counted kinds, such as ``3 files (2 .pdf, 1 .docx)``: the most frequent first."""
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    said = [f"{count} {kind}" for kind, count in ordered[:KINDS_SAID]]
    if others := sum(count for _, count in ordered[KINDS_SAID:]):
        said.append(f"{others} of other kinds")
    total = kinds.total()
    return f"{total} {'file' if total == 1 else 'files'} ({', '.join(said)})"


def natural_order(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Sort key by which numbers in names count by value."""
    parts = re.findall(r"(\D*)(\d*)", str(path))
    return [(text, int(number or -1)) for text, number in parts], str(path)


def is_there(path: Path) -> bool:
    """Return whether a path exists; one that is too long to be a path does not."""
    try:
        return path.exists()
    except OSError:
        return False


def path_to_hash(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal digits; one that is no regular file or unreadable counts as empty."""
    try:
        if path.is_file():
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        pass
    return hashlib.sha256().hexdigest()
