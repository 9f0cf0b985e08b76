"""``kerf eval``: measure a model on a labelled folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.console.arguments import load_recognizer, to_samples, unknown_characters
from kerf.classifier.console.kind import watch_kind
from kerf.classifier.console.option_groups import EvalOptions
from kerf.classifier.console.page import read_for_page, to_subtitle, write_page
from kerf.classifier.console.report import evaluation_to_json, evaluation_to_text
from kerf.classifier.console.suspects import say_suspects
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.folders.dataset import Sample, sample_by_hash
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.measuring.metrics import Evaluation, evaluate
from kerf.classifier.measuring.suspects import BEST
from kerf.segmenter.errors import BelowMinimumError, KerfError

if TYPE_CHECKING:
    from kerf.classifier.pages.entries import Entry
    from kerf.classifier.recognizer import Reading, Recognizer


def evaluate_folder(terminal: Terminal, folder: Path, chosen: EvalOptions) -> None:
    """Measure and print every figure; the parameters are the command's.

    Raises
    ------
    BelowMinimumError
        If the accuracy is below the minimum asked for.
    """
    samples = sample_by_hash(to_samples(folder, chosen.label_pattern, terminal), chosen.limit)
    if chosen.html:
        check_output_file(chosen.html, [s.path for s in samples], "--html")
    recognizer = load_recognizer(terminal, chosen.model, chosen.device, chosen.reading)
    warn_of_samples(terminal, samples, recognizer)
    entries: list[Entry] = []
    found = watch_kind(read_samples(recognizer, samples, folder, chosen, entries), terminal)
    readings = list(terminal.track(found, len(samples), "reading"))
    evaluation = evaluate([s.text for s in samples], readings, ignore_case=chosen.ignore_case)
    render = evaluation_to_json if chosen.as_json else evaluation_to_text
    with terminal.output(None) as stream:
        stream.write(render(evaluation))
    known = set(chosen.reading.constraint.characters or recognizer.model.alphabet.characters)
    say_suspects(terminal, folder, samples, readings, known, ignore_case=chosen.ignore_case)
    if not chosen.ignore_case:
        folded = evaluate([s.text for s in samples], readings, ignore_case=True)
        if by_case := folded.whole_text.count - evaluation.whole_text.count:
            terminal.say(f"{by_case} texts are wrong by the case of letters alone; --ignore-case counts them as right")
    if chosen.html:
        write_evaluation(terminal, chosen.html, folder, evaluation, entries, chosen.model)
    accuracy = evaluation.whole_text.value or 0.0
    if chosen.min_accuracy is not None and accuracy < chosen.min_accuracy:
        raise BelowMinimumError(f"whole-text accuracy {accuracy:.4f} is below {chosen.min_accuracy}, the minimum")


def warn_of_samples(terminal: Terminal, samples: Sequence[Sample], recognizer: Recognizer) -> None:
    """Say which labels the model cannot read, and how many images it has learnt from."""
    if unknown := unknown_characters(samples, recognizer.model.alphabet):
        terminal.problem(unknown)
    if learnt := recognizer.model.provenance.count_learnt(path_to_hash(s.path) for s in samples):
        terminal.say(
            f"warning: {learnt} of these {len(samples)} images were learnt from by this model, "
            "so that its figures are too good; measure on others"
        )


def read_samples(
    recognizer: Recognizer, samples: Sequence[Sample], folder: Path, chosen: EvalOptions, entries: list[Entry]
) -> Iterator[Reading | KerfError]:
    """Read in batches or, for a page, one by one with all that it shows, which is added to the entries."""
    if not chosen.html:
        return recognizer.read_many((s.path for s in samples), chosen.reading.constraint, best=BEST)
    from kerf.classifier.pages.inspection import Inspector

    inspector = Inspector(recognizer, chosen.reading.constraint, ignore_case=chosen.ignore_case)
    return read_for_page(inspector, samples, folder, entries)


def write_evaluation(
    terminal: Terminal, path: Path, folder: Path, evaluation: Evaluation, entries: Sequence[Entry], model: Path | None
) -> None:
    """Write an evaluation's page."""
    from kerf.classifier.pages.pages import evaluation_to_page

    subtitle = to_subtitle(evaluation.whole_text.n, model)
    write_page(terminal, path, evaluation_to_page(folder.name or str(folder), subtitle, evaluation, entries))
