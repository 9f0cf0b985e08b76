"""Generators from PyPI, drawn from in this process: captcha, wheezy.captcha, multicolorcaptcha, easy-captcha-python."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from typing import Any

import cv2
import numpy as np

from kerf.classifier.synthesis.generators.base import (
    Colour,
    Image,
    brightness,
    decode_image,
    random_colours,
    random_font,
    random_size,
    rgb_to_image,
    seeded_random,
    seeded_secrets,
    system_fonts,
    to_hex,
    usual_size,
)
from kerf.classifier.synthesis.glyphs import CHARACTERS, DIGITS, UPPER


class PythonGenerator:
    """A package that Python imports: once asked to draw, not before."""

    name: str
    module: str
    letters = CHARACTERS
    lengths = (1, 12)
    operators = ""

    def is_installed(self) -> bool:
        """Whether the package can be imported."""
        try:
            return find_spec(self.module) is not None
        except ModuleNotFoundError:  # of the package above it
            return False

    def close(self) -> None:
        """Nothing was started."""


class CaptchaGenerator(PythonGenerator):
    """``captcha``."""

    name = "captcha"
    module = "captcha.image"

    def draw(self, text: str, rng: np.random.Generator) -> Image:
        """Draw a text; see ``Generator.draw``. Half of them are as it draws by itself."""
        import captcha.image as package
        from PIL.ImageFilter import SMOOTH

        if rng.random() < 0.5:
            width, height = usual_size(rng, len(text), (160, 60))
            own = package.ImageCaptcha(width, height, [random_font(rng, package.DEFAULT_FONTS[0], system_fonts())])
            with seeded_secrets(package, rng):
                return rgb_to_image(np.asarray(own.generate_image(text)))
        width, height = random_size(rng, len(text))
        sizes = tuple(int(height * s) for s in rng.uniform(0.6, 0.95, 3))
        drawer = package.ImageCaptcha(
            width, height, [random_font(rng, package.DEFAULT_FONTS[0], system_fonts())], sizes
        )
        angle = int(rng.integers(0, 41))
        drawer.character_rotate = (-angle, angle)
        drawer.character_warp_dx = (0.1, float(rng.uniform(0.1, 0.4)))
        drawer.character_warp_dy = (0.2, float(rng.uniform(0.2, 0.4)))
        drawer.word_space_probability = float(rng.uniform(0.3, 1))
        drawer.word_offset_dx = float(rng.uniform(0, 0.35))
        ink, ground = masked_colours(rng)
        with seeded_secrets(package, rng):
            image = drawer.create_captcha_image(text, (*ink, int(rng.integers(220, 256))), ground)
            dots = int(rng.integers(0, 60) * width * height / 9600)
            drawer.create_noise_dots(image, ink, int(rng.integers(1, 2 + height // 25)), dots)
            for _ in range(int(rng.integers(0, 3))):
                drawer.create_noise_curve(image, ink)
        return rgb_to_image(np.asarray(image.filter(SMOOTH) if rng.random() < 0.8 else image))


class WheezyGenerator(PythonGenerator):
    """``wheezy.captcha``; it brings no font of its own."""

    name = "wheezy.captcha"
    module = "wheezy.captcha.image"

    def is_installed(self) -> bool:
        """Whether the package can be imported, and the system has a font."""
        return super().is_installed() and bool(system_fonts())

    def draw(self, text: str, rng: np.random.Generator) -> Image:
        """Draw a text; see ``Generator.draw``."""
        import wheezy.captcha.image as package

        width, height = random_size(rng, len(text))
        ink, ground = masked_colours(rng)
        squeeze = float(rng.uniform(0.7, 1.0))
        # What is wider than the image would lose its first and last character.
        size = max(8, int(min(height * rng.uniform(0.6, 0.9), width / (len(text) * squeeze * 0.8 + 0.3))))
        letter = package.text(
            [str(f) for f in rng.choice(system_fonts(), int(rng.integers(1, 4)))],
            font_sizes=(size, round(size * 0.93), round(size * 0.87)),
            drawings=random_turns(rng, package),
            color=to_hex(ink),
            squeeze_factor=squeeze,
        )
        drawings = [package.background(to_hex(ground)), letter, *random_noises(rng, package, ink, ground)]
        with seeded_random(rng):
            return rgb_to_image(np.asarray(package.captcha(drawings, width, height)(text)))


def random_turns(rng: np.random.Generator, package: Any) -> list[Any]:
    """Choose what wheezy.captcha does to each character."""
    turns = [
        package.warp(*rng.uniform(0, 0.27, 2)),
        package.rotate(float(rng.uniform(0, 30))),
        package.offset(float(rng.uniform(0, 0.1)), float(rng.uniform(0, 0.2))),
    ]
    return [turn for turn in turns if rng.random() < 0.8]


def random_noises(rng: np.random.Generator, package: Any, ink: Colour, ground: Colour) -> list[Any]:
    """Choose what wheezy.captcha draws over the text."""
    other, _ = random_colours(rng)
    colours = [to_hex(ink), to_hex(ground), to_hex(other)]
    noises = []
    for _ in range(int(rng.integers(0, 3))):
        noises.append(package.curve(str(rng.choice(colours)), int(rng.integers(1, 5)), int(rng.integers(3, 8))))
    if rng.random() < 0.6:
        noises.append(package.noise(int(rng.integers(10, 120)), str(rng.choice(colours)), int(rng.integers(1, 3))))
    if rng.random() < 0.8:
        noises.append(package.smooth())
    return noises


def masked_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Choose ink and ground that can be told apart where the ink's own brightness is its opacity.

    So ``wheezy.captcha`` and ``captcha`` have it: black ink is not seen at all.
    """
    while True:
        ink, ground = random_colours(rng)
        opacity = min(1.0, brightness(ink) * 1.97 / 255)
        if opacity * abs(brightness(ink) - brightness(ground)) > 70:
            return ink, ground


