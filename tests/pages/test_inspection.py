"""What a page is told of an image is what the recognizer reads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from kerf.classifier import Constraint, Recognizer
from kerf.classifier.pages.causes import Cause
from kerf.classifier.pages.inspection import BEST, Inspection, Inspector, inspect_without_model
from kerf.segmenter.errors import UnforeseenError, UnreadableImageError
from tests.tiny import tiny_image, tiny_model


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), tiny_image())
    return path


def inspect(path: Path, label: str | None = None, constraint: Constraint | None = None, **how: bool) -> Inspection:
    answer = Inspector(Recognizer(tiny_model()), constraint, **how).inspect(path, label)
    assert isinstance(answer, Inspection)
    return answer


@pytest.mark.parametrize("constraint", [None, Constraint("ab", 2)])
def test_an_image_is_read_as_ever(image: Path, constraint: Constraint | None) -> None:
    found = inspect(image, None, constraint)
    assert found.reading == Recognizer(tiny_model()).read(image, constraint, best=BEST)
    assert found.characters == (constraint.charset if constraint else "ab12")
    lattice = found.segmentation.lattice
    assert found.span_cols.tolist() == lattice.span_cols[[c.candidate for c in found.reading.characters]].tolist()
    assert found.posteriors.shape == (len(lattice.spans), len(found.characters))
    if constraint:
        assert found.posteriors.sum() == pytest.approx(2, abs=1e-4)  # characters of every path


def test_a_cause_is_given_where_the_text_is_wrong_alone(image: Path) -> None:
    text = inspect(image).reading.text
    assert inspect(image).cause is None
    assert inspect(image, text).cause is None
    assert inspect(image, text.swapcase(), ignore_case=True).cause is None
    assert inspect(image, "x").cause is Cause.UNKNOWN
    other = "".join("a" if c != "a" else "b" for c in text)
    assert inspect(image, other).cause in {Cause.CHARACTER, Cause.CHOICE}
    assert inspect(image, "a" * 60).cause is Cause.MISSING


def test_what_is_wrong_with_an_image_is_its_answer(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.png").write_bytes(b"no image")
    inspector = Inspector(Recognizer(tiny_model()))
    assert isinstance(inspector.inspect(tmp_path / "b.png"), UnreadableImageError)
    assert isinstance(inspect_without_model(tmp_path / "b.png"), UnreadableImageError)
    monkeypatch.setattr("kerf.classifier.pages.inspection.decode", None)
    fault = inspector.inspect(image)
    assert isinstance(fault, UnforeseenError)
    assert str(image) in str(fault)


def test_without_a_model_contours_choose(image: Path) -> None:
    found = inspect_without_model(image)
    assert isinstance(found, Inspection)
    assert found.span_cols.tolist() == found.segmentation.lattice.pieces.tolist()
    assert (found.reading.text, found.characters, found.cause) == ("", "", None)
    assert found.posteriors.shape == (len(found.segmentation.lattice.spans), 0)
    assert np.all(found.segmentation.size_wh == (160, 60))
