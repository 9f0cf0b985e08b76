"""Measures of images drawn by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from kerf.classifier.auditing.measures import boxes_to_warp, count_pieces, image_to_measures, longest_line
from kerf.segmenter import segment
from tests.tiny import tiny_image


def test_pieces_are_counted_but_for_dots() -> None:
    mask = np.zeros((20, 40), bool)
    mask[2:18, 3:9] = mask[5:18, 20:26] = True
    mask[2:6, 30:34] = True  # a quarter of the height
    assert count_pieces(mask) == 2
    mask[2:7, 30:34] = True  # five of sixteen
    assert count_pieces(mask) == 3
    assert count_pieces(np.zeros((5, 5), bool)) == 0


def test_a_line_is_as_long_as_it_is() -> None:
    ink = np.zeros((40, 100), np.float32)
    cv2.line(ink, (10, 30), (70, 10), 1.0, 1)
    assert longest_line(ink) == pytest.approx(np.hypot(60, 20) / 100, abs=0.03)
    ink[:] = 0
    ink[10:12, 10:35] = 1
    assert longest_line(ink) == 0


def test_warp_is_what_is_off_the_line_not_its_slope() -> None:
    level = np.array([[10 * i, 5 * i, 10 * i + 8, 5 * i + 20] for i in range(4)], np.int32)
    assert boxes_to_warp(level) == pytest.approx(0, abs=1e-6)
    level[:, [1, 3]] += np.array([[2], [-2], [-2], [2]], np.int32)
    assert boxes_to_warp(level) == pytest.approx(0.1)
    assert boxes_to_warp(level[:2]) == 0


def test_an_image_is_measured_by_what_it_says() -> None:
    plain = cv2.cvtColor(tiny_image(3), cv2.COLOR_GRAY2BGR)
    segmentation = segment(np.asarray(plain, np.uint8))
    boxes = segmentation.boxes(segmentation.lattice.pieces)
    apart = image_to_measures(segmentation, boxes, "abc", {"b", "c"})
    assert (apart.touching, apart.lines, apart.length, apart.alphabet) == (0, 0, 3, 2)
    joined = image_to_measures(segmentation, boxes, "abcdef", set())
    assert (joined.touching, joined.alphabet) == (0.5, 0)
    dots = np.asarray(plain.copy(), np.uint8)
    dots[17:46:3, ::3] = np.minimum(dots[17:46:3, ::3], 90)
    assert image_to_measures(segment(dots), boxes, "abc", set()).marks > apart.marks + 0.03
