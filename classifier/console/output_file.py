"""Files that commands write: none takes the place of an input, and each appears when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TextIO

from kerf.segmenter.errors import OutputError

STDOUT_NAMES = frozenset({"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
"""Names of standard output; a command's own is elsewhere while it runs, see `Terminal`."""


def check_output_file(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Make the folder of a file, and see that it can be written, before the work that it is the result of.

    Parameters
    ----------
    path
        What ``--out`` names.
    inputs
        Files that are read, of which it must be none.

    Raises
    ------
    OutputError
        It cannot be written, or is an input.
    """
    try:
        target = to_target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        folder, there = path.is_dir(), path.exists()
        lost = there and path.is_file() and is_among(path, inputs)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another --out") from error
    if lost:
        raise OutputError(f"{path}: is an input, and would be lost; choose another --out")
    if folder or not os.access(path if is_stream(path) else target.parent, os.W_OK):
        raise OutputError(f"{path}: is a folder, or in one that cannot be written to; choose another --out")


def to_target(path: Path) -> Path:
    """Follow a link to the file that is written in its place; the link stays."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def is_stream(path: Path) -> bool:
    """Whether a path is there and no file or folder, but a device or a pipe: written to, never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def is_among(path: Path, others: Iterable[Path]) -> bool:
    """Whether a file is one of the others, under whatever name."""
    return any(other.exists() and path.samefile(other) for other in others)


@contextmanager
def open_stream(path: Path) -> Iterator[TextIO]:
    """Open a device or a pipe for writing as it comes."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        yield stream


def open_partial(target: Path) -> TextIO:
    """Open a new file beside the target, under its name with ``.partial`` added.

    One that is there was left by a run that was stopped and stays: the new one is then ``.partial2``, and so on.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    for number in count(1):
        name = f"{target.name}.partial{number if number > 1 else ''}"
        with suppress(FileExistsError):
            return target.with_name(name).open("x", encoding="utf-8", errors="surrogateescape", newline="")
    raise AssertionError  # unreachable: count() does not end


def put_in_place(partial: Path, target: Path) -> None:
    """Give a whole file its name, and the permissions of the file whose place it takes.

    Raises
    ------
    OSError
        It cannot be done.
    """
    if target.exists():
        shutil.copymode(target, partial)
    partial.replace(target)
