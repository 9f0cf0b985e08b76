"""All generators that Kerf may learn from; no other."""

from __future__ import annotations

from kerf.classifier.synthesis.generators.base import Generator
from kerf.classifier.synthesis.generators.npm_packages import (
    CaptchaCanvasGenerator,
    SvgCaptchaGenerator,
    TrekCaptchaGenerator,
)
from kerf.classifier.synthesis.generators.python_packages import (
    CaptchaGenerator,
    EasyCaptchaGenerator,
    MulticolorGenerator,
    WheezyGenerator,
)
from kerf.classifier.synthesis.generators.script_packages import (
    AuthenCaptchaGenerator,
    DjangoGenerator,
    GregwarGenerator,
    SecurityImageGenerator,
    SimpleCaptchaGenerator,
)
from kerf.segmenter.errors import SettingsError

GENERATORS: tuple[Generator, ...] = (
    CaptchaGenerator(),
    WheezyGenerator(),
    MulticolorGenerator(),
    EasyCaptchaGenerator(),
    DjangoGenerator(),
    GregwarGenerator(),
    SvgCaptchaGenerator(),
    TrekCaptchaGenerator(),
    CaptchaCanvasGenerator(),
    AuthenCaptchaGenerator(),
    SecurityImageGenerator(),
    SimpleCaptchaGenerator(),
)


def installed() -> list[Generator]:
    """List the generators that can draw here."""
    return [generator for generator in GENERATORS if generator.is_installed()]


def missing() -> list[str]:
    """List the names of the generators that are not installed here."""
    return [generator.name for generator in GENERATORS if not generator.is_installed()]


def name_to_generator(name: str) -> Generator:
    """Find a generator by its package's name.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    for generator in GENERATORS:
        if generator.name == name:
            return generator
    raise SettingsError(f"no generator {name!r}; choose of {', '.join(g.name for g in GENERATORS)}")
