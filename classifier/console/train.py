"""``kerf train-char``: labelled images to a model file, once or for several numbers of labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.console.arguments import to_images, to_observer, to_samples, within_charset
from kerf.classifier.console.report import training_to_text
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.folders.dataset import Sample, sample_by_hash
from kerf.classifier.learning.learning_curve import (
    COLUMNS,
    labels_needed,
    learn_subsets,
    need_to_text,
    parse_budgets,
    plot_curve,
    point_to_row,
)

if TYPE_CHECKING:
    from kerf.classifier.learning.training import TrainResult


@dataclass(frozen=True)
class TrainOptions:
    """The options of `train-char` that hold for every model it trains."""

    out: Path
    limit: int | None
    device: str
    seed: int
    epochs: int | None
    max_minutes: float | None
    augment: bool
    start: Path | None
    from_scratch: bool
    charset: str | None
    label_pattern: str | None


def train_model(
    terminal: Terminal, folder: Path, chosen: TrainOptions, unlabelled: Sequence[Path], curve: str | None
) -> None:
    """Train a model, or with ``curve`` one for each number of labels; the parameters are the command's options."""
    check_output_file(chosen.out)
    budgets = parse_budgets(curve) if curve else None
    labelled = sample_by_hash(to_samples(folder, chosen.label_pattern, terminal), chosen.limit)
    samples = within_charset(labelled, chosen.charset, terminal)
    images = to_images(unlabelled, terminal) if unlabelled else []
    learn = to_learner(terminal, chosen, images)
    if budgets:
        show_curve(samples, budgets, learn, chosen.out.with_suffix(".curve.png"), terminal)
    else:
        learn(samples)


def to_learner(
    terminal: Terminal, chosen: TrainOptions, images: Sequence[Path]
) -> Callable[[Sequence[Sample]], TrainResult]:
    """Return what trains on samples, says what came of it and writes the model file."""
    # As late as can be: what is wrong with the other arguments is then said at once.
    from kerf.classifier.learning.augment import AugmentSettings
    from kerf.classifier.learning.fitting import TrainSettings
    from kerf.classifier.learning.training import train
    from kerf.classifier.model_file import BUNDLED_MODEL, load_model, resolve_device, save_model

    device = resolve_device(chosen.device)
    settings = TrainSettings(
        epochs=chosen.epochs,
        seed=chosen.seed,
        max_seconds=60 * chosen.max_minutes if chosen.max_minutes else None,
        augment=AugmentSettings() if chosen.augment else None,
    )
    start = None if chosen.from_scratch else load_model(chosen.start or BUNDLED_MODEL, device)

    def learn(part: Sequence[Sample]) -> TrainResult:
        result = train(part, settings, device, start, to_observer(terminal), images)
        save_model(result.model, chosen.out)
        terminal.say(f"{training_to_text(result)}\nthe model is {chosen.out}")
        return result

    return learn


def show_curve(
    samples: Sequence[Sample],
    budgets: Sequence[int],
    learn: Callable[[Sequence[Sample]], TrainResult],
    plot: Path,
    terminal: Terminal,
) -> None:
    """Train on nested subsets; the points go to stdout as they come, the drawing to a file."""
    points = []
    with terminal.output(None) as stream:
        stream.write(",".join(COLUMNS) + "\n")
        for point in learn_subsets(samples, budgets, learn):
            points.append(point)
            stream.write(point_to_row(point))
            stream.flush()
    plot_curve(points, plot)
    for need in labels_needed(points):
        terminal.say(need_to_text(need, points[-1].labels))
    terminal.say(f"the curve is drawn in {plot}")
