"""Stages on arrays small enough to work out by hand: what each number in them is for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kerf.segmenter.cuts import CutSettings, strip_to_lattice
from kerf.segmenter.ink import (
    NEUTRAL,
    InkSettings,
    image_to_background,
    image_to_ink,
    quantiles,
    remove_thin_lines,
)
from kerf.segmenter.lattice import Lattice, Strip
from tests.segmenter.by_hand import cuts_of, drawing_to_ink, from_rows, lattice_of, pieces_of, split


def strip_of(mask: NDArray[np.bool_]) -> Strip:
    pixels = np.stack([mask.astype(np.uint8) * 255, np.full(mask.shape, NEUTRAL, np.uint8)])
    return Strip(pixels, mask, (0.0, 0.0), (1.0, 1.0))


@pytest.mark.parametrize(
    ("rows", "pieces"),
    [
        (("####....", "........", "..####.."), [(0, 4), (2, 6)]),  # half of either: apart
        (("####....", "........", ".####..."), [(0, 5)]),  # more than half of both: joined
        (("######..", "........", "....#..."), [(0, 6)]),  # all of the narrower
        (("##......", "........", "#######."), [(0, 7)]),
        (("#..#....", "#..#....", "....#..."), [(0, 1), (3, 5)]),  # touching at a corner is one piece
        (("........",), []),
    ],
)
def test_pieces_are_joined_where_more_than_half_lies_over_another(
    rows: tuple[str, ...], pieces: list[tuple[int, int]]
) -> None:
    assert pieces_of(from_rows(*rows)) == pieces


def test_projection_is_smoothed_before_minima_are_sought() -> None:
    mask = np.ones((48, 60), bool)
    mask[4:, 30] = False  # a dip of one column, and
    mask[1:, 12] = mask[::2, 14] = False  # one that smoothing joins with its neighbour
    lattice = strip_to_lattice(strip_of(mask), CutSettings(filler=9.0, closest=0.01))
    assert lattice.cuts.tolist() == [0, 12, 30, 60]


def test_minima_are_lower_than_the_next_and_no_higher_than_the_last() -> None:
    assert cuts_of([(0, 6)], [9, 5, 5, 9, 9, 9]) == [0, 2, 6]
    assert cuts_of([(0, 1)], [9, 5, 9]) == [0, 1]
    assert cuts_of([(1, 3)], [9, 5, 9]) == [1, 3]
    assert cuts_of([(0, 2)], [9, 5, 9]) == [0, 1, 2]
    assert cuts_of([(0, 2)], [5, 9]) == [0, 2]
    assert cuts_of([(0, 1)], [5]) == [0, 1]
    assert cuts_of([(0, 4), (2, 7)], [9, 9, 9, 9, 9, 4, 9, 1, 9]) == [0, 2, 4, 5, 7]  # inside the second alone


def test_cuts_as_near_as_allowed_stay() -> None:
    flat = [1.0] * 20
    assert cuts_of([(2, 5), (7, 12)], flat, 3) == [2, 5, 12]
    assert cuts_of([(2, 5), (7, 12)], flat, 2) == [2, 5, 7, 12]
    assert cuts_of([(2, 11), (11, 12)], flat, 2) == [2, 12]
    assert cuts_of([(2, 3)], flat, 2) == [2, 3]  # the outermost stay however near
    depth = [9.0, 9, 9, 9, 9, 4, 9, 3, 9, 9, 9, 9]
    assert cuts_of([(0, 11)], depth, 3) == [0, 7, 11]
    assert cuts_of([(0, 11)], depth, 2) == [0, 5, 7, 11]
    equal = [9.0, 9, 9, 9, 3, 9, 3, 9, 9, 9, 9, 9]
    assert cuts_of([(0, 11)], equal, 3) == [0, 4, 11]  # of equal minima the left one
    assert cuts_of([], depth, 2) == [0, 12]


def test_closest_cuts_are_a_sixteenth_of_the_height_apart() -> None:
    mask = np.ones((48, 40), bool)
    mask[5:, 17] = mask[5:, 20] = mask[5:, 22] = False
    cuts = strip_to_lattice(strip_of(mask), CutSettings(filler=9.0)).cuts
    assert (np.diff(cuts) >= 3).all()
    assert 17 in cuts
    assert len(cuts) == 4


def test_cuts_of_a_low_strip_may_be_one_column_apart() -> None:
    mask = np.ones((8, 20), bool)
    mask[:, 9] = False
    assert strip_to_lattice(strip_of(mask), CutSettings(filler=9.0)).cuts.tolist() == [0, 9, 10, 20]


@pytest.mark.parametrize(("level", "cuts"), [(0.5, [0, 8]), (0.51, [0, 2, 4, 6, 8]), (0.2, [0, 8])])
def test_fillers_are_where_more_than_half_a_pixel_of_ink_is_in_a_column(level: float, cuts: list[int]) -> None:
    assert cuts_of([(0, 8)], [level] * 8, spacing=2.0) == cuts


def test_fillers_divide_evenly_into_no_more_parts_than_needed() -> None:
    assert cuts_of([(0, 6), (6, 13), (13, 20)], [5.0] * 20, spacing=6.0) == [0, 6, 10, 13, 16, 20]
    assert cuts_of([(0, 5)], [5.0] * 5, spacing=2.0) == [0, 2, 3, 5]
    assert cuts_of([(0, 5)], [5.0] * 5, spacing=float("inf")) == [0, 5]
    assert cuts_of([(3, 8)], [5.0] * 8, spacing=2.5) == [3, 6, 8]  # halves are rounded to even


def test_fillers_are_an_eighth_of_the_height_apart_at_most_and_two_columns_at_least() -> None:
    assert np.diff(strip_to_lattice(strip_of(np.ones((48, 60), bool)), CutSettings()).cuts).tolist() == [6] * 10
    assert np.diff(strip_to_lattice(strip_of(np.ones((8, 20), bool)), CutSettings()).cuts).tolist() == [2] * 10


def test_without_ink_the_strip_is_one_stretch() -> None:
    lattice = strip_to_lattice(strip_of(np.zeros((48, 30), bool)), CutSettings())
    assert lattice.cuts.tolist() == [0, 30]
    assert lattice.spans.shape == (0, 2)
    assert lattice.pieces.shape == (0, 2)


def test_widths_of_candidates_are_inclusive_and_ink_is_more_than_a_pixel() -> None:
    pieces = [(0, 3), (3, 6), (6, 10)]

    def spans(level: float, *widths: float) -> list[list[int]]:
        lattice = lattice_of(pieces, [level] * 10, widths=(widths[0], widths[1]))
        assert lattice.cuts.tolist() == [0, 3, 6, 10]
        return [[int(start), int(end)] for start, end in lattice.spans]

    assert spans(1.0, 3, 6) == [[0, 1], [0, 2], [1, 2], [2, 3]]
    assert spans(1.0, 3.1, 6.9) == [[0, 2], [2, 3]]
    assert spans(1 / 3, 3, 6) == [[0, 2], [2, 3]]


def test_candidates_are_from_an_eighth_to_five_quarters_of_the_height() -> None:
    cols = strip_to_lattice(strip_of(np.ones((48, 96), bool)), CutSettings()).span_cols
    widths = cols[:, 1] - cols[:, 0]
    assert (widths.min(), widths.max()) == (6, 60)


def test_wide_pieces_are_split_nearest_their_middle() -> None:
    flat = [1.0] * 30
    assert split((0, 9), flat, 9) == [[0, 9]]
    assert split((3, 13), flat, 9) == [[3, 8], [8, 13]]
    edge = [0.0 if col in (1, 10) else 1.0 for col in range(30)]  # outside the middle half
    assert split((0, 12), edge, 11) == [[0, 6], [6, 12]]
    edge[3] = edge[8] = 0.5  # its first and last columns
    assert split((0, 12), edge, 11) == [[0, 8], [8, 12]]
    assert split((0, 3), [0.0, 1, 1], 0) == [[0, 1], [1, 2], [2, 3]]  # to single columns, and no further


def test_quantiles_are_ranks_of_an_even_sample() -> None:
    assert quantiles(np.arange(11), 0.0, 0.5, 0.99, 1.0) == (0, 5, 9, 10)
    assert quantiles(np.arange(3600), 0.5) == (3 * 599,)  # every third of them
    assert quantiles(np.arange(2399), 0.5) == (1199,)  # every one
    assert quantiles(np.array([[7.0]]), 0.3) == (7,)
    where = np.arange(7200) % 2 > 0
    assert quantiles(np.arange(7200), 0.5, 1.0, where=where) == (6 * 599 + 1, 6 * 1199 + 1)  # every third of half
    assert quantiles(np.arange(6), 0.5, 1.0, where=np.arange(6) >= 3) == (4, 5)
    assert quantiles(np.arange(6), 0.5, where=np.zeros(6, bool)) == (0,)


@given(st.lists(st.floats(0, 2.0**99, width=32), min_size=1, max_size=60), st.floats(0, 1))
def test_quantiles_are_those_of_the_sorted_values(values: list[float], share: float) -> None:
    assert quantiles(np.array(values), share) == (sorted(values)[int(share * (len(values) - 1))],)


def test_background_is_quadratic_in_rows_and_columns() -> None:
    rows, cols = np.arange(40) / 40 - 0.5, np.arange(80) / 80 - 0.5
    surface = 120 + 40 * rows[:, None] - 30 * cols + 90 * rows[:, None] ** 2 + 60 * cols**2 - 80 * np.outer(rows, cols)
    image = np.repeat(np.rint(surface)[:, :, None], 3, axis=2).astype(np.uint8)
    assert np.abs(image_to_background(image)[:, :, 1] - surface).max() < 2
    image[::3, ::5] = 0  # what stands out does not bend it
    assert np.abs(image_to_background(image) - surface[:, :, None]).max() < 2
    channels = np.stack([surface, np.full_like(surface, 7), 255 - surface], axis=2)
    assert np.abs(image_to_background(np.rint(channels).astype(np.uint8)) - channels).max() < 2


def test_frames_are_up_to_three_lines_that_stand_out_over_three_fifths() -> None:
    for share, erased in ((5, False), (6, True)):
        drawn = np.zeros((36, 10), bool)
        drawn[0, :share] = True
        drawn[10:20, 4:6] = True
        assert (drawing_to_ink(drawn).ink[0].max() < 0.01) == erased
    drawn = np.zeros((30, 30), bool)
    drawn[:4] = True
    for turns in range(4):
        ink = np.rot90(drawing_to_ink(np.rot90(drawn, turns).copy()).ink, -turns)
        assert ink.max(axis=1).round().tolist() == [0, 0, 0, 1] + [0] * 26
    inner = np.zeros((30, 12), bool)
    inner[1] = inner[15] = True  # the edge itself is clear
    assert np.flatnonzero(drawing_to_ink(inner).mask.any(axis=1)).tolist() == [1, 15]


def test_specks_are_small_beside_the_largest_pieces() -> None:
    drawn = np.zeros((30, 60), bool)
    drawn[5:25, 5:10] = drawn[5:25, 30:35] = True  # 20 high
    drawn[2:6, 50] = drawn[10:15, 50] = drawn[28, 40:45] = drawn[28, 50:54] = True  # four and five long
    kept = drawing_to_ink(drawn).mask
    assert not kept[2:6, 50].any()
    assert kept[10:15, 50].all()
    assert kept[28, 40:45].all()
    assert not kept[28, 50:54].any()
    dots = np.zeros((19, 19), bool)
    dots[1, 1] = dots[4:6, 4] = True
    assert np.argwhere(drawing_to_ink(dots, 0.0).mask).tolist() == [[4, 4], [5, 4]]
    assert not drawing_to_ink(dots & False).mask.any()


def test_the_texts_height_is_the_median_of_the_largest_pieces_that_hold_half_of_all() -> None:
    drawn = np.zeros((50, 100), bool)
    drawn[2:42, 2:6] = True  # 40 high, 160 pixels
    drawn[2:12, 10:22] = drawn[2:12, 30:42] = True  # 10 high, 120 each: the first with one of them has half of 466
    drawn[20:24, 50:65] = True  # 60 pixels
    drawn[30:36, 70] = True  # six high
    assert drawing_to_ink(drawn, 0.24).mask[30:36, 70].all()  # of (40 + 10) / 2
    assert not drawing_to_ink(drawn, 0.26).mask[30:36, 70].any()
    low = np.zeros((30, 60), bool)
    low[5:15, 5:15] = low[20:22, 30] = low[20:23, 40] = True
    assert np.flatnonzero(drawing_to_ink(low, 0.25).mask[20]).tolist() == [40]  # at least 2.5


def test_contrast_of_the_text_is_that_of_the_strongest_two_fifths() -> None:
    for strong, expected in ((11, 0.5), (7, 1.0)):  # of twenty columns
        image = np.full((40, 90, 3), 200, np.uint8)
        image[8:32, 20:40] = 140
        image[8:32, 20 : 20 + strong] = 80
        assert image_to_ink(image, InkSettings()).ink[20, 38] == pytest.approx(expected, abs=0.02)


def test_a_frame_stands_out_half_as_much_as_the_strongest_fiftieth() -> None:
    for level, erased in ((110, True), (95, False)):
        image = np.full((40, 90, 3), 255, np.uint8)
        image[8:32, 20:26] = 55  # a contrast of 200, in more than a fiftieth
        image[0] = 255 - level
        assert (image_to_ink(image, InkSettings()).ink[0].max() < 0.01) == erased


def test_what_stands_out_no_more_than_half_of_the_ground_does_is_no_ink() -> None:
    noise = np.random.default_rng(0).normal(0, 6, (40, 90, 1)).repeat(3, axis=2)
    image = (200 + noise).clip(0, 255).astype(np.uint8)
    image[8:32, 20:28] = image[8:32, 50:58] = 40
    assert (image_to_ink(image, InkSettings()).ink == 0).mean() == pytest.approx(0.5, abs=0.02)


def test_lines_thinner_than_half_the_stroke_are_opened_away() -> None:
    mask = np.zeros((40, 60), bool)
    mask[5:35, 10:18] = mask[5:35, 40:48] = True  # strokes of eight
    line = mask.copy()
    line[20:22, :] = True
    assert (remove_thin_lines(line) == mask).all()
    thick = mask.copy()
    thick[20:24, :] = True
    assert remove_thin_lines(thick)[21, 30]
    assert (remove_thin_lines(mask[:, 10:13]) == mask[:, 10:13]).all()


def test_ink_is_one_at_the_texts_contrast_and_half_at_half_of_it() -> None:
    image = np.full((40, 90, 3), 200, np.uint8)
    image[8:32, 20:28] = image[8:32, 40:48] = image[8:32, 70:78] = 80
    image[10:14, 55:65] = 140
    image[36, 2] = 0  # a dot, darker than the text
    result = image_to_ink(image, InkSettings())
    assert result.ink[20, 24] == pytest.approx(1, abs=1e-5)
    assert result.ink[12, 60] == pytest.approx(0.5, abs=0.04)
    assert result.ink[36, 2] == 1
    assert not result.mask[36, 2]
    assert result.lightness[20, 24] == pytest.approx(255, abs=3)
    assert result.lightness[12, 60] == pytest.approx(128 + 64, abs=5)
    assert result.lightness[2, 50] == pytest.approx(NEUTRAL, abs=2)
    image[10:14, 55:65] = 200 - 30  # a quarter of the contrast is no text, two fifths are
    assert not image_to_ink(image, InkSettings()).mask[12, 60]
    image[10:14, 55:65] = 200 - 48
    assert image_to_ink(image, InkSettings()).mask[12, 60]


def test_spans_as_columns() -> None:
    lattice = Lattice(np.array([0, 4, 9], np.int32), np.array([[0, 2], [1, 2]], np.int32), np.zeros((0, 2), np.int32))
    assert lattice.span_cols.tolist() == [[0, 9], [4, 9]]


@pytest.mark.parametrize(("noise", "lower", "upper"), [(3, 26, 34), (11, 38, 54), (28, 60, 80)])
def test_text_stands_out_from_noise_four_times_but_no_more_than_three_fifths_of_its_contrast(
    noise: int, lower: int, upper: int
) -> None:
    levels = 128 + np.random.default_rng(0).normal(0, noise, (40, 90, 1))  # the median is 0.67 of the noise away
    image = np.repeat(levels.clip(0, 255), 3, axis=2).astype(np.uint8)
    image[8:32, 20:28] = image[8:32, 34:42] = 28  # a contrast of 100
    image[8:32, 50:58], image[8:32, 70:78] = 128 - lower, 128 - upper
    mask = image_to_ink(image, InkSettings()).mask
    assert mask[20, 24]
    assert not mask[20, 54]
    assert mask[20, 74]


@pytest.mark.parametrize(("thin", "goes"), [(199, True), (200, False)])
def test_lines_are_removed_unless_half_of_the_ink_or_more_would_go(thin: int, goes: bool) -> None:
    mask = np.zeros((40, 60), bool)
    mask[2:12, 2:22] = True  # 200 pixels, ten thick
    for row in range(20, 40, 4):  # lines of one pixel
        mask[row, : min(thin, 50)] = True
        thin -= min(thin, 50)
    assert remove_thin_lines(mask)[20:].any() != goes
