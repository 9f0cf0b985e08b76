from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from kerf.classifier.folders.dataset import Sample, Split, folder_to_samples, split_samples
from kerf.classifier.folders.duplicates import near_duplicates


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


LENT = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not LENT.is_dir(), reason="the lent captchas are not here")
@pytest.mark.parametrize("family", ["captcha-v2", "jaccount", "nsysu", "wp-really-simple"])
def test_different_captchas_of_one_kind_are_no_copies(family: str) -> None:
    found = folder_to_samples(LENT / family / "train")
    assert found.problems == ()
    assert found.source == "labels.csv"
    assert near_duplicates(split_samples(found.samples[:300], 0.3)) == []
