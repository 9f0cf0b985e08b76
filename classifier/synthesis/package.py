"""Captchas drawn by the PyPI package ``captcha``, which is not needed for anything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from classifier.synthesis.scenery import Image
from segmenter.errors import SettingsError


def draw_with_captcha_package(
    text: str, size_wh: tuple[int, int] = (160, 60), fonts: Sequence[Path] = ()
) -> Image:
    """Draw a captcha with the package ``captcha``; it has no seed, so each call draws another.

    Parameters
    ----------
    text
        What it says.
    size_wh
        Width and height in pixels.
    fonts
        Fonts to choose from; without them, the package's own.

    Returns
    -------
    ndarray
        uint8 ``(H, W, 3)`` BGR.

    Raises
    ------
    SettingsError
        If the package is not installed.
    """
    try:
        from captcha.image import ImageCaptcha
    except ImportError as error:
        raise SettingsError("the package captcha is not installed; run: pip install captcha") from error
    drawer = ImageCaptcha(*size_wh, fonts=[str(font) for font in fonts] or None)
    drawn = np.asarray(drawer.generate_image(text).convert("RGB"), np.uint8)
    return np.asarray(cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), np.uint8)
