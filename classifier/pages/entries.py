"""Images as a page's data: what it lists of each, and what it shows of the one that is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.measuring.edits import align
from kerf.classifier.measuring.metrics import to_outcome
from kerf.classifier.pages.encoding import picture_to_uri
from kerf.classifier.pages.inspection import Inspection
from kerf.segmenter import Segmentation
from kerf.segmenter.errors import KerfError
from kerf.segmenter.overlay import ink_to_grey

MOST_IMAGES = 5000
"""Images that one page shows."""
BUDGET = 34_000_000
"""Bytes that the pictures of one page have together."""
LARGEST = 40_000
"""Bytes that a picture has at most, however few there are."""
LEAST_SHARE = 0.01
"""Candidates that a smaller share of all paths takes are left out, and so are characters of a candidate."""
MOST_CANDIDATES = 30

Entry = dict[str, Any]
"""What JSON holds of one image; `templates/images.js` reads it."""


def path_to_name(path: Path, folder: Path) -> str:
    """Return what a page calls an image: its path within the folder."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def inspection_to_entry(
    name: str, answer: Inspection | KerfError, images: int, label: str | None = None, *, ignore_case: bool = False
) -> Entry:
    """Render one image.

    Parameters
    ----------
    name
        What it is called.
    answer
        How it was read, or why it could not be.
    images
        How many there are, which share the bytes.
    label, ignore_case
        What it says, and how that is compared.
    """
    entry = {"name": name, **({} if label is None else label_to_fields(label, answer, ignore_case))}
    if isinstance(answer, KerfError):
        return {**entry, "error": str(answer)}
    budget = min(LARGEST, BUDGET // (2 * max(1, min(images, MOST_IMAGES))))
    segmentation = answer.segmentation
    return {
        **entry,
        **reading_to_fields(answer),
        "size": [int(side) for side in segmentation.size_wh],
        "image": picture_to_uri(segmentation.image, budget),
        "ink": picture_to_uri(ink_to_grey(segmentation.ink.ink, segmentation.ink.mask), budget),
        "rows": to_text_rows(segmentation),
        "cuts": to_file_cols(segmentation, segmentation.lattice.cuts),
        "candidates": (candidates := posteriors_to_candidates(answer)),
        "carried": round(sum(c["share"] for c in candidates) / max(float(answer.posteriors.sum()), 1e-9), 4),
        "among": len(segmentation.lattice.spans),
    }


def reading_to_fields(inspection: Inspection) -> Entry:
    """Render what was read, the next best texts, and the characters with their boxes; without a model, boxes alone."""
    reading = inspection.reading
    if not inspection.characters:
        boxes = inspection.segmentation.boxes(inspection.span_cols).tolist()
        return {"characters": [["", None, box] for box in boxes]}
    return {
        "text": reading.text,
        "confidence": round(reading.confidence, 6),
        "alternatives": [[text, round(share, 6)] for text, share in reading.alternatives],
        "unlike": ", ".join(reading.unlike),
        "characters": [[c.char, round(c.confidence, 4), list(c.box_ltrb)] for c in reading.characters],
    }


def label_to_fields(label: str, answer: Inspection | KerfError, ignore_case: bool) -> Entry:
    """Compare with the label: whether it is right, the characters side by side, and what made it wrong."""
    outcome = to_outcome(label, answer if isinstance(answer, KerfError) else answer.reading, ignore_case)
    cause = "" if isinstance(answer, KerfError) else answer.cause or ""
    pairs = [] if outcome.text is None else [list(pair) for pair in align(outcome.truth, outcome.text)]
    return {"label": label, "right": outcome.right, "pairs": pairs, "cause": cause}


def to_text_rows(segmentation: Segmentation) -> list[float]:
    """First and end row of the strip, in pixels of the file, within it."""
    strip, height = segmentation.strip, segmentation.size_wh[1]
    top = strip.origin[0] * segmentation.factor
    bottom = top + strip.pixels.shape[1] / strip.scale[0] * segmentation.factor
    return [round(max(0.0, top), 1), round(min(height, bottom), 1)]


def to_file_cols(segmentation: Segmentation, cols: NDArray[np.int32]) -> Any:
    """Map strip columns, any shape, to columns of the file."""
    image_cols = segmentation.strip.cols_to_image(cols.astype(np.float32))
    return np.round(image_cols.astype(np.float64) * segmentation.factor, 1).tolist()


def posteriors_to_candidates(inspection: Inspection) -> list[Entry]:
    """List the few candidates that carry the posterior, left to right: columns, share, characters, whether read."""
    shares = inspection.posteriors.sum(axis=1)
    cols = to_file_cols(inspection.segmentation, inspection.segmentation.lattice.span_cols)
    read = {c.candidate for c in inspection.reading.characters}
    order = sorted(range(len(shares)), key=lambda candidate: (candidate not in read, -shares[candidate]))
    rows = [
        {
            "cols": cols[candidate],
            "share": round(float(shares[candidate]), 4),
            "as": to_likeliest(inspection.characters, inspection.posteriors[candidate]),
            "read": candidate in read,
        }
        for candidate in order[:MOST_CANDIDATES]
        if shares[candidate] >= LEAST_SHARE or candidate in read
    ]
    return sorted(rows, key=lambda row: row["cols"])


def to_likeliest(characters: str, shares: NDArray[np.float64]) -> list[list[Any]]:
    """At most three characters of one candidate, ``(C,)``, and their shares of all paths."""
    best = np.argsort(-shares, kind="stable")[:3].tolist()
    return [[characters[i], round(float(shares[i]), 4)] for i in best if shares[i] >= LEAST_SHARE or i == best[0]]
