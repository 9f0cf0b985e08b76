"""What a command line says, as what the library takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.console.named import say_passed_over, to_named
from kerf.classifier.console.report import epoch_to_text, pass_to_text
from kerf.classifier.folders.dataset import LabelledFolder, Sample, folder_to_samples
from kerf.classifier.folders.images import find_images, is_folder
from kerf.classifier.streams import Pause
from kerf.classifier.texts.patterns import parse_charset, shorten
from kerf.segmenter.errors import LabelAlphabetError

if TYPE_CHECKING:
    from kerf.classifier.console.option_groups import ReadingOptions
    from kerf.classifier.console.terminal import Terminal
    from kerf.classifier.engines.scorer import Engine
    from kerf.classifier.learning.observer import Observer
    from kerf.classifier.recognizer import Recognizer


def to_images(paths: Iterable[Path], terminal: Terminal) -> Sequence[Path]:
    """List images; what was passed over is said, folders that cannot be listed are told as problems.

    Raises
    ------
    KerfError
        As `find_images` and `to_named`.
    """
    found = find_images(path for path in to_named(paths) if not isinstance(path, Pause))
    for problem in found.problems:
        terminal.problem(problem)
    say_passed_over(found.passed_over, terminal)
    return found.paths


def to_samples(folder: Path, label_pattern: str | None, terminal: Terminal) -> Sequence[Sample]:
    """Read a folder's labels; say where they come from, with three of them, and what is wrong with any.

    Raises
    ------
    KerfError
        As `folder_to_samples`.
    """
    labelled = folder_to_samples(folder, label_pattern)
    terminal.say(labels_to_text(folder, labelled))
    for remark in labelled.remarks:
        terminal.say(remark)
    for problem in labelled.problems:
        terminal.problem(problem)
    return labelled.samples


def labels_to_text(folder: Path, labelled: LabelledFolder) -> str:
    """Render where labels come from, such as ``36 labels from captchas, labels.csv: a.png → AB12, b.png → CD34``.

    The first is shown, the last, and the one in the middle.
    """
    last = len(labelled.samples) - 1
    shown = [labelled.samples[index] for index in sorted({0, (last + 1) // 2, last})]
    names = (s.path.relative_to(folder) if s.path.is_relative_to(folder) else s.path for s in shown)
    examples = ", ".join(f"{name} → {sample.text}" for name, sample in zip(names, shown, strict=True))
    return f"{len(labelled.samples)} labels from {folder}, {labelled.source}: {examples}"


class FolderLabels:
    """The labels of the folders that are named, and of those that named files are in.

    Attributes
    ----------
    texts
        By image.
    """

    def __init__(self, terminal: Terminal) -> None:
        self.texts: dict[Path, str] = {}
        self._terminal = terminal
        self._folders: set[Path] = set()

    def add(self, path: Path) -> None:
        """Read the labels of one more folder, or of a file's.

        Raises
        ------
        KerfError
            As `folder_to_samples`, the first time.
        """
        folder = to_folder(path)
        if folder not in self._folders:
            self._folders.add(folder)
            self.texts |= {s.path: s.text for s in to_samples(folder, None, self._terminal)}


def to_folder(path: Path) -> Path:
    """Return the folder that has an image's label file: that which is named, or that which a named file is in."""
    return path if is_folder(path) else path.parent


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


def load_recognizer(
    terminal: Terminal, model: Path | None, device: str, reading: ReadingOptions, engine: Engine = "torch"
) -> Recognizer:
    """Load the recognizer; say which of the characters asked for it does not know, as it reads on with the others.

    As late as can be, as it takes seconds: what is wrong with the other arguments is then said at once.
    """
    from kerf.classifier.recognizer import Recognizer

    recognizer = Recognizer.load(model, device, reading.frames, engine, reading.ink_colour)
    if unknown := recognizer.unknown_characters(reading.constraint):
        terminal.say(
            f"warning: the model does not know {shorten(unknown)} of the characters asked for; it reads the others"
        )
    return recognizer


def to_observer(terminal: Terminal) -> Observer:
    """Let training tell a terminal how far it is."""
    from kerf.classifier.learning.observer import Observer

    return Observer(
        on_epoch=lambda report: terminal.say(epoch_to_text(report)),
        on_step=lambda done, total: terminal.advance("training", done, total),
        on_image=lambda done, total: terminal.advance("cutting", done, total),
        on_problem=terminal.problem,
        on_pass=lambda report: terminal.say(pass_to_text(report)),
    )
