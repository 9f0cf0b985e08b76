"""Overlays of a segmentation that no stage made: what is drawn can only be what it holds.

After a change that is meant, look at what ``python -m tests.segmenter.test_overlay`` writes before committing it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kerf.segmenter import Segmentation, SegmenterSettings, segment
from kerf.segmenter.ink import Ink
from kerf.segmenter.lattice import Lattice, Strip
from kerf.segmenter.overlay import (
    CHOSEN,
    CUT,
    GAP,
    LINE,
    MARGIN,
    ROW,
    Box,
    Color,
    draw_cuts,
    pack,
    segmentation_to_overlay,
)

GOLDEN = Path(__file__).parent / "golden"

FACTOR = 6  # what a 40 pixel wide image is enlarged by
HEIGHT, WIDTH = 10, 40


def literal_segmentation() -> Segmentation:
    """Ink, cuts and spans that no stage would make of this plain image: what is drawn can only be these."""
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    ink[2:8, 5:9] = 1.0
    ink[0, 39] = 1.0
    mask = ink > 0
    mask[0, 39] = False
    strip = Strip(np.zeros((2, 20, 60), np.uint8), np.zeros((20, 60), np.bool_), (0.0, 5.0), (2.0, 2.0))
    lattice = Lattice(
        np.array([0, 10, 30, 60], np.int32),
        np.array([[0, 1], [0, 2], [1, 2], [2, 3]], np.int32),
        np.zeros((0, 2), np.int32),
    )
    image = np.full((HEIGHT, WIDTH, 3), (200, 180, 160), np.uint8)
    kept = Ink(ink, np.zeros_like(image[:, :, 0]), mask)
    return Segmentation(image, kept, strip, lattice, SegmenterSettings(), (WIDTH, HEIGHT))


def to_pictures() -> dict[str, NDArray[np.uint8]]:
    """Overlays with boxes and names beyond every edge: of an image as given, and of one that was reduced by two."""
    segmentation = literal_segmentation()
    boxes: list[Box] = [(0, 0, 2, 10), (10, 2, 15, 9), (14, 3, 30, 8), (38, 1, 40, 5)]
    reduced = replace(segmentation, factor=2, size_wh=(2 * WIDTH, 2 * HEIGHT))
    doubled: list[Box] = [(2 * left, 2 * top, 2 * right, 2 * bottom) for left, top, right, bottom in boxes]
    return {
        "overlay": segmentation_to_overlay(segmentation, boxes),
        "overlay_reduced": segmentation_to_overlay(reduced, doubled, ["Wide", "b", "C", "WW"]),
    }


@pytest.mark.parametrize("name", ["overlay", "overlay_reduced"])
def test_overlays_look_as_they_did(name: str) -> None:
    golden = cv2.imread(str(GOLDEN / f"{name}.png"))
    assert golden is not None
    drawn = to_pictures()[name]
    assert drawn.shape == golden.shape
    if not cv2.__version__.startswith("5."):  # others write in another font
        for top in (MARGIN + panel * (LINE + HEIGHT * FACTOR) for panel in range(3)):
            golden[top : top + LINE] = drawn[top : top + LINE]
    np.testing.assert_array_equal(drawn, golden)


def panels(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Cut an overlay of the literal segmentation back into image, ink and spans."""
    inner = picture[MARGIN:-MARGIN, MARGIN:-MARGIN]
    high = HEIGHT * FACTOR
    return [
        inner[LINE : LINE + high],
        inner[2 * LINE + high : 2 * (LINE + high)],
        inner[3 * LINE + 2 * high :],
    ]


def columns_of(panel: NDArray[np.uint8], color: Color) -> list[int]:
    """Columns that are of this colour from top to bottom."""
    return np.flatnonzero((panel == color).all(axis=2).all(axis=0)).tolist()


def test_image_is_enlarged_without_smoothing_under_the_boxes() -> None:
    image, _, _ = panels(segmentation_to_overlay(literal_segmentation(), [(10, 2, 15, 9)]))
    assert image.shape == (HEIGHT * FACTOR, WIDTH * FACTOR, 3)
    drawn = (image == CHOSEN[0]).all(axis=2)
    rows, cols = np.nonzero(drawn)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (11, 54, 59, 90)  # two pixels thick, centred
    assert (image[~drawn] == (200, 180, 160)).all()


def test_ink_is_black_on_white_and_faded_outside_the_mask() -> None:
    _, ink, _ = panels(segmentation_to_overlay(literal_segmentation(), []))
    assert (ink[3 * FACTOR, 7 * FACTOR] == 0).all()
    assert (ink[5 * FACTOR, 15 * FACTOR] == 255).all()
    assert 128 < ink[0, 39 * FACTOR + 3, 0] < 255


