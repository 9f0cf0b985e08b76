"""Images in object stores, such as ``s3://bucket/folder``, by pyarrow, which Ray Data reads with too.

Credentials and regions are pyarrow's own, from the environment. A key with two slashes in a row cannot be named, as
paths have none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from kerf.classifier.folders.images import LABEL_SUFFIXES, SUFFIXES, PassedOver, natural_order, path_to_images
from kerf.segmenter.errors import KerfError, NoImagesError, NotFoundError, UnreadableImageError
from kerf.segmenter.load import MAX_BYTES

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


@dataclass(frozen=True)
class Fetched:
    """A file of an object store, read to memory; an open binary file to whoever reads images.

    Attributes
    ----------
    name
        Its URI.
    data
        As much of it as any image may be long.
    error
        Why it could not be read; empty if it was.
    """

    name: str
    data: bytes
    error: str = ""

    def read(self, size: int = -1) -> bytes:
        """Return the first bytes.

        Raises
        ------
        UnreadableImageError
            If it could not be read.
        """
        if self.error:
            raise UnreadableImageError(f"{self.name}: cannot be read: {self.error}; check its rights")
        return self.data if size < 0 else self.data[:size]


def to_uri(path: Path) -> str | None:
    """Return the URI that a path was written as, whose second slash it has lost; None for one of this machine."""
    match = re.match(r"([a-z][a-z0-9+.-]+):/(.*)", str(path), re.DOTALL)
    return match and f"{match[1]}://{'/' if match[1] == 'file' else ''}{match[2]}"


def to_filesystem(place: str) -> tuple[FileSystem, str]:
    """Return the file system of a URI, or of a path of this machine, and what it calls the place.

    Raises
    ------
    NotFoundError
        If pyarrow cannot reach it.
    """
    scheme, separator, rest = place.partition("://")
    authority, _, key = rest.partition("/")
    system, base = to_root(f"{scheme}://{authority}/" if separator else "file:///")
    return system, posixpath.join(base, key if separator else str(Path(place).absolute()))


@cache
def to_root(uri: str) -> tuple[FileSystem, str]:
    """Return the file system of a bucket, or of this machine; see ``to_filesystem``."""
    from pyarrow.fs import FileSystem

    try:
        system, path = FileSystem.from_uri(uri)
    except (OSError, ValueError) as error:
        raise NotFoundError(f"{uri}: cannot be reached: {to_reason(error)}; check its name and your rights") from error
    return system, path


def to_reason(error: Exception) -> str:
    """Say what pyarrow met, in one line."""
    return " ".join(str(getattr(error, "strerror", None) or error).split())[:200]


def place_to_images(path: Path) -> Iterator[Path | PassedOver | KerfError]:
    """Yield images as ``path_to_images``, of an object store those that are named as one."""
    uri = to_uri(path)
    return uri_to_images(uri) if uri else path_to_images(path)


def uri_to_images(uri: str) -> Iterator[Path | PassedOver | KerfError]:
    """Yield a file as it is, of a folder the images below it, in the order of ``path_to_images``.

    Raises
    ------
    NotFoundError
        If it is not there, or cannot be listed.
    NoImagesError
        At its end, if it is a folder without images.
    """
    from pyarrow.fs import FileType

    system, place = to_filesystem(uri)
    root = uri.removesuffix("/")
    try:
        kind = system.get_file_info(place).type
    except OSError as error:
        raise NotFoundError(f"{uri}: cannot be reached: {to_reason(error)}; check your rights") from error
    if kind == FileType.NotFound:
        raise NotFoundError(f"{uri}: does not exist; check the path")
    if kind == FileType.File:
        yield Path(uri)
        return
    found = False
    for item in walk_store(system, place, root):
        found = found or isinstance(item, Path)
        yield item
    if not found:
        raise NoImagesError(f"{uri}: has no file that is named as an image; name another folder")


def walk_store(system: FileSystem, place: str, root: str) -> Iterator[Path | PassedOver | KerfError]:
    """Yield what is below a folder, in order; ``root`` is its URI."""
    waiting = list_store(system, place)
    while waiting:
        entry = waiting.pop()
        suffix = PurePosixPath(entry.path).suffix.lower()
        if not entry.is_file:
            waiting += list_store(system, entry.path)
        elif suffix in SUFFIXES:
            yield Path(root + entry.path.removeprefix(place.rstrip("/")))
        elif suffix not in LABEL_SUFFIXES:
            yield PassedOver(suffix or "without suffix")


def list_store(system: FileSystem, place: str) -> list[Any]:
    """List a folder, the last entry first, names that begin with a dot left out.

    Raises
    ------
    NotFoundError
        If it cannot be listed.
    """
    from pyarrow.fs import FileSelector

    try:
        entries = system.get_file_info(FileSelector(place))
    except OSError as error:
        raise NotFoundError(f"{place}: cannot be listed: {to_reason(error)}; check its rights") from error
    shown = [entry for entry in entries if not entry.base_name.startswith(".")]
    names = [f"{e.base_name}{'' if e.is_file else '/'}" for e in shown]
    ordered = sorted(zip(names, shown, strict=True), key=lambda pair: (natural_order(pair[0]), pair[0]), reverse=True)
    return [entry for _, entry in ordered]


def fetch(uri: str) -> Fetched:
    """Read a file; what is wrong is told when it is read from."""
    try:
        system, place = to_filesystem(uri)
        with system.open_input_stream(place) as stream:
            return Fetched(uri, stream.read(MAX_BYTES + 1))
    except (OSError, NotFoundError) as error:
        return Fetched(uri, b"", to_reason(error))
