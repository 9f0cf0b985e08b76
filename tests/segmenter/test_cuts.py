"""Strips, cuts and candidates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerf.segmenter import CropSettings, SegmenterSettings, segment
from kerf.segmenter._cutting import mask_to_box
from kerf.segmenter.crops import MARGIN_SAMPLES, TAIL, spans_to_windows, strip_to_crops
from kerf.segmenter.cuts import CutSettings, strip_to_lattice
from kerf.segmenter.lattice import Strip
from tests.segmenter.by_hand import cuts_of, lattice_of, pieces_of, split


def to_strip(mask: np.ndarray) -> Strip:
    """A strip whose ink is its mask, one to one with the image."""
    pixels = np.stack([mask.astype(np.uint8) * 255, np.full(mask.shape, 128, np.uint8)])
    return Strip(pixels, mask, (0.0, 0.0), (1.0, 1.0))


def test_pieces_join_the_dot_of_an_i() -> None:
    mask = np.zeros((10, 20), bool)
    mask[0:2, 3:5] = mask[4:10, 3:5] = True  # i
    mask[2:9, 8:12] = True
    assert pieces_of(mask) == [(3, 5), (8, 12)]


def test_wide_pieces_are_split_where_the_projection_is_lowest() -> None:
    profile = [9.0, 9, 9, 2, 9, 9, 9, 1, 9, 9, 0, 0, 5, 5]
    pieces = [(0, 10), (12, 14)]
    for max_width, parts in (
        (10, [[0, 10], [12, 14]]),
        (8, [[0, 7], [7, 10], [12, 14]]),
        (6, [[0, 3], [3, 7], [7, 10], [12, 14]]),
    ):
        assert lattice_of(pieces, profile, widths=(0, max_width)).pieces.tolist() == parts
    assert split((0, 8), [1] * 8, 3) == [[0, 2], [2, 4], [4, 6], [6, 8]]


def test_minima_inside_pieces_only() -> None:
    profile = [0.0, 0, 5, 2, 6, 0, 0, 4, 4, 1, 4, 0]
    assert cuts_of([(2, 5), (7, 11)], profile) == [2, 3, 5, 7, 9, 11]


def test_cuts_are_edges_first_then_minima_by_depth() -> None:
    profile = [9.0, 8, 9, 9, 5, 3, 4, 9, 7, 9, 9]
    assert cuts_of([(0, 11)], profile, 2) == [0, 5, 8, 11]
    assert cuts_of([(0, 11)], profile, 4) == [0, 5, 11]
    assert cuts_of([(0, 11)], profile, 1) == [0, 1, 5, 8, 11]


def test_fillers_divide_ink_but_not_gaps() -> None:
    assert cuts_of([(0, 9), (18, 19)], [4.0] * 9 + [0.0] * 9 + [4.0], spacing=3.0) == [0, 3, 6, 9, 18, 19]


def test_spans_are_every_plausible_pair_with_ink() -> None:
    profile = [3.0] * 8 + [0.0] * 12
    for widths, spans in (((4, 8), [[0, 1], [0, 2], [1, 2]]), ((5, 20), [[0, 2], [0, 3], [1, 3]])):
        lattice = lattice_of([(0, 4), (4, 8), (8, 20)], profile, widths=widths)
        assert lattice.cuts.tolist() == [0, 4, 8, 20]
        assert lattice.spans.tolist() == spans


@given(st.integers(0, 2**32 - 1), st.integers(8, 90))
def test_lattice_properties(seed: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.repeat(rng.random((1, width)) < 0.6, 16, axis=0) & (rng.random((16, width)) < 0.7)
    lattice = strip_to_lattice(to_strip(mask), CutSettings())
    assert len(lattice.cuts) >= 2
    assert (np.diff(lattice.cuts) > 0).all()
    assert lattice.cuts[0] >= 0
    assert lattice.cuts[-1] <= width
    cols = lattice.span_cols
    assert (np.diff(lattice.spans[:, 1]) >= 0).all()  # the search relies on it
    assert ((cols[:, 1] - cols[:, 0] >= 2) & (cols[:, 1] - cols[:, 0] <= 20)).all()
    ink = np.flatnonzero(mask.any(axis=0))
    if len(ink):
        assert lattice.cuts[0] <= ink[0]
        assert lattice.cuts[-1] > ink[-1]


def test_windows_lie_evenly_with_margins() -> None:
    windows = spans_to_windows(np.array([[10, 16], [0, 3]], np.int32), 3)
    assert MARGIN_SAMPLES == 1
    assert windows.tolist() == [[9, 11, 13, 15, 17], [-0.5, 0.5, 1.5, 2.5, 3.5]]


def test_crops_sample_the_ink_and_nothing_outside() -> None:
    mask = np.zeros((4, 6), bool)
    mask[:, 0:3] = True
    crops = strip_to_crops(to_strip(mask), spans_to_windows(np.array([[0, 6]], np.int32), 6))
    assert crops.shape == (1, 4, 8)
    assert crops[0, 0].tolist() == [0, 255, 255, 255, 0, 0, 0, 0]


@pytest.mark.parametrize(("profile", "extent"), [([0, 0, 5, 5, 0], (2, 4)), ([0, 0, 0], (0, 3)), ([7], (0, 1))])
def test_extent_of_a_mask(profile: list[int], extent: tuple[int, int]) -> None:
    mask = np.repeat(np.array([profile]) > 0, 5, axis=0)
    assert mask_to_box(mask, TAIL) == (0, 5, *extent)
    assert mask_to_box(mask.T.copy(), TAIL) == (*extent, 0, 5)


def test_segment_gives_boxes_in_image_pixels() -> None:
    image = np.full((60, 140, 3), 255, np.uint8)
    drawn = [(20, 15, 40, 45), (60, 12, 75, 50), (100, 20, 120, 48)]
    for left, top, right, bottom in drawn:
        image[top:bottom, left:right] = 0
    segmentation = segment(image)
    boxes = segmentation.boxes(segmentation.lattice.pieces)
    assert np.abs(boxes - np.array(drawn)).max() <= 2
    best = [
        np.abs(segmentation.boxes(segmentation.lattice.span_cols) - np.array(box)).max(axis=1).min() for box in drawn
    ]
    assert max(best) <= 2  # every character is among the candidates


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (3, 3), (24, 70)])
def test_segment_takes_any_shape_and_blank_images(shape: tuple[int, int]) -> None:
    segmentation = segment(np.full((*shape, 3), 200, np.uint8))
    assert len(segmentation.lattice.spans) == 0
    assert segmentation.strip.pixels.shape[1] == segmentation.settings.crop.height


def bar(rows: int) -> np.ndarray:
    """A white image 40 high with a black bar of so many rows in its middle."""
    image = np.full((40, 60, 3), 255, np.uint8)
    image[20 - rows // 2 : 20 + rows // 2, 20:30] = 0
    return image


def test_one_text_height_for_all_keeps_sizes_apart() -> None:
    alike = SegmenterSettings(crop=CropSettings(text_height=0.6))  # 24 rows
    small, large = (segment(bar(rows), alike).strip for rows in (12, 24))
    assert small.scale == large.scale
    assert small.mask.any(axis=1).sum() * 2 == pytest.approx(large.mask.any(axis=1).sum(), abs=2)
    own_small, own_large = (segment(bar(rows)).strip for rows in (12, 24))
    assert own_small.mask.any(axis=1).sum() == pytest.approx(own_large.mask.any(axis=1).sum(), abs=5)
    for strip in (small, large):  # in the middle of the strip, whatever its size
        rows = np.flatnonzero(strip.mask.any(axis=1))
        assert rows.mean() == pytest.approx(23.5, abs=1.5)
