"""Audits made up."""

from __future__ import annotations

from kerf.classifier.auditing.attack import Attack, Cost, Means
from kerf.classifier.auditing.audit import Audit
from kerf.classifier.auditing.lookalikes import Pair
from kerf.classifier.auditing.repeats import Repeats
from kerf.classifier.auditing.survey import Confused, Faults, Survey
from kerf.classifier.measuring.rates import Rate, count_to_rate

REPEATS = Repeats(400, 0, 0, 400, 0, 0.1, None, None)


def to_attack(cost: Cost, count: int, n: int = 100) -> Attack:
    """An attack that reads so many at the first try, and no more at further ones."""
    return Attack(cost, (count_to_rate(count, n),) * 3, count_to_rate(count // 2, n), 0.02)


def to_audit(name: str = "captchas", *counts: int) -> Audit:
    """Attacks as it comes, and after 50, 100... labels, which read so many of a hundred."""
    costs = [Cost(Means.START), *(Cost(Means.LABELS, 50 * k, 30.0 * k) for k in range(1, len(counts)))]
    attacks = tuple(to_attack(cost, count) for cost, count in zip(costs, counts, strict=True))
    confused = (Confused("0", "O", 3, Pair("0", "O", 10, 48)), Confused("<", "b", 2, None))
    seen = Survey(100, Faults(4, 5, 1, 0), (), {}, confused, (Pair("0", "O", 10, 48),))
    return Audit(
        name, 400, 400, 100, "that texts have 4 characters", attacks, ("200 labels: no time",), seen, REPEATS, 61.0
    )


def to_estimated_audit(value: float, low: float, high: float) -> Audit:
    """An audit without labels."""
    rate = Rate(value, low, high, 60)
    attack = Attack(Cost(Means.IMAGES, 0, 40.0), (rate,) * 3, Rate(0.2, 0, 1, 60), 0.02)
    seen = Survey(60, None, (), {"strokes of several hues": 7}, (), None)
    return Audit("bare", 60, 0, 0, "nothing of the texts", (attack,), (), seen, REPEATS, 50.0)
