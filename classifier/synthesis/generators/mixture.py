"""One stream of captchas from many generators; one that fails is left out from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from kerf.classifier.synthesis.generators.base import Generator, Image, random_text
from kerf.classifier.synthesis.generators.registry import installed, name_to_generator
from kerf.segmenter.errors import GeneratorError, SettingsError


class DrawnCaptcha(NamedTuple):
    """A captcha that a package drew.

    Attributes
    ----------
    image
        uint8 ``(H, W, 3)`` BGR.
    text
        What it says, in the case that is drawn.
    generator
        Name of the package.
    """

    image: Image
    text: str
    generator: str


def draw_mixed(
    rng: np.random.Generator,
    count: int,
    shares: Mapping[str, float] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[DrawnCaptcha]:
    """Draw captchas from several generators, each image from one chosen at random.

    Parameters
    ----------
    rng
        Source of every choice and seed.
    count
        How many.
    shares
        Weight of each generator by its name; without it, all that are installed have the same.
    tell
        Is given one line for each generator that fails and is left out from then on.

    Yields
    ------
    DrawnCaptcha
        Image, text and generator.

    Raises
    ------
    GeneratorError
        If none is installed, one that is named is not, or all have failed.
    SettingsError
        If a name is unknown or the shares are no weights.
    """
    weights = shares_to_weights(shares)
    for _ in range(count):
        yield draw_one(rng, weights, tell)


def shares_to_weights(shares: Mapping[str, float] | None) -> dict[Generator, float]:
    """Find the generators and their weights; parameters and errors as of ``draw_mixed``."""
    if shares is None:
        return dict.fromkeys(installed(), 1.0)
    if not all(0 <= share < float("inf") for share in shares.values()) or not any(shares.values()):
        raise SettingsError(f"shares {dict(shares)} are no weights; give 0 or more, and one above 0")
    weights = {name_to_generator(name): share for name, share in shares.items() if share}
    if absent := [generator.name for generator in weights if not generator.is_installed()]:
        raise GeneratorError(f"not installed: {', '.join(absent)}; install them or leave them out")
    return weights


def draw_one(
    rng: np.random.Generator, weights: dict[Generator, float], tell: Callable[[str], None] | None
) -> DrawnCaptcha:
    """Draw one captcha, and take a generator that fails out of ``weights``."""
    while weights:
        shares = np.array(list(weights.values()))
        generator = list(weights)[int(rng.choice(len(weights), p=shares / shares.sum()))]
        text = random_text(rng, generator)
        try:
            return DrawnCaptcha(generator.draw(text, rng), text, generator.name)
        except GeneratorError as error:
            del weights[generator]
            if tell:
                tell(f"{error} (it is left out from here on)")
    raise GeneratorError("no captcha generator is left; install one of those that the documentation names")
