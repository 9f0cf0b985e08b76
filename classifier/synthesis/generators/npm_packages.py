"""Generators from npm, drawn from through a script."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kerf.classifier.synthesis.generators.base import (
    Image,
    decode_image,
    random_colour,
    random_colours,
    random_font,
    random_size,
    to_hex,
    truetype_fonts,
    usual_size,
)
from kerf.classifier.synthesis.generators.script import SCRIPTS, ScriptGenerator, packages_folder
from kerf.classifier.synthesis.glyphs import LOWER


class NpmGenerator(ScriptGenerator):
    """A package of npm."""

    def command(self) -> list[str]:
        """Program and arguments."""
        return ["node", str(SCRIPTS / "npm.js"), self.name]

    def environment(self) -> dict[str, str]:
        """Variables that lead to the package."""
        folders = [str(packages_folder() / "npm/node_modules"), os.environ.get("NODE_PATH", "")]
        return {"NODE_PATH": os.pathsep.join(filter(None, folders))}


@cache
def small_fonts() -> tuple[str, ...]:
    """Find fonts that svg-captcha, which keeps all of each in memory, reads soon: at most 48, of 150 kB at most."""
    small = [font for font in truetype_fonts() if Path(font).stat().st_size <= 150_000]
    return tuple(small[:: -(-len(small) // 48) or 1])


class SvgCaptchaGenerator(NpmGenerator):
    """``svg-captcha``; its SVG is rasterised by resvg, at some scale."""

    name = "svg-captcha"
    operators = "+-"

    def is_installed(self) -> bool:
        """Whether the script starts here, and resvg is there."""
        return find_spec("resvg_py") is not None and super().is_installed()

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options."""
        usual = rng.random() < 0.4
        width, height = usual_size(rng, len(text), (150, 50)) if usual else random_size(rng, len(text))
        _, ground = random_colours(rng)
        background = to_hex(ground) if rng.random() < 0.5 else ""
        largest = width / (len(text) + 1) * rng.uniform(1.3, 1.9)
        return {
            "font": random_font(rng, "", small_fonts()) if text.isalnum() else "",
            "options": {
                "width": width,
                "height": height,
                "fontSize": 56 if usual and height >= 50 else int(min(height * 1.1, largest)),
                "noise": int(rng.integers(1, 4) if usual else rng.integers(0, 7)),
                "color": bool(rng.random() < 0.5),
                "background": background,
            },
        }

    def to_image(self, data: bytes, rng: np.random.Generator) -> Image:
        """Rasterise what the script wrote."""
        from resvg_py import svg_to_bytes

        svg = data.decode()
        width = int(svg.split('width="', 1)[1].split('"', 1)[0])
        scaled = int(width * rng.uniform(0.7, 1.2))
        return decode_image(bytes(svg_to_bytes(svg_string=svg, width=scaled)), self.name)


class TrekCaptchaGenerator(NpmGenerator):
    """``trek-captcha``: 200 x 70, one font, some colours; its letters lack e, g and z."""

    name = "trek-captcha"
    letters = "".join(c for c in LOWER if c not in "egz")
    lengths = (3, 5)

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options."""
        return {"style": -1}


class CaptchaCanvasGenerator(NpmGenerator):
    """``captcha-canvas``; what it leaves transparent is white."""

    name = "captcha-canvas"

    def request(self, text: str, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the options: a line through the characters' places, and small characters behind, fainter."""
        width, height = random_size(rng, len(text))
        width, height = int(width * 1.2), max(height, 45)  # it puts characters up and down as far as the edge
        size = int(min(height * 0.55, width / len(text) * rng.uniform(0.6, 0.9)))
        font = str(rng.choice(["Sans", "Serif", "Monospace"]))
        colours = [to_hex(random_colour(rng, 0, 170)) for _ in range(4)]
        captcha = {
            "size": size,
            "font": font,
            "skew": bool(rng.random() < 0.7),
            "rotate": int(rng.integers(0, 25)),
            "color": colours[0],
            "colors": colours if rng.random() < 0.3 else [],
            "opacity": float(rng.uniform(0.7, 1)),
        }
        line = float(rng.choice([0, 1, 1])) * float(rng.uniform(0.5, 1))
        trace = {"size": int(rng.integers(1, 4)), "color": str(rng.choice(colours[:2])), "opacity": line}
        faint = float(rng.choice([0, 1])) * float(rng.uniform(0.2, 0.5))
        decoy = {"size": max(8, int(size * 0.4)), "font": font, "opacity": faint, "total": int(rng.integers(3, 25))}
        return {"size": {"width": width, "height": height}, "captcha": captcha, "trace": trace, "decoy": decoy}
