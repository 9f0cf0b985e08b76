"""What a graphics card does for Kerf: images a second by batch size, seconds to train, and whether it reads the same.

Usage: python -m benchmarks.gpu ../shared/data/FAMILY [--device cuda] [--labels 100 1000 3000]

Reading is measured from images that are cut already, by batch size, beside what the cores can cut in the same time:
where the card is faster than that, it waits for them. Texts are compared with the processor's on the whole of `test/`.
Training is measured on the first labels of `train/`, as many as there are.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.running import clear_errors
from kerf.classifier.alphabet import Constraint
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.folders.images import find_images
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.learning.fitting import TrainSettings
from kerf.classifier.learning.start import labels_to_size
from kerf.classifier.learning.training import train
from kerf.classifier.model_file import BUNDLED, BUNDLED_MODEL, load_model, resolve_device
from kerf.classifier.network.examples import Example
from kerf.classifier.recognizer import Recognizer
from kerf.segmenter.errors import KerfError

BATCHES = (1, 16, 64, 256, 1024)
IMAGES = 2048
"""Images of a round: those of the folder, again and again."""


def cut(recognizer: Recognizer, paths: Sequence[Path]) -> tuple[list[Example], float]:
    """Cut images: what can be read of them, and images a second."""
    began = time.perf_counter()
    cuts = [recognizer.cut(path, str(path), "bgr") for path in paths]
    rate = len(paths) / (time.perf_counter() - began)
    return [cut.example for cut in cuts if not isinstance(cut, KerfError)], rate


def time_reading(recognizer: Recognizer, examples: Sequence[Example], size: int) -> float:
    """Images a second, network and decoding, in batches of strips of similar width."""
    model = recognizer.model
    space = to_text_space(model.alphabet, model.lengths, Constraint())
    ordered = sorted(examples, key=lambda example: example.padded_width)
    batches = [ordered[first : first + size] for first in range(0, len(ordered), size)]
    recognizer.read_examples(batches[0], space, 1)
    began = time.perf_counter()
    for batch in batches:
        recognizer.read_examples(batch, space, 1)
    return len(ordered) / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", type=Path, help="folder with train/ and test/")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--labels", type=int, nargs="*", default=[100, 1000, 3000])
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    paths = list(find_images([arguments.family / "test"]).paths)
    here, there = (Recognizer(load_model(BUNDLED_MODEL, where)) for where in (torch.device("cpu"), device))
    examples, rate = cut(here, paths)
    print(f"{name}; {arguments.family.name}; one core cuts {rate:.0f} images a second")
    many = (examples * -(-IMAGES // len(examples)))[:IMAGES]
    for size in BATCHES:
        print(f"batches of {size}: {time_reading(there, many, size):.0f} images a second")
    texts = [[getattr(reading, "text", None) for reading in each.read_many(paths)] for each in (here, there)]
    same = sum(a == b for a, b in zip(*texts, strict=True))
    print(f"{same} of {len(paths)} texts are the processor's")
    samples = folder_to_samples(arguments.family / "train").samples
    for labels in [labels for labels in arguments.labels if labels <= len(samples)]:
        began = time.perf_counter()
        result = train(samples[:labels], TrainSettings(), device, load_model(BUNDLED[labels_to_size(labels)], device))
        print(f"{labels} labels: {time.perf_counter() - began:.0f} s, {len(result.epochs)} epochs")


if __name__ == "__main__":
    with clear_errors():
        main()
