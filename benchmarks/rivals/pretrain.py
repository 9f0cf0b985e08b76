"""Train a CTC recogniser on rendered captchas, to start from as Kerf starts from its bundled model.

Usage: python cli.py synth build/looks --count 60000 --seed 1; python -m benchmarks.rivals.pretrain build/looks

The images and the time are those of `make model`: 60,000 captchas of random looks, an hour on one thread.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from benchmarks.rivals.ctc import CtcReader
from benchmarks.running import CTC_START_FILE, clear_errors
from kerf.classifier.folders.dataset import folder_to_samples, split_samples
from kerf.classifier.learning.training import VALIDATION_FRACTION


def main() -> None:
    """Train and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what `synth` rendered")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=CTC_START_FILE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    samples = folder_to_samples(arguments.folder).samples
    split = split_samples(samples, VALIDATION_FRACTION)
    alphabet = "".join(sorted(set("".join(sample.text for sample in samples))))
    reader = CtcReader(alphabet, torch.device("cpu"))
    reader.fit_cycle(split.train, split.validation, 60 * arguments.minutes)
    reader.keep_start(arguments.out)


if __name__ == "__main__":
    with clear_errors():
        main()
