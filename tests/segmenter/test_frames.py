"""Frames to one image: each rule on frames of a few pixels, and which rule is chosen for which animation."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize
from kerf.classifier.synthesis.animations import Animation, animate
from kerf.segmenter.frames import contrast_to_rule, frames_to_contrast, frames_to_image, standing_to_motion
from kerf.segmenter.load_settings import FrameRule


def grey(*frames: list[int]) -> NDArray[np.uint8]:
    """Frames of one row, from the grey levels of its pixels."""
    return np.repeat(np.array(frames, np.uint8)[:, None, :, None], 3, axis=3)


LEVELS = grey([200] * 12, [200] * 4 + [90] + [200] * 7, [200] * 4 + [120] + [200] * 3 + [255] + [200] * 3)


@pytest.mark.parametrize(
    ("rule", "fifth", "ninth"), [("first", 200, 200), ("last", 120, 255), ("mean", 137, 218), ("darkest", 90, 255)]
)
def test_rules(rule: FrameRule, fifth: int, ninth: int) -> None:
    image, used = frames_to_image(LEVELS, rule)
    assert used == rule
    assert image.dtype == np.uint8
    assert image[0, :, 0].tolist() == [200] * 4 + [fifth] + [200] * 3 + [ninth] + [200] * 3


def test_what_stands_out_is_told_by_any_channel_and_either_way() -> None:
    frames = grey([100] * 12, [100] * 12)
    frames[1, 0, 3] = (100, 100, 160)
    frames[0, 0, 8] = (40, 100, 100)
    contrast = frames_to_contrast(frames)
    assert contrast.shape == (2, 1, 12)
    assert contrast[1, 0, 3] > 40 > 20 > contrast[0, 0, 3]
    assert contrast[0, 0, 8] > 40 > 20 > contrast[1, 0, 8]


def test_motion_is_what_stood_near_but_not_there() -> None:
    standing = np.zeros((3, 12, 30), bool)
    standing[:, 5, 5:9] = True  # stays: 4 pixels
    standing[0, 5, 12:14] = standing[1, 5, 16:18] = True  # moves by four: near
    standing[1, 5, 25:27] = standing[2, 11, 25:27] = True  # comes where nothing was near
    assert standing_to_motion(standing) == 2 / 14
    assert standing_to_motion(np.zeros((2, 3, 3), bool)) == 0


@pytest.mark.parametrize(
    ("rows", "cols", "near"),
    [(4, 0, 1), (-4, 0, 1), (0, 4, 1), (0, -4, 1), (-4, 4, 1), (5, 0, 0), (-5, 0, 0), (0, 5, 0), (0, -5, 0), (0, 0, 0)],
)
def test_text_moves_by_four_pixels_at_most(rows: int, cols: int, near: int) -> None:
    standing = np.zeros((2, 20, 20), bool)
    standing[0, 10, 10] = standing[1, 10 + rows, 10 + cols] = True
    assert standing_to_motion(standing) == near


def boxes(*frames: list[int]) -> NDArray[np.uint8]:
    """Contrast of 20 x 100 pixels where boxes of 12 x 6 pixels stand at these columns."""
    contrast = np.zeros((len(frames), 20, 100), np.uint8)
    for frame, lefts in zip(contrast, frames, strict=True):
        for left in lefts:
            frame[4:16, left : left + 6] = 100
    return contrast


@pytest.mark.parametrize(
    ("contrast", "rule"),
    [
        (boxes([10], [10, 40], [10, 40, 70]), "darkest"),  # grows
        (boxes([10], [40], [70]), "darkest"),  # one at a time
        (boxes([], [10, 40, 70]), "darkest"),  # comes late
        (boxes([10, 40], [13, 43], [9, 38]), "first"),  # moves
        (boxes([], [10, 40], [13, 43], [9, 38], [12, 42]), "last"),  # moves, with nothing at first
        (boxes([10, 40], [10, 40]), "mean"),
        (boxes([10, 30, 50, 70, 88], [10, 30, 50, 70, 92], [10, 30, 50, 70, 88]), "mean"),  # noise moves
        (boxes([], []), "darkest"),
    ],
)
def test_the_rule_follows_what_changes(contrast: NDArray[np.uint8], rule: FrameRule) -> None:
    assert contrast_to_rule(contrast) == rule


def dots(*frames: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Contrast of single pixels: from, up to, and how far to the right of places that are 20 columns apart."""
    contrast = np.zeros((len(frames), 1, 4000), np.uint8)
    for frame, (first, end, shift) in zip(contrast, frames, strict=True):
        frame[0, 20 * first + shift : 20 * end + shift : 20] = 9
    return contrast


