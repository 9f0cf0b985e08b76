"""What a page holds of an image, and how much that weighs."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.classifier.pages.causes import Cause
from kerf.classifier.pages.encoding import picture_to_uri
from kerf.classifier.pages.entries import LARGEST, MOST_IMAGES, inspection_to_entry
from kerf.classifier.pages.inspection import Inspection, inspect_without_model
from kerf.segmenter import segment
from kerf.segmenter.errors import UnreadableImageError


def noise(height: int, width: int) -> NDArray[np.uint8]:
    """What no format makes small."""
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def to_size(uri: str) -> tuple[int, int]:
    """Size of the picture in a data URI."""
    kind, data = uri.split(",")
    assert kind == "data:image/webp;base64"
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.shape[1], picture.shape[0]


def test_an_entry_has_what_was_read(inspection: Inspection) -> None:
    entry = inspection_to_entry("a.png", replace(inspection, cause=Cause.CHOICE), 3, "zz")
    reading, lattice = inspection.reading, inspection.segmentation.lattice
    assert (entry["name"], entry["label"], entry["text"], entry["right"]) == ("a.png", "zz", reading.text, False)
    assert entry["cause"] == "wrong choice among candidates"
    assert entry["confidence"] == round(reading.confidence, 6)
    assert [c[0] for c in entry["characters"]] == list(reading.text)
    assert [tuple(c[2]) for c in entry["characters"]] == [c.box_ltrb for c in reading.characters]
    assert (entry["size"], entry["among"], len(entry["cuts"])) == ([160, 60], len(lattice.spans), len(lattice.cuts))
    assert to_size(entry["image"]) == to_size(entry["ink"]) == (160, 60)
    assert 0 <= entry["rows"][0] < entry["rows"][1] <= 60
    assert "".join(read for _, read in entry["pairs"]) == reading.text
    assert json.loads(json.dumps(entry)) == entry


def test_candidates_are_the_few_that_carry_the_posterior(inspection: Inspection) -> None:
    shares = inspection.posteriors.sum(axis=1)
    entry = inspection_to_entry("a.png", inspection, 1)
    read = {c.candidate for c in inspection.reading.characters}
    wanted = {i for i in range(len(shares)) if shares[i] >= 0.01 or i in read}
    assert len(entry["candidates"]) == min(30, len(wanted)) < len(shares)
    assert sum(candidate["read"] for candidate in entry["candidates"]) == len(read)
    assert [c["cols"] for c in entry["candidates"]] == sorted(c["cols"] for c in entry["candidates"])
    assert max(c["share"] for c in entry["candidates"]) == pytest.approx(shares.max(), abs=1e-4)
    shown = sum(candidate["share"] for candidate in entry["candidates"])
    assert entry["carried"] == pytest.approx(shown / shares.sum(), abs=1e-3)
    for candidate in entry["candidates"]:
        likeliest = [share for _, share in candidate["as"]]
        assert likeliest == sorted(likeliest, reverse=True)
        assert 1 <= len(likeliest) <= 3
        assert sum(likeliest) <= candidate["share"] + 1e-3


def test_of_a_large_image_all_is_in_pixels_of_the_file(inspection: Inspection) -> None:
    whole = inspection_to_entry("a.png", inspection, 1)
    double = replace(inspection, segmentation=replace(inspection.segmentation, factor=2, size_wh=(320, 120)))
    entry = inspection_to_entry("a.png", double, 1)
    assert entry["cuts"] == pytest.approx([2 * col for col in whole["cuts"]], abs=0.2)
    assert entry["rows"][0] == pytest.approx(2 * whole["rows"][0], abs=0.2)
    twice = [2 * col for col in whole["candidates"][0]["cols"]]
    assert entry["candidates"][0]["cols"] == pytest.approx(twice, abs=0.2)


def test_without_a_label_nothing_is_right_or_wrong(inspection: Inspection) -> None:
    assert {"label", "right", "pairs", "cause"}.isdisjoint(inspection_to_entry("a.png", inspection, 1))


def test_case_is_ignored_where_it_was_for_the_figures(inspection: Inspection) -> None:
    answer = replace(inspection, reading=replace(inspection.reading, text="aB"))
    assert not inspection_to_entry("a.png", answer, 1, "Ab")["right"]
    entry = inspection_to_entry("a.png", answer, 1, "Ab", ignore_case=True)
    assert entry["right"]
    assert entry["label"] == "Ab"


def test_an_unreadable_image_says_why() -> None:
    entry = inspection_to_entry("a.png", UnreadableImageError("a.png: no image"), 1, "ab")
    assert entry == {
        "name": "a.png",
        "label": "ab",
        "right": False,
        "pairs": [],
        "cause": "",
        "error": "a.png: no image",
    }


def test_without_a_model_characters_are_boxes(tmp_path: Path, inspection: Inspection) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), inspection.segmentation.image)
    found = inspect_without_model(tmp_path / "a.png")
    assert isinstance(found, Inspection)
    entry = inspection_to_entry("a.png", found, 1)
    assert "text" not in entry
    assert [(name, share) for name, share, _ in entry["characters"]] == [("", None)] * len(found.span_cols)
    assert entry["candidates"] == []


def test_five_thousand_images_of_noise_are_within_fifty_megabytes(inspection: Inspection) -> None:
    noisy = replace(inspection, segmentation=segment(noise(80, 220)), span_cols=inspection.span_cols)
    noisy = replace(noisy, posteriors=np.full((len(noisy.segmentation.lattice.spans), 4), 0.2))
    entry = inspection_to_entry("a.png", noisy, MOST_IMAGES)
    assert len(json.dumps(entry)) * MOST_IMAGES < 50_000_000
    assert len(json.dumps(inspection_to_entry("a.png", noisy, 10 * MOST_IMAGES))) == len(json.dumps(entry))
    assert len(inspection_to_entry("a.png", noisy, 1)["image"]) <= LARGEST


def test_a_picture_is_made_smaller_until_it_fits() -> None:
    assert to_size(picture_to_uri(noise(240, 960), 10**9)) == (480, 120)
    assert to_size(picture_to_uri(noise(20, 30), 1)) == (30, 20)  # it cannot be made to fit
    assert to_size(picture_to_uri(noise(200, 400), 5000)) == (100, 50)
    plain = np.full((60, 160), 255, np.uint8)
    assert len(picture_to_uri(plain, 4000)) < 200
