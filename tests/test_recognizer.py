"""Readings with the bundled model: they repeat, keep their order, and do not depend on each other."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from kerf.classifier import Constraint, Reading, Recognizer
from kerf.classifier.measuring.metrics import evaluate
from kerf.segmenter.errors import KerfError, UnreadableImageError
from kerf.segmenter.load import path_to_image

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """The bundled model."""
    return Recognizer.load(device="cpu")


@pytest.fixture(scope="module")
def labels() -> dict[Path, str]:
    """The samples and their texts."""
    with (SAMPLES / "labels.csv").open(encoding="utf-8") as stream:
        return {SAMPLES / row["file"]: row["label"] for row in csv.DictReader(stream)}


def texts(readings: list[Reading | KerfError]) -> list[str]:
    """Texts of readings, none of which may be an error."""
    assert all(isinstance(r, Reading) for r in readings)
    return [r.text for r in readings if isinstance(r, Reading)]


def test_most_samples_are_read(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    readings = list(recognizer.read_many(labels))
    evaluation = evaluate(list(labels.values()), readings, ignore_case=True)
    assert (evaluation.whole_text.value or 0) >= 0.6


def test_path_and_array_read_alike(recognizer: Recognizer) -> None:
    path = SAMPLES / "clean_0.png"
    assert recognizer.read(path) == recognizer.read(path_to_image(path)) == recognizer.read(str(path))


def test_reading_does_not_depend_on_the_batch(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    paths = list(labels)[:12]
    together = list(recognizer.read_many(paths))
    alone = [recognizer.read(path) for path in paths]
    small = list(recognizer.read_many(paths, batch_size=5))
    assert texts(together) == texts(list(alone)) == texts(small)
    for one, other in zip(together, alone, strict=True):
        assert isinstance(one, Reading)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
        assert [c.box_ltrb for c in one.characters] == [c.box_ltrb for c in other.characters]


def test_characters_are_those_of_the_text_in_order(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    for reading in recognizer.read_many(labels):
        assert isinstance(reading, Reading)
        assert "".join(c.char for c in reading.characters) == reading.text
        lefts = [c.box_ltrb[0] for c in reading.characters]
        assert lefts == sorted(lefts)
        assert all(0 <= c.confidence <= 1 for c in reading.characters)
        # a text is right only where each of its characters is
        assert reading.confidence <= min((c.confidence for c in reading.characters), default=1) + 1e-4


def test_broken_file_takes_its_place_and_stops_nothing(recognizer: Recognizer, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    good = SAMPLES / "clean_0.png"
    readings = list(recognizer.read_many([good, broken, good]))
    assert isinstance(readings[1], UnreadableImageError)
    assert readings[0] == readings[2] == recognizer.read(good)
    with pytest.raises(UnreadableImageError):
        recognizer.read(broken)


def test_constraints_are_kept(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    by_length = texts(list(recognizer.read_many(labels, Constraint(length="4-5"))))
    assert {len(t) for t in by_length} <= {4, 5}
    digits = texts(list(recognizer.read_many(labels, Constraint(charset="0-9"))))
    assert set("".join(digits)) <= set("0123456789")
    upper = texts(list(recognizer.read_many(labels, Constraint(charset="A-Z"))))
    assert all(t == t.upper() for t in upper)
    pattern = texts(list(recognizer.read_many(labels, Constraint(pattern="[A-Z]{2}.[0-9]"))))
    assert all(len(t) == 4 and t[:2].isupper() and t[3].isdigit() for t in pattern)


def test_blank_image_has_no_text_and_no_certainty(recognizer: Recognizer) -> None:
    reading = recognizer.read(np.full((40, 120, 3), 255, np.uint8))
    assert (reading.text, reading.confidence, reading.characters) == ("", 0.0, ())