class MulticolorGenerator(PythonGenerator):
    """``multicolorcaptcha``; its own method draws four characters, the same steps here any number."""

    name = "multicolorcaptcha"
    module = "multicolorcaptcha"
    letters = DIGITS + UPPER
    lengths = (3, 6)

    def draw(self, text: str, rng: np.random.Generator) -> Image:
        """Draw a text; see ``Generator.draw``."""
        from multicolorcaptcha import CaptchaGenerator as Package

        with seeded_random(rng):
            package = Package(int(rng.integers(0, 2)))
            shared = package.gen_rand_color() if rng.random() < 0.6 else None
            lines, turn = int(rng.integers(0, 3)), int(rng.integers(10, 56))
            letters = [
                package.gen_captcha_char_image(c, package.one_char_image_size, lines, shared, (-turn, turn))["image"]
                for c in text
            ]
            image = package.images_join_horizontal(letters)
            side = package.one_char_image_size[0]
            for _ in range(int(rng.integers(0, 4))):
                package.add_rand_horizontal_line_to_image(image)
            for _ in range(int(rng.integers(0, 25))):
                package.add_rand_circle_to_image(image, int(0.05 * side), int(0.15 * side))
        return rescale_to_height(rgb_to_image(np.asarray(image)), int(rng.integers(40, side + 1)))


def rescale_to_height(image: Image, height: int) -> Image:
    """Shrink an image to a height, as pages show it."""
    width = round(image.shape[1] * height / image.shape[0])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


# Of easy-captcha-python's ten fonts, by number: four have capitals alone, and a fifth no signs.
FONTS_WITH_SIGNS = (1, 3, 5, 6, 8)
FONTS_WITH_LOWER_CASE = (*FONTS_WITH_SIGNS, 7)
FONTS = tuple(range(10))


class EasyCaptchaGenerator(PythonGenerator):
    """``easy-captcha-python``."""

    name = "easy-captcha-python"
    module = "easy_captcha"
    operators = "+-x"

    def draw(self, text: str, rng: np.random.Generator) -> Image:
        """Draw a text; see ``Generator.draw``."""
        import easy_captcha.base.randoms as randoms
        from easy_captcha import ArithmeticCaptcha, SpecCaptcha

        width, height = random_size(rng, len(text))
        drawer = (SpecCaptcha if text.isalnum() else ArithmeticCaptcha)(width, height, len(text))
        fonts = FONTS_WITH_SIGNS if not text.isalnum() else FONTS if text == text.upper() else FONTS_WITH_LOWER_CASE
        drawer.set_font(int(rng.choice(fonts)), int(min(height * 0.8, width / len(text) * 1.2)))
        drawer._chars = drawer._arithmetic_string = text  # it takes no text of another's
        stream = BytesIO()
        with seeded_secrets(randoms, rng):
            drawer.out(stream)
        return decode_image(stream.getvalue(), self.name)
