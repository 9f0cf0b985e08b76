"""What is predictable without reading: texts and images that come again, and texts that follow from those before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kerf.classifier.folders.dataset import Sample
from kerf.classifier.folders.duplicates import later_copies
from kerf.classifier.folders.images import path_to_hash

MOST_IMAGES = 2000
"""Images that are compared, the first by name."""
LEAST_TEXTS = 10
"""In fewer no order is looked for."""
MOSTLY = 0.5
"""Share of the texts that must follow a rule."""
SURPRISE = 1e-3
"""Probability below which equal texts are no chance."""


@dataclass(frozen=True)
class Repeats:
    """What comes again in a folder.

    Attributes
    ----------
    images
        That were compared.
    copies
        Of them, files whose content is that of an earlier one.
    alike
        Those that look like an earlier one, copies among them.
    texts
        That were compared; 0 without labels.
    pairs
        Of texts that are equal.
    expected_pairs
        How many of them chance would make, by how often each character and length is there.
    step
        The difference of most texts to the one before, as numbers of base 36 where letters are among them; None where
        there is no such.
    period
        After how many texts most come again in the same order; None where they do not.
    """

    images: int
    copies: int
    alike: int
    texts: int
    pairs: int
    expected_pairs: float
    step: int | None
    period: int | None

    @property
    def surprising(self) -> bool:
        """Whether more texts are equal than chance makes."""
        return self.pairs > 0 and poisson_tail(self.pairs, self.expected_pairs) < SURPRISE

    @property
    def sentences(self) -> list[str]:
        """Say what was looked for and what was found, each with its figures."""
        chance = f"chance would make about {self.expected_pairs:.1f}"
        texts = [
            f"{self.pairs} pairs of {self.texts} texts are equal; {chance}"
            + (": the generator repeats itself." if self.surprising else ", so this is no weakness.")
        ]
        order = [
            f"Most texts differ from the one before by {self.step}: the next can be told without reading it."
            if self.step is not None
            else "",
            f"The texts come again in the same order after {self.period}: the generator is seeded anew."
            if self.period is not None
            else "",
        ]
        found = [sentence for sentence in order if sentence]
        none = [f"No text follows from those before it, as far as {self.texts} in the order of their files tell."]
        return [
            f"{self.alike} of {self.images} images look like an earlier one, {self.copies} of them to the byte.",
            *(texts if self.texts else []),
            *(found or (none if self.texts >= LEAST_TEXTS else [])),
        ]


def find_repeats(images: Sequence[Path], samples: Sequence[Sample]) -> Repeats:
    """Look for what comes again.

    Parameters
    ----------
    images
        In the order of their names, which is taken for the order in which they were made.
    samples
        Those that have a label.
    """
    some = list(images[:MOST_IMAGES])
    labels = {sample.path: sample.text for sample in samples}
    texts = [labels[image] for image in images if image in labels]
    named = sum(labels[image].casefold() in image.stem.casefold() for image in images if image in labels)
    ordered = texts if named <= MOSTLY * len(texts) else []  # else the order of the names is that of the texts
    return Repeats(
        images=len(some),
        copies=len(some) - len({path_to_hash(image) for image in some}),
        alike=len(later_copies([Sample(image, "") for image in some])),
        texts=len(texts),
        pairs=sum(math.comb(count, 2) for count in Counter(texts).values()),
        expected_pairs=texts_to_expected_pairs(texts),
        step=texts_to_step(ordered),
        period=texts_to_period(ordered),
    )


def texts_to_expected_pairs(texts: Sequence[str]) -> float:
    """Expect so many pairs of equal texts if characters are drawn one by one, as often as they are there."""
    if not texts:
        return 0.0
    characters, lengths = Counter("".join(texts)), Counter(map(len, texts))
    same = sum(math.comb(count, 2) for count in characters.values()) / max(1, math.comb(characters.total(), 2))
    equal = sum((count / len(texts)) ** 2 * same**length for length, count in lengths.items())
    return math.comb(len(texts), 2) * equal


def poisson_tail(count: int, expected: float) -> float:
    """Return the probability that chance makes so many or more."""
    return 1 - sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(count)) if count < 150 else 0.0


def texts_to_step(texts: Sequence[str]) -> int | None:
    """Find the difference that most texts have to the one before."""
    if len(texts) < LEAST_TEXTS or not all(text.isascii() and text.isalnum() for text in texts):
        return None
    base = 10 if all(map(str.isdecimal, texts)) else 36
    steps = Counter(int(second, base) - int(first, base) for first, second in pairwise(texts))
    step, count = steps.most_common(1)[0]
    return step if step and count >= MOSTLY * (len(texts) - 1) else None


def texts_to_period(texts: Sequence[str]) -> int | None:
    """Find after how many texts most come again in the same order."""
    for period in range(1, len(texts) - LEAST_TEXTS + 1):
        equal = sum(first == second for first, second in zip(texts, texts[period:], strict=False))
        if equal >= MOSTLY * (len(texts) - period):
            return period
    return None
