"""An audit as a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerf import __version__
from kerf.classifier.auditing import verdict as words
from kerf.classifier.auditing.audit import Audit
from kerf.classifier.auditing.defences import comparisons_to_sentence
from kerf.classifier.auditing.lookalikes import some_fonts
from kerf.classifier.auditing.sources import ADVICE, HUMANS, MODERN, SOURCES, STRENGTHS, THRESHOLD
from kerf.classifier.auditing.survey import Survey
from kerf.classifier.measuring.rates import rates_to_difference
from kerf.classifier.pages.encoding import picture_to_uri
from kerf.classifier.pages.entries import Entry
from kerf.classifier.pages.rendering import render
from kerf.classifier.synthesis.glyphs import CHARACTERS, draw_mask, load_font

TEMPLATES = Path(__file__).parent / "templates"
DRAWN_FONTS = 5
"""Fonts that two characters are shown in."""
CELL = 34
"""Side of each drawing, in pixels."""


def audit_to_page(audit: Audit, entries: Sequence[Entry], threshold: float, old: Audit | None = None) -> str:
    """Render an audit, beside that of an older design if there is one.

    Parameters
    ----------
    audit
        What is said.
    entries
        The images that it was looked at on.
    threshold
        From which share of captchas read on they count as broken.
    old
        The older design's.
    """
    difference = rates_to_difference(audit.success, old.success) if old else None
    return render(
        "audit.html",
        folder=TEMPLATES,
        audit=audit,
        old=old,
        difference=difference,
        compared=words.difference_to_sentence(audit, old, difference) if old and difference else "",
        version=__version__,
        verdict=words.audit_to_verdict(audit, threshold),
        threshold=threshold,
        published=threshold == THRESHOLD,
        words=words,
        defence=comparisons_to_sentence(audit.seen.comparisons),
        drawn=survey_to_drawings(audit.seen),
        entries=entries,
        advice=ADVICE,
        humans=HUMANS,
        modern=MODERN,
        strengths=STRENGTHS,
        sources=SOURCES,
    )


def survey_to_drawings(seen: Survey) -> dict[str, str]:
    """Draw each pair of characters that a survey names, as data URIs by the two."""
    pairs = [one.truth + one.read for one in seen.confusions] + [
        one.first + one.second for one in seen.lookalikes or ()
    ]
    return {pair: picture_to_uri(draw_pair(pair), 8000) for pair in pairs if set(pair) <= set(CHARACTERS)}


def draw_pair(pair: str) -> NDArray[np.uint8]:
    """Draw two characters one above the other, in a few fonts: grey uint8 ``(2 * CELL, DRAWN_FONTS * CELL)``."""
    fonts = some_fonts()[:DRAWN_FONTS]
    picture = np.full((2 * CELL, len(fonts) * CELL), 255, np.uint8)
    for row, character in enumerate(pair):
        for col, path in enumerate(fonts):
            mask = draw_mask(load_font(path, CELL - 8), character)[0][:CELL, :CELL]
            top, left = row * CELL + (CELL - mask.shape[0]) // 2, col * CELL + (CELL - mask.shape[1]) // 2
            picture[top : top + mask.shape[0], left : left + mask.shape[1]] = 255 - mask
    return picture
