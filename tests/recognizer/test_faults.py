"""A bad image takes its place among the readings, and who stops them is obeyed."""

from __future__ import annotations

import io
import traceback
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import kerf.classifier.recognizer as recognizer_module
from kerf.classifier import Reading, Recognizer
from kerf.classifier.lattice.decoding import Decoded
from kerf.classifier.lattice.text_space import TextSpace
from kerf.classifier.network.examples import Example
from kerf.segmenter import Segmentation, SegmenterSettings, segment
from kerf.segmenter.errors import UnforeseenError, UnreadableImageError
from tests.recognizer.conftest import SAMPLES
from tests.tiny import tiny_image


def test_broken_file_takes_its_place_and_stops_nothing(recognizer: Recognizer, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    good = SAMPLES / "clean_0.png"
    readings = list(recognizer.read_many([good, broken, good]))
    assert isinstance(readings[1], UnreadableImageError)
    first, last = readings[0], readings[2]
    alone = recognizer.read(good)
    assert isinstance(first, Reading)
    assert first == last
    assert first.text == alone.text
    assert first.confidence == pytest.approx(alone.confidence, abs=1e-6)
    with pytest.raises(UnreadableImageError):
        recognizer.read(broken)


def test_with_several_jobs_bad_images_take_their_place_and_are_named_by_number(tiny: Recognizer) -> None:
    found = list(tiny.read_many([tiny_image(), b"x", tiny_image(), None, b"y"], batch_size=1, jobs=2))  # type: ignore[list-item]
    assert found[0] == found[2] == tiny.read(tiny_image())
    assert [str(found[i]).split(":")[0] for i in (1, 3, 4)] == ["image 2", "image 4", "image 5"]


def test_bad_items_take_their_place_and_stop_nothing(tiny: Recognizer) -> None:
    bad: list[Any] = [None, np.zeros((0, 3), np.uint8), b"x", 7, np.zeros((3, 3)), "no/such.png", io.BytesIO(b"")]
    *errors, last = tiny.read_many([*bad, tiny_image()])
    assert last == tiny.read(tiny_image())
    assert [type(error) for error in errors] == [UnreadableImageError] * len(bad)
    names = [str(error).split(":")[0] for error in errors]
    assert names == ["image 1", "image 2", "image 3", "image 4", "image 5", "no/such.png", "image 7"]


@pytest.mark.parametrize("fault", [ZeroDivisionError("so\nit is"), MemoryError(), RecursionError("deep")])
def test_a_fault_in_one_image_is_that_images_alone(
    tiny: Recognizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Exception
) -> None:
    def fail(pixels: NDArray[np.uint8], settings: SegmenterSettings) -> Segmentation:
        if pixels.shape[1] == 120:
            raise fault
        return segment(pixels, settings)

    monkeypatch.setattr(recognizer_module, "segment", fail)
    first, second, third = tiny.read_many([tiny_image(1), tiny_image(2), tiny_image(3)])
    assert isinstance(first, Reading)
    assert isinstance(third, Reading)
    assert isinstance(second, UnforeseenError)
    assert second.__cause__ is fault
    what = {"ZeroDivisionError": ": so it is", "RecursionError": ": deep"}.get(type(fault).__name__, "")
    what = f"{type(fault).__name__}{what}"
    assert str(second) == f"image 2: met a fault in Kerf ({what}); run again with --debug and report what it shows"
    with pytest.raises(UnforeseenError, match="image 1"):
        tiny.read(tiny_image(2))
    Image.fromarray(tiny_image(2)).save(tmp_path / "a.png")
    with pytest.raises(UnforeseenError, match=f"^{tmp_path / 'a.png'}: met"):
        tiny.read(tmp_path / "a.png")


def test_a_fault_in_a_batch_is_looked_for_image_by_image(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    read_examples, bad = tiny.read_examples, tiny_image(3)
    bad[20, 40] = 0
    strip = tiny.segment(bad).strip.pixels
    sizes: list[int] = []

    def fail(examples: Sequence[Example], space: TextSpace, best: int) -> list[Decoded]:
        sizes.append(len(examples))
        if any(np.array_equal(example.pixels, strip) for example in examples):
            raise RuntimeError("out of memory" * 100)
        return read_examples(examples, space, best)

    monkeypatch.setattr(tiny, "read_examples", fail)
    first, second, third = tiny.read_many([tiny_image(3), bad, tiny_image(3)])
    assert sizes == [3, 1, 1, 1]
    assert first == third
    assert isinstance(first, Reading)
    assert isinstance(second, UnforeseenError)
    assert "image 2: " in str(second)
    assert len(str(second)) < 300


def test_a_fault_holds_nothing_of_its_image(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[Segmentation]] = []

    def fail(pixels: NDArray[np.uint8], settings: SegmenterSettings) -> Segmentation:
        segmentation = segment(pixels, settings)
        held.append(weakref.ref(segmentation))
        raise ValueError

    monkeypatch.setattr(recognizer_module, "segment", fail)
    (problem,) = tiny.read_many([tiny_image()])
    assert isinstance(problem, UnforeseenError)
    assert problem.__cause__ is not None
    assert "in fail" in "".join(traceback.format_exception(problem))
    assert held[0]() is None


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_who_stops_it_is_obeyed(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]) -> None:
    monkeypatch.setattr(recognizer_module, "segment", mock.Mock(side_effect=stop))
    with pytest.raises(stop):
        list(tiny.read_many([tiny_image(), tiny_image()]))
    monkeypatch.undo()
    monkeypatch.setattr(tiny, "read_examples", mock.Mock(side_effect=stop))
    with pytest.raises(stop):
        list(tiny.read_many([tiny_image(), tiny_image()]))