def together(*some: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(np.max(some, axis=0), np.uint8)


NOTHING = (0, 0, 0)


@pytest.mark.parametrize(
    ("contrast", "rule"),
    [
        (together(dots((0, 17, 0), (0, 17, 0)), dots((20, 23, 0), (30, 33, 0))), "mean"),  # 0.85 last
        (together(dots((0, 16, 0), (0, 16, 0)), dots((20, 24, 0), (30, 34, 0))), "darkest"),
        (together(dots((0, 11, 0), (0, 11, 0)), dots((20, 29, 0), (20, 22, 4)), dots(NOTHING, (30, 37, 0))), "mean"),
        (
            together(dots((0, 10, 0), (0, 10, 0)), dots((20, 30, 0), (20, 22, 4)), dots(NOTHING, (30, 38, 0))),
            "darkest",
        ),
        # of 25, two have moved: 0.08; or one
        (together(dots((0, 14, 0), (0, 14, 0)), dots((20, 31, 0), (20, 22, 4)), dots(NOTHING, (35, 44, 0))), "mean"),
        (
            together(dots((0, 14, 0), (0, 14, 0)), dots((20, 31, 0), (20, 21, 4)), dots(NOTHING, (35, 45, 0))),
            "darkest",
        ),
        (together(dots((0, 20, 0), (0, 5, 4)), dots(NOTHING, (5, 20, 5))), "first"),  # a quarter moves
        (together(dots((0, 20, 0), (0, 4, 4)), dots(NOTHING, (4, 20, 5))), "darkest"),
        (together(dots((0, 10, 0), (0, 5, 4)), dots(NOTHING, (20, 35, 0))), "first"),  # half of the most
        (together(dots((0, 9, 0), (0, 5, 4)), dots(NOTHING, (20, 35, 0))), "last"),
        (dots(NOTHING, *[(0, 20, 0)] * 9), "mean"),  # in nine of ten
        (dots(NOTHING, NOTHING, *[(0, 20, 0)] * 8), "darkest"),
        (dots((0, 1, 0), (0, 1, 0)), "mean"),
        (dots((0, 20, 0), (0, 20, 0)) // 9, "darkest"),  # a single grey level is nothing
        (dots((0, 20, 0), (0, 20, 0)) // 4, "mean"),
    ],
)
def test_rules_at_their_limits(contrast: NDArray[np.uint8], rule: FrameRule) -> None:
    assert contrast_to_rule(contrast) == rule


def test_what_stands_out_is_more_than_half_of_the_strongest_but_for_a_hundredth() -> None:
    contrast = np.zeros((2, 1, 4000), np.uint8)
    contrast[:, 0, :60] = 100
    contrast[:, 0, 100:130] = 255  # less than a hundredth of all
    contrast[1, 0, 200:300] = 50
    assert contrast_to_rule(contrast) == "mean"
    contrast[1, 0, 200:300] = 51
    assert contrast_to_rule(contrast) == "darkest"


def test_the_strongest_are_a_hundredth_of_all_pixels() -> None:
    contrast = np.zeros((2, 20, 100), np.uint8)
    contrast[:, :10, :10] = 60
    contrast[0, 15, 20:35] = 255  # in many columns, but of few pixels
    assert contrast_to_rule(contrast) == "mean"


def test_a_background_beyond_black_and_white_is_black_or_white() -> None:
    ramp = (4 * np.arange(100) - 70).clip(0, 255).tolist()
    frames = np.repeat(grey(ramp, ramp), 20, axis=1)
    assert frames_to_contrast(frames).max() < 20


@pytest.mark.parametrize("level", [0, 140, 255])
def test_plain_frames_have_no_contrast(level: int) -> None:
    assert frames_to_contrast(grey([level] * 12, [level] * 12)).tolist() == [[[0] * 12]] * 2


@pytest.mark.parametrize("kind", list(Animation))
def test_drawn_animations_are_told_apart(kind: Animation) -> None:
    expected = {Animation.JITTER: "first", Animation.NOISE: "mean"}.get(kind, "darkest")
    captchas = list(synthesize(4, 3, "clean", fonts=[BUILT_IN_FONT]))
    frames = [np.stack(animate(c, kind, np.random.default_rng(i))) for i, c in enumerate(captchas)]
    assert [frames_to_image(f, "auto")[1] for f in frames] == [expected] * 4
