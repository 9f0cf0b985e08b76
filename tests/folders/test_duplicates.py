from io import BytesIO
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from kerf.classifier.folders import duplicates
from kerf.classifier.folders.dataset import Sample, Split, folder_to_samples, split_samples
from kerf.classifier.folders.duplicates import LIMIT, SHIFTS, KnownViews, image_to_view, later_copies, near_duplicates


def draw_captcha(text: str) -> Image.Image:
    """A framed captcha in which every character keeps its place: as alike as different texts can be."""
    picture = Image.new("RGB", (90, 30), (225, 235, 245))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 89, 29), outline="black")
    font = ImageFont.load_default(22)
    for index, character in enumerate(text):
        draw.text((8 + 20 * index, 3), character, fill=(40, 60, 120), font=font)
    return picture


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def move(picture: Image.Image, rows: int, cols: int) -> Image.Image:
    """Move by pixels; what comes in is white."""
    moved = Image.new("RGB", picture.size, "white")
    moved.paste(picture, (cols, rows))
    return moved


def save_samples(folder: Path, pictures: dict[str, Image.Image]) -> tuple[Sample, ...]:
    folder.mkdir()
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png")
    return tuple(Sample(folder / f"{name}.png", name) for name in pictures)


COPIES = {
    "same": lambda p: p,
    "jpeg": lambda p: jpeg(p, 50),
    "bad jpeg": lambda p: jpeg(p, 8),
    "right": lambda p: move(p, 0, 1),
    "up and left": lambda p: move(p, -1, -1),
    "down and left, jpeg": lambda p: jpeg(move(p, 1, -1), 75),
    "darker": lambda p: ImageEnhance.Brightness(p).enhance(0.7),
    "less contrast": lambda p: ImageEnhance.Contrast(p).enhance(0.6),
    "grey": ImageOps.grayscale,
}


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_found_with_what_they_are_copies_of(tmp_path: Path, copy: str) -> None:
    names = ["7K3M", "7K3W", "7K8M", "AK3M", "Q2XB"]
    train = save_samples(tmp_path / "train", {name: draw_captcha(name) for name in names})
    pictures = {name: COPIES[copy](draw_captcha(name)) for name in names[:2]} | {"H5TR": draw_captcha("H5TR")}
    validation = save_samples(tmp_path / "validation", pictures)
    pairs = near_duplicates(Split(train, validation))
    assert pairs == [(train[0], validation[0]), (train[1], validation[1])]


def test_texts_that_differ_in_one_character_are_no_copies(tmp_path: Path) -> None:
    train = save_samples(tmp_path / "train", {name: draw_captcha(name) for name in ("7K3M", "AAAA", "9689")})
    others = ["7K3N", "7X3M", "1K3M", "AAAB", "AARA", "9639", "5689"]
    validation = save_samples(tmp_path / "validation", {name: draw_captcha(name) for name in others})
    assert near_duplicates(Split(train, validation)) == []


def test_plain_tiny_and_unreadable_images_are_like_nothing(tmp_path: Path) -> None:
    pictures = {name: Image.new("RGB", (90, 30), "white") for name in ("a", "b")}
    pictures |= {"tiny": Image.new("RGB", (2, 30))}
    train = save_samples(tmp_path / "train", pictures)
    validation = save_samples(tmp_path / "validation", pictures | {"AB": draw_captcha("AB")})
    missing = Sample(tmp_path / "gone.png", "gone")
    assert near_duplicates(Split((*train, missing), (*validation, missing))) == []
    assert near_duplicates(Split((missing,), validation)) == []
    found = near_duplicates(Split((missing, train[2], validation[3]), (missing, train[2], train[0], validation[3])))
    assert found == [(validation[3], validation[3])]


def test_images_three_pixels_high_are_compared(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 60, 3), np.uint8)
    train = save_samples(tmp_path / "train", {"a": Image.fromarray(noise)})
    assert near_duplicates(Split(train, train)) == [(train[0], train[0])]
    two = save_samples(tmp_path / "two", {"a": Image.fromarray(noise[:2])})
    assert near_duplicates(Split(two, two)) == []


@pytest.mark.parametrize("shift", SHIFTS)
def test_view_is_the_small_grey_picture_in_bands(shift: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 90, 3), np.uint8)
    rows, cols = shift
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[1 - rows : 39 - rows, 1 - cols : 89 - cols].astype(np.float32)
    small = cv2.resize(grey, (48, 16), interpolation=cv2.INTER_AREA)
    small = (small - small.mean()) / small.std()
    view = image_to_view(image, shift)
    assert view.dtype == np.float32
    assert np.allclose(view, np.concatenate([small[:, left : left + 4].ravel() for left in range(0, 48, 4)]), atol=1e-5)


def test_view_of_an_image_that_is_nearly_plain_is_near_nothing() -> None:
    image = np.full((200, 400, 3), 200, np.uint8)
    image[50:54, 50:54] = 202
    assert 2 < np.abs(image_to_view(image, (0, 0))).max() < 2.5  # in tenths of a grey level
    assert not image_to_view(np.full((20, 20, 3), 9, np.uint8), (0, 0)).any()


def normalize(views: NDArray[np.float64]) -> NDArray[np.float32]:
    views = views - views.mean(-1, keepdims=True)
    return np.asarray(views / views.std(-1, keepdims=True), np.float32)


def brute_force(views: NDArray[np.float32], known: NDArray[np.float32]) -> int | None:
    """The known view whose worst band is best, at the first view of which that is true."""
    bands = np.square(views[:, None] - known[None]).reshape(len(views), len(known), 12, 64).mean(3).max(2)
    best = np.unravel_index(bands.argmin(), bands.shape)
    return int(best[1]) if bands[best] <= LIMIT else None


