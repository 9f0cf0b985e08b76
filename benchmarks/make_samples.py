"""Render the sample folder: two captchas of each look, and some of the PyPI package ``captcha``.

Usage: python benchmarks/make_samples.py data/samples [--seed 2026]

The rendered ones repeat for a seed and the same fonts; those of the package draw from the system's randomness.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
from captcha.image import ImageCaptcha

from classifier.synthesis import LOOKS, find_fonts, synthesize_one

FROM_PACKAGE = 8
CHARACTERS = "ACDEFGHJKLMNPQRTUVWXY34679"


def main() -> None:
    """Write images and ``labels.csv``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    fonts, rng = find_fonts(), np.random.default_rng(arguments.seed)
    rows = []
    for turn, look in enumerate(LOOKS):
        for index in range(2):
            captcha = synthesize_one(2 * turn + index, arguments.seed, fonts, look)
            rows.append((f"{look}_{index}.png", captcha.text, captcha.image))
    for index in range(FROM_PACKAGE):
        text = "".join(rng.choice(list(CHARACTERS), 4))
        drawn = np.asarray(ImageCaptcha().generate_image(text).convert("RGB"), np.uint8)
        rows.append((f"package_{index}.png", text, drawn[:, :, ::-1]))
    with (arguments.folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "label"])
        for name, text, image in rows:
            cv2.imwrite(str(arguments.folder / name), image)
            writer.writerow([name, text])


if __name__ == "__main__":
    main()
