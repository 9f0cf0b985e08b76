"""Colours: letters of one colour as the only ink, and the text's hue beside its ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from kerf.segmenter.errors import SettingsError
from kerf.segmenter.ink import NEUTRAL, image_to_background, quantiles

OPPONENT = np.array([[-1, -1, 2], [1, -1, 0]], np.float32) / np.sqrt([[6], [2]]).astype(np.float32)
"""Red against cyan, and blue against green, of BGR: with lightness, an orthonormal basis of colours."""
TEXT_PEAK = 0.6
"""Quantile of the text's distances from the background that counts as its contrast, as for ink (`_ink.c`)."""


def parse_colour(text: str) -> tuple[int, int, int]:
    """Turn a name or a hex value, such as ``red`` or ``#c02020``, into BGR.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise SettingsError(f"{text!r} is no colour; give a name such as red, or a value such as #c02020") from error
    return blue, green, red


def isolate_colour(image: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Draw what has one colour in black, the rest of the image in white.

    A pixel is as dark as the share of the colour that is mixed with the background there, less what it has of others:
    the edge of a letter fades, a letter of another colour does not show.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    colour
        BGR.

    Returns
    -------
    ndarray
        uint8 ``(H, W, 3)``, grey.
    """
    background = image_to_background(image)
    standing, wanted = image - background, np.array(colour, np.float32) - background
    length = np.maximum(np.sqrt(np.square(wanted).sum(axis=2)), 1.0)
    along = (standing * wanted).sum(axis=2) / length
    across = np.sqrt(np.maximum(np.square(standing).sum(axis=2) - np.square(along), 0.0))
    share = ((along - across) / length).clip(0, 1)
    return np.repeat(np.asarray(255 * (1 - share), np.uint8)[:, :, None], 3, axis=2)


def image_to_colours(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Say which hue each pixel has against the background.

    Parameters
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    mask
        bool ``(H, W)``; the text, whose contrast is the measure.

    Returns
    -------
    ndarray
        uint8 ``(2, H, W)``; the ``COLOUR_PLANES``, ``NEUTRAL`` where it has the background's.
    """
    standing = image - image_to_background(image)
    peak = max(quantiles(np.sqrt(np.square(standing).sum(axis=2)), TEXT_PEAK, where=mask)[0], 1.0)
    planes = np.moveaxis(standing @ OPPONENT.T, 2, 0) * (127 / peak) + NEUTRAL
    return np.asarray(planes.clip(0, 255), np.uint8)