@pytest.mark.parametrize("noise", [0.0, 0.2, 0.3, 0.4, 0.45, 0.5, 0.7])
@pytest.mark.parametrize("part", [1, 5, 1000])
def test_nearest_is_what_brute_force_finds(noise: float, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "PART", part)
    rng = np.random.default_rng(2)
    answers = []
    for _ in range(10):
        known = normalize(rng.normal(size=(12, 768)))
        images = [normalize(rng.normal(size=(3, 768))) for _ in range(3)]
        for view, near in ((0, 3), (1, 7), (2, 7)):
            images[1][view] = normalize(known[near] + rng.normal(scale=noise * rng.uniform(0.9, 1.1), size=768))
        images[2][1] = normalize(known[9] + rng.normal(scale=noise, size=768))
        answers += KnownViews(known).find_nearest(images)
        assert answers[-3:] == [brute_force(views, known) for views in images]
    assert None not in answers[1::3] or noise > 0.3
    assert {*answers} != {None} or noise > 0.5


@settings(deadline=None)  # the machine may have other work
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0.3, 0.7), st.sampled_from([1, 8, 64]))
def test_of_images_that_are_all_rather_alike_too(seed: int, dims: int, noise: float, kept: int) -> None:
    rng = np.random.default_rng(seed)
    basis, mean = rng.normal(size=(dims, 768)), rng.normal(size=768)  # as captchas of one kind are
    known = normalize(mean + 0.05 * rng.normal(size=(30, dims)) @ basis + noise * rng.normal(size=(30, 768)))
    images = [normalize(known[rng.integers(30, size=2)] + noise * rng.normal(size=(2, 768))) for _ in range(4)]
    with mock.patch.object(duplicates, "DIMENSIONS", kept), mock.patch.object(duplicates, "PART", 11):
        assert KnownViews(known).find_nearest(images) == [brute_force(views, known) for views in images]


def test_of_equally_near_ones_the_first_view_s_counts_and_then_the_first() -> None:
    rng = np.random.default_rng(3)
    one, other, third = normalize(rng.normal(size=(3, 768)))
    views = np.stack([third, other, one])
    assert KnownViews(np.stack([one, other])).find_nearest([views, views[::-1]]) == [1, 0]
    assert KnownViews(np.stack([third, one, one])).find_nearest([views[2:]]) == [1]
    assert KnownViews(np.stack([third, one])).find_nearest([views[1:2], views[2:]]) == [None, 1]
    assert KnownViews(np.stack([one])).find_nearest([]) == []


def test_few_views_that_differ_are_compared_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    basis = rng.normal(size=(40, 768))
    known = normalize(rng.normal(size=(1500, 40)) @ basis)
    compared: list[int] = []
    compare = KnownViews._compare

    def watch(self: KnownViews, views: NDArray[np.float32], part: NDArray[np.intp]) -> tuple[float, int, int]:
        compared.append(len(part))
        return compare(self, views, part)

    monkeypatch.setattr(KnownViews, "_compare", watch)
    found = KnownViews(known).find_nearest([normalize(rng.normal(size=(1, 40)) @ basis) for _ in range(50)])
    assert found == [None] * 50
    assert sum(compared) < 50
    assert KnownViews(known).find_nearest([known[i : i + 1] for i in (0, 1100)]) == [0, 1100]


def test_difference_of_the_limit_in_one_band_is_a_copy() -> None:
    view = np.tile(np.array([1, -1], np.float32), 384)[None]
    other = view.copy()
    other[0, 64:80] *= -1  # a quarter of the second band differs by 2: on average by 1
    scale = np.float32(1 - LIMIT**0.5)
    at_limit = view.copy()
    at_limit[0, 64:128] *= scale  # by half a standard deviation all over the band
    assert KnownViews(other).find_nearest([view]) == [None]
    assert KnownViews(at_limit).find_nearest([view]) == [0]
    assert KnownViews(np.concatenate([other, at_limit, view])).find_nearest([view]) == [2]
    flipped = view.reshape(1, 12, 64).copy()
    flipped[:, :, :4] *= -1  # four of 64 differ by 2, in every band
    assert KnownViews(flipped.reshape(1, -1)).find_nearest([view]) == [0]


LENT = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not LENT.is_dir(), reason="the lent captchas are not here")
@pytest.mark.parametrize("family", ["captcha-v2", "jaccount", "nsysu", "wp-really-simple"])
def test_different_captchas_of_one_kind_are_no_copies(family: str) -> None:
    found = folder_to_samples(LENT / family / "train")
    assert found.problems == ()
    assert found.source == "labels.csv"
    assert near_duplicates(split_samples(found.samples[:300], 0.3)) == []


def test_of_copies_in_one_folder_all_but_the_first_are_listed(tmp_path: Path) -> None:
    pictures = {text: draw_captcha(text) for text in ("AB12", "CD34", "EF56", "GH78")}
    changed = {f"{name} {text}": copy(pictures[text]) for name, copy in COPIES.items() for text in ("AB12", "EF56")}
    samples = save_samples(tmp_path / "copies", {"EF56 first": pictures["EF56"], **pictures, **changed})
    (tmp_path / "broken.png").write_bytes(b"not an image")
    broken = Sample(tmp_path / "broken.png", "")
    copies = [sample for sample in samples if sample.text not in ("EF56 first", "AB12", "CD34", "GH78")]
    left_out = [sample for sample in copies if "bad jpeg" not in sample.text]
    found = later_copies([broken, *samples])
    assert [sample for sample in found if "bad jpeg" not in sample.text] == left_out
    assert later_copies([*copies[:1], broken, broken]) == []
    assert later_copies([]) == []
