"""A dozen images as a page has them: read by a tiny model, then told what was read and how surely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import pytest

from kerf.classifier import Recognizer
from kerf.classifier.measuring.metrics import evaluate
from kerf.classifier.pages.causes import Cause
from kerf.classifier.pages.entries import Entry, inspection_to_entry
from kerf.classifier.pages.inspection import Inspection, Inspector
from kerf.classifier.pages.pages import evaluation_to_page
from kerf.segmenter.errors import UnreadableImageError
from tests.tiny import tiny_image, tiny_model

SCRIPT = "</script><img src=x onerror=\"window.ran='yes'\"><script>window.ran='yes'</script>"

LABEL = "</script><b>"


@dataclass(frozen=True)
class Told:
    """One image: name, label, what was read, how surely, and why that is wrong."""

    name: str
    label: str
    text: str
    confidence: float
    cause: Cause | None = None


TOLD = (
    Told("0.png", "ab", "ab", 0.99),
    Told("1.png", "a1b", "a2b", 0.9, Cause.CHARACTER),
    Told("2.png", "1a", "2a", 0.8, Cause.CHARACTER),
    Told("3.png", "abb", "ab", 0.3, Cause.CHOICE),
    Told("4.png", "bbbb", "b", 0.2, Cause.MISSING),
    Told("5.png", "b2", "b2", 0.6),
    Told(SCRIPT + ".png", LABEL, "ba", 0.1, Cause.UNKNOWN),
)


@pytest.fixture(scope="session")
def inspection(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    """One image, read by the tiny model."""
    path = tmp_path_factory.mktemp("images") / "a.png"
    cv2.imwrite(str(path), tiny_image())
    answer = Inspector(Recognizer(tiny_model())).inspect(path)
    assert isinstance(answer, Inspection)
    return answer


@pytest.fixture(scope="session")
def entries(inspection: Inspection) -> list[Entry]:
    """What a page has of `TOLD` and of one image that could not be read."""
    made = []
    for told in TOLD:
        reading = replace(inspection.reading, text=told.text, confidence=told.confidence)
        answer = replace(inspection, reading=reading, cause=told.cause)
        made.append(inspection_to_entry(told.name, answer, len(TOLD), told.label))
    return [*made, inspection_to_entry("broken.png", UnreadableImageError("broken.png: not an image"), 1, "a")]


@pytest.fixture(scope="session")
def evaluation_page(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their page."""
    answers: list[Told | UnreadableImageError] = [*TOLD, UnreadableImageError("broken.png: not an image")]
    evaluation = evaluate([*(told.label for told in TOLD), "a"], answers)
    path = tmp_path_factory.mktemp("pages") / "eval.html"
    path.write_text(evaluation_to_page(SCRIPT, SCRIPT, evaluation, entries), encoding="utf-8")
    return path
