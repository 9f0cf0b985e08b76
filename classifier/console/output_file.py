"""Files that commands write: none takes the place of an input, and each appears when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TextIO

from kerf.classifier.folders.images import file_to_kind
from kerf.segmenter.errors import OutputError

STDOUT_NAMES = frozenset({"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
"""Names of standard output; a command's own is elsewhere while it runs, see `Terminal`."""


def check_output_file(path: Path, inputs: Iterable[Path] = (), option: str = "--out") -> None:
    """Make the folder of a file, and see that it can be written, before the work that it is the result of.

    Parameters
    ----------
    path
        What an option names.
    inputs
        Files that are read, of which it must be none.
    option
        The option.

    Raises
    ------
    OutputError
        It cannot be written, or is an input.
    """
    try:
        target = to_target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = path.is_dir()
        refuse_input(path, inputs, option)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another {option}") from error
    if folder or not os.access(path if is_stream(path) else target.parent, os.W_OK):
        raise OutputError(f"{path}: is a folder, or in one that cannot be written to; choose another {option}")


def refuse_input(path: Path, inputs: Iterable[Path], option: str = "--out") -> None:
    """Refuse to write to a file that is read, or to any image, as it may be among those of a folder.

    Raises
    ------
    OutputError
        It is one.
    """
    if not path.is_file():
        return
    if any(other.exists() and path.samefile(other) for other in inputs):
        raise OutputError(f"{path}: is an input, and would be lost; choose another {option}")
    if file_to_kind(path) is None:
        raise OutputError(f"{path}: is an image, and would be lost; choose another {option}")


def to_target(path: Path) -> Path:
    """Follow a link to the file that is written in its place; the link stays."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def is_stream(path: Path) -> bool:
    """Whether a path is there and no file or folder, but a device or a pipe: written to, never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


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
        with suppress(FileExistsError):
            return to_partial(target, number).open("x", encoding="utf-8", errors="surrogateescape", newline="")
    raise AssertionError  # unreachable: count() does not end


def to_partial(target: Path, number: int = 1) -> Path:
    """Return the name that a file has until it is whole, or another one where that is taken."""
    return target.with_name(f"{target.name}.partial{number if number > 1 else ''}")


def open_further(target: Path) -> TextIO:
    """Open the file that a run left which was stopped, to go on at its end; a new one where there is none.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    return to_partial(target).open("a", encoding="utf-8", errors="surrogateescape", newline="")


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
