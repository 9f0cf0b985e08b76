"""Ink to strip on arrays small enough to work out by hand: extents, boxes, margins and scales."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kerf.segmenter._cutting import crop, mask_to_box, shrink
from kerf.segmenter.crops import TAIL, CropSettings, ink_to_strip, ink_to_text_rows
from kerf.segmenter.ink import NEUTRAL, Ink
from tests.segmenter.by_hand import from_rows


def test_strip_has_margins_scale_and_origin() -> None:
    mask = np.zeros((40, 100), bool)
    mask[10:30, 40:80] = True
    ink = Ink(mask.astype(np.float32), np.full(mask.shape, 200, np.uint8), mask)
    image = np.zeros((40, 100, 3), np.uint8)
    strip = ink_to_strip(image, ink, CropSettings())
    assert strip.origin == (10 - 2, 40 - 5)  # 0.12 and 0.25 of 20 rows
    assert strip.scale == (48 / 24, 100 / 50)
    assert strip.mask.shape == (48, 100)
    assert strip.mask[4:44, 10:90].all()
    assert strip.mask.sum() == 40 * 80
    assert strip.pixels[0, 24, 50] == 255
    assert strip.pixels[0, 24, 2] == 0
    wide = ink_to_strip(image, ink, CropSettings(max_aspect=1.5))
    assert wide.mask.shape == (48, 72)
    assert wide.scale == (2.0, 72 / 50)
    assert strip.cols_to_image(np.array([10.0, 90.0], np.float32)).tolist() == [40, 80]


def test_strip_reaches_outside_with_no_ink_and_neutral_lightness() -> None:
    mask = np.ones((20, 30), bool)
    ink = Ink(mask.astype(np.float32), np.full(mask.shape, 200, np.uint8), mask)
    strip = ink_to_strip(np.zeros((20, 30, 3), np.uint8), ink, CropSettings())
    assert strip.origin == (-2, -5)
    assert strip.pixels[0, 0].max() == 0
    assert (strip.pixels[1, 0] == NEUTRAL).all()
    assert strip.pixels[1, 24, 40] == 200


def test_strip_of_little_text_is_at_least_six_rows_and_eight_columns() -> None:
    mask = np.zeros((40, 40), bool)
    mask[20, 20] = True
    ink = Ink(mask.astype(np.float32), np.zeros(mask.shape, np.uint8), mask)
    strip = ink_to_strip(np.zeros((40, 40, 3), np.uint8), ink, CropSettings())
    assert strip.origin == (20 - 1, 20 - 2)
    assert strip.scale == (48 / 3, 80 / 5)
    twice = ink_to_strip(np.zeros((40, 40, 3), np.uint8), ink, CropSettings(row_margin=2.0, col_margin=2.0))
    assert twice.origin == (20 - 12, 20 - 12)
    narrow = ink_to_strip(np.zeros((40, 40, 3), np.uint8), ink, CropSettings(col_margin=0.0, height=4))
    assert narrow.mask.shape == (4, 8)


def test_text_height_is_a_share_of_the_image_about_the_middle_of_the_text() -> None:
    mask = np.zeros((40, 40), bool)
    mask[20:24, 10:20] = True
    ink = Ink(mask.astype(np.float32), np.zeros(mask.shape, np.uint8), mask)
    strip = ink_to_strip(np.zeros((40, 40, 3), np.uint8), ink, CropSettings(text_height=0.5, row_margin=0.1))
    assert strip.origin == (12 - 2, 10 - 5)
    assert strip.scale[0] == 48 / 24


def test_extent_leaves_half_a_percent_out_at_each_side() -> None:
    assert TAIL == 0.005
    tall = np.zeros((198, 5), bool)
    tall[0, [0, 4]] = tall[:, 2] = True
    assert mask_to_box(tall, TAIL)[2:] == (2, 3)
    tall[197] = False
    assert mask_to_box(tall, TAIL)[2:] == (0, 5)
    assert mask_to_box(from_rows(".#.#.", "..#..", "....."), 0.0) == (0, 2, 1, 4)
    mask = from_rows("....", ".##.", ".##.", "....")
    assert ink_to_text_rows(Ink(mask.astype(np.float32), mask.astype(np.uint8), mask)) == (1, 3)
    assert ink_to_text_rows(Ink(mask * 0.0, mask.astype(np.uint8), mask & False)) == (0, 4)


def crop_of(top: int, left: int, rows: int, cols: int) -> list[list[list[int]]]:
    """A box of 2 x 2 pixels, as ink, lightness and mask."""
    ink = np.array([[0.0, 0.2], [0.5, 1.0]], np.float32)
    lightness, mask = np.array([[10, 30], [50, 70]], np.uint8), np.array([[False, True], [True, True]])
    planes = np.full((3, rows, cols), 99, np.uint8)
    crop(ink, lightness, mask, top, left, 128, planes)
    return [[[int(value) for value in row] for row in plane] for plane in planes]


def test_boxes_are_cut_out_and_reach_outside() -> None:
    assert crop_of(0, 0, 2, 2) == [[[0, 51], [127, 255]], [[10, 30], [50, 70]], [[0, 255], [255, 255]]]
    assert crop_of(-1, 1, 2, 2) == [[[0, 0], [51, 0]], [[128, 128], [30, 128]], [[0, 0], [255, 0]]]
    assert crop_of(1, -1, 2, 2) == [[[0, 127], [0, 0]], [[128, 50], [128, 128]], [[0, 255], [0, 0]]]
    for top, left in ((2, 0), (-1, 0), (0, 2), (0, -1), (9, 9), (-(2**30), 2**30)):
        assert crop_of(top, left, 1, 1) == [[[0]], [[128]], [[0]]]


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30), st.integers(1, 30), st.integers(0, 99))
def test_shrinking_averages_what_each_pixel_covers(
    rows: int, cols: int, new_rows: int, new_cols: int, seed: int
) -> None:
    planes = np.random.default_rng(seed).integers(0, 256, (2, rows, cols), np.uint8)
    out = np.empty((2, min(new_rows, rows), new_cols), np.uint8)
    shrink(planes, out)
    fine = planes.repeat(out.shape[1], axis=1).repeat(new_cols, axis=2)  # of which each new pixel has rows * cols
    means = fine.reshape(2, out.shape[1], rows, new_cols, cols).mean(axis=(2, 4))
    assert np.abs(out - means).max() < 0.5001
