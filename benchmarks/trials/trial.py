"""Try a setting on training images alone: learn from the first N of `train/`, read its last 300, print one line.

Usage: python -m benchmarks.trials.trial ../shared/data/FAMILY --labels 700 [--from-scratch] [--set learning_rate=1e-3]

`test/` is never opened. This is what the lines of docs/experiments.md are measured with.
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
from dataclasses import asdict, fields, replace
from pathlib import Path

import torch

from benchmarks.running import clear_errors
from kerf.classifier.console.report import epoch_to_text, pass_to_text
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.learning.augment import AugmentSettings
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.learning.observer import Observer
from kerf.classifier.learning.training import train
from kerf.classifier.measuring.metrics import evaluate
from kerf.classifier.model_file import BUNDLED, load_model, save_model
from kerf.classifier.recognizer import Recognizer

HELD_OUT = 300


def to_settings(changes: list[str]) -> TrainSettings:
    """Read ``name=value`` pairs as changes of the default settings."""
    known = {field.name for field in fields(TrainSettings)}
    values = dict(change.split("=", 1) for change in changes)
    if unknown := set(values) - known:
        raise SystemExit(f"no setting {sorted(unknown)}; there are {sorted(known)}")
    return replace(TrainSettings(), **{name: ast.literal_eval(value) for name, value in values.items()})


def main() -> None:
    """Train, read, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", type=Path, help="folder with train/")
    parser.add_argument("--labels", type=int, required=True)
    parser.add_argument("--unlabelled", type=int, default=0, help="so many further images, without their labels")
    parser.add_argument("--start", type=Path, default=BUNDLED["fast"])
    parser.add_argument("--from-scratch", action="store_true")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="fields of TrainSettings")
    parser.add_argument("--augment", type=float, default=1.0, help="strength of augmentation, 1 = as it is")
    parser.add_argument("--threads", type=int, default=1, help="of torch, so that two trials can share two cores")
    parser.add_argument("--note", default="", help="what is tried, for the line")
    parser.add_argument("--save", type=Path, help="keep the model")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    samples = folder_to_samples(arguments.family / "train").samples
    used = arguments.labels + arguments.unlabelled
    if used + HELD_OUT > len(samples):
        raise SystemExit(f"{len(samples)} images are too few for {used} and {HELD_OUT} held out")
    start = None if arguments.from_scratch else load_model(arguments.start, torch.device("cpu"))
    observer = Observer(
        on_epoch=lambda report: print(epoch_to_text(report), file=sys.stderr, flush=True),
        on_pass=lambda report: print(pass_to_text(report), file=sys.stderr, flush=True),
    )
    began = time.monotonic()
    stronger = AugmentSettings(**{name: arguments.augment * value for name, value in asdict(AugmentSettings()).items()})
    settings = replace(to_settings(arguments.set), augment=stronger)
    unlabelled = [sample.path for sample in samples[arguments.labels : used]]
    result = train(samples[: arguments.labels], settings, torch.device("cpu"), start, observer, unlabelled)
    seconds = time.monotonic() - began
    if arguments.save:
        save_model(result.model, arguments.save)
    held_out = samples[-HELD_OUT:]
    readings = list(Recognizer(result.model).read_many(sample.path for sample in held_out))
    found = evaluate([sample.text for sample in held_out], readings)
    share = found.whole_text
    print(
        f"{arguments.family.name} {arguments.labels} {arguments.note or 'as it is'}: {share.count} of {share.n} "
        f"({100 * share.low_95:.1f} to {100 * share.high_95:.1f} %), CER {100 * found.character_error_rate:.2f} %, "
        f"ECE {100 * found.expected_calibration_error:.1f}, temperature {result.model.temperature:.2f}, "
        f"loss {result.epochs[-1].loss:.2f}, {len(result.epochs)} epochs, {seconds:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    with clear_errors():
        main()
