"""Cutting for training: what is left out, for what there is time, and one height for all where case matters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from kerf.classifier.folders.dataset import Sample
from kerf.classifier.learning import cutting
from kerf.classifier.learning.cutting import Cutter, most_characters, path_to_segmentation, samples_to_crop_settings
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.observer import Observer
from kerf.segmenter import CropSettings, Segmentation, SegmenterSettings
from kerf.segmenter.errors import KerfError, LabelFitError, UnforeseenError, UnreadableImageError
from kerf.segmenter.lattice import Lattice
from kerf.segmenter.load import LoadSettings
from tests.learning.clock import Clock


def text_height(samples: list[Sample], deadline: Deadline = NO_DEADLINE) -> float | None:
    """The one height that the crops of these samples get."""
    return samples_to_crop_settings(samples, SegmenterSettings(), deadline).text_height


def test_what_cannot_be_used_is_told_and_left_out(samples: list[Sample], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    told: list[KerfError] = []
    counted: list[tuple[int, int]] = []
    observer = Observer(on_problem=told.append, on_image=lambda done, total: counted.append((done, total)))
    cutter = Cutter(SegmenterSettings(), observer, 4)
    odd = [samples[0], Sample(broken, "23"), Sample(samples[1].path, "2" * 60), samples[2]]
    examples = cutter.samples_to_examples(odd)
    assert [example.text for example in examples] == [samples[0].text, samples[2].text]
    assert [type(problem) for problem in told] == [UnreadableImageError, LabelFitError]
    assert "has 60 characters, the image has room for" in str(told[1])
    assert cutter.problems == told
    assert cutter.looked_at == odd
    assert counted == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_fault_in_one_image_is_that_images_alone(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, settings: SegmenterSettings) -> Segmentation:
        if path == samples[1].path:
            raise ZeroDivisionError("no part of it")
        return path_to_segmentation(path, settings)

    monkeypatch.setattr(cutting, "path_to_segmentation", fail)
    cutter = Cutter(SegmenterSettings(), Observer(), 3)
    assert [example.text for example in cutter.samples_to_examples(samples[:3])] == [samples[0].text, samples[2].text]
    (problem,) = cutter.problems
    assert isinstance(problem, UnforeseenError)
    assert str(problem).startswith(f"{samples[1].path}: met a fault in Kerf (ZeroDivisionError: no part of it)")
    both = [replace(sample, text="oO") for sample in samples[:3]]
    assert text_height(both) is not None


def test_images_are_loaded_as_for_reading(samples: list[Sample], tmp_path: Path) -> None:
    first, second = (Image.open(sample.path).convert("RGB") for sample in samples[:2])
    path = tmp_path / "two.gif"
    first.save(path, save_all=True, append_images=[second.resize(first.size)], duration=100)
    cut = [
        Cutter(SegmenterSettings(load=LoadSettings(frames=frames)), Observer(), 1).sample_to_example(Sample(path, "2"))
        for frames in ("first", "last", "first")
    ]
    assert np.array_equal(cut[0].example.pixels, cut[2].example.pixels)
    assert not np.array_equal(cut[0].example.pixels, cut[1].example.pixels)


def test_there_is_time_for_some(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    cutter = Cutter(SegmenterSettings(), Observer(on_image=lambda *_: clock.pass_by(1)), 20)
    assert len(cutter.samples_to_examples(samples[:10], Deadline.after(4))) == 4
    assert len(cutter.samples_to_examples(samples[10:20], Deadline.after(0), least=3)) == 3
    assert cutter.looked_at == [*samples[:4], *samples[10:13]]


def test_text_height_is_taken_where_case_matters_and_it_is_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    heights = []
    for index in range(30):
        image = np.full((40, 60, 3), 255, np.uint8)
        heights.append(int(rng.integers(4, 36)))
        image[2 : 2 + heights[-1], 20:30] = 0
        cv2.imwrite(str(tmp_path / f"{index}.png"), image)
    differing = [Sample(tmp_path / f"{index}.png", "oO"[index % 2]) for index in range(30)]
    assert text_height(differing) is None
    alike = [sample for sample, height in zip(differing, heights, strict=True) if 20 <= height <= 24]
    height = text_height(alike)
    assert height is not None
    assert 20 / 40 <= height <= 25 / 40
    assert text_height([replace(sample, text="o") for sample in alike]) is None
    assert text_height([Sample(tmp_path / "none.png", "oO")]) is None


def test_strips_have_colours_where_letters_have_several_hues(tmp_path: Path) -> None:
    def drawn(name: str, *colours: tuple[int, int, int]) -> list[Sample]:
        image = np.full((30, 70, 3), 255, np.uint8)
        for number, colour in enumerate(colours):
            image[5:25, 10 + 20 * number : 18 + 20 * number] = colour
        cv2.imwrite(str(tmp_path / name), image)
        return [Sample(tmp_path / name, "a")]

    red, blue = (0, 0, 220), (220, 0, 0)
    one, several, none = drawn("one.png", red, red, red), drawn("several.png", red, blue, red), drawn("none.png")
    keep = SegmenterSettings(crop=CropSettings(height=40, colours=True))
    assert samples_to_crop_settings(several, SegmenterSettings()) == CropSettings(colours=True)
    assert samples_to_crop_settings([*several, *one, *one], SegmenterSettings()) == CropSettings()
    assert samples_to_crop_settings([*several, *several, *one], SegmenterSettings()) == CropSettings(colours=True)
    assert samples_to_crop_settings(one, keep) == CropSettings(height=40)
    assert samples_to_crop_settings(none, SegmenterSettings()) == CropSettings()
    assert samples_to_crop_settings([Sample(tmp_path / "no", "a")], keep) == keep.crop


def test_text_height_is_measured_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    looked: list[Path] = []

    def unreadable(path: Path, _: LoadSettings) -> None:
        clock.pass_by(1)
        looked.append(path)
        raise UnreadableImageError

    monkeypatch.setattr("kerf.classifier.learning.cutting.path_to_picture", unreadable)
    both = [Sample(Path(f"{index}.png"), "oO") for index in range(300)]
    for seconds, images in ((0, 10), (25, 25), (1000, 200)):
        looked.clear()
        assert text_height(both, Deadline.after(seconds)) is None
        assert len(looked) == images


def test_most_characters_side_by_side() -> None:
    spans = np.array([[0, 2], [1, 2], [1, 3], [3, 4]], np.int32)
    lattice = Lattice(np.arange(5, dtype=np.int32), spans, np.empty((0, 2), np.int32))
    assert most_characters(lattice) == 2
    assert most_characters(replace(lattice, spans=spans[:0])) == 0
