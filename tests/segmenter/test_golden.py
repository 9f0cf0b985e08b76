"""Golden pictures of the image stages: ink, lightness, mask and cuts of some samples.

After a change that is meant, look at what ``python -m tests.segmenter.test_golden`` writes before committing it.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from kerf.segmenter import segment
from kerf.segmenter.load import path_to_image

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "data" / "samples"
GOLDEN = HERE / "golden"
NAMES = ("clean_0", "dots_0", "embossed_1", "gradient_0", "light-on-dark_0", "lines_1", "outlined_0", "bitmap_0")
SAME = 0.97  # structural similarity: another version of OpenCV may round differently


def to_picture(name: str) -> NDArray[np.uint8]:
    """Stack ink, lightness and mask of a sample, with its cuts as a last row."""
    segmentation = segment(path_to_image(SAMPLES / f"{name}.png"))
    strip = segmentation.strip
    cuts = np.zeros((4, strip.mask.shape[1]), np.uint8)
    cuts[:, np.clip(segmentation.lattice.cuts, 0, strip.mask.shape[1] - 1)] = 255
    return np.concatenate([*strip.pixels, strip.mask.astype(np.uint8) * 255, cuts])


@pytest.mark.parametrize("name", NAMES)
def test_stages_look_as_they_did(name: str) -> None:
    golden = cv2.imread(str(GOLDEN / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    assert golden is not None
    picture = to_picture(name)
    assert picture.shape == golden.shape
    assert structural_similarity(picture, golden) > SAME  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for sample in NAMES:
        cv2.imwrite(str(GOLDEN / f"{sample}.png"), to_picture(sample))