def test_cuts_are_drawn_where_the_strip_says() -> None:
    _, ink, _ = panels(segmentation_to_overlay(literal_segmentation(), []))
    assert columns_of(ink, CUT) == [5 * FACTOR, 10 * FACTOR, 20 * FACTOR, 35 * FACTOR]


def test_candidates_that_begin_together_share_a_row_and_have_a_tick_each() -> None:
    _, _, spans = panels(segmentation_to_overlay(literal_segmentation(), []))
    ticks = [np.flatnonzero((line < 100).all(axis=1)).tolist() for line in spans[1::ROW]]
    assert ticks == [[10 * FACTOR - 1, 20 * FACTOR - 1], [20 * FACTOR - 1], [35 * FACTOR - 1]]


@pytest.mark.parametrize("labels", [[], ["A", "é", "字"]])
def test_neighbouring_boxes_differ_in_colour_and_are_named(labels: list[str]) -> None:
    boxes: list[Box] = [(0, 0, 10, 10), (8, 0, 20, 10), (20, 0, 30, 10)]
    picture = segmentation_to_overlay(literal_segmentation(), boxes, labels)
    names = picture[MARGIN : MARGIN + LINE]
    assert (names < 255).any()
    for color in CHOSEN:
        assert (picture == color).all(axis=2).any()


def test_drawing_changes_nothing() -> None:
    segmentation = literal_segmentation()
    before = segmentation.image.copy(), segmentation.ink.ink.copy()
    segmentation_to_overlay(segmentation, [(0, 0, 5, 5)])
    np.testing.assert_array_equal(segmentation.image, before[0])
    np.testing.assert_array_equal(segmentation.ink.ink, before[1])


@pytest.mark.parametrize(("shape", "wide"), [((1, 1, 3), 6), ((8, 300, 3), 600), ((30, 2000, 3), 2000)])
def test_constant_images_of_any_size(shape: tuple[int, int, int], wide: int) -> None:
    picture = segmentation_to_overlay(segment(np.full(shape, 7, np.uint8)), [])
    assert picture.dtype == np.uint8
    high = shape[0] * wide // shape[1]
    assert picture.shape == (2 * high + 3 * LINE + 2 * MARGIN, wide + 2 * MARGIN, 3)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=25))
def test_packed_spans_never_touch(starts_and_widths: list[tuple[int, int]]) -> None:
    spans = [(start, start + width) for start, width in starts_and_widths]
    rows = pack(spans)
    for i, (left, right) in enumerate(spans):
        for j in range(i):
            apart = right < spans[j][0] or spans[j][1] < left
            assert apart or rows[i] != rows[j]
    assert set(rows) == set(range(len(set(rows))))


def test_spans_share_a_row_where_the_least_gap_is_between_them() -> None:
    assert pack([(10, 20), (20 + GAP, 30), (0, 10 - GAP)]) == [0, 0, 0]
    assert pack([(10, 20), (19 + GAP, 30), (0, 11 - GAP)]) == [0, 1, 1]


def test_cuts_within_the_picture_are_drawn() -> None:
    panel = np.zeros((2, 4, 3), np.uint8)
    draw_cuts(panel, np.array([-1, 0, 3, 4], np.int32), CUT)
    assert columns_of(panel, CUT) == [0, 3]


def test_boxes_of_a_reduced_image_are_drawn_where_they_are_in_it() -> None:
    segmentation = segment(np.full((900, 2700, 3), 255, np.uint8))
    assert segmentation.factor == 2
    picture = segmentation_to_overlay(segmentation, [(200, 100, 400, 300)])
    rows, cols = np.nonzero((picture[MARGIN + LINE :] == CHOSEN[0]).all(axis=2)[:450])
    assert np.abs(np.array([cols.min(), cols.max()]) - MARGIN - [100, 200]).max() <= 2
    assert np.abs(np.array([rows.min(), rows.max()]) - [50, 150]).max() <= 2


def test_of_a_wide_image_every_so_many_columns_are_drawn() -> None:
    picture = segmentation_to_overlay(segment(np.full((30, 12_000, 3), 255, np.uint8)), [(3000, 3, 6000, 27)])
    assert picture.shape[1] == 4000 + 2 * MARGIN
    cols = np.flatnonzero((picture == CHOSEN[0]).all(axis=2).any(axis=0))
    assert np.abs(np.array([cols.min(), cols.max()]) - MARGIN - [1000, 2000]).max() <= 2


if __name__ == "__main__":
    for written, overlay in to_pictures().items():
        cv2.imwrite(str(GOLDEN / f"{written}.png"), overlay)
