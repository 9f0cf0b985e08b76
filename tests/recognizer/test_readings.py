"""What is read: by the bundled model, and to the last digit by a tiny one of fixed weights."""

from __future__ import annotations

import json
import pydoc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kerf
from kerf.classifier import Constraint, Reading, Recognizer
from kerf.classifier.kind import Kind, looks_to_kind, segmentation_to_looks
from kerf.classifier.measuring.metrics import evaluate
from kerf.segmenter import segment
from tests.recognizer.conftest import texts
from tests.tiny import tiny_image, tiny_model


def test_most_samples_are_read(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    readings = list(recognizer.read_many(labels))
    evaluation = evaluate(list(labels.values()), readings, ignore_case=True)
    assert (evaluation.whole_text.value or 0) >= 0.6


def test_characters_are_those_of_the_text_in_order(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    for reading in recognizer.read_many(labels):
        assert isinstance(reading, Reading)
        assert "".join(c.char for c in reading.characters) == reading.text
        lefts = [c.box_ltrb[0] for c in reading.characters]
        assert lefts == sorted(lefts)
        assert all(0 <= c.confidence <= 1 for c in reading.characters)
        # a text is right only where each of its characters is
        assert reading.confidence <= min((c.confidence for c in reading.characters), default=1) + 1e-4


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


def test_golden_reading(tiny: Recognizer) -> None:
    reading = tiny.read(tiny_image(), best=3)
    assert (reading.text, reading.frames) == ("1222", "")
    assert reading.confidence == pytest.approx(0.54200, abs=1e-4)
    assert [(c.char, c.box_ltrb, c.candidate) for c in reading.characters] == [
        ("1", (20, 16, 26, 46), 0),
        ("2", (26, 16, 71, 46), 77),
        ("2", (71, 0, 84, 60), 118),  # a gap, where a box is as high as the image
        ("2", (84, 22, 105, 42), 171),
    ]
    assert [c.confidence for c in reading.characters] == pytest.approx([0.64359, 0.90057, 0.96515, 0.96295], abs=1e-4)
    assert [text for text, _ in reading.alternatives] == ["2222", "1122"]
    assert [share for _, share in reading.alternatives] == pytest.approx([0.293433, 0.064738], abs=1e-5)


def test_the_temperature_divides_all_scores() -> None:
    cool, doubled, warm = (
        Recognizer(tiny_model(*scaled)).read(tiny_image()) for scaled in ((0.5, 1.0), (1.0, 2.0), (1.0, 1.0))
    )
    assert cool.confidence == pytest.approx(doubled.confidence, abs=1e-6)
    assert [c.confidence for c in cool.characters] == pytest.approx([c.confidence for c in doubled.characters])
    assert warm.confidence == pytest.approx(0.2032, abs=1e-3)


def test_what_is_known_of_the_text_counts_for_one_image_too(tiny: Recognizer) -> None:
    known = Constraint(charset="1")
    assert {*tiny.read(tiny_image(), known).text} == {"1"}
    assert [tiny.read(tiny_image(), known)] == list(tiny.read_many([tiny_image()], known))


def test_a_boxs_rows_are_those_of_the_ink_between_its_columns(tiny: Recognizer) -> None:
    image = tiny_image(4)
    segmentation = tiny.segment(image)
    for character in tiny.read(image).characters:
        left, top, right, bottom = character.box_ltrb
        cols = segmentation.lattice.span_cols[character.candidate].astype(np.float32)
        assert [left, right] == np.rint(segmentation.strip.cols_to_image(cols)).tolist()
        rows = np.flatnonzero(segmentation.ink.mask[:, left:right].any(axis=1))
        assert (top, bottom) == ((rows[0], rows[-1] + 1) if len(rows) else (0, 60))


def test_readings_say_what_is_unlike() -> None:
    kind = looks_to_kind([segmentation_to_looks(segment(np.dstack([tiny_image()] * 3)))] * 20)
    recognizer = Recognizer(replace(tiny_model(), kind=kind))
    dark, wide = 255 - tiny_image(), tiny_image(6)
    like, darker, wider = recognizer.read_many([tiny_image(), dark, wide])
    assert isinstance(like, Reading)
    assert isinstance(darker, Reading)
    assert isinstance(wider, Reading)
    assert (like.unlike, darker.unlike) == ((), ("brightness",))
    assert "shape" in wider.unlike
    other = Kind((0.0,) * 7, (0.0,) * 7)
    assert set(Recognizer(replace(tiny_model(), kind=other)).read(dark).unlike) >= {"height", "brightness"}
    assert Recognizer(tiny_model()).read(dark).unlike == ()


def test_a_reading_as_a_dictionary_is_ready_for_json(tiny: Recognizer) -> None:
    reading = tiny.read(tiny_image(), best=2)
    known = json.loads(json.dumps(reading.to_dict()))
    assert list(known) == ["text", "confidence", "characters", "alternatives", "frames", "unlike"]
    assert (known["text"], known["frames"], known["unlike"]) == ("1222", "", [])
    assert known["characters"][0] == {
        "char": "1",
        "confidence": reading.characters[0].confidence,
        "box_ltrb": [20, 16, 26, 46],
        "candidate": 0,
    }
    assert known["alternatives"] == [["2222", reading.alternatives[0][1]]]


def test_help_shows_what_the_package_offers() -> None:
    shown = pydoc.plain(pydoc.render_doc(kerf))
    for name, words in {
        "Recognizer": "Reads images with a model.",
        "Reading": "The text of one image.",
        "CharReading": "One character.",
        "Constraint": "What is known of the texts",
        "KerfError": "A bad input, said in one line",
    }.items():
        assert f"class {name}(" in shown
        assert words in shown
    assert set(kerf.__all__) <= set(dir(kerf))
