"""Temperature scaling: probabilities that mean what they say (Guo et al. 2017)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kerf.classifier.learning.fitting import Fitter, LabelledExample

TEMPERATURES = tuple(float(t) for t in np.geomspace(0.5, 2.0, 13))
PRIOR_TEMPERATURE, PRIOR_IMAGES = 1.15, 50.0
"""What the temperature is believed to be before anything is measured, as networks that learn from few images become too
sure; and the weight of that belief, in images: a dozen cannot tell otherwise."""


def fit_temperature(fitter: Fitter, validation: Sequence[LabelledExample]) -> float:
    """Find the temperature under which the validation labels are most probable; 1 where there are none."""
    scored = list(fitter.run_network(fitter.network, validation))

    def cost(temperature: float) -> float:
        """Negative log likelihood of the labels, in nats, and the prior's share."""
        losses = (float(fitter.losses(part, temperature).sum()) for part in scored)
        return sum(losses) + PRIOR_IMAGES * math.log(temperature / PRIOR_TEMPERATURE) ** 2

    return min(TEMPERATURES, key=cost) if validation else 1.0
