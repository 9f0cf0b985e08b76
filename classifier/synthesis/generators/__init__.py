"""Captchas drawn by the packages that sites use, of those that are installed; each is behind one small adapter."""

from __future__ import annotations

from kerf.classifier.synthesis.generators.base import Generator, random_text
from kerf.classifier.synthesis.generators.mixture import DrawnCaptcha, draw_mixed
from kerf.classifier.synthesis.generators.registry import GENERATORS, installed, missing, name_to_generator

__all__ = [
    "GENERATORS",
    "DrawnCaptcha",
    "Generator",
    "draw_mixed",
    "installed",
    "missing",
    "name_to_generator",
    "random_text",
]
