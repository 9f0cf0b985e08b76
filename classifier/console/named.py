"""What a command line names, as a stream of images: none is held, and each is there as soon as it is known of."""

from __future__ import annotations

import os
import select
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.folders.images import PassedOver, kinds_to_text, path_to_images
from kerf.classifier.streams import PAUSE, Pause
from kerf.segmenter.errors import KerfError, NoImagesError, NotFoundError

if TYPE_CHECKING:
    from kerf.classifier.console.terminal import Terminal

Found = Path | PassedOver | KerfError
"""What a folder has; see `path_to_images`."""
STDIN = Path("-")
CHUNK = 1 << 16
"""Bytes of standard input that are read at a time."""


def to_named(paths: Iterable[Path]) -> Iterator[Path | Pause]:
    """Yield what was named, with the paths on standard input in the place of ``-``, as they arrive.

    Raises
    ------
    NoImagesError
        Standard input has none.
    """
    for path in paths:
        if path == STDIN:
            yield from read_paths(0)
        else:
            yield path


def read_paths(descriptor: int) -> Iterator[Path | Pause]:
    """Read what `find` writes, with ``-print0`` or without; a pause wherever the next path is not there yet.

    Raises
    ------
    NoImagesError
        At its end, if there was none.
    """
    rest, separator, any_path, open_still = b"", b"", False, True
    while open_still:
        if not is_readable(descriptor):
            yield PAUSE
        data = os.read(descriptor, CHUNK)
        open_still = bool(data)
        rest += data
        separator = separator or (b"\0" if b"\0" in rest else b"\n" if b"\n" in rest else b"")
        *lines, rest = rest.split(separator) if separator else [rest]
        for line in lines if open_still else [*lines, rest]:
            if line.strip():
                any_path = True
                yield Path(os.fsdecode(line if separator == b"\0" else line.removesuffix(b"\r")))
    if not any_path:
        raise NoImagesError("-: standard input has no path; write one a line, as `find` does")


def is_readable(descriptor: int) -> bool:
    """Whether reading would not wait; where that cannot be asked (Windows), as if it would not."""
    try:
        return bool(select.select([descriptor], [], [], 0)[0])
    except OSError:
        return True


def named_to_images(
    named: Iterable[Path | Pause], terminal: Terminal, find: Callable[[Path], Iterator[Found]] = path_to_images
) -> Iterator[Path | Pause]:
    """Yield images as they are found; whatever is named without one is told as a problem, and is no end.

    What was passed over is said at the end.
    """
    passed_over = Counter[str]()
    for path in named:
        if isinstance(path, Pause):
            yield path
            continue
        try:
            for item in find(path):
                if isinstance(item, Path):
                    yield item
                elif isinstance(item, PassedOver):
                    passed_over[item.kind] += 1
                else:
                    terminal.problem(item)
        except (NotFoundError, NoImagesError) as error:
            terminal.problem(error)
    say_passed_over(passed_over, terminal)


def limit_images(images: Iterable[Path | Pause], limit: int | None) -> Iterator[Path | Pause]:
    """Yield the first ``limit`` images, or all."""
    count = 0
    for image in images:
        yield image
        count += not isinstance(image, Pause)
        if count == limit:
            return


def say_passed_over(kinds: Counter[str], terminal: Terminal) -> None:
    """Say how many files of which kinds are no images."""
    if kinds:
        terminal.say(f"passed over: {kinds_to_text(kinds)}, which are no images")


def count_images(paths: Sequence[Path], limit: int | None) -> int | None:
    """Walk through all of it to count the images; None if standard input names any, as it can be read but once."""
    if STDIN in paths:
        return None
    return sum(1 for _ in islice(paths_to_images(paths), limit))


def paths_to_images(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield images, and say nothing of all else."""
    for path in paths:
        with suppress(NotFoundError, NoImagesError):
            yield from (item for item in path_to_images(path) if isinstance(item, Path))
