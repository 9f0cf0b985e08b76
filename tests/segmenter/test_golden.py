"""Golden pictures of the image stages: ink, lightness and mask of some samples, and their cuts, which are exact.

After a change that is meant, look at what ``python -m tests.segmenter.test_golden`` writes before committing it.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import structural_similarity

from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize
from kerf.classifier.synthesis.animations import Animation, animate, frames_to_bytes
from kerf.segmenter import LoadSettings, segment
from kerf.segmenter.load import bytes_to_picture, path_to_image

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "data" / "samples"
GOLDEN = HERE / "golden"
NAMES = ("clean_0", "dots_0", "embossed_1", "gradient_0", "light-on-dark_0", "lines_1", "outlined_0", "bitmap_0")
CUT_ROWS = 4
SAME = 0.97  # structural similarity: another version of OpenCV may round differently


def to_picture(name: str) -> NDArray[np.uint8]:
    """Stack ink, lightness and mask of a sample, with its cuts as a last row."""
    segmentation = segment(path_to_image(SAMPLES / f"{name}.png"))
    strip = segmentation.strip
    cuts = np.zeros((CUT_ROWS, strip.mask.shape[1]), np.uint8)
    cuts[:, np.clip(segmentation.lattice.cuts, 0, strip.mask.shape[1] - 1)] = 255
    return np.concatenate([*strip.pixels, strip.mask.astype(np.uint8) * 255, cuts])


@pytest.mark.parametrize("name", NAMES)
def test_stages_look_as_they_did(name: str) -> None:
    golden = cv2.imread(str(GOLDEN / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    assert golden is not None
    picture = to_picture(name)
    assert picture.shape == golden.shape
    assert np.flatnonzero(picture[-1]).tolist() == np.flatnonzero(golden[-1]).tolist()  # the cuts, exactly
    assert structural_similarity(picture[:-CUT_ROWS], golden[:-CUT_ROWS]) > SAME  # type: ignore[no-untyped-call]


def test_animated_and_transparent_images_are_cut_as_the_plain_one() -> None:
    captcha = next(synthesize(1, 2, "clean", fonts=[BUILT_IN_FONT]))
    expected = segment(captcha.image).lattice.cuts.tolist()
    growing = frames_to_bytes(animate(captcha, Animation.GROW, np.random.default_rng(0)), "PNG")
    assert segment(to_pixels(growing)).lattice.cuts.tolist() == expected
    for letters in (0, 255):
        layers = Image.new("L", captcha.image.shape[1::-1], letters), Image.fromarray(255 - captcha.image.min(axis=2))
        stream = BytesIO()
        Image.merge("LA", layers).save(stream, "PNG")
        cuts = segment(to_pixels(stream.getvalue())).lattice.cuts
        assert len(cuts) == pytest.approx(len(expected), abs=2)
        assert np.abs(cuts[[0, -1]] - np.array(expected)[[0, -1]]).max() <= 1


def to_pixels(data: bytes) -> NDArray[np.uint8]:
    return bytes_to_picture(data, "a", LoadSettings()).pixels


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for sample in NAMES:
        cv2.imwrite(str(GOLDEN / f"{sample}.png"), to_picture(sample))
