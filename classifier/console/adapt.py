"""``kerf adapt``: images without labels to a model file, with a few labels or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.console.arguments import to_images, to_samples
from kerf.classifier.console.option_groups import AdaptOptions
from kerf.classifier.console.report import adaptation_to_text, training_to_text
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.console.train import to_keeping_observer
from kerf.classifier.folders.labels import find_label_files
from kerf.classifier.learning.deadline import Deadline

if TYPE_CHECKING:
    from kerf.classifier.model_file import Model


def adapt_model(terminal: Terminal, paths: Sequence[Path], chosen: AdaptOptions) -> None:
    """Adapt a model to images, and write it; the parameters are the command's."""
    deadline = Deadline.after(60 * chosen.max_minutes if chosen.max_minutes else None)
    check_output_file(chosen.out, find_label_files(chosen.labels) if chosen.labels else [])
    samples = to_samples(chosen.labels, None, terminal) if chosen.labels else ()
    images = to_images(paths, terminal)[: chosen.limit]
    # As late as can be: what is wrong with the other arguments is then said at once.
    from kerf.classifier.learning.fitting import TrainSettings
    from kerf.classifier.learning.training import adapt, train
    from kerf.classifier.model_file import BUNDLED_MODEL, load_model, resolve_device, save_model

    device = resolve_device(chosen.device)
    reading, observer = chosen.reading, to_keeping_observer(terminal, chosen.out)
    settings = TrainSettings(seed=chosen.seed, frames=reading.frames, ink_colour=reading.ink_colour)
    start = load_model(chosen.start or BUNDLED_MODEL, device)
    warn_of_unknown(start, chosen, terminal)
    model: Model
    if samples:
        trained = train(samples, settings, device, start, observer, images, (), deadline, reading.constraint)
        model, text = trained.model, training_to_text(trained)
    else:
        adapted = adapt(images, settings, device, start, reading.constraint, observer, deadline)
        model, text = adapted.model, adaptation_to_text(adapted)
    save_model(model, chosen.out)
    terminal.say(f"{text}\nthe model is {chosen.out}")


def warn_of_unknown(start: Model, chosen: AdaptOptions, terminal: Terminal) -> None:
    """Say which of the characters asked for cannot be learnt, unless labels show them."""
    if unknown := chosen.reading.constraint.unknown_to(start.alphabet):
        terminal.say(f"warning: without labels that show them, {unknown!r} of the characters asked for are not learnt")
