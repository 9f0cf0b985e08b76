"""Ink: polarity, gradients, frames, dots and lines, on tiny drawn images."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.segmenter.ink import NEUTRAL, InkSettings, image_to_background, image_to_ink, remove_thin_lines
from tests.segmenter.by_hand import drawing_to_ink

Image = NDArray[np.uint8]


def with_bars(ground: NDArray[np.float64], colour: tuple[int, int, int]) -> tuple[Image, NDArray[np.bool_]]:
    """Draw two thick bars, as text would stand, on a ground ``(H, W, 3)``; the image and where they are."""
    where = np.zeros(ground.shape[:2], bool)
    where[8:32, 20:28] = where[8:32, 50:58] = True
    image = ground.copy()
    image[where] = colour
    return image.astype(np.uint8), where


GROUNDS = {
    "white": np.full((40, 90, 3), 255.0),
    "black": np.zeros((40, 90, 3)),
    "pastel": np.full((40, 90, 3), (250.0, 230.0, 215.0)),
    "gradient": np.broadcast_to(np.linspace(130, 250, 90)[None, :, None], (40, 90, 3)),
    "diagonal": np.add.outer(np.linspace(0, 40, 40), np.linspace(160, 210, 90))[..., None] * np.ones(3),
}


@pytest.mark.parametrize(
    ("ground", "colour"),
    [
        ("white", (0, 0, 0)),
        ("black", (255, 255, 255)),
        ("black", (200, 80, 60)),
        ("pastel", (120, 90, 200)),
        ("gradient", (20, 20, 20)),
        ("diagonal", (40, 0, 90)),
    ],
)
def test_bars_are_ink_and_ground_is_not(ground: str, colour: tuple[int, int, int]) -> None:
    image, where = with_bars(GROUNDS[ground], colour)
    result = image_to_ink(image, InkSettings())
    assert (result.mask == where).all()
    assert result.ink[where].min() > 0.7  # the lighter end of a gradient has less contrast
    assert result.ink[~where].max() < 0.1
    assert (result.lightness[where] > NEUTRAL + 20).all()  # whatever the polarity


def test_opposite_lightness_is_below_neutral() -> None:
    image, where = with_bars(np.full((40, 90, 3), 128.0), (10, 10, 10))
    image[10:14, 70:80] = 250  # a highlight on grey, lighter than the ground where text is darker
    result = image_to_ink(image, InkSettings())
    assert (result.lightness[where] > NEUTRAL).all()
    assert (result.lightness[10:14, 70:80] < NEUTRAL).all()


@pytest.mark.parametrize("value", [0, 77, 255])
def test_constant_image_has_no_ink(value: int) -> None:
    result = image_to_ink(np.full((20, 50, 3), value, np.uint8), InkSettings())
    assert not result.mask.any()
    assert result.ink.max() < 0.01


def test_background_follows_a_gradient_under_text() -> None:
    image, _ = with_bars(GROUNDS["gradient"], (0, 0, 0))
    assert np.abs(image_to_background(image) - GROUNDS["gradient"]).max() < 4


def test_frame_is_erased_and_text_at_the_edge_is_kept() -> None:
    drawn = np.zeros((20, 24), bool)
    drawn[[0, -1]] = drawn[:, [0, -1]] = True  # frame
    drawn[1:8, 1:3] = True  # a stroke that touches it
    result = drawing_to_ink(drawn)
    expected = np.zeros((20, 24), bool)
    expected[1:8, 1:3] = True
    assert (result.mask == expected).all()
    assert (result.ink[~expected] < 0.01).all()


def test_dots_go_and_bars_stay() -> None:
    bars = with_bars(GROUNDS["white"], (0, 0, 0))[1]
    dotted = bars.copy()
    dotted[2:4, 5:7] = dotted[36, 70] = dotted[20:22, 40:42] = True
    assert (drawing_to_ink(dotted).mask == bars).all()


def test_thin_line_across_thick_strokes_goes() -> None:
    bars = with_bars(GROUNDS["white"], (0, 0, 0))[1]
    crossed = bars.copy()
    crossed[20, 5:85] = True
    assert (remove_thin_lines(crossed) == bars).all()


def test_hairline_text_survives() -> None:
    mask = np.zeros((30, 30), np.uint8)
    cv2.rectangle(mask, (5, 5), (20, 25), 1, 1)
    assert (remove_thin_lines(mask > 0) == (mask > 0)).all()
