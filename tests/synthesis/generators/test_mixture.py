"""The stream from many generators: shares, failures, what is not there."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from kerf.classifier.synthesis.generators import draw_mixed, mixture
from kerf.classifier.synthesis.generators.base import Image
from kerf.segmenter.errors import GeneratorError, SettingsError


class StandIn:
    """Draws a grey of its own; fails from the ``lasts``-th image on."""

    letters, lengths, operators = "ab", (2, 3), ""

    def __init__(self, name: str, lasts: int = 10**6) -> None:
        self.name, self.lasts = name, lasts

    def is_installed(self) -> bool:
        return self.name != "absent"

    def draw(self, text: str, rng: np.random.Generator) -> Image:
        if self.lasts == 0:
            raise GeneratorError(f"{self.name} died")
        self.lasts -= 1
        return np.full((4, len(text), 3), 7, np.uint8)

    def close(self) -> None: ...


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> dict[str, StandIn]:
    made = {name: StandIn(name) for name in ("one", "two", "absent")}
    monkeypatch.setattr(mixture, "installed", lambda: [made["one"], made["two"]])
    monkeypatch.setattr(mixture, "name_to_generator", made.__getitem__)
    return made


def names(count: int, shares: dict[str, float] | None = None) -> Counter[str]:
    return Counter(drawn.generator for drawn in draw_mixed(np.random.default_rng(0), count, shares))


def test_each_image_has_its_text_and_generator(stand_ins: dict[str, StandIn]) -> None:
    for image, text, name in draw_mixed(np.random.default_rng(0), 20):
        assert image.shape == (4, len(text), 3)
        assert set(text) <= {"a", "b"}
        assert name in {"one", "two"}


def test_shares_are_weights(stand_ins: dict[str, StandIn]) -> None:
    assert 170 < names(400)["one"] < 230
    assert 270 < names(400, {"one": 6, "two": 2})["one"] < 330
    assert names(50, {"one": 3, "two": 0, "absent": 0}) == {"one": 50}


def test_one_that_fails_is_told_once_and_left_out(stand_ins: dict[str, StandIn]) -> None:
    stand_ins["two"].lasts = 3
    told: list[str] = []
    drawn = list(draw_mixed(np.random.default_rng(0), 50, tell=told.append))
    assert Counter(d.generator for d in drawn) == {"one": 47, "two": 3}
    assert told == ["two died (it is left out from here on)"]


def test_with_none_left_it_ends_in_one_line(stand_ins: dict[str, StandIn]) -> None:
    stand_ins["one"].lasts = 1
    stream = draw_mixed(np.random.default_rng(0), 5, {"one": 1})
    next(stream)
    with pytest.raises(GeneratorError, match="no captcha generator is left"):
        next(stream)


def test_shares_that_cannot_be_had_are_said(stand_ins: dict[str, StandIn]) -> None:
    with pytest.raises(GeneratorError, match="not installed: absent"):
        names(1, {"absent": 1, "one": 1})
    for shares in ({}, {"one": 0.0}, {"one": -1.0, "two": 2.0}, {"one": float("nan")}, {"one": float("inf")}):
        with pytest.raises(SettingsError, match="no weights"):
            names(1, shares)


def test_an_unknown_name_is_said_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="no generator 'lepture'; choose of captcha, "):
        names(1, {"lepture": 1})
