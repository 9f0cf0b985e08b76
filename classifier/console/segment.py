"""``kerf segment``: write how images were cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.console.arguments import tell_unknown, to_paths
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.folders.images import find_images
from kerf.classifier.pages.pictures import write_pictures


def segment_images(
    terminal: Terminal,
    paths: Sequence[Path],
    out: Path,
    model: Path | None,
    device: str,
    charset: str | None,
    length: str | None,
    pattern: str | None,
    limit: int | None,
) -> None:
    """Write the crops and the overlay of each image; the parameters are the command's options."""
    constraint = Constraint(charset, length, pattern)
    images = find_images(to_paths(paths))[:limit]
    recognizer = None
    if model:
        from kerf.classifier.recognizer import Recognizer

        recognizer = Recognizer.load(model, device)
        tell_unknown(constraint, recognizer.model.alphabet, terminal)
    pictures = write_pictures(images, out, recognizer, constraint)
    counts = [n for n in terminal.track(pictures, len(images), "cutting") if isinstance(n, int)]
    terminal.say(f"{sum(counts)} characters of {len(counts)} images are in {out}")
