"""``kerf segment``: write how images were cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.console.arguments import load_recognizer, to_images
from kerf.classifier.console.option_groups import ReadingOptions, SegmentOptions
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.pages.pictures import check_stems, images_to_stems, write_pictures
from kerf.segmenter.errors import SettingsError


def segment_images(terminal: Terminal, paths: Sequence[Path], chosen: SegmentOptions) -> None:
    """Write the crops and the overlay of each image; the parameters are the command's options.

    Raises
    ------
    SettingsError
        ``--no-model`` contradicts another option.
    """
    if chosen.no_model and (chosen.model or chosen.reading != ReadingOptions()):
        raise SettingsError(
            "--no-model has no use for --model, --charset, --length, --pattern and --frames; leave out one or other"
        )
    images = to_images(paths, terminal)[: chosen.limit]
    stems = images_to_stems(images, chosen.out)
    check_stems(images, stems)
    recognizer = None
    if not chosen.no_model:
        recognizer = load_recognizer(terminal, chosen.model, chosen.device, chosen.reading)
    terminal.partial = chosen.out
    pictures = write_pictures(images, stems, recognizer, chosen.reading.constraint)
    counts = [n for n in terminal.track(pictures, len(images), "cutting") if isinstance(n, int)]
    terminal.partial = None
    terminal.say(f"{sum(counts)} characters of {len(counts)} images are in {chosen.out}")
