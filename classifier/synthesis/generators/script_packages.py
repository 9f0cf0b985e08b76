"""Generators of PHP, Django, Perl and Ruby, drawn from through a script."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np

from kerf.classifier.synthesis.generators.base import (
    brightness,
    random_colours,
    random_font,
    random_size,
    system_fonts,
    to_hex,
    truetype_fonts,
    usual_size,
)
from kerf.classifier.synthesis.generators.script import SCRIPTS, ScriptGenerator, packages_folder
from kerf.classifier.synthesis.glyphs import DIGITS, LOWER

GREGWAR_OWN: dict[str, Any] = {
    **{"ink": None, "ground": None, "distortion": True, "interpolation": True, "angle": 8, "offset": 5},
    **{"behind": None, "front": None},
}
"""Options as gregwar/captcha has them by itself."""


class GregwarGenerator(ScriptGenerator):
    """``php-gregwar-captcha``."""

    name = "php-gregwar-captcha"

    def command(self) -> list[str]:
        """Program and arguments."""
        return ["php", "-d", "display_errors=stderr", "-d", "error_reporting=E_ERROR", str(SCRIPTS / "gregwar.php")]

    def is_installed(self) -> bool:
        """Whether the script starts here, and the system has a font."""
        return super().is_installed() and bool(system_fonts())

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options: colours are the package's own mostly, which then negates or shifts them."""
        if rng.random() < 0.4:
            width, height = usual_size(rng, len(text), (150, 40))
            return {"width": width, "height": height, "font": str(rng.choice(system_fonts())), **GREGWAR_OWN}
        width, height = random_size(rng, len(text))
        # It fills the width with the text, whatever the height.
        height = int(np.clip(height, width / len(text) * 1.2, 130))
        ink, ground = random_colours(rng) if rng.random() < 0.4 else (None, None)
        return {
            "width": width,
            "height": height,
            "font": str(rng.choice(system_fonts())),
            "ink": ink,
            "ground": ground,
            "distortion": bool(rng.random() < 0.8),
            "interpolation": bool(rng.random() < 0.7),
            "angle": int(rng.integers(0, 25)),
            "offset": int(rng.integers(0, 9)),
            "behind": random_lines(rng),
            "front": random_lines(rng),
        }


def random_lines(rng: np.random.Generator) -> int | None:
    """Choose how many lines at most gregwar/captcha draws: by its own rule, none, or a few."""
    return None if rng.random() < 0.6 else int(rng.integers(0, 5))


@cache
def usable_for_django() -> tuple[str, ...]:
    """Find the fonts whose characters django-simple-captcha does not cut: it takes a box's top from its right edge."""
    from PIL import ImageFont

    usable = []
    for path in truetype_fonts():
        font = ImageFont.truetype(path, 40)
        boxes = [font.getbbox(f" {c} ") for c in "0AWgimx"]
        needed = [font.getlength(f" {c}") - font.getlength(c) * 0.15 for c in "0AWgimx"]
        if all(box[2] - box[1] >= need for box, need in zip(boxes, needed, strict=True)):
            usable.append(path)
    return tuple(usable)


class DjangoGenerator(ScriptGenerator):
    """``django-simple-captcha``; in a process of its own as its folder is called ``captcha``, as that package's is."""

    name = "django-simple-captcha"
    operators = "+-×"

    def command(self) -> list[str]:
        """Program and arguments."""
        return [sys.executable, str(SCRIPTS / "django_captcha.py")]

    def environment(self) -> dict[str, str]:
        """Variables that lead to the package."""
        return {"PYTHONPATH": str(packages_folder() / "django")}

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options; the font is the package's own mostly."""
        ink, ground = random_colours(rng)
        turn = int(rng.integers(1, 46))
        noises = [f"captcha.helpers.noise_{kind}" for kind in ("arcs", "dots") if rng.random() < 0.7]
        own = packages_folder() / "django/captcha/fonts/Vera.ttf"
        colourful = brightness(ground) > 200 and rng.random() < 0.2
        size = int(rng.integers(16, 60))
        # By its own reckoning a short text has no width at all.
        fixed = len(text) < 4 or rng.random() < 0.3
        options = {
            "IMAGE_SIZE": (int(len(text) * size * rng.uniform(0.9, 1.3)) + 16, int(size * 1.6) + 8) if fixed else None,
            "FONT_PATH": random_font(rng, str(own), usable_for_django()) if text.isalnum() else str(own),
            "FONT_SIZE": size,
            "LETTER_ROTATION": (-turn, turn) if rng.random() < 0.8 else None,
            "FOREGROUND_COLOR": to_hex(ink) if rng.random() < 0.6 else "#001100",
            "BACKGROUND_COLOR": to_hex(ground),
            "LETTER_COLOR_FUNCT": "captcha.helpers.random_letter_color_challenge" if colourful else None,
            "NOISE_FUNCTIONS": noises,
            "FILTER_FUNCTIONS": ["captcha.helpers.post_smooth"] if rng.random() < 0.8 else [],
        }
        if options["FOREGROUND_COLOR"] == "#001100" and brightness(ground) < 120:
            options["BACKGROUND_COLOR"] = "#ffffff"
        return {"options": options}


