"""Where the time of reading goes: milliseconds an image of the processor's time by stage, on one thread.

Usage: python -m benchmarks.stages ../shared/data [--families gen-lepture ...] [--size fast] [--images 300] [--rounds 5]

Reads the first images of each family's `train/` with the bundled model of a size, in batches of 64, a stage at a time;
the median round counts. It prints a table in Markdown for docs/performance.md, and beside the stages what `read_many`
takes in all and what decoding the files by OpenCV alone takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import torch

from benchmarks.running import clear_errors
from kerf.classifier.alphabet import Constraint
from kerf.classifier.engines.torch_scorer import TorchScorer
from kerf.classifier.folders.images import find_images
from kerf.classifier.lattice.decoding import decode
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.model_file import BUNDLED
from kerf.classifier.network.batch import examples_to_batch
from kerf.classifier.network.examples import segmentation_to_example
from kerf.classifier.recognizer import BATCH_SIZE, Cut, Recognizer, to_reading
from kerf.segmenter import Segmentation
from kerf.segmenter.crops import ink_to_strip
from kerf.segmenter.cuts import strip_to_lattice
from kerf.segmenter.ink import image_to_ink
from kerf.segmenter.load import path_to_picture

FAMILIES = ("wp-really-simple", "gen-lepture", "captcha-v2", "kcaptcha")
Seconds = dict[str, float]


@contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    """Add what the body takes to a stage's."""
    began = time.process_time()
    yield
    seconds[stage] = seconds.get(stage, 0.0) + time.process_time() - began


def cut_images(recognizer: Recognizer, paths: Sequence[Path], seconds: Seconds) -> list[Cut]:
    """Cut images, stage by stage as ``segment`` does."""
    settings, cuts = recognizer.model.segmenter, []
    for path in paths:
        with timed(seconds, "load"):
            image = path_to_picture(path, settings.load).pixels
        with timed(seconds, "ink"):
            ink = image_to_ink(image, settings.ink)
        with timed(seconds, "strip"):
            strip = ink_to_strip(image, ink, settings.crop)
        with timed(seconds, "cuts and candidates"):
            lattice = strip_to_lattice(strip, settings.cut)
        found = Segmentation(image, ink, strip, lattice, settings, (image.shape[1], image.shape[0]))
        cuts.append(Cut(str(path), found, segmentation_to_example(found), "", ()))
    return cuts


@torch.no_grad()
def read_cuts(recognizer: Recognizer, cuts: Sequence[Cut], seconds: Seconds) -> None:
    """Read a batch, stage by stage as ``read_examples`` does; the network's head is what is left beside its trunk."""
    assert isinstance(recognizer.scorer, TorchScorer)
    model, network = recognizer.model, recognizer.scorer.network
    space = to_text_space(model.alphabet, model.lengths, Constraint())
    with timed(seconds, "batch"):
        batch = examples_to_batch([cut.example for cut in cuts], recognizer.scorer.device)
    with timed(seconds, "network: convolutions"):
        network.strips_to_maps(batch.strips, batch.crops.widths)
    with timed(seconds, "network: all"):
        logits, skips = (scores.numpy() for scores in network(batch.strips, batch.crops))
    with timed(seconds, "search"):
        decoded = decode(logits, skips, batch.lattices, space, temperature=model.temperature)
    with timed(seconds, "boxes"):
        for result, cut in zip(decoded, cuts, strict=True):
            to_reading(result, cut)


def time_round(recognizer: Recognizer, paths: Sequence[Path]) -> Seconds:
    """One round over the images, every stage of it."""
    seconds: Seconds = {}
    cuts = sorted(cut_images(recognizer, paths, seconds), key=lambda cut: cut.example.padded_width)
    for first in range(0, len(cuts), BATCH_SIZE):
        read_cuts(recognizer, cuts[first : first + BATCH_SIZE], seconds)
    seconds["network: head"] = seconds.pop("network: all") - seconds["network: convolutions"]
    for name, work in whole_runs(recognizer, paths).items():
        with timed(seconds, name):
            work()
    return seconds


def whole_runs(recognizer: Recognizer, paths: Sequence[Path]) -> dict[str, Callable[[], object]]:
    """Name what stands beside the stages."""
    return {
        "**`read_many`**": lambda: list(recognizer.read_many(paths)),
        "decoding alone (OpenCV)": lambda: [cv2.imread(str(path)) for path in paths],
    }


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of families")
    parser.add_argument("--families", nargs="*", default=list(FAMILIES))
    parser.add_argument("--size", choices=BUNDLED, default="fast")
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    recognizer = Recognizer.load(str(BUNDLED[arguments.size]), device="cpu")
    columns = []
    for family in arguments.families:
        paths = list(find_images([arguments.data / family / "train"]).paths)[: arguments.images]
        rounds = [time_round(recognizer, paths) for _ in range(arguments.rounds + 1)][1:]
        columns.append(
            {stage: 1000 * statistics.median(each[stage] for each in rounds) / len(paths) for stage in rounds[0]}
        )
    print(f"| stage | {' | '.join(arguments.families)} |")
    print(f"|---|{'--:|' * len(columns)}")
    for stage in columns[0]:
        print(f"| {stage} | {' | '.join(f'{column[stage]:.2f}' for column in columns)} |")


if __name__ == "__main__":
    with clear_errors():
        main()
