"""Which fonts can draw captchas."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.glyphs import (
    BUILT_IN_FONT,
    CHARACTERS,
    LOWER,
    draw_mask,
    lacks,
    load_font,
    missing_picture,
)
from kerf.classifier.synthesis.kinds import Family
from kerf.classifier.texts.patterns import shorten
from kerf.segmenter.errors import NotFoundError, SettingsError

FAMILIES = {
    Family.HAND: re.compile("hand|script|comic|dkg|purisa|chilanka|manners|delphine"),
    Family.SCREEN: re.compile(
        "^(?!.*(ital|obli|it$|light|black))(.*mono|glass|proggy|courier|dejavu|libera|aerial|verand|go-)"
    ),
}
"""What the names of a family's fonts begin with or hold."""
LOOKALIKES = "lOo"  # may be the same as I, 0 and 0
FOLD = str.maketrans("1l0", "iio")
THUMB = 16  # side of the pictures that fonts are compared in
NEAREST = 4  # a character resembles its own if fewer other letters of the built-in font are nearer
LIKENESS = 0.5  # smallest share of a font's characters that must
SMALL_CAPITALS = 0.9  # largest correlation of capitals and small letters
TALLEST = 0.86  # largest height of small letters without ascenders, as a share of the capitals'
FLAT = [i for i, c in enumerate(LOWER) if c in "acemnorsuvwxz"]  # small letters without ascenders or descenders
THINNEST = 0.06  # smallest width of a stem as a share of the height of capitals
FONT_SUFFIXES = {".ttf", ".otf", ".ttc"}


def find_fonts(folder: Path | None = None, others: str = "") -> list[Path]:
    """List the fonts that have distinct, letter-like glyphs for all of 0-9A-Za-z, sorted, one a file name.

    Parameters
    ----------
    folder
        Where to look, folders below it included; without it, where the system keeps fonts.
    others
        Other characters; if there are any, the fonts that have them all are listed, whatever else they have.

    Returns
    -------
    list of Path
        At least one; ``BUILT_IN_FONT`` alone if the system has none.

    Raises
    ------
    NotFoundError
        If ``folder`` does not exist.
    SettingsError
        If ``folder`` has no usable font, or none has the other characters.
    """
    if folder and not folder.is_dir():
        raise NotFoundError(f"{folder} is not a folder; name one that holds .ttf or .otf files")
    files = one_a_name([folder]) if folder else system_fonts()
    if others:
        return fonts_with(others, files)
    fonts = [path for path in files if is_usable(path)]
    if folder and not fonts:
        raise SettingsError(f"{folder} has no font with all of 0-9A-Za-z; leave the option out for the system's")
    return fonts or [BUILT_IN_FONT]


def fonts_with(characters: str, files: Iterable[Path]) -> list[Path]:
    """List the fonts that have all of some characters; errors as ``find_fonts``."""
    fonts = [path for path in files if not any(lacks(path, character) for character in characters)]
    if not fonts:
        raise SettingsError(
            f"no font has all of {shorten(characters)}; install one (Debian has fonts-wqy-zenhei) or name its folder "
            "with --fonts"
        )
    return fonts


def system_fonts() -> list[Path]:
    """List the font files of the system, sorted, one a file name."""
    return one_a_name(system_font_folders())


def one_a_name(folders: Iterable[Path]) -> list[Path]:
    """List font files in folders and below them, sorted, one a file name."""
    return sorted({path.stem: path for path in font_files(folders)}.values())