class AuthenCaptchaGenerator(ScriptGenerator):
    """``libauthen-captcha-perl``: 25 x 35 a character, with pictures of 2 to 9 and a to z."""

    name = "libauthen-captcha-perl"
    letters = DIGITS[2:] + LOWER

    def command(self) -> list[str]:
        """Program and arguments."""
        return ["perl", str(SCRIPTS / "authen_captcha.pl")]

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options: it has none but other pictures."""
        return {}


class SecurityImageGenerator(ScriptGenerator):
    """``libgd-securityimage-perl``."""

    name = "libgd-securityimage-perl"

    def command(self) -> list[str]:
        """Program and arguments."""
        return ["perl", str(SCRIPTS / "security_image.pl")]

    def is_installed(self) -> bool:
        """Whether the script starts here, and the system has a font."""
        return super().is_installed() and bool(truetype_fonts())

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options: two in three turn each character and set it higher or lower."""
        from PIL import ImageFont

        scramble = bool(rng.random() < 0.65)
        size = int(rng.integers(14, 36))
        path = str(rng.choice(truetype_fonts()))
        font = ImageFont.truetype(path, round(size * 4 / 3))  # points to pixels
        # Scrambled, each character has twice the room of an A.
        room = 2 * len(text) * font.getlength("A") if scramble else font.getlength(text)
        ink, ground = random_colours(rng)
        other, _ = random_colours(rng)
        width = int(room * rng.uniform(1.05, 1.3)) + size
        height = int(size * (rng.uniform(2.8, 3.6) if scramble else rng.uniform(1.6, 2.4)))
        new: dict[str, Any] = {
            "width": width,
            "height": height,
            "ptsize": size,
            "font": path,
            "lines": int(rng.integers(2, 15)),
            "thickness": int(rng.choice([0, 1, 1, 2])),
            "bgcolor": ground,
            "scramble": int(scramble),
            "frame": int(rng.random() < 0.5),
            "send_ctobg": int(rng.random() < 0.2),
        }
        style = str(rng.choice(["default", "rect", "box", "circle", "ellipse", "ec", "blank"]))
        dots = int(width * height * rng.uniform(0.002, 0.04))
        particle = [dots, int(rng.integers(1, 4))] if rng.random() < 0.5 else []
        lines = ground if style == "box" else other  # that style fills the image with it
        return {"new": new, "create": ["ttf", style, ink, lines], "particle": particle}


class SimpleCaptchaGenerator(ScriptGenerator):
    """``ruby-simple-captcha2``, which has ImageMagick draw."""

    name = "ruby-simple-captcha2"

    def command(self) -> list[str]:
        """Program and arguments."""
        return ["ruby", "-W0", str(SCRIPTS / "simple_captcha.rb")]

    def environment(self) -> dict[str, str]:
        """Variables that keep ImageMagick to one thread, as the images are small."""
        return {"MAGICK_THREAD_LIMIT": "1"}

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options."""
        fonts = [font for font in truetype_fonts() if " " not in font]  # it quotes no path
        styles = ["embosed_silver", "simply_red", "simply_green", "simply_blue", "distorted_black", "all_black"]
        styles += ["charcoal_grey"]
        options = {
            "image_size": f"{max(100, 20 * len(text))}x{int(rng.integers(28, 40))}",
            "distortion": str(rng.choice(["low", "medium", "high"])),
            "implode": str(rng.choice(["none", "low", "medium", "high"])),
            "noise": int(rng.integers(0, 4)),
            "font": random_font(rng, "", fonts),
        }
        return {"style": str(rng.choice(styles)), "options": options}
