"""``kerf segment``: write how images were cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.console.arguments import ReadOptions, to_images
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.pages.pictures import check_stems, images_to_stems, write_pictures
from kerf.segmenter.errors import SettingsError


def segment_images(
    terminal: Terminal,
    paths: Sequence[Path],
    out: Path,
    no_model: bool,
    reading: ReadOptions,
    limit: int | None,
) -> None:
    """Write the crops and the overlay of each image; the parameters are the command's options.

    Raises
    ------
    SettingsError
        ``no_model`` contradicts another option.
    """
    if no_model and (reading.model, reading.constraint, reading.frames) != (None, Constraint(), None):
        raise SettingsError(
            "--no-model has no use for --model, --charset, --length, --pattern and --frames; leave out one or other"
        )
    images = to_images(paths, terminal)[:limit]
    stems = images_to_stems(images, out)
    check_stems(images, stems)
    recognizer = None if no_model else reading.load(terminal)
    terminal.partial = out
    pictures = write_pictures(images, stems, recognizer, reading.constraint)
    counts = [n for n in terminal.track(pictures, len(images), "cutting") if isinstance(n, int)]
    terminal.partial = None
    terminal.say(f"{sum(counts)} characters of {len(counts)} images are in {out}")
