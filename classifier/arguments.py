"""What a command line says, as what the library takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.alphabet import Constraint, parse_charset, parse_lengths
from classifier.dataset import find_images, folder_to_samples
from classifier.report import epoch_to_text

if TYPE_CHECKING:
    from classifier.terminal import Terminal
    from classifier.training import TrainObserver

STDIN = Path("-")


def to_images(paths: Sequence[Path], limit: int | None) -> list[Path]:
    """List the images that paths name; ``-`` stands for the paths on standard input, one a line.

    Raises
    ------
    NotFoundError, NoImagesError
        As `find_images`.
    """
    lines = sys.stdin.buffer.read().splitlines() if STDIN in paths else []
    listed = [Path(os.fsdecode(line)) for line in lines if line]
    return find_images(p for path in paths for p in (listed if path == STDIN else [path]))[:limit]


def to_labels(images: Sequence[Path]) -> dict[Path, str]:
    """Find the labels that lie beside images.

    Raises
    ------
    NoLabelsError
        A folder has none.
    """
    folders = dict.fromkeys(image.parent for image in images)
    return {sample.path: sample.text for folder in folders for sample in folder_to_samples(folder)}


def to_constraint(charset: str | None, length: str | None, pattern: str | None) -> Constraint:
    """Make the constraint that three options state.

    Raises
    ------
    SettingsError
        One is malformed, or they contradict each other.
    """
    return Constraint(
        charset=parse_charset(charset) if charset is not None else None,
        lengths=parse_lengths(length) if length is not None else None,
        pattern=pattern,
    )


def to_observer(terminal: Terminal) -> TrainObserver:
    """Let training tell a terminal how far it is."""
    from classifier.training import TrainObserver

    return TrainObserver(
        on_epoch=lambda report: terminal.say(epoch_to_text(report)),
        on_step=lambda done, total: terminal.advance("training", done, total),
        on_image=lambda done, total: terminal.advance("cutting", done, total),
        on_problem=terminal.problem,
    )
