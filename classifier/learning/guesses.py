"""What a model makes of images without labels: the texts that each may have, and which images are surest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kerf.classifier.lattice.decoding import Decoded


@dataclass(frozen=True)
class Guess:
    """The most probable texts of one image.

    Attributes
    ----------
    texts
        The most probable first; none where no text fits.
    shares
        Posterior of each.
    """

    texts: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def text(self) -> str:
        """The most probable text."""
        return self.texts[0] if self.texts else ""

    @property
    def confidence(self) -> float:
        """Its posterior."""
        return self.shares[0] if self.texts else 0.0

    def draw(self, generator: torch.Generator) -> str:
        """Draw one of the texts, each as often as its share says."""
        chosen = torch.multinomial(torch.tensor(self.shares), 1, generator=generator)
        return self.texts[int(chosen)]


def decoded_to_guess(decoded: Decoded) -> Guess:
    """Keep texts and shares."""
    if not decoded.text:
        return Guess((), ())
    texts, shares = zip((decoded.text, decoded.confidence), *decoded.alternatives, strict=True)
    return Guess(texts, shares)


def surest(guesses: Sequence[Guess], share: float) -> list[int]:
    """Choose a share of the images, so that none of the lengths and characters that are read is left behind.

    Images are ordered by confidence among those whose text has the same length, and among those whose text has the
    same character, for each that it has; what counts is where an image stands in the best of these orders. A length
    or character that is always read unsurely is chosen from as much as any other.

    Parameters
    ----------
    guesses
        One an image.
    share
        Of those that have a text, in [0, 1].

    Returns
    -------
    list of int
        Indices of ``guesses``, the surest first.
    """
    confidences = np.array([guess.confidence for guess in guesses])
    groups: defaultdict[int | str, list[int]] = defaultdict(list)
    for index in np.argsort(-confidences, kind="stable").tolist():
        for group in {len(guesses[index].text), *guesses[index].text} - {0}:
            groups[group].append(index)
    ranks = np.full(len(guesses), np.inf)
    for members in groups.values():
        ranks[members] = np.minimum(ranks[members], (np.arange(len(members)) + 0.5) / len(members))
    count = round(share * int(np.isfinite(ranks).sum()))
    chosen: list[int] = np.lexsort((-confidences, ranks))[:count].tolist()
    return chosen
