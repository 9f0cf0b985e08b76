"""Spans of the strip to crops and to boxes, on a strip small enough to work out by hand."""

import numpy as np

from kerf.segmenter import Segmentation, SegmenterSettings
from kerf.segmenter.crops import CropSettings, ink_to_strip, scale_planes, spans_to_windows
from kerf.segmenter.ink import Ink
from kerf.segmenter.lattice import Lattice, Strip


def to_segmentation(factor: int = 1) -> Segmentation:
    """An image of 10 x 20 pixels, and a strip that is twice as large and begins at its fifth column."""
    mask = np.zeros((10, 20), bool)
    mask[2:5, 6] = mask[7, 7] = mask[9, 19] = mask[0, 0] = True
    ink = Ink(mask.astype(np.float32), np.zeros((10, 20), np.uint8), mask)
    pixels = np.zeros((2, 3, 12), np.uint8)
    pixels[0] = np.array([[20], [20], [8]]) * np.arange(1, 13)
    strip = Strip(pixels, np.zeros((3, 12), bool), (0.0, 5.0), (2.0, 2.0))
    lattice = Lattice(np.array([0, 12], np.int32), np.array([[0, 1]], np.int32), np.zeros((0, 2), np.int32))
    image = np.zeros((10, 20, 3), np.uint8)
    size_wh = (20 * factor - factor + 1, 10 * factor - factor + 1)
    return Segmentation(image, ink, strip, lattice, SegmenterSettings(), size_wh, factor)


SPANS = np.array([[2, 6], [2, 4], [4, 4], [6, 16], [-30, -20], [80, 90], [-10, 30]], np.int32)


def test_boxes_are_as_high_as_the_ink_within_their_columns() -> None:
    boxes = to_segmentation().boxes(SPANS)
    assert boxes.dtype == np.int32
    assert boxes.tolist() == [
        [6, 2, 8, 8],
        [6, 2, 7, 5],
        [7, 7, 8, 8],  # of no width: one pixel
        [8, 0, 13, 10],  # without ink: as high as the image
        [0, 0, 1, 1],
        [19, 9, 20, 10],
        [0, 0, 20, 10],
    ]
    assert to_segmentation().boxes(SPANS[:0]).shape == (0, 4)


def test_boxes_of_a_reduced_image_are_in_pixels_of_the_one_given_and_within_it() -> None:
    boxes = to_segmentation(3).boxes(SPANS)
    assert boxes.dtype == np.int32
    assert boxes[[0, 5, 6]].tolist() == [[18, 6, 24, 24], [57, 27, 58, 28], [0, 0, 58, 28]]


def test_columns_of_the_image_are_float32_whatever_those_of_the_strip_are() -> None:
    cols = to_segmentation().strip.cols_to_image(np.array([[0, 3]], np.float64))
    assert cols.dtype == np.float32
    assert cols.tolist() == [[5, 6.5]]


def test_crops_are_sampled_evenly_with_a_margin_at_each_side() -> None:
    windows = spans_to_windows(np.array([[2, 6], [0, 2]], np.int32), 4)
    assert windows.dtype == np.float32
    assert windows.tolist() == [[1.5, 2.5, 3.5, 4.5, 5.5, 6.5], [-0.25, 0.25, 0.75, 1.25, 1.75, 2.25]]
    crops = to_segmentation().crops(np.array([[2, 6], [0, 2], [11, 13]], np.int32), 4)
    assert crops.dtype == np.uint8
    assert crops[0].tolist() == [[40, 60, 80, 100, 120, 140]] * 2 + [[16, 24, 32, 40, 48, 56]]
    assert crops[1, 0].tolist() == [5, 15, 25, 35, 45, 55]  # between columns, and with nothing outside
    assert crops[2, 0].tolist() == [225, 235, 180, 60, 0, 0]


def test_scaled_pixels_are_rounded() -> None:
    mask = np.zeros((40, 100), bool)
    mask[10:30, 40:80] = True
    ink = Ink(mask.astype(np.float32), np.zeros(mask.shape, np.uint8), mask)
    strip = ink_to_strip(np.zeros((40, 100, 3), np.uint8), ink, CropSettings())
    assert strip.pixels[0, 24, 8:12].tolist() == [0, 64, 191, 255]  # a quarter and three quarters


def test_mask_of_a_reduced_strip_is_where_more_than_two_fifths_are_text() -> None:
    for rows, expected in ((20, False), (21, True)):  # of 51
        mask = np.zeros((51, 408), bool)
        mask[: rows - 1] = mask[50] = True
        ink = Ink(mask.astype(np.float32), np.zeros(mask.shape, np.uint8), mask)
        settings = CropSettings(height=1, row_margin=0.0, col_margin=0.0)
        strip = ink_to_strip(np.zeros((51, 408, 3), np.uint8), ink, settings)
        assert strip.mask.tolist() == [[expected] * 8]


def test_planes_are_averaged_only_where_their_height_shrinks() -> None:
    planes = np.tile(np.array([[0, 30, 90, 0, 60, 0]], np.uint8), (2, 2, 1))
    assert scale_planes(planes, 2, 2).tolist() == [[[30, 60]] * 2] * 2
    assert scale_planes(planes, 1, 2).tolist() == [[[40, 20]]] * 2
