"""``kerf synth``: render labelled captchas."""

from __future__ import annotations

from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.synthesis import find_fonts, synthesize, write_dataset
from kerf.segmenter.errors import OutputError


def draw_captchas(
    terminal: Terminal,
    folder: Path,
    count: int,
    seed: int,
    look: str | None,
    charset: str | None,
    length: str | None,
    fonts: Path | None,
) -> None:
    """Render captchas into a folder; the parameters are the command's options.

    Raises
    ------
    OutputError
        The folder is not empty.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{folder}: is not empty, and nothing is overwritten; name a new folder")
    texts = Constraint(charset, length)
    captchas = synthesize(count, seed, look, texts.characters, texts.lengths, find_fonts(fonts))
    terminal.partial = folder
    written = write_dataset(folder, terminal.track(captchas, count, "drawing"))
    terminal.partial = None
    terminal.say(f"{written} captchas are in {folder}")