def system_font_folders() -> list[Path]:
    """Folders that hold fonts on Linux, macOS or Windows."""
    home = Path.home()
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"
        return [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", local]
    return [
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    ]


def font_files(folders: Iterable[Path]) -> list[Path]:
    """Font files in folders and below them, sorted."""
    found = (path for folder in folders if folder.is_dir() for path in folder.rglob("*"))
    return sorted(path for path in found if path.suffix.lower() in FONT_SUFFIXES and path.is_file())


def is_usable(path: Path) -> bool:
    """Tell whether a font draws every digit and letter, each differently, and as something like it.

    Only 1, I and l, and O, o and 0, may look alike; symbol fonts, small capitals, hairlines and what is too
    fanciful to read are not usable.
    """
    try:
        font = load_font(path, 28)
        masks = {c: draw_mask(font, c)[0] for c in CHARACTERS}
        missing = missing_picture(font)
    except (OSError, ValueError):
        return False
    pictures = {(mask.shape, mask.tobytes()) for c, mask in masks.items() if c not in LOOKALIKES}
    if len(pictures) < len(masks) - len(LOOKALIKES) or missing in pictures:
        return False
    stem = masks["l"].sum() / 255 / len(masks["l"]) / len(masks["H"])
    return bool(stem > THINNEST) and is_like_letters(list(masks.values()))


def of_family(fonts: Sequence[Path], family: Family) -> Sequence[Path]:
    """Choose a family's fonts; all where there is none."""
    return fonts if family is Family.ANY else [font for font in fonts if is_of_family(font, family)] or fonts


@lru_cache(maxsize=8192)
def is_of_family(font: Path, family: Family) -> bool:
    """Tell by its name whether a font belongs to a family."""
    return bool(FAMILIES[family].search(font.stem.lower()))


def is_like_letters(masks: list[NDArray[np.uint8]]) -> bool:
    """Tell whether the masks of ``CHARACTERS`` each resemble the built-in font's, upright or slanted."""
    heights = [[len(masks[start + i]) for i in FLAT] for start in (10, 36)]
    if np.median(heights[1]) > TALLEST * np.median(heights[0]):
        return False
    features = np.stack([mask_to_feature(mask) for mask in masks])
    capitals, small = features[10:36], features[36:]
    if np.median((capitals * small)[:, :-1].sum(axis=1)) > SMALL_CAPITALS:
        return False
    apart = np.min([square_distances(features, reference) for reference in reference_features()], axis=0)
    own = np.where(same_letter(), apart, np.inf).min(axis=1)
    nearer = ((apart < own[:, None]) & ~same_letter()).sum(axis=1)
    return bool((nearer < NEAREST).mean() >= LIKENESS)


def square_distances(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distances of rows of ``one`` ``(n, k)`` and ``other`` ``(m, k)``: float32 ``(n, m)``."""
    lengths = np.square(one).sum(axis=1)[:, None] + np.square(other).sum(axis=1)[None]
    return np.asarray(lengths - 2 * one @ other.T, np.float32)


@lru_cache(maxsize=1)
def same_letter() -> NDArray[np.bool_]:
    """Pairs of ``CHARACTERS`` that differ by case alone or are lookalikes, bool ``(62, 62)``."""
    kind = np.array([ord(c.lower().translate(FOLD)) for c in CHARACTERS])
    return np.asarray(kind[:, None] == kind[None])


def mask_to_feature(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe a mask: soft float32 ``(THUMB * THUMB + 1,)`` of mean 0 and length 1, its aspect last."""
    thumb = cv2.resize(mask, (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(thumb, (0, 0), 1.5).ravel(), np.float32)
    soft -= soft.mean()
    aspect = 0.8 * np.log(mask.shape[1] / mask.shape[0])
    return np.append(soft / max(float(np.linalg.norm(soft)), 1e-6), np.float32(aspect))


def slant(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lean a mask to the right as an italic does, by a quarter of its height."""
    height, width = mask.shape
    lean = np.array([[1, -0.25, 0.25 * height], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(mask, lean, (width + height // 4 + 1, height)), np.uint8)


@lru_cache(maxsize=1)
def reference_features() -> NDArray[np.float32]:
    """Features of the built-in font, upright and slanted: float32 ``(2, 62, THUMB * THUMB + 1)``."""
    masks = [draw_mask(load_font(BUILT_IN_FONT, 28), c)[0] for c in CHARACTERS]
    shapes = (masks, [slant(mask) for mask in masks])
    return np.stack([[mask_to_feature(mask) for mask in shape] for shape in shapes])
