"""What a command line says, as what the library takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.alphabet import Alphabet, Constraint, parse_charset, shorten
from kerf.classifier.console.report import epoch_to_text
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.segmenter.errors import LabelAlphabetError

if TYPE_CHECKING:
    from kerf.classifier.console.terminal import Terminal
    from kerf.classifier.learning.observer import Observer

STDIN = Path("-")


def to_paths(paths: Iterable[Path]) -> list[Path]:
    """Put the paths on standard input, one a line, in the place of ``-``."""
    named: list[Path] = []
    for path in paths:
        lines = sys.stdin.buffer.read().splitlines() if path == STDIN else [os.fsencode(path)]
        named += [Path(os.fsdecode(line)) for line in lines if line]
    return named


def to_samples(folder: Path, label_pattern: str | None, terminal: Terminal) -> Sequence[Sample]:
    """Read a folder's labels; what is wrong with one is told as a problem.

    Raises
    ------
    KerfError
        As `folder_to_samples`.
    """
    labelled = folder_to_samples(folder, label_pattern)
    for problem in labelled.problems:
        terminal.problem(problem)
    return labelled.samples


def to_labels(paths: Iterable[Path], terminal: Terminal) -> dict[Path, str]:
    """Find the labels of folders, and of the folders that files are in.

    Raises
    ------
    KerfError
        As `folder_to_samples`.
    """
    folders = dict.fromkeys(path if path.is_dir() else path.parent for path in paths)
    return {s.path: s.text for folder in folders for s in to_samples(folder, None, terminal)}


def within_charset(samples: Sequence[Sample], charset: str | None, terminal: Terminal) -> list[Sample]:
    """Leave out samples whose label has another character, each told as a problem."""
    alphabet = Alphabet(parse_charset(charset)) if charset is not None else None
    kept = []
    for sample in samples:
        try:
            if alphabet:
                alphabet.encode(sample.text)
            kept.append(sample)
        except LabelAlphabetError as error:
            terminal.problem(LabelAlphabetError(f"{sample.path}: {error}"))
    return kept


def unknown_characters(samples: Sequence[Sample], alphabet: Alphabet) -> LabelAlphabetError | None:
    """Say which characters of the labels a model cannot read, if there are any."""
    unknown = set("".join(s.text for s in samples)) - set(alphabet.characters)
    if not unknown:
        return None
    labels = sum(not unknown.isdisjoint(s.text) for s in samples)
    return LabelAlphabetError(
        f"{labels} of {len(samples)} labels have characters that the model does not know, "
        f"{''.join(sorted(unknown))!r}, and count as wrong; correct them, or train with these characters"
    )


def tell_unknown(constraint: Constraint, alphabet: Alphabet, terminal: Terminal) -> None:
    """Say which characters of a charset or pattern a model cannot read, if there are any."""
    if unknown := constraint.unknown_to(alphabet):
        terminal.say(
            f"kerf: the model does not know {shorten(unknown)}, which it will never read; "
            f"it reads {alphabet.characters!r}"
        )


def to_observer(terminal: Terminal) -> Observer:
    """Let training tell a terminal how far it is."""
    from kerf.classifier.learning.observer import Observer

    return Observer(
        on_epoch=lambda report: terminal.say(epoch_to_text(report)),
        on_step=lambda done, total: terminal.advance("training", done, total),
        on_image=lambda done, total: terminal.advance("cutting", done, total),
        on_problem=terminal.problem,
        on_pseudo_labels=lambda labelled, total: terminal.say(
            f"{labelled} of {total} unlabelled images are read with confidence enough to learn from; training again"
        ),
    )
