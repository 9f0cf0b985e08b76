"""Render the sample folder: two captchas of each look, and some of the PyPI package ``captcha``.

Usage: python -m benchmarks.trials.make_samples data/samples [--seed 2026]
       python -m benchmarks.trials.make_samples build/tight --package 300 --size 80 40 --fonts 22 26 30 --charset 0-9A-Z

The rendered ones repeat for a seed and the same fonts; those of the package draw from the system's randomness. With
``--package`` there are only those.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from captcha.image import ImageCaptcha
from numpy.typing import NDArray

from kerf.classifier.synthesis import LOOKS, find_fonts, synthesize_one
from kerf.classifier.texts.patterns import parse_charset

FROM_PACKAGE = 8

Sample = tuple[str, str, NDArray[np.uint8]]


def from_looks(seed: int) -> Iterator[Sample]:
    """Draw two captchas of each look: name, text, image."""
    fonts = find_fonts()
    for turn, look in enumerate(LOOKS):
        for index in range(2):
            captcha = synthesize_one(2 * turn + index, seed, fonts, look)
            yield f"{look}_{index}.png", captcha.text, captcha.image


def from_package(drawer: ImageCaptcha, count: int, characters: str, seed: int) -> Iterator[Sample]:
    """Draw captchas with the package: name, text, image."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        text = "".join(rng.choice(list(characters), 4))
        drawn = np.asarray(drawer.generate_image(text).convert("RGB"), np.uint8)
        yield f"package_{index}.png", text, drawn[:, :, ::-1]


def main() -> None:
    """Write images and ``labels.csv``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--package", type=int, help="so many of the package, and no others")
    parser.add_argument("--size", type=int, nargs=2, default=(160, 60), help="width and height of the package's")
    parser.add_argument("--fonts", type=int, nargs="*", help="sizes of the package's letters")
    parser.add_argument("--charset", default="AC-HJ-NP-RT-Y34679", help="of the package's")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    count = FROM_PACKAGE if arguments.package is None else arguments.package
    samples = [] if arguments.package else list(from_looks(arguments.seed))
    width, height = arguments.size
    drawer = ImageCaptcha(width, height, font_sizes=arguments.fonts)
    samples += from_package(drawer, count, parse_charset(arguments.charset), arguments.seed)
    with (arguments.folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "label"])
        for name, text, image in samples:
            cv2.imwrite(str(arguments.folder / name), image)
            writer.writerow([name, text])


if __name__ == "__main__":
    main()
