"""Pages of images, put together while they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerf import __version__
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.folders.dataset import Sample
from kerf.segmenter.errors import KerfError

if TYPE_CHECKING:
    from kerf.classifier.pages.entries import Entry
    from kerf.classifier.pages.inspection import Inspector
    from kerf.classifier.recognizer import Reading


def read_for_page(
    inspector: Inspector, samples: Sequence[Sample], folder: Path, entries: list[Entry]
) -> Iterator[Reading | KerfError]:
    """Read samples one by one; what a page shows of them is added to the entries."""
    from kerf.classifier.pages.entries import MOST_IMAGES, inspection_to_entry, path_to_name

    for sample in samples:
        answer = inspector.inspect(sample.path, sample.text)
        if len(entries) < MOST_IMAGES:
            name = path_to_name(sample.path, folder)
            entries.append(
                inspection_to_entry(name, answer, len(samples), sample.text, ignore_case=inspector.ignore_case)
            )
        yield answer if isinstance(answer, KerfError) else answer.reading


def to_subtitle(images: int, model: Path | None) -> str:
    """Say under a page's title how many images were read, and by which model."""
    return f"{images} images, read with {model.name if model else 'the bundled model'}; Kerf {__version__}"


def write_page(terminal: Terminal, path: Path, page: str) -> None:
    """Write a page and say where it is.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    with terminal.output(path) as stream:
        stream.write(page)
    terminal.say(f"the page to look at is {path}")
