"""Scores to texts: best path, its probability, and the probability of each character."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from classifier.alphabet import MAX_LENGTH, Alphabet, Constraint, parse_pattern
from classifier.search import (
    IMPOSSIBLE,
    Arcs,
    best_paths,
    free_and_forced,
    free_arc_scores,
    label_arc_scores,
)
from segmenter.errors import SettingsError


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
        If the model knows none of the characters asked for.
    """
    positions = parse_pattern(constraint.pattern) if constraint.pattern else None
    charset = constraint.charset
    if charset is None:
        literal = "".join(dict.fromkeys("".join(p or "" for p in positions or [])))
        charset = literal if positions and None not in positions else alphabet.characters
    groups = dict(zip(charset, alphabet.folded_onto(charset), strict=True))
    characters = "".join(c for c in charset if groups[c])
    if not characters:
        raise SettingsError(
            f"the model knows none of the characters {charset!r}; it reads {alphabet.characters!r}: "
            "correct the charset or train with these characters"
        )
    if positions:
        low = high = len(positions)
    else:
        low, high = constraint.lengths or lengths
    width = max(len(group) for group in groups.values())
    padded = [(groups[c] + [len(alphabet)] * width)[:width] for c in characters]
    count = np.arange(min(high, MAX_LENGTH) + 1)
    rows = positions or [None] * len(count[1:])
    allowed = torch.tensor([[row is None or c in row for c in characters] for row in rows], device=device)
    within = torch.from_numpy((count >= low) & (count <= high)).to(device)
    return TextSpace(characters, torch.tensor(padded, device=device), allowed, within)


@dataclass(frozen=True)
class Decoded:
    """The best text of one image.

    Attributes
    ----------
    text
        Empty where no path has an allowed length.
    confidence
        Posterior of the text: its paths' share of all paths.
    candidates
        Chosen candidates as indices into the image's own lattice.
    character_confidences
        Posterior of each character at its position, wherever it is cut; empty unless asked for.
    """

    text: str
    confidence: float
    candidates: tuple[int, ...]
    character_confidences: tuple[float, ...]


def decode(logits: Tensor, skips: Tensor, arcs: Arcs, space: TextSpace, *, by_character: bool = False) -> list[Decoded]:
    """Read every image of a batch.

    Parameters
    ----------
    logits
        ``(N, K)``, divided by the temperature.
    skips
        ``(B, J)``, likewise.
    arcs
        The lattices.
    space
        What may be read.
    by_character
        Whether to compute the characters' confidences.

    Returns
    -------
    list of Decoded
        One an image, in order.
    """
    folded = space.fold(logits)
    lengths = space.lengths.expand(len(arcs.last), -1)
    paths = best_paths(free_arc_scores(folded, arcs, space.allowed, torch.amax), skips, arcs, lengths)
    labels = torch.zeros(len(paths), len(space.allowed), dtype=torch.int64, device=logits.device)
    for row, path in zip(labels, paths, strict=True):
        if path is not None and len(path):
            chosen = folded[torch.from_numpy(path).to(logits.device)]
            row[: len(path)] = chosen.masked_fill(~space.allowed[: len(path)], IMPOSSIBLE).argmax(dim=1)
    counts = torch.tensor([0 if p is None else len(p) for p in paths], device=logits.device)
    confidences, marginals = posteriors(folded, skips, arcs, space, labels, counts, by_character)
    ids, first = labels.tolist(), arcs.first.tolist()
    return [
        Decoded("", 0.0, (), ())
        if path is None
        else Decoded(
            "".join(space.characters[i] for i in row[: len(path)]),
            confidence,
            tuple((path - offset).tolist()),
            tuple(marginal[: len(path)]),
        )
        for path, row, offset, confidence, marginal in zip(paths, ids, first, confidences, marginals, strict=True)
    ]


def posteriors(
    folded: Tensor,
    skips: Tensor,
    arcs: Arcs,
    space: TextSpace,
    labels: Tensor,
    counts: Tensor,
    by_character: bool,
) -> tuple[list[float], list[list[float]]]:
    """Posterior of each text ``labels`` ``(B, L)`` of ``counts`` ``(B,)`` characters, and of each character."""
    forced_scores = label_arc_scores(folded, arcs, labels)
    with torch.enable_grad():
        free_scores = free_arc_scores(folded, arcs, space.allowed).detach().requires_grad_(by_character)
        sums, forced = free_and_forced(free_scores, forced_scores, skips, arcs)
        free = sums.masked_fill(~space.lengths, IMPOSSIBLE).logsumexp(dim=1)
        share = torch.autograd.grad(free.sum(), free_scores)[0] if by_character else None
    forced = forced.detach().gather(1, counts[:, None])[:, 0]
    confidences = (forced - free.detach()).exp().clamp(max=1.0).tolist()
    if share is None:
        return confidences, [[] for _ in confidences]
    within = (forced_scores - free_scores.detach()).clamp(max=0.0).exp()
    return confidences, (share * within).sum(dim=(1, 2)).clamp(max=1.0).tolist()
