"""``kerf eval``: measure a model on a labelled folder."""

from __future__ import annotations

from pathlib import Path

from kerf.classifier.console.arguments import load_recognizer, to_samples, unknown_characters
from kerf.classifier.console.kind import watch_kind
from kerf.classifier.console.option_groups import EvalOptions
from kerf.classifier.console.report import evaluation_to_json, evaluation_to_text
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.folders.dataset import sample_by_hash
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.measuring.metrics import evaluate
from kerf.segmenter.errors import BelowMinimumError


def evaluate_folder(terminal: Terminal, folder: Path, chosen: EvalOptions) -> None:
    """Measure and print every figure; the parameters are the command's.

    Raises
    ------
    BelowMinimumError
        If the accuracy is below the minimum asked for.
    """
    samples = sample_by_hash(to_samples(folder, chosen.label_pattern, terminal), chosen.limit)
    recognizer = load_recognizer(terminal, chosen.model, chosen.device, chosen.reading)
    if unknown := unknown_characters(samples, recognizer.model.alphabet):
        terminal.problem(unknown)
    if learnt := recognizer.model.provenance.count_learnt(path_to_hash(s.path) for s in samples):
        terminal.say(
            f"warning: {learnt} of these {len(samples)} images were learnt from by this model, "
            "so that its figures are too good; measure on others"
        )
    found = watch_kind(recognizer.read_many((s.path for s in samples), chosen.reading.constraint), terminal)
    readings = list(terminal.track(found, len(samples), "reading"))
    evaluation = evaluate([s.text for s in samples], readings, ignore_case=chosen.ignore_case)
    render = evaluation_to_json if chosen.as_json else evaluation_to_text
    with terminal.output(None) as stream:
        stream.write(render(evaluation))
    accuracy = evaluation.whole_text.value or 0.0
    if chosen.min_accuracy is not None and accuracy < chosen.min_accuracy:
        raise BelowMinimumError(f"whole-text accuracy {accuracy:.4f} is below {chosen.min_accuracy}, the minimum")
