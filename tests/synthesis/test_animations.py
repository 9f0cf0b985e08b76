"""Animations of a rendered captcha."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from kerf.classifier.synthesis import BUILT_IN_FONT, RenderedCaptcha, synthesize
from kerf.classifier.synthesis.animations import FRAMES, JITTER, Animation, animate, frames_to_bytes

CAPTCHA = next(iter(synthesize(1, 4, "clean", alphabet="AHKM", lengths=(4, 4), fonts=[BUILT_IN_FONT])))


def dark(image: NDArray[np.uint8], captcha: RenderedCaptcha) -> list[bool]:
    """Which letters are there: whether the middle half of their boxes is as the captcha has it."""
    found = []
    for left, top, right, bottom in captcha.boxes_ltrb.tolist():
        place = np.s_[top:bottom, left + (right - left) // 4 : right - (right - left) // 4]
        found.append(bool(np.abs(image[place].astype(int) - captcha.image[place]).mean() < 5))
    return found


def shown(kind: Animation) -> NDArray[np.bool_]:
    return np.array([dark(frame, CAPTCHA) for frame in animate(CAPTCHA, kind, np.random.default_rng(1))])


def test_letters_come_and_go() -> None:
    assert (shown(Animation.GROW) == np.tri(4, dtype=bool)).all()
    assert (shown(Animation.TURN) == np.eye(4, dtype=bool)).all()
    blink, blank = shown(Animation.BLINK), shown(Animation.BLANK)
    assert blink.any(axis=0).all()
    assert not blink.all(axis=0).any()
    assert blank.tolist() == sorted(blank.tolist())
    assert not blank[0].any()
    assert blank[-1].all()


def test_letters_move_and_noise_is_added() -> None:
    moved = animate(CAPTCHA, Animation.JITTER, np.random.default_rng(1))
    noisy = animate(CAPTCHA, Animation.NOISE, np.random.default_rng(1))
    assert len(moved) == len(noisy) == FRAMES
    columns = [np.flatnonzero((frame < 128).any(axis=(0, 2))) for frame in [CAPTCHA.image, *moved]]
    assert 0 < max(abs(c[0] - columns[0][0]) for c in columns) <= JITTER
    ink = CAPTCHA.image.min(axis=2) < 60
    for frame in noisy:
        assert (frame[ink] < 120).all()
        assert (frame != CAPTCHA.image).any()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_encoded_frames_are_all_there(kind: str) -> None:
    frames = animate(CAPTCHA, Animation.GROW, np.random.default_rng(0))
    with Image.open(BytesIO(frames_to_bytes(frames, kind))) as picture:
        assert getattr(picture, "n_frames", 1) == len(frames)
