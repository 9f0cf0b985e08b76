"""Rates and their differences against published figures."""

from __future__ import annotations

import pytest

from kerf.classifier.measuring.metrics import wilson_interval
from kerf.classifier.measuring.rates import Rate, count_to_rate, rates_to_difference


def test_one_rate_has_its_wilson_interval() -> None:
    rate = count_to_rate(81, 263)  # Newcombe 1998, Statistics in Medicine 17:857, Table I: 0.2553 to 0.3662
    assert rate.value == 81 / 263
    assert (round(rate.low, 4), round(rate.high, 4)) == (0.2553, 0.3662)
    assert (rate.n, rate.count) == (263, 81)
    assert count_to_rate(0, 0) == Rate(0.0, 0.0, 1.0, 0, 0)


def test_of_several_the_interval_is_that_of_a_larger_confidence() -> None:
    rate = count_to_rate(60, 100, 5)
    assert (rate.low, rate.high) == pytest.approx(wilson_interval(60, 100, 2.5758293035489004))  # 99 %


def test_the_difference_is_newcombes() -> None:
    # Newcombe 1998, Statistics in Medicine 17:873, Table II, method 10: 56/70 less 48/80 is 0.0524 to 0.3339
    difference = rates_to_difference(count_to_rate(56, 70), count_to_rate(48, 80))
    assert difference.value == pytest.approx(0.2)
    assert (round(difference.low, 4), round(difference.high, 4)) == (0.0524, 0.3339)
    assert (difference.n, difference.count) == (150, None)


def test_the_difference_turns_its_sign_with_its_sides() -> None:
    one, other = count_to_rate(9, 10), Rate(0.4, 0.1, 0.9, 30)
    there, back = rates_to_difference(one, other), rates_to_difference(other, one)
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))
