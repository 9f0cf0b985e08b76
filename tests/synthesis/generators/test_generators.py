"""Adapters of others' captcha generators: each that is installed draws what it was asked to."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator

import numpy as np
import pytest

from kerf.classifier.synthesis.generators import GENERATORS, Generator, installed, missing, random_text
from kerf.classifier.synthesis.generators.base import (
    brightness,
    decode_image,
    random_colours,
    random_size,
)
from kerf.classifier.synthesis.glyphs import CHARACTERS
from kerf.segmenter.errors import GeneratorError


@pytest.fixture(params=GENERATORS, ids=lambda generator: generator.name)
def generator(request: pytest.FixtureRequest) -> Iterator[Generator]:
    chosen: Generator = request.param
    if not chosen.is_installed():
        pytest.skip(f"{chosen.name} is not installed")
    yield chosen
    chosen.close()


def test_draws_a_picture_of_each_length_with_ink_on_ground(generator: Generator) -> None:
    for length in (generator.lengths[0], 5, generator.lengths[1]):
        text = (generator.letters * 12)[:length]
        image = generator.draw(text, np.random.default_rng(3))
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == 3
        assert image.shape[0] >= 20
        assert image.shape[1] >= 25
        assert image.std() > 5


def test_draws_sums(generator: Generator) -> None:
    if not generator.operators:
        pytest.skip(f"{generator.name} draws none")
    for operator in generator.operators:
        assert generator.draw(f"12{operator}7=?", np.random.default_rng(5)).std() > 5


def test_the_text_is_what_is_drawn(generator: Generator) -> None:
    """Of one seed, two texts differ in the picture, and differ only there."""
    first, second = (generator.letters[-1] * 3 + c for c in generator.letters[-2:])
    one, same, other = (generator.draw(text, np.random.default_rng(1)) for text in (first, first, second))
    assert one.shape != other.shape or not np.array_equal(one, other)
    np.testing.assert_array_equal(one, same)


def test_a_picture_does_not_depend_on_those_before(generator: Generator) -> None:
    """Whatever font the one before had, for instance."""
    text = generator.letters[-1] * 4
    fresh = []
    for seed in range(4):
        generator.close()
        fresh.append(generator.draw(text, np.random.default_rng(seed)))
    for seed in (3, 1, 0, 2):
        np.testing.assert_array_equal(generator.draw(text, np.random.default_rng(seed)), fresh[seed])


def test_drawing_leaves_the_interpreters_own_randomness_alone(generator: Generator) -> None:
    before, choice = random.getstate(), secrets.choice
    generator.draw(generator.letters[-1] * 4, np.random.default_rng(1))
    assert random.getstate() == before
    assert secrets.choice is choice


def test_the_registry_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted([*missing(), *(g.name for g in installed())]) == sorted(g.name for g in GENERATORS)
    monkeypatch.setattr(type(GENERATORS[0]), "is_installed", lambda _: False)
    assert GENERATORS[0].name in missing()
    assert GENERATORS[0] not in installed()


class Asked:
    """A stand-in that has only what ``random_text`` asks of a generator."""

    def __init__(self, letters: str = CHARACTERS, lengths: tuple[int, int] = (1, 12), operators: str = "") -> None:
        self.letters, self.lengths, self.operators = letters, lengths, operators


def texts(asked: Asked, count: int = 2000) -> list[str]:
    rng = np.random.default_rng(0)
    return [random_text(rng, asked) for _ in range(count)]  # type: ignore[arg-type]


def test_texts_have_every_length_and_mostly_four_to_six() -> None:
    lengths = [len(text) for text in texts(Asked())]
    assert set(lengths) == set(range(1, 13))
    assert 0.7 < np.mean([4 <= n <= 6 for n in lengths]) < 0.8
    assert {len(text) for text in texts(Asked(lengths=(3, 6)))} == {3, 4, 5, 6}


def test_texts_are_of_digits_of_one_case_and_of_all() -> None:
    drawn = [text for text in texts(Asked()) if len(text) > 3]
    assert {c for text in drawn for c in text} == set(CHARACTERS)
    for is_kind in (str.isdigit, lambda t: t.isalpha() and t.isupper(), lambda t: t.isalpha() and t.islower()):
        assert 0.05 < np.mean([is_kind(text) for text in drawn]) < 0.4
    assert {c for text in texts(Asked(letters="abx29")) for c in text} == set("abx29")


def test_sums_are_a_tenth_and_never_below_zero() -> None:
    sums = [text for text in texts(Asked(operators="+-")) if not text.isalnum()]
    assert 0.07 < len(sums) / 2000 < 0.13
    assert {c for text in sums for c in text} == set("0123456789+-=?")
    for text in sums:
        left, right = text.rstrip("=?").replace("-", "+").split("+")
        assert int(left) >= int(right)


def test_sizes_leave_room_for_each_character_and_colours_can_be_told_apart() -> None:
    rng = np.random.default_rng(0)
    for length in (1, 4, 12):
        sizes = np.array([random_size(rng, length) for _ in range(300)])
        assert sizes[:, 1].min() >= 30
        assert sizes[:, 1].max() <= 100
        assert sizes[:, 0].min() >= max(80, length * 15)
        assert sizes[:, 0].max() <= 360
    for _ in range(300):
        ink, ground = random_colours(rng)
        assert abs(brightness(ink) - brightness(ground)) > 70


def test_what_is_no_image_is_said_and_transparent_is_white() -> None:
    for data in (b"", b"rubbish"):
        with pytest.raises(GeneratorError, match=f"^tool wrote {len(data)} bytes that are no image"):
            decode_image(data, "tool")
    import cv2

    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    image = decode_image(cv2.imencode(".png", pixels)[1].tobytes(), "tool")
    assert image.tolist() == [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]
    assert decode_image(cv2.imencode(".png", pixels[..., 0])[1].tobytes(), "tool").tolist() == [
        [[10] * 3] * 2 + [[0] * 3]
    ]
