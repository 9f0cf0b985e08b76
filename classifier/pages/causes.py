"""Why a text is wrong: its path through the candidates beside the best path that spells the label."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.lattice.text_space import TextSpace

SAME = 0.6
"""Least overlap, as intersection over union, of two candidates that count as the same choice."""


class Cause(StrEnum):
    """What made a text wrong."""

    UNKNOWN = "character the model does not know"
    MISSING = "missing candidates"
    CHOICE = "wrong choice among candidates"
    CHARACTER = "wrong character"


def label_to_space(text: str, space: TextSpace, *, ignore_case: bool = False) -> TextSpace | None:
    """Narrow what may be read to one label; None where it has a character that may not be read at all."""
    fold = str.casefold if ignore_case else str
    allowed = np.array([[fold(character) == fold(c) for c in space.characters] for character in text])
    if not allowed.any(axis=1).all():
        return None
    places = np.arange(len(allowed) + 1)
    return replace(space, allowed=allowed, starts=places == 0, ends=places == len(allowed))


def to_cause(chosen: NDArray[np.int32], wanted: NDArray[np.int32] | None) -> Cause:
    """Say why a text is wrong.

    Parameters
    ----------
    chosen
        int32 ``(L, 2)``; columns of the candidates that were read.
    wanted
        int32 ``(L', 2)``; those of the best path that spells the label, which there is not where L' is 0; None where
        the label has a character that may not be read.
    """
    if wanted is None:
        return Cause.UNKNOWN
    if not len(wanted):
        return Cause.MISSING
    if len(chosen) != len(wanted):
        return Cause.CHOICE
    inner = np.minimum(chosen[:, 1], wanted[:, 1]) - np.maximum(chosen[:, 0], wanted[:, 0])
    outer = np.maximum(chosen[:, 1], wanted[:, 1]) - np.minimum(chosen[:, 0], wanted[:, 0])
    return Cause.CHARACTER if (inner >= SAME * outer).all() else Cause.CHOICE
