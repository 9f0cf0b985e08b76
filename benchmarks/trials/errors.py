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
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.running import clear_errors
from benchmarks.trials.candidates import HEIGHT_SHARE, distances, read_boxes
from kerf.classifier import Constraint, Recognizer
from kerf.classifier.console.report import proportion_to_text
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.pages.causes import Cause
from kerf.classifier.pages.inspection import Inspector
from kerf.segmenter import Segmentation
from kerf.segmenter.errors import KerfError


@dataclass(frozen=True)
class Mistake:
    """One text that was read wrongly."""

    sample: Sample
    read: str
    cause: Cause


def draw_mistakes(mistakes: list[Mistake], path: Path) -> None:
    """Draw up to twelve, with what was there and what was read."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6), dpi=110, layout="constrained")
    for place, mistake in enumerate(mistakes[:12], start=1):
        axes = figure.add_subplot(3, 4, place)
        image = cv2.imread(str(mistake.sample.path))
        assert image is not None
        axes.imshow(image[:, :, ::-1])
        axes.set_title(f"{mistake.sample.text}, read {mistake.read or 'nothing'}\n{mistake.cause}", fontsize=9)
        axes.axis("off")
    figure.savefig(path)


def find_mistakes(folder: Path, recognizer: Recognizer, charset: str | None) -> tuple[list[Mistake], int]:
    """Read a labelled folder: what was read wrongly, and how many images there are."""
    inspector = Inspector(recognizer, Constraint(charset))
    samples = folder_to_samples(folder).samples
    boxes = read_boxes(folder) if (folder / "boxes.csv").exists() else {}
    mistakes = []
    for sample in samples:
        inspection = inspector.inspect(sample.path, sample.text)
        if isinstance(inspection, KerfError) or not inspection.cause:
            continue
        edges = boxes.get(sample.path.name)
        missing = edges is not None and not are_found(inspection.segmentation, edges)
        mistakes.append(Mistake(sample, inspection.reading.text, Cause.MISSING if missing else inspection.cause))
    return mistakes, len(samples)


def are_found(segmentation: Segmentation, edges: NDArray[np.float32]) -> bool:
    """Whether a candidate is near each character's true edges ``(L, 2)``."""
    near = HEIGHT_SHARE * segmentation.strip.pixels.shape[1] / segmentation.strip.scale[0]
    return bool((distances(segmentation, edges) <= near).all())


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
    causes = Counter(mistake.cause for mistake in mistakes)
    if arguments.draw:
        draw_mistakes(mistakes, arguments.draw)
    if arguments.json:
        print(json.dumps({cause: causes[cause] for cause in Cause}))
        return
    print(f"wrong texts: {proportion_to_text(proportion(len(mistakes), n)).strip()}")
    for cause in Cause:
        print(f"  {cause:32} {proportion_to_text(proportion(causes[cause], len(mistakes)))}")


if __name__ == "__main__":
    with clear_errors():
        main()
