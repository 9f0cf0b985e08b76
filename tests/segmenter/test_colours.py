"""Colours: one colour as the only ink, and hues beside the ink."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.segmenter import CropSettings, InkSettings, SegmenterSettings, segment
from kerf.segmenter.colours import image_to_colours, isolate_colour, parse_colour
from kerf.segmenter.crops import crop_planes
from kerf.segmenter.errors import SettingsError
from kerf.segmenter.ink import NEUTRAL

RED, BLUE, WHITE = (0, 0, 220), (220, 0, 0), (255, 255, 255)


def three_bars(ground: tuple[int, int, int] = WHITE) -> NDArray[np.uint8]:
    """A red bar, a blue one and a red one again; each bar's edge columns are half ground."""
    image = np.full((30, 90, 3), ground, np.uint8)
    for left, colour in ((10, RED), (40, BLUE), (70, RED)):
        image[5:25, left : left + 8] = colour
        image[5:25, [left, left + 7]] = (np.array(colour) + ground) // 2
    return image


@pytest.mark.parametrize(
    ("text", "colour"),
    [("red", (0, 0, 255)), ("#102030", (0x30, 0x20, 0x10)), ("#f80", (0, 0x88, 0xFF)), ("Lime", (0, 255, 0))],
)
def test_colours_are_names_or_values(text: str, colour: tuple[int, int, int]) -> None:
    assert parse_colour(text) == colour


@pytest.mark.parametrize("text", ["", "reddish", "#12", "12"])
def test_what_is_no_colour_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match=r"is no colour; give a name such as red"):
        parse_colour(text)


@pytest.mark.parametrize("ground", [WHITE, (40, 30, 20)])
def test_only_one_colour_is_drawn_and_its_edges_fade(ground: tuple[int, int, int]) -> None:
    grey = isolate_colour(three_bars(ground), RED)
    assert grey.shape == (30, 90, 3)
    assert (grey == grey[:, :, :1]).all()
    row = grey[15, :, 0].astype(int)
    assert (row[[12, 74]] <= 2).all()
    assert (row[38:50] >= 253).all()
    assert row[[10, 17, 70]] == pytest.approx(127, abs=4)
    assert (grey[:4] >= 253).all()


def test_a_colour_near_the_one_named_is_drawn_fainter_the_farther_it_is() -> None:
    darkness = []
    for colour in ((0, 0, 255), (0, 40, 255), (0, 80, 255), (0, 160, 255)):
        image = np.full((30, 60, 3), 255, np.uint8)
        image[5:25, 20:30] = colour
        darkness.append(255 - int(isolate_colour(image, (0, 0, 255))[15, 25, 0]))
    assert darkness == sorted(darkness, reverse=True)
    assert darkness[0] >= 253
    assert darkness[-1] < 128


def test_the_ink_is_that_of_the_colour() -> None:
    settings = SegmenterSettings(ink=InkSettings(colour=RED))
    cut = segment(three_bars(), settings)
    columns = np.asarray(cut.ink.mask.any(axis=0))
    assert columns[[12, 74]].all()
    assert not columns[35:55].any()
    assert np.array_equal(cut.image, three_bars())
    assert segment(three_bars()).ink.mask[:, 44].any()


def test_hues_stand_against_the_ground_in_both_polarities() -> None:
    for ground in (WHITE, (0, 0, 0)):
        image = three_bars(ground)
        planes = image_to_colours(image, segment(image).ink.mask).astype(int) - NEUTRAL
        assert planes.shape == (2, 30, 90)
        assert planes[0, 15, 13] > 40 > -20 > planes[0, 15, 43]  # red, blue
        assert planes[1, 15, 43] > 40
        assert abs(planes[:, 1, 1]).max() <= 1
    grey = np.repeat(three_bars()[:, :, :1], 3, axis=2)
    assert abs(image_to_colours(grey, segment(grey).ink.mask).astype(int) - NEUTRAL).max() <= 1


def test_hues_are_measured_by_the_contrast_of_the_text() -> None:
    image = np.full((30, 60, 3), 255, np.uint8)
    image[5:25, 20:30] = (
        155,
        155,
        255,
    )  # from white 100 less of two of three: along red, 100 times 2 over the root of 6
    expected = NEUTRAL + 127 * (200 / np.sqrt(6)) / np.hypot(100, 100)
    assert image_to_colours(image, segment(image).ink.mask)[0, 15, 25] == pytest.approx(expected, abs=1.5)


def test_a_strip_has_its_hues_where_its_ink_is() -> None:
    crop = CropSettings(colours=True)
    plain, coloured = (
        segment(three_bars(), SegmenterSettings(crop=c)).strip for c in (replace(crop, colours=False), crop)
    )
    assert (plain.pixels.shape[0], coloured.pixels.shape[0]) == (2, 4) == (CropSettings().channels, crop.channels)
    assert np.array_equal(coloured.pixels[:2], plain.pixels)
    hue = coloured.pixels[2].astype(int) - NEUTRAL
    middle = hue[hue.shape[0] // 2]
    inked = coloured.pixels[0][hue.shape[0] // 2] > 200
    reds = cv2.connectedComponents((middle > 40).astype(np.uint8)[None])[0] - 1
    assert reds == 2
    assert inked[middle > 60].all()


def test_a_box_may_reach_outside() -> None:
    planes = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    cut = crop_planes(planes, -1, 2, 5, 4)
    assert cut.shape == (2, 5, 4)
    assert np.array_equal(cut[:, 1:4, :2], planes[:, :, 2:])
    assert (cut[:, [0, 4]] == NEUTRAL).all()
    assert (cut[:, :, 2:] == NEUTRAL).all()
    assert np.array_equal(crop_planes(planes, 1, -2, 1, 4)[:, 0, 2:], planes[:, 1, :2])
