"""What every captcha generator of others' is to Kerf, and the choices they share: text, size, colours, seeds."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.synthesis.fonts import find_fonts
from kerf.classifier.synthesis.glyphs import BUILT_IN_FONT, CHARACTERS, DIGITS, LOWER, UPPER
from kerf.segmenter.errors import GeneratorError

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]  # RGB

ALPHABETS = (DIGITS, UPPER, LOWER, UPPER + LOWER, DIGITS + UPPER, DIGITS + LOWER, CHARACTERS)
ALPHABET_SHARES = (0.2, 0.12, 0.12, 0.08, 0.18, 0.14, 0.16)
LENGTH_SHARES = (1, 2, 5, 30, 25, 20, 6, 4, 2, 2, 1.5, 1.5)  # of 1, 2... 12 characters, in percent
SUM_SHARE = 0.1


class Generator(Protocol):
    """A package that draws captchas.

    Attributes
    ----------
    name
        Of the package, as where it comes from has it.
    letters
        Characters that it draws, each told from every other.
    lengths
        Smallest and largest number of characters.
    operators
        Of the sums such as ``3+4=?`` that sites let it draw; empty if none do.
    """

    name: str
    letters: str
    lengths: tuple[int, int]
    operators: str

    def is_installed(self) -> bool:
        """Whether ``draw`` can work here."""

    def draw(self, text: str, rng: np.random.Generator) -> Image:
        """Draw a text.

        Parameters
        ----------
        text
            Of ``letters``, or a sum.
        rng
            Source of all options, and of the package's own seed.

        Returns
        -------
        ndarray
            uint8 ``(H, W, 3)`` BGR.

        Raises
        ------
        GeneratorError
            If the package fails.
        """

    def close(self) -> None:
        """End what ``draw`` started, if anything."""


COMMON_SIZES = ((80, 40), (100, 40), (120, 40), (120, 50), (160, 60), (200, 60), (200, 80), (240, 80))
"""Widths and heights of images that sites choose."""


def random_text(rng: np.random.Generator, generator: Generator) -> str:
    """Choose what to draw: an alphabet that sites use, then a length, mostly 4 to 6; or a sum."""
    if generator.operators and rng.random() < SUM_SHARE:
        return random_sum(rng, generator.operators)
    letters = ""
    while not letters:
        alphabet = ALPHABETS[int(rng.choice(len(ALPHABETS), p=ALPHABET_SHARES))]
        letters = "".join(c for c in alphabet if c in generator.letters)
    low, high = generator.lengths
    shares = np.array(LENGTH_SHARES[low - 1 : high])
    length = int(rng.choice(np.arange(low, high + 1), p=shares / shares.sum()))
    return "".join(rng.choice(list(letters), length))


def random_sum(rng: np.random.Generator, operators: str) -> str:
    """Choose a sum of two numbers below 10, 21 or 100, the larger first."""
    left, right = rng.integers(0, int(rng.choice([10, 21, 100])), 2)
    return f"{max(left, right)}{rng.choice(list(operators))}{min(left, right)}{rng.choice(['', '=', '=?'])}"


def random_size(rng: np.random.Generator, length: int) -> tuple[int, int]:
    """Choose an image's width and height: 80 x 30 to 300 x 100, with room for each character."""
    height = int(rng.integers(30, 101))
    width = length * height * rng.uniform(0.5, 0.9)
    return int(np.clip(width, 80, max(300, length * 30))), height


def usual_size(rng: np.random.Generator, length: int, own: tuple[int, int]) -> tuple[int, int]:
    """Choose a size as sites do: mostly the package's own, or another common one; any, for a long text."""
    width, height = own if rng.random() < 0.5 else COMMON_SIZES[int(rng.integers(len(COMMON_SIZES)))]
    return (width, height) if length * height * 0.4 <= width else random_size(rng, length)


def random_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Choose ink and ground that can be told apart: mostly dark on light."""
    while True:
        ground = random_colour(rng, 200, 256) if rng.random() < 0.8 else random_colour(rng, 0, 256)
        ink = random_colour(rng, 0, 200) if rng.random() < 0.8 else random_colour(rng, 0, 256)
        if abs(brightness(ink) - brightness(ground)) > 70:
            return ink, ground


def random_colour(rng: np.random.Generator, low: int, high: int) -> Colour:
    """Choose each channel from ``low`` to below ``high``."""
    red, green, blue = (int(v) for v in rng.integers(low, high, 3))
    return red, green, blue


def brightness(colour: Colour) -> float:
    """Luma of an RGB colour, 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def to_hex(colour: Colour) -> str:
    """Write a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


@cache
def system_fonts() -> tuple[str, ...]:
    """Paths of the system's fonts that have all of 0-9A-Za-z; empty if it has none."""
    return tuple(str(font) for font in find_fonts() if font != BUILT_IN_FONT)


@cache
def truetype_fonts() -> tuple[str, ...]:
    """Find the system's fonts in the one format that all packages read."""
    return tuple(font for font in system_fonts() if font.endswith(".ttf"))


def random_font(rng: np.random.Generator, own: str, fonts: Sequence[str]) -> str:
    """Choose the package's own font, as many sites do, or one of others."""
    return str(rng.choice(fonts)) if fonts and rng.random() < 0.5 else own


def rgb_to_image(rgb: NDArray[np.uint8]) -> Image:
    """Turn an RGB array, as ``numpy.asarray`` makes it of a Pillow image, into BGR."""
    return np.ascontiguousarray(rgb[..., ::-1])


def decode_image(data: bytes, name: str) -> Image:
    """Decode an image file's bytes; what has an alpha channel lies on white.

    Raises
    ------
    GeneratorError
        If they are no image.
    """
    import PIL.Image

    try:
        image = PIL.Image.open(BytesIO(data)).convert("RGBA")  # not OpenCV: its GIF reader is seven times slower
    except OSError as error:
        raise GeneratorError(
            f"{name} wrote {len(data)} bytes that are no image; reinstall it or leave it out"
        ) from error
    ground = PIL.Image.new("RGBA", image.size, "white")
    return rgb_to_image(np.asarray(PIL.Image.alpha_composite(ground, image).convert("RGB")))


@contextmanager
def seeded_random(rng: np.random.Generator) -> Iterator[None]:
    """Seed the ``random`` module, which the package draws from, and put it back after."""
    state = random.getstate()
    random.seed(int(rng.integers(2**63)))
    try:
        yield
    finally:
        random.setstate(state)


class SeededSecrets:
    """What stands in for ``secrets`` in a package that draws its looks from there, so that a seed repeats them."""

    def __init__(self, rng: np.random.Generator) -> None:
        source = random.Random(int(rng.integers(2**63)))
        self.choice, self.randbelow, self.randbits = source.choice, source.randrange, source.getrandbits


@contextmanager
def seeded_secrets(module: ModuleType, rng: np.random.Generator) -> Iterator[None]:
    """Let a module that imported ``secrets`` draw from a seed, and put it back after."""
    secrets = module.secrets
    module.__dict__["secrets"] = SeededSecrets(rng)
    try:
        yield
    finally:
        module.__dict__["secrets"] = secrets
