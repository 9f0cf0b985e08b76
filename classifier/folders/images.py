"""Finding images: files as named, folders with all that is below them; and the hash that tells their contents apart."""

from __future__ import annotations

import hashlib
import os
import re
import stat
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
class PassedOver:
    """A file of a folder that is no image, and is worth a word.

    Attributes
    ----------
    kind
        Its suffix, or what it is.
    """

    kind: str


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

    Parameters
    ----------
    paths
        Files and folders; see ``path_to_images``.

    Raises
    ------
    NotFoundError
        If one of them does not exist, or is a folder that cannot be listed.
    NoImagesError
        If one of them is a folder without images, or none is given.
    """
    found = FoundImages()
    for path in paths:
        check_there(path)
        for item in path_to_images(path):
            match item:
                case Path():
                    found.paths.append(item)
                case PassedOver():
                    found.passed_over[item.kind] += 1
                case _:
                    found.problems.append(item)
    if not found.paths:
        raise NoImagesError("no image was named; give files or folders")
    return found


def check_there(path: Path) -> None:
    """Raise ``NotFoundError`` if a path does not exist."""
    if not is_there(path):
        raise NotFoundError(f"{path}: does not exist; check the path")


def path_to_images(path: Path) -> Iterator[Path | PassedOver | KerfError]:
    """Yield a file as it is, of a folder the images below it, and of what is no image there what should be known.

    In a folder, images are the regular files that begin as one, and those that are named as one. Names that begin
    with a dot are passed over without a word, links to folders are not followed. The order within it is that of
    the paths, where numbers count by value: ``2.png`` is before ``10.png``. It is found folder by folder: only the
    names in those folders are held that lead to where the walk is.

    Yields
    ------
    Path, PassedOver or KerfError
        Of the last, one for each folder below that cannot be listed.

    Raises
    ------
    NotFoundError
        If it is a folder that cannot be listed.
    NoImagesError
        At its end, if it is a folder without images.
    """
    if not is_folder(path):
        yield path
        return
    images, passed_over = 0, Counter[str]()
    for item in walk(path):
        images += isinstance(item, Path)
        if isinstance(item, PassedOver):
            passed_over[item.kind] += 1
        yield item
    if not images:
        there = f", only {kinds_to_text(passed_over)}" if passed_over else ""
        raise NoImagesError(f"{path}: has no PNG, JPEG, GIF, BMP, WebP or TIFF image{there}; name another folder")


def walk(folder: Path) -> Iterator[Path | PassedOver | KerfError]:
    """Yield what is below a folder, in order; see ``path_to_images``."""
    waiting = list_folder(folder)
    while waiting:
        name = waiting.pop()
        where = Path(name)
        if name.endswith("/"):
            try:
                waiting += list_folder(where)
            except NotFoundError as problem:
                yield problem
        elif (kind := file_to_kind(where)) is None:
            yield where
        elif kind not in LABEL_SUFFIXES:
            yield PassedOver(kind)


def list_folder(folder: Path) -> list[str]:
    """List the paths in a folder, the last one first, those of folders with a slash behind.

    Links to folders, and names that begin with a dot, are left out.

    Raises
    ------
    NotFoundError
        If it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            shown = (entry for entry in entries if not entry.name.startswith(".") and not is_link_to_folder(entry))
            names = [f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name for e in shown]
    except OSError as error:
        raise NotFoundError(f"{folder}: cannot be listed: {error.strerror}; check its rights") from error
    ordered = sorted(sorted(names, reverse=True), key=natural_order, reverse=True)
    return [os.path.join(folder, name) for name in ordered]  # noqa: PTH118 (a Path has no slash behind)


def is_link_to_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a link to a folder; one that leads in a circle is not."""
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:
        return False


def file_to_kind(path: Path) -> str | None:
    """Say what a file is that is no image; None for an image, also one that cannot be read."""
    suffix = path.suffix.lower()
    named = suffix in SUFFIXES
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None if named and path.is_symlink() else "pipe or device"
        if named:
            return None
        with path.open("rb") as stream:
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


def natural_order(name: str) -> str:
    """Sort key by which numbers in names count by value; names may not have a NUL."""
    return re.sub(r"\d+", lambda match: number_to_key(int(match[0])), name)


def number_to_key(number: int) -> str:
    """Write a number so that of two texts the larger number's is the larger, and any other character's larger still."""
    digits = str(number)
    return f"\0{chr(len(digits))}{digits}"


def is_there(path: Path) -> bool:
    """Return whether a path exists; one that is too long to be a path does not."""
    try:
        return path.exists()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; one that is too long to be a path is not."""
    return is_there(path) and path.is_dir()


def path_to_hash(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal digits; one that is no regular file or unreadable counts as empty."""
    try:
        if path.is_file():
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        pass
    return hashlib.sha256().hexdigest()
