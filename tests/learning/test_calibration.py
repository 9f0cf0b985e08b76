"""The temperature: the most probable one, drawn towards what is usual."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from kerf.classifier.learning.calibration import PRIOR_IMAGES, PRIOR_TEMPERATURE, TEMPERATURES, fit_temperature
from kerf.classifier.learning.fitting import Fitter, LabelledExample

Margins = NDArray[np.float64]


class Coin:
    """Stands in for a fitter: each image has two texts, one ahead by ``margin``; ``wrong`` of ``n`` labels are other.

    The best temperature has the share of right ones: ``exp(margin / t) = (n - wrong) / wrong``.
    """

    network = None

    def __init__(self, n: int, wrong: int, margin: float) -> None:
        self.margins = np.full(n, margin)
        self.margins[:wrong] = -margin

    def run_network(self, network: None, examples: Sequence[Any], size: int = 64) -> list[Margins]:
        """Two batches."""
        return np.array_split(self.margins, 2)

    def losses(self, margins: Margins, temperature: float) -> Margins:
        """Negative log likelihood of each label."""
        return np.logaddexp(0, -margins / temperature)


def temperature(coin: Coin) -> float:
    examples = cast(Sequence[LabelledExample], [None] * len(coin.margins))
    return fit_temperature(cast(Fitter, coin), examples)


@pytest.mark.parametrize("wanted", [TEMPERATURES[2], 1.0, TEMPERATURES[9]])
def test_many_images_decide(wanted: float) -> None:
    assert temperature(Coin(10_000, 2000, math.log(4) * wanted)) == pytest.approx(wanted)


def test_few_images_do_not() -> None:
    wanted = TEMPERATURES[0]
    assert temperature(Coin(10_000, 2000, math.log(4) * wanted)) == pytest.approx(wanted)
    assert wanted < temperature(Coin(400, 80, math.log(4) * wanted)) < 1
    assert temperature(Coin(20, 0, 1.0)) > 0.85  # all right: without a prior, the lowest


def test_it_is_the_one_with_the_least_cost() -> None:
    coin = Coin(60, 24, 1.6)
    costs = [
        float(np.logaddexp(0, -coin.margins / t).sum()) + PRIOR_IMAGES * math.log(t / PRIOR_TEMPERATURE) ** 2
        for t in TEMPERATURES
    ]
    assert temperature(coin) == TEMPERATURES[costs.index(min(costs))]


def test_no_images() -> None:
    assert fit_temperature(cast(Fitter, Coin(0, 0, 1.0)), []) == 1.0


def test_temperatures_are_centred_on_one() -> None:
    assert TEMPERATURES[len(TEMPERATURES) // 2] == pytest.approx(1)
    assert TEMPERATURES[0] == pytest.approx(0.5)
    assert TEMPERATURES[-1] == pytest.approx(2)
