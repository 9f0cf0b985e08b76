"""What images of one kind look like: exact measures, ranges, and which image is outside of them."""

from __future__ import annotations

import numpy as np
import pytest

from kerf.classifier.kind import Looks, looks_to_kind, segmentation_to_looks
from kerf.segmenter import Segmentation, SegmenterSettings
from kerf.segmenter.ink import Ink
from kerf.segmenter.lattice import Lattice, Strip

LOOKS = Looks(40.0, 3.0, 0.8, 0.2, 0.05, 200.0, 30.0)


def test_measures_of_one_image() -> None:
    image = np.full((4, 8, 3), (10, 30, 20), np.uint8)
    image[:, 4:] = (200, 100, 120)
    mask = np.zeros((6, 10), bool)
    mask[:, :3] = True
    pixels = np.zeros((2, 6, 10), np.uint8)
    pixels[0, :, :3], pixels[0, :3, 3:], pixels[1] = 255, 51, 7
    strip = Strip(pixels, mask, (0.0, 0.0), (2.0, 3.0))
    empty = np.zeros((0, 2), np.int32)
    lattice = Lattice(np.array([0, 10], np.int32), empty, empty)
    ink = Ink(np.zeros((4, 8), np.float32), np.zeros((4, 8), np.uint8), np.zeros((4, 8), bool))
    looks = segmentation_to_looks(Segmentation(image, ink, strip, lattice, SegmenterSettings(), (16, 7), 2))
    assert looks == pytest.approx((7.0, 16 / 7, 3 / 4, 0.3, 0.1, (10 + 30 + 20 + 200 + 100 + 120) / 6, (20 + 100) / 2))


def test_ranges_are_those_of_most_images_and_a_margin() -> None:
    rng = np.random.default_rng(0)
    looks = [LOOKS._replace(brightness=float(value), ink=0.2) for value in rng.permutation(np.linspace(100, 200, 101))]
    kind = looks_to_kind(looks)
    assert kind is not None
    assert kind.low == pytest.approx((36.0, 2.9, 0.75, 0.18, 0.03, 105 - 45, 25.0))
    assert kind.high == pytest.approx((44.0, 3.1, 0.85, 0.22, 0.07, 195 + 45, 35.0))


def test_too_few_images_or_images_of_several_sizes_make_no_kind() -> None:
    assert looks_to_kind([LOOKS] * 19) is None
    assert looks_to_kind([LOOKS] * 20) is not None
    assert looks_to_kind([]) is None
    heights = [40.0] * 20 + [80.0] * 20
    assert looks_to_kind([LOOKS._replace(height=height) for height in heights]) is not None
    heights[20:] = [80.5] * 20
    assert looks_to_kind([LOOKS._replace(height=height) for height in heights]) is None


def test_an_image_is_unlike_by_whatever_is_out_of_its_range() -> None:
    kind = looks_to_kind([LOOKS] * 20)
    assert kind is not None
    assert kind.unlike(LOOKS) == ()
    assert kind.unlike(Looks(*kind.low)) == kind.unlike(Looks(*kind.high)) == ()
    for name, low, high in zip(Looks._fields, kind.low, kind.high, strict=True):
        for value in (low - 1e-6, high + 1e-6):
            assert kind.unlike(LOOKS._replace(**{name: value})) == (name,)
    assert kind.unlike(LOOKS._replace(height=99.0, colour=99.0)) == ("height", "colour")
