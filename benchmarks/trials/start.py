"""How much a start model reads of each family without labels: the first images of `train/`, told alphabet and length.

Usage: python -m benchmarks.trials.start ../shared/data [--model FILE] [--images 200] [--families F ...] [--no-length]

One line a family: whole texts right, their 95 % interval, mean confidence; then the mean over the families. `test/` is
never opened.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from benchmarks.running import clear_errors
from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.measuring.metrics import evaluate
from kerf.classifier.model_file import BUNDLED_MODEL, load_model
from kerf.classifier.recognizer import Recognizer


def read_family(folder: Path, recognizer: Recognizer, images: int, *, told_length: bool) -> float:
    """Read the first images of a family, print its line, and return the share read rightly."""
    samples = folder_to_samples(folder / "train").samples
    counts = [len(sample.text) for sample in samples]
    charset = "".join(sorted({character for sample in samples for character in sample.text}))
    constraint = Constraint(charset, (min(counts), max(counts)) if told_length else None)
    readings = list(recognizer.read_many([sample.path for sample in samples[:images]], constraint))
    found = evaluate([sample.text for sample in samples[:images]], readings)
    share, sure = found.whole_text, sum(getattr(reading, "confidence", 0.0) for reading in readings) / len(readings)
    low, high = 100 * share.low_95, 100 * share.high_95
    print(f"{folder.name}: {share.count} of {share.n} ({low:.1f} to {high:.1f} %), mean confidence {100 * sure:.1f} %")
    return share.value or 0.0


def main() -> None:
    """Read every family, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default=BUNDLED_MODEL)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--families", nargs="*")
    parser.add_argument("--no-length", action="store_true", help="tell the alphabet alone")
    arguments = parser.parse_args()
    recognizer = Recognizer(load_model(arguments.model, torch.device("cpu")))
    folders = [folder for folder in sorted(arguments.data.iterdir()) if (folder / "train").is_dir()]
    chosen = [folder for folder in folders if not arguments.families or folder.name in arguments.families]
    shares = [read_family(f, recognizer, arguments.images, told_length=not arguments.no_length) for f in chosen]
    print(f"mean of {len(shares)}: {100 * sum(shares) / len(shares):.1f} %")


if __name__ == "__main__":
    with clear_errors():
        main()
