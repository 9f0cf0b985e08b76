"""Say where a model's remaining errors come from, and draw twelve of them.

Usage: python -m benchmarks.trials.errors FOLDER [--model MODEL] [--charset CHARACTERS] [--draw twelve.png]

Each wrong text is compared with the best path that spells the label. Where there is none, or where a true box of
``boxes.csv`` (rendered folders have one) is near no candidate, candidates are missing; where the two paths choose
other candidates, the choice among them was wrong; where they choose the same, a character was.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.running import clear_errors
from benchmarks.trials.candidates import HEIGHT_SHARE, distances, read_boxes
from kerf.classifier import Constraint, Recognizer
from kerf.classifier.console.report import proportion_to_text
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.lattice.text_space import TextSpace, to_text_space
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.network.examples import segmentation_to_example
from kerf.segmenter.errors import KerfError

SAME = 0.6
"""Least overlap, as intersection over union, of two candidates that count as the same choice."""
KINDS = ("missing candidates", "wrong choice among candidates", "wrong character")


@dataclass(frozen=True)
class Mistake:
    """One text that was read wrongly."""

    sample: Sample
    read: str
    kind: str


def label_columns(recognizer: Recognizer, sample: Sample, space: TextSpace) -> NDArray[np.int32] | None:
    """Strip columns ``(L, 2)`` of the candidates on the best path that spells the label; None if there is none."""
    if not set(sample.text) <= set(space.characters):
        return None
    example = segmentation_to_example(recognizer.segment(sample.path))
    allowed = np.array([[character == c for c in space.characters] for character in sample.text])
    places = np.arange(len(allowed) + 1)
    label = replace(space, allowed=allowed, starts=places == 0, ends=places == len(allowed))
    (decoded,) = recognizer.read_examples([example], label, 1)
    return example.lattice.span_cols[list(decoded.candidates)] if decoded.text else None


def to_kind(chosen: NDArray[np.int32], wanted: NDArray[np.int32] | None, found: bool) -> str:
    """Say which of ``KINDS`` a mistake is: columns chosen and wanted, and whether all true boxes are candidates."""
    if wanted is None or not found:
        return KINDS[0]
    if len(chosen) != len(wanted):
        return KINDS[1]
    inner = np.minimum(chosen[:, 1], wanted[:, 1]) - np.maximum(chosen[:, 0], wanted[:, 0])
    outer = np.maximum(chosen[:, 1], wanted[:, 1]) - np.minimum(chosen[:, 0], wanted[:, 0])
    return KINDS[2] if (inner >= SAME * outer).all() else KINDS[1]


def draw_mistakes(mistakes: list[Mistake], path: Path) -> None:
    """Draw up to twelve, with what was there and what was read."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6), dpi=110, layout="constrained")
    for place, mistake in enumerate(mistakes[:12], start=1):
        axes = figure.add_subplot(3, 4, place)
        image = cv2.imread(str(mistake.sample.path))
        assert image is not None
        axes.imshow(image[:, :, ::-1])
        axes.set_title(f"{mistake.sample.text}, read {mistake.read or 'nothing'}\n{mistake.kind}", fontsize=9)
        axes.axis("off")
    figure.savefig(path)


def find_mistakes(folder: Path, recognizer: Recognizer, charset: str | None) -> tuple[list[Mistake], int]:
    """Read a labelled folder: what was read wrongly, and how many images there are."""
    constraint = Constraint(charset)
    space = to_text_space(recognizer.model.alphabet, recognizer.model.lengths, constraint)
    samples = folder_to_samples(folder).samples
    boxes = read_boxes(folder) if (folder / "boxes.csv").exists() else {}
    mistakes = []
    for sample, reading in zip(samples, recognizer.read_many([s.path for s in samples], constraint), strict=True):
        if isinstance(reading, KerfError) or reading.text == sample.text:
            continue
        segmentation = recognizer.segment(sample.path)
        near = HEIGHT_SHARE * segmentation.strip.pixels.shape[1] / segmentation.strip.scale[0]
        edges = boxes.get(sample.path.name)
        found = edges is None or bool((distances(segmentation, edges) <= near).all())
        chosen = segmentation.lattice.span_cols[[c.candidate for c in reading.characters]]
        kind = to_kind(chosen, label_columns(recognizer, sample, space), found)
        mistakes.append(Mistake(sample, reading.text, kind))
    return mistakes, len(samples)


def main() -> None:
    """Read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--charset")
    parser.add_argument("--json", action="store_true", help="print the counts alone")
    parser.add_argument("--draw", type=Path)
    arguments = parser.parse_args()
    mistakes, n = find_mistakes(arguments.folder, Recognizer.load(arguments.model), arguments.charset)
    kinds = Counter(mistake.kind for mistake in mistakes)
    if arguments.draw:
        draw_mistakes(mistakes, arguments.draw)
    if arguments.json:
        print(json.dumps({kind: kinds[kind] for kind in KINDS}))
        return
    print(f"wrong texts: {proportion_to_text(proportion(len(mistakes), n)).strip()}")
    for kind in KINDS:
        print(f"  {kind:30} {proportion_to_text(proportion(kinds[kind], len(mistakes)))}")


if __name__ == "__main__":
    with clear_errors():
        main()
