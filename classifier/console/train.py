"""``kerf train-char``: labelled images to a model file, once or for several numbers of labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.console.arguments import to_images, to_observer, to_samples, within_charset
from kerf.classifier.console.option_groups import TrainOptions
from kerf.classifier.console.report import training_to_text
from kerf.classifier.console.suspects import say_suspects
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.folders.claims import is_sidecar
from kerf.classifier.folders.dataset import Sample, sample_by_hash
from kerf.classifier.folders.labels import find_label_files
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.forecast import LEAST_POINTS, labels_needed, need_to_text
from kerf.classifier.learning.learning_curve import (
    COLUMNS,
    LEAST_READ,
    CurvePoint,
    Learn,
    learn_subsets,
    parse_budgets,
    plot_curve,
    point_to_row,
)
from kerf.classifier.measuring.suspects import BEST
from kerf.segmenter.errors import SettingsError, extra_to_command

FAST_SECONDS = 20 - 3
"""Of ``--fast``, without the start of the program."""

if TYPE_CHECKING:
    from kerf.classifier.learning.checkpoint import Keeper
    from kerf.classifier.learning.observer import Observer
    from kerf.classifier.learning.training import TrainResult
    from kerf.classifier.model_file import Model


def train_model(terminal: Terminal, folder: Path, chosen: TrainOptions) -> None:
    """Train a model, or with ``--curve`` one for each number of labels; the parameters are the command's."""
    deadline = Deadline.after(FAST_SECONDS if chosen.fast else 60 * chosen.max_minutes if chosen.max_minutes else None)
    check_output_file(chosen.out, [*find_label_files(folder), *([chosen.out] if is_sidecar(chosen.out) else [])])
    budgets = parse_budgets(chosen.curve) if chosen.curve else None
    if budgets and chosen.resume:
        raise SettingsError("--resume goes on with one training, and --curve is several; leave one of them out")
    labelled = sample_by_hash(to_samples(folder, chosen.label_pattern, terminal), chosen.limit)
    samples = within_charset(labelled, chosen.charset, terminal)
    images = to_images(chosen.unlabelled, terminal) if chosen.unlabelled else []
    learn = to_learner(terminal, chosen, images)
    if budgets:
        points = show_points(learn_subsets(samples, budgets, learn, deadline), terminal)
        show_curve(points, chosen.out.with_suffix(".curve.png"), terminal)
    else:
        judge_labels(terminal, folder, learn(samples, (), deadline), deadline)


def to_learner(terminal: Terminal, chosen: TrainOptions, images: Sequence[Path]) -> Learn:
    """Return what trains on samples, says what came of it and writes the model file."""
    # As late as can be: what is wrong with the other arguments is then said at once.
    from kerf.classifier.learning.augment import AugmentSettings
    from kerf.classifier.learning.fitting import TrainSettings
    from kerf.classifier.learning.start import labels_to_size
    from kerf.classifier.learning.training import train
    from kerf.classifier.model_file import BUNDLED, load_model, resolve_device, save_model

    keeper = None if chosen.curve else to_keeper(chosen, terminal)
    device = resolve_device(chosen.device)
    augment = AugmentSettings() if chosen.augment else None
    settings = TrainSettings(
        epochs=chosen.epochs,
        seed=chosen.seed,
        augment=augment,
        size=chosen.size,
        frames=chosen.frames,
        ink_colour=chosen.ink_colour,
    )
    named = load_model(chosen.start, device) if chosen.start else None
    observer = to_keeping_observer(terminal, chosen.out)

    def learn(samples: Sequence[Sample], held_out: Sequence[Sample], deadline: Deadline) -> TrainResult:
        size = chosen.size or ("fast" if chosen.fast else labels_to_size(len(samples)))
        start = None if chosen.from_scratch else named or load_model(BUNDLED[size], device)
        result = train(samples, settings, device, start, observer, images, held_out, deadline, keeper=keeper)
        save_model(result.model, chosen.out)
        if keeper:
            keeper.path.unlink(missing_ok=True)
        terminal.say(f"{training_to_text(result)}\nthe model is {chosen.out}")
        return result

    return learn


def judge_labels(terminal: Terminal, folder: Path, result: TrainResult, deadline: Deadline) -> None:
    """Say how many labels look wrong of the validation part, which the model did not learn and soon reads."""
    from kerf.classifier.recognizer import Recognizer

    stream = Recognizer(result.model).read_many((sample.path for sample in result.measured_on), best=BEST)
    readings = list(deadline.in_time(stream, LEAST_READ))
    samples = result.measured_on[: len(readings)]
    say_suspects(terminal, folder, samples, readings, result.model.alphabet.characters)


def to_keeper(chosen: TrainOptions, terminal: Terminal) -> Keeper:
    """Return what keeps a training beside its model until that is whole, and say if there is one to go on with."""
    from kerf.classifier.learning.checkpoint import Keeper

    path = chosen.out.with_name(f"{chosen.out.name}.checkpoint")
    if path.exists():
        terminal.say(f"going on from {path}" if chosen.resume else f"{path} is left out: --resume would go on from it")
    elif chosen.resume:
        terminal.say(f"{path} is not there: beginning anew")
    return Keeper(path, chosen.resume)


def to_keeping_observer(terminal: Terminal, out: Path) -> Observer:
    """Let training tell a terminal how far it is, and save what was learnt so far when it is stopped."""
    from kerf.classifier.model_file import save_model

    def keep(model: Model) -> None:
        if terminal.partial is None:
            terminal.partial = to_free_partial(out)
        save_model(model, terminal.partial)

    return replace(to_observer(terminal), on_interrupt=keep)


def to_free_partial(out: Path) -> Path:
    """Return what to call a model that is not learnt to the end, so that it takes no other's place."""
    names = (out.with_suffix(f".partial{number or ''}{out.suffix}") for number in chain([0], count(2)))
    return next(name for name in names if not name.exists())


def show_points(found: Iterable[CurvePoint], terminal: Terminal) -> list[CurvePoint]:
    """Write the points to stdout as they come."""
    points = []
    with terminal.output(None) as stream:
        stream.write(",".join(COLUMNS) + "\n")
        for point in found:
            points.append(point)
            stream.write(point_to_row(point))
            stream.flush()
    return points


def show_curve(points: Sequence[CurvePoint], plot: Path, terminal: Terminal) -> None:
    """Say what the targets would need, and draw the points into a file."""
    if len(points) < LEAST_POINTS:
        terminal.say(f"what a target would need is told from {LEAST_POINTS} numbers of labels on")
    for need in labels_needed(points):
        terminal.say(need_to_text(need, points[-1].labels))
    try:
        plot_curve(points, plot)
        terminal.say(f"the curve is drawn in {plot}")
    except ModuleNotFoundError:
        terminal.say(f"the curve is not drawn: that needs matplotlib; {extra_to_command('plots')}")
