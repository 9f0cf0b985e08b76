"""Measure the cutting alone: how many of the true characters are among the candidates, and how many candidates.

Usage: python cli.py synth rendered --count 1000 --seed 3; python -m benchmarks.trials.candidates rendered

The folder needs the ``boxes.csv`` that ``synth`` writes. A character is found if one candidate has both its edges
within the tolerance. Characters that overlap their neighbours by more than the tolerances add up to cannot all be
found by cuts that neighbours share; they are counted apart.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.running import clear_errors
from kerf.classifier.console.report import proportion_to_text
from kerf.classifier.measuring.metrics import proportion
from kerf.segmenter import Segmentation, segment
from kerf.segmenter.load import path_to_image

PIXELS = 2.0
HEIGHT_SHARE = 0.12


def read_boxes(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Left and right edges of each image's characters, ``(L, 2)``."""
    edges: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with (folder / "boxes.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            edges[row["file"]].append((float(row["left"]), float(row["right"])))
    return {name: np.array(pairs, np.float32) for name, pairs in edges.items()}


def distances(segmentation: Segmentation, edges: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each character the larger edge distance, in pixels, to the candidate that fits it best: ``(L,)``."""
    cols = segmentation.strip.cols_to_image(segmentation.lattice.span_cols.astype(np.float32))
    if not len(cols):
        return np.full(len(edges), np.inf, np.float32)
    return np.asarray(np.abs(cols[None] - edges[:, None]).max(axis=2).min(axis=1), np.float32)


def main() -> None:
    """Cut, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    boxes = read_boxes(folder)
    images = {name: path_to_image(folder / name) for name in boxes}
    start = time.perf_counter()
    segmentations = {name: segment(image) for name, image in images.items()}
    seconds = time.perf_counter() - start
    apart, misses, heights = [], [], []
    for name, edges in boxes.items():
        overlap = np.maximum(edges[:-1, 1] - edges[1:, 0], 0.0)
        beside = np.maximum(np.append(overlap, 0), np.insert(overlap, 0, 0))  # the larger overlap of each character
        apart += (beside <= 2 * PIXELS).tolist()
        misses += distances(segmentations[name], edges).tolist()
        heights += [segmentations[name].strip.pixels.shape[1] / segmentations[name].strip.scale[0]] * len(edges)
    missed, separate = np.array(misses), np.array(apart)
    near, close = missed <= PIXELS, missed <= HEIGHT_SHARE * np.array(heights)
    spans = [len(s.lattice.spans) for s in segmentations.values()]
    cuts = [len(s.lattice.cuts) for s in segmentations.values()]
    for name, found in (
        (f"both edges within {PIXELS:.0f} pixels", near),
        ("  of characters that do not overlap", near[separate]),
        ("  of characters that overlap", near[~separate]),
        (f"both edges within {100 * HEIGHT_SHARE:.0f} % of the height", close),
    ):
        print(f"{name:40} {proportion_to_text(proportion(int(found.sum()), len(found)))}")
    print(f"candidates an image: mean {np.mean(spans):.0f}, median {np.median(spans):.0f}; cuts {np.mean(cuts):.0f}")
    print(f"microseconds an image: {1e6 * seconds / len(images):.0f}")


if __name__ == "__main__":
    with clear_errors():
        main()
