"""``kerf synth``: render labelled captchas."""

from __future__ import annotations

from pathlib import Path

from kerf.classifier.alphabet import Constraint
from kerf.classifier.console.option_groups import SynthOptions
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.synthesis import CHARACTERS, SIGNS, find_fonts, synthesize, write_dataset
from kerf.segmenter.errors import OutputError


def draw_captchas(terminal: Terminal, folder: Path, chosen: SynthOptions) -> None:
    """Render captchas into a folder; the parameters are the command's.

    Raises
    ------
    OutputError
        The folder is not empty.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{folder}: is not empty, and nothing is overwritten; name a new folder")
    texts = Constraint(chosen.charset, chosen.length)
    others = "".join(c for c in texts.characters or "" if c not in CHARACTERS + SIGNS)
    fonts = find_fonts(chosen.fonts, others)
    captchas = synthesize(chosen.count, chosen.seed, chosen.look, texts.characters, texts.lengths, fonts)
    terminal.partial = folder
    written = write_dataset(folder, terminal.track(captchas, chosen.count, "drawing"))
    terminal.partial = None
    terminal.say(f"{written} captchas are in {folder}")
