"""One image read with everything kept that a page shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.alphabet import Constraint
from kerf.classifier.lattice.decoding import Decoded, decode
from kerf.classifier.lattice.posteriors import scores_to_posteriors
from kerf.classifier.lattice.text_space import TextSpace, to_text_space
from kerf.classifier.measuring.metrics import to_outcome
from kerf.classifier.network.examples import examples_to_arrays
from kerf.classifier.pages.causes import Cause, label_to_space, to_cause
from kerf.classifier.recognizer import Cut, Reading, Recognizer, to_reading
from kerf.segmenter import Segmentation, segment
from kerf.segmenter.errors import KerfError, to_problem
from kerf.segmenter.load import path_to_image

BEST = 5
"""Texts that are found of each image: the one read and the next best."""


@dataclass(frozen=True)
class Inspection:
    """One image and how it was read.

    Attributes
    ----------
    segmentation
        What it was cut into.
    span_cols
        int32 ``(L, 2)``; strip columns of its characters: those that were read or, without a model, those that contours
        and projection choose.
    reading
        Its text, and the next best; an empty one without a model.
    characters
        Those that may be read, C of them; none without a model.
    posteriors
        float64 ``(N, C)``; share of all paths that take each candidate as each character.
    cause
        Why the text is wrong; None where it is right or has no label.
    """

    segmentation: Segmentation
    span_cols: NDArray[np.int32]
    reading: Reading
    characters: str
    posteriors: NDArray[np.float64]
    cause: Cause | None


class Inspector:
    """Reads one image at a time.

    Parameters
    ----------
    recognizer
        What it reads with.
    constraint
        What is known of the texts.
    ignore_case
        Compare with labels after `str.casefold`.

    Raises
    ------
    SettingsError, DeviceError
        As `Recognizer.read_many`.
    """

    def __init__(
        self, recognizer: Recognizer, constraint: Constraint | None = None, *, ignore_case: bool = False
    ) -> None:
        recognizer.scorer.check_process()
        model = recognizer.model
        self.recognizer, self.ignore_case = recognizer, ignore_case
        self.space = to_text_space(model.alphabet, model.lengths, constraint or Constraint())

    def inspect(self, path: Path, label: str | None = None) -> Inspection | KerfError:
        """Read one image; what is wrong with it is returned, not raised."""
        cut = self.recognizer.cut(path, str(path), "bgr")
        try:
            return self._inspect(cut, label) if isinstance(cut, Cut) else cut
        except Exception as error:
            return to_problem(str(path), error)

    def _inspect(self, cut: Cut, label: str | None) -> Inspection:
        arrays = examples_to_arrays([cut.example])
        logits, skips = self.recognizer.scorer(arrays)
        temperature = self.recognizer.model.temperature

        def read(space: TextSpace, best: int) -> Decoded:
            return decode(logits, skips, arrays.lattices, space, temperature=temperature, best=best)[0]

        reading = to_reading(read(self.space, BEST), cut)
        posteriors = scores_to_posteriors(logits, skips, arrays.lattices, self.space, temperature=temperature)
        span_cols = cut.segmentation.lattice.span_cols
        chosen = span_cols[[c.candidate for c in reading.characters]]
        cause = None
        if label is not None and not to_outcome(label, reading, self.ignore_case).right:
            space = label_to_space(label, self.space, ignore_case=self.ignore_case)
            cause = to_cause(chosen, span_cols[list(read(space, 1).candidates)] if space else None)
        return Inspection(cut.segmentation, chosen, reading, self.space.characters, posteriors, cause)


def inspect_without_model(path: Path) -> Inspection | KerfError:
    """Cut one image; what is wrong with it is returned, not raised."""
    try:
        segmentation = segment(path_to_image(path))
    except Exception as error:
        return to_problem(str(path), error)
    lattice = segmentation.lattice
    return Inspection(segmentation, lattice.pieces, Reading("", 0.0, ()), "", np.zeros((len(lattice.spans), 0)), None)
