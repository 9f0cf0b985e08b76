"""The texts that may be read: a model's alphabet, narrowed to what the user knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kerf.classifier.alphabet import MAX_LENGTH, Alphabet, Constraint, Place, shorten
from kerf.classifier.lattice.search import IMPOSSIBLE
from kerf.segmenter.errors import SettingsError


@dataclass(frozen=True)
class TextSpace:
    """The texts that may be read.

    Attributes
    ----------
    characters
        The K' characters that may occur.
    groups
        int64 ``(K', G)``; the model's classes that read as each of them, padded with K.
    allowed
        bool ``(L, K')``; by position.
    lengths
        bool ``(L + 1,)``; numbers of characters.
    """

    characters: str
    groups: Tensor
    allowed: Tensor
    lengths: Tensor

    def spell(self, text: Iterable[int]) -> str:
        """Turn character ids into a text."""
        return "".join(self.characters[i] for i in text)

    def fold(self, logits: Tensor) -> Tensor:
        """Join classes that read as one character: ``(N, K)`` to ``(N, K')``."""
        if self.groups.shape[1] == 1:
            return logits[:, self.groups[:, 0]]
        padded = torch.cat([logits, logits.new_full((len(logits), 1), IMPOSSIBLE)], dim=1)
        return padded[:, self.groups].logsumexp(dim=2)


def to_text_space(
    alphabet: Alphabet, lengths: tuple[int, int], constraint: Constraint, device: torch.device
) -> TextSpace:
    """Narrow what a model reads to what the user knows.

    Raises
    ------
    SettingsError
        If the model knows none of the characters asked for, or none of those at some place of the pattern.
    """
    places = constraint.places
    charset = constraint.characters or constraint.spelt_out or alphabet.characters
    groups = dict(zip(charset, alphabet.folded_onto(charset), strict=True))
    characters = "".join(c for c in charset if groups[c])
    if not characters:
        raise SettingsError(
            f"the model knows none of the characters {shorten(charset)}; it reads {alphabet.characters!r}: "
            "correct the charset or train with these characters"
        )
    low, high = (len(places), len(places)) if places else constraint.lengths or lengths
    count = np.arange(min(high, MAX_LENGTH) + 1)
    rows = [[place.allows(c) for c in characters] for place in places or [Place("", negated=True)] * len(count[1:])]
    for number, row in enumerate(rows, start=1):
        if not any(row):
            raise SettingsError(
                f"no character that is asked for and that the model knows fits place {number} of the pattern; "
                f"it reads {alphabet.characters!r}: correct pattern or charset, or train with these characters"
            )
    width = max(len(group) for group in groups.values())
    padded = [(groups[c] + [len(alphabet)] * width)[:width] for c in characters]
    within = torch.from_numpy((count >= low) & (count <= high)).to(device)
    return TextSpace(characters, torch.tensor(padded, device=device), torch.tensor(rows, device=device), within)
