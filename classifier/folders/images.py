"""Finding images: files as named, folders with all that is below them; and the hash that tells their contents apart."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from kerf.segmenter.errors import NoImagesError, NotFoundError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"})
"""What the names of images in a folder end in, in either case."""


def find_images(paths: Iterable[Path]) -> list[Path]:
    """List images: files as given, folders with all that is below them.

    In a folder, images are what ends in one of ``SUFFIXES``; names that begin with a dot are passed over. The
    order within it is that of the paths, where numbers count by value: ``2.png`` is before ``10.png``.

    Parameters
    ----------
    paths
        Files and folders.

    Raises
    ------
    NotFoundError
        If one of them does not exist, or a folder cannot be listed.
    NoImagesError
        If one of them is a folder without images, or none is given.
    """
    images: list[Path] = []
    for path in paths:
        if not is_there(path):
            raise NotFoundError(f"{path}: does not exist; check the path")
        images += folder_to_images(path) if path.is_dir() else [path]
    if not images:
        raise NoImagesError("no image was named; give files or folders")
    return images


def folder_to_images(folder: Path) -> list[Path]:
    """List a folder's images; see ``find_images``."""
    images = []
    for parent, folders, names in os.walk(folder, onerror=refuse_folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        images += [Path(parent, n) for n in names if not n.startswith(".") and Path(n).suffix.lower() in SUFFIXES]
    if not images:
        kinds = ", ".join(sorted(SUFFIXES))
        raise NoImagesError(f"{folder}: has no image ({kinds}); name the folder that has them")
    return sorted(images, key=natural_order)


def refuse_folder(error: OSError) -> None:
    """Raise that a folder cannot be listed."""
    raise NotFoundError(f"{error.filename}: cannot be listed: {error.strerror}; check its rights") from error


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
    """SHA-256 of a file's content in hexadecimal digits; a file that cannot be read counts as empty."""
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return sha256().hexdigest()
