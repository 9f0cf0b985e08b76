"""``kerf segment``: write how images were cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.console.arguments import say_unknown, to_images, to_paths
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.pages.pictures import check_stems, images_to_stems, write_pictures
from kerf.segmenter.errors import SettingsError


def segment_images(
    terminal: Terminal,
    paths: Sequence[Path],
    out: Path,
    model: Path | None,
    no_model: bool,
    device: str,
    charset: str | None,
    length: str | None,
    pattern: str | None,
    limit: int | None,
) -> None:
    """Write the crops and the overlay of each image; the parameters are the command's options.

    Raises
    ------
    SettingsError
        ``no_model`` contradicts another option.
    """
    if no_model and any(option is not None for option in (model, charset, length, pattern)):
        raise SettingsError(
            "--no-model has no use for --model, --charset, --length and --pattern; leave out one or other"
        )
    constraint = Constraint(charset, length, pattern)
    images = to_images(to_paths(paths), terminal)[:limit]
    stems = images_to_stems(images, out)
    check_stems(images, stems)
    recognizer = None
    if not no_model:
        from kerf.classifier.recognizer import Recognizer  # last: what is wrong with the arguments is said at once

        recognizer = Recognizer.load(model, device)
        say_unknown(recognizer, constraint, terminal)
    terminal.partial = out
    pictures = write_pictures(images, stems, recognizer, constraint)
    counts = [n for n in terminal.track(pictures, len(images), "cutting") if isinstance(n, int)]
    terminal.partial = None
    terminal.say(f"{sum(counts)} characters of {len(counts)} images are in {out}")
