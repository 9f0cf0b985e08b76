"""It is said once, where most of the first images are unlike, and never where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from unittest import mock

import pytest

from kerf.classifier.console.kind import watch_kind
from kerf.classifier.recognizer import Reading
from kerf.segmenter.errors import KerfError, UnreadableImageError

LIKE = Reading("1", 0.9, ())
TALL = Reading("2", 0.9, (), unlike=("text_height", "ink"))
DARK = Reading("3", 0.9, (), unlike=("brightness",))


def said(readings: Sequence[Reading | KerfError]) -> list[str]:
    """What is said of readings, which must come through as they are."""
    terminal = mock.Mock()
    assert list(watch_kind(iter(readings), terminal)) == list(readings)
    return [call.args[0] for call in terminal.say.call_args_list]


@pytest.mark.parametrize(
    ("unlike", "of", "told"),
    [(5, 5, True), (4, 4, False), (3, 6, True), (3, 7, False), (24, 49, False), (25, 50, True), (24, 50, False)],
)
def test_half_of_at_least_five_must_be_unlike(unlike: int, of: int, told: bool) -> None:
    lines = said([LIKE] * (of - unlike) + [TALL] * unlike)
    assert len(lines) == told
    if told:
        assert (
            f"{unlike} of {of} images look unlike those that the model learnt from (by text height, ink);" in lines[0]
        )


def test_only_the_first_fifty_that_were_read_count() -> None:
    broken = UnreadableImageError("x")
    assert said([LIKE] * 50 + [TALL] * 500) == []
    (line,) = said([broken] * 100 + [TALL] * 50 + [LIKE] * 500)
    assert "50 of 50" in line
    assert said([broken] * 100) == []
    assert said([TALL] * 4 + [broken] * 100) == []


def test_it_is_said_as_soon_as_it_is_known() -> None:
    terminal = mock.Mock()
    stream = watch_kind(iter([TALL] * 60), terminal)
    for _ in range(49):
        next(stream)
    terminal.say.assert_not_called()
    next(stream)
    terminal.say.assert_called_once()


def test_measures_are_those_of_most() -> None:
    assert "(by text height, ink)" in said([TALL] * 6 + [DARK] * 3)[0]
    assert (
        "(by one measure or another)"
        in said([Reading("", 0.9, (), unlike=(name,)) for name in ("ink", "noise", "colour", "shape", "height")])[0]
    )


def test_an_unsure_model_is_told_where_the_looks_tell_nothing() -> None:
    sure, unsure = Reading("1", 1.0, ()), Reading("1", 0.25, ())
    (line,) = said([unsure] * 35 + [sure] * 15 + [unsure] * 500)
    assert "expects 48 % of these texts to be right, by its confidence in the first 50. Say what you know" in line
    assert said([unsure] * 33 + [sure] * 17) == []
    assert "first 5." in said([unsure] * 5)[0]
    assert said([unsure] * 4) == []
    (line,) = said([Reading("2", 0.1, (), unlike=("ink",))] * 50)
    assert "look unlike" in line
