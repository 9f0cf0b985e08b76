"""Images of any shape and content: what ``segment`` and the overlay hold to, and what large ones cost."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kerf.segmenter import CropSettings, SegmenterSettings, segment
from kerf.segmenter.ink import InkSettings, image_to_background, image_to_ink, remove_thin_lines
from kerf.segmenter.overlay import MARGIN, WIDEST, segmentation_to_overlay
from kerf.segmenter.segmentation import MAX_WORK, reduce_image, size_to_factor

SIDES = st.one_of(st.integers(1, 40), st.sampled_from([1, 2, 3, 700, 5000, 30_000]))


def draw(content: str, height: int, width: int, seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    if content == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if content == "block":
        top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
        image[top : top + height // 2 + 1, left : left + width // 2 + 1] = rng.integers(0, 256, 3)
    if content == "stripes":
        image[:, :: int(rng.integers(2, 9))] = rng.integers(0, 256, 3)
    return image


@settings(derandomize=True, deadline=None, max_examples=150)
@example("noise", 1, 1000, 0, None)
@example("block", 1, 2_000_000, 1, None)
@example("block", 2000, 1, 2, None)
@example("constant", 30_000, 3, 3, None)
@example("noise", 2, 8000, 4, 0.5)
@example("block", 3, 30_000, 5, None)
@example("noise", 40_000, 20, 6, 1.0)
@example("noise", 1000, 1500, 6, None)
@given(
    st.sampled_from(["constant", "noise", "block", "stripes"]),
    SIDES,
    SIDES,
    st.integers(0, 999),
    st.sampled_from([None, 0.1, 1.0]),
)
def test_any_image_is_cut(content: str, height: int, width: int, seed: int, text_height: float | None) -> None:
    if height * width > 100_000 and min(height, width) > 20:
        height = min(height, 40)
    crop = CropSettings(text_height=text_height)
    result = segment(draw(content, height, width, seed), SegmenterSettings(crop=crop))
    assert result.size_wh == (width, height)
    channels, rows, cols = result.strip.pixels.shape
    assert (channels, rows) == (2, crop.height)
    assert 8 <= cols <= crop.height * crop.max_aspect
    assert result.strip.mask.shape == (rows, cols)
    cuts, spans = result.lattice.cuts, result.lattice.spans
    assert cuts[0] >= 0
    assert cuts[-1] <= cols
    assert (np.diff(cuts) > 0).all()
    assert ((spans[:, 0] < spans[:, 1]) & (spans[:, 0] >= 0) & (spans[:, 1] < len(cuts))).all()
    assert np.isfinite(result.ink.ink).all()
    for columns in (result.lattice.span_cols, result.lattice.pieces):
        boxes = result.boxes(columns)
        assert boxes.shape == (len(columns), 4)
        assert ((boxes[:, :2] >= 0) & (boxes[:, :2] < boxes[:, 2:]) & (boxes[:, 2:] <= (width, height))).all()
    pieces = [(left, top, right, bottom) for left, top, right, bottom in result.boxes(result.lattice.pieces).tolist()]
    assert segmentation_to_overlay(result, pieces).shape[1] <= 2 * (WIDEST + MARGIN)
    assert result.crops(result.lattice.pieces, 6).shape == (len(pieces), rows, 8)


@pytest.mark.parametrize(
    ("height", "width", "factor"),
    [(1, 1, 1), (60, 160, 1), (1000, 500, 1), (1001, 500, 2), (500, 1750, 1), (501, 1750, 2), (4000, 4000, 5)],
)
def test_large_images_are_reduced_until_their_strip_fits(height: int, width: int, factor: int) -> None:
    assert MAX_WORK == 1_000_000
    assert size_to_factor(height, width) == factor


def test_factor_is_the_least_that_does() -> None:
    def work(height: int, width: int, factor: int) -> float:
        rows, cols = -(-height // factor), -(-width // factor)
        return rows * (cols + rows / 2)

    for height, width in ((1, 16_000_000), (160_000, 100), (3000, 4000), (1415, 1), (2_000_000, 8)):
        factor = size_to_factor(height, width)
        assert work(height, width, factor) <= MAX_WORK < work(height, width, factor - 1)


def test_reducing_averages_squares_and_repeats_the_edge() -> None:
    image = np.repeat(np.array([[0, 10, 20], [20, 10, 40], [100, 50, 7]], np.uint8)[:, :, None], 3, axis=2)
    assert reduce_image(image, 2)[:, :, 0].tolist() == [[10, 30], [75, 7]]
    assert reduce_image(image, 3)[:, :, 0].tolist() == [[29]]  # 257 / 9
    assert reduce_image(image, 1) is image


def test_boxes_of_a_reduced_image_are_in_its_own_pixels() -> None:
    image = np.full((900, 2700, 3), 255, np.uint8)
    drawn = [(301, 202, 500, 700), (1000, 250, 1203, 701), (2100, 200, 2699, 650)]
    for left, top, right, bottom in drawn:
        image[top:bottom, left:right] = 0
    result = segment(image)
    assert result.factor == 2
    assert result.image.shape == (450, 1350, 3)
    assert np.abs(result.boxes(result.lattice.pieces)[:2] - np.array(drawn[:2])).max() <= 6
    small = segment(image[::2, ::2].copy())
    assert small.lattice.cuts.tolist() == result.lattice.cuts.tolist()
    assert result.boxes(np.array([[0, result.strip.mask.shape[1]]], np.int32))[0, 2] == 2700


def test_a_background_needs_no_more_than_one_row() -> None:
    for shape in ((1, 3000), (3000, 1), (2, 2), (1, 1)):
        image = np.full((*shape, 3), 140, np.uint8)
        assert np.abs(image_to_background(image) - 140).max() < 1


def test_a_stroke_as_wide_as_the_image_is_opened_by_no_more_than_its_height() -> None:
    mask = np.ones((3, 4000), bool)
    mask[:, 1000:1003] = False
    assert remove_thin_lines(mask).sum() == mask.sum()


def test_ink_of_noise_in_one_row_is_within_its_range() -> None:
    result = image_to_ink(draw("noise", 1, 1000, 0), InkSettings())
    assert result.ink.shape == (1, 1000)
    assert result.ink.min() >= 0
    assert result.ink.max() <= 1
