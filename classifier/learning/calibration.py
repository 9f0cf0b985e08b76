"""Temperature scaling: probabilities that mean what they say (Guo et al. 2017)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kerf.classifier.learning.fitting import Fitter, LabelledExample

TEMPERATURES = tuple(float(t) for t in np.geomspace(0.5, 2.0, 13))
PRIOR_IMAGES = 50.0
"""Weight, in images, of the belief that the temperature is 1: a dozen images cannot tell otherwise."""


def fit_temperature(fitter: Fitter, validation: Sequence[LabelledExample]) -> float:
    """Find the temperature under which the validation labels are most probable; 1 where there are none."""
    scored = list(fitter.run_network(fitter.network, validation))

    def cost(temperature: float) -> float:
        """Negative log likelihood of the labels, in nats, and the prior's share."""
        losses = (float(fitter.losses(part, temperature).sum()) for part in scored)
        return sum(losses) + PRIOR_IMAGES * math.log(temperature) ** 2

    return min(TEMPERATURES, key=cost) if validation else 1.0
