"""Sums and their results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerf.classifier.texts.arithmetic import text_to_result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("12+7=?", 19),
        ("12+7=", 19),
        ("12+7", 19),
        ("12+7?", 19),
        (" 12 + 7 = ? ", 19),
        ("3-7=?", -4),
        ("3−7", -4),
        ("3×4", 12),
        ("3x4=?", 12),
        ("3X4", 12),
        ("3*4", 12),
        ("12÷4", 3),
        ("12/4=?", 3),
        ("0/4", 0),
        ("07+03", 10),
        ("2+3×4", 14),
        ("20-6/3*2+1", 17),
        ("1-8/4", -1),
        ("9999999999999999+1", 10**16),
    ],
)
def test_result(text: str, result: int) -> None:
    assert text_to_result(text) == result


@pytest.mark.parametrize(
    "text",
    ["", "12", "12=?", "=?", "ab12", "+5", "-5", "5+", "5+=?", "5++5", "5--5", "5-+5", "7/2", "7/0", "8/3*3", "1+2=3"],
)
def test_what_is_no_sum_has_no_result(text: str) -> None:
    assert text_to_result(text) is None


@pytest.mark.parametrize(
    "text",
    ["3+4?=", "3+4==", "3+4=??", "x+3", "3xx4", "٣+٤", "²+1", "1**2", "1//1", "(1+2)", "1e5+1", "1_0+1", f"{0:017}+1"],
)
def test_what_python_may_read_otherwise_has_no_result(text: str) -> None:
    assert text_to_result(text) is None


@given(st.lists(st.integers(0, 99), min_size=2, max_size=6), st.lists(st.sampled_from("+-*/"), min_size=5, max_size=5))
def test_as_python_works_it_out(numbers: list[int], signs: list[str]) -> None:
    """Against exact fractions; a remainder on the way leaves no result, though the end may be whole."""
    text = str(numbers[0]) + "".join(f"{sign}{number}" for sign, number in zip(signs, numbers[1:], strict=False))
    result = text_to_result(text + "=?")
    if result is None:
        assert "/" in text
        assert any(n == 0 or p % n for p, n in divisions(text))
    else:
        assert result == eval(re.sub(r"(\d+)", r"Fraction(\1)", text), {"Fraction": Fraction})


def divisions(text: str) -> Iterator[tuple[Fraction, int]]:
    """What is divided in a sum, and by what."""
    for product in re.split("[+-]", text):
        value, *steps = re.split("([*/])", product)
        so_far = Fraction(value)
        for sign, number in zip(steps[::2], map(int, steps[1::2]), strict=True):
            if sign == "/":
                yield so_far, number
            so_far = so_far * number if sign == "*" else so_far / (number or 1)
