"""Scores to texts: the most probable one, its path, its probability, that of each character, and the texts after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kerf.classifier.lattice.prefix_search import Paths, Text, most_probable_texts
from kerf.classifier.lattice.search import (
    IMPOSSIBLE,
    Arcs,
    best_paths,
    free_and_forced,
    free_arc_scores,
    label_arc_scores,
)
from kerf.classifier.lattice.text_space import TextSpace

CERTAIN = 0.5
"""A text that holds such a share of all paths is the most probable one, whatever else there is."""

Ranked = list[tuple[Text, float]]
"""Texts and their probabilities, most probable first."""
Path = NDArray[np.int64]
"""Rows of the chosen candidates among the batch's N, left to right."""


@dataclass(frozen=True)
class Decoded:
    """The most probable text of one image.

    Attributes
    ----------
    text
        The text whose paths together score most; empty where no path has an allowed length.
    confidence
        Posterior of the text: its paths' share of all paths.
    candidates
        The best path that spells it, as indices into the image's own lattice.
    character_confidences
        Posterior of each character at its position, wherever it is cut; empty unless asked for.
    alternatives
        The next most probable texts and their posteriors; empty unless asked for.
    """

    text: str
    confidence: float
    candidates: tuple[int, ...]
    character_confidences: tuple[float, ...]
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Posterior:
    """Sums over all paths of a batch.

    Attributes
    ----------
    text
        ``(B,)``; share of the paths that spell the image's text.
    scores
        ``(B, J, D, L)``; score of each arc, whatever its character.
    share
        ``(B, J, D, L)``; share of the paths that take each arc at each position; None unless asked for.
    """

    text: Tensor
    scores: Tensor
    share: Tensor | None

    def of_characters(self, forced_scores: Tensor) -> list[list[float]]:
        """Posterior of each character of texts at its position, from the texts' arc scores ``(B, J, D, L)``."""
        assert self.share is not None
        within = (forced_scores - self.scores).clamp(max=0.0).exp()
        return [list(row) for row in (self.share * within).sum(dim=(1, 2)).clamp(max=1.0).tolist()]


def decode(
    logits: Tensor,
    skips: Tensor,
    arcs: Arcs,
    space: TextSpace,
    *,
    by_character: bool = False,
    best: int = 1,
    exact: bool = True,
) -> list[Decoded]:
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
    best
        How many texts to find for each image.
    exact
        If not, the text is that of the best path: nearly always the same, and as quick where all texts are as good
        as each other, as they are when training begins.

    Returns
    -------
    list of Decoded
        One an image, in order.
    """
    folded = space.fold(logits)
    lengths = space.lengths.expand(len(arcs.last), -1)
    paths = best_paths(free_arc_scores(folded, arcs, space.allowed, torch.amax), skips, arcs, lengths)
    first = [() if path is None else path_to_text(path, folded, space) for path in paths]
    posterior = to_posterior(folded, skips, arcs, space, first, with_arcs=by_character)
    sums: list[Ranked] = [[known] for known in zip(first, posterior.text.tolist(), strict=True)]
    doubtful = [
        image
        for image, path in enumerate(paths)
        if path is not None and exact and (best > 1 or sums[image][0][1] < CERTAIN)
    ]
    ranked = search_texts(folded, skips, arcs, space, sums, doubtful, best)
    texts = [texts[0][0] for texts in ranked]
    follow_texts(paths, folded, skips, arcs, texts, [image for image in doubtful if texts[image] != first[image]])
    characters: list[list[float]] = [[] for _ in texts]
    if by_character:
        labels, _ = texts_to_labels(texts, len(space.allowed), folded.device)
        characters = posterior.of_characters(label_arc_scores(folded, arcs, labels))
    return [
        Decoded("", 0.0, (), ())
        if path is None
        else Decoded(
            space.spell(text),
            confidence,
            tuple((path - offset).tolist()),
            tuple(marginal[: len(text)]),
            tuple((space.spell(other), share) for other, share in others),
        )
        for path, offset, marginal, ((text, confidence), *others) in zip(
            paths, arcs.first.tolist(), characters, ranked, strict=True
        )
    ]


def path_to_text(path: NDArray[np.int64], folded: Tensor, space: TextSpace) -> Text:
    """Read each candidate of a path as its most probable character allowed there."""
    chosen = folded[torch.from_numpy(path).to(folded.device)]
    return tuple(chosen.masked_fill(~space.allowed[: len(path)], IMPOSSIBLE).argmax(dim=1).tolist())


def texts_to_labels(texts: Sequence[Text], width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Pad texts: character ids int64 ``(B, width)``, padded with 0, and lengths ``(B,)``."""
    labels = np.zeros((len(texts), width), np.int64)
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = text
    counts = torch.tensor([len(text) for text in texts], device=device)
    return torch.from_numpy(labels).to(device), counts


def to_posterior(
    folded: Tensor, skips: Tensor, arcs: Arcs, space: TextSpace, texts: Sequence[Text], *, with_arcs: bool
) -> Posterior:
    """Sum over all paths, and over those of one text an image."""
    labels, counts = texts_to_labels(texts, len(space.allowed), folded.device)
    forced_scores = label_arc_scores(folded, arcs, labels)
    with torch.enable_grad():
        free_scores = free_arc_scores(folded, arcs, space.allowed).detach().requires_grad_(with_arcs)
        sums, forced = free_and_forced(free_scores, forced_scores, skips, arcs)
        free = sums.masked_fill(~space.lengths, IMPOSSIBLE).logsumexp(dim=1)
        share = torch.autograd.grad(free.sum(), free_scores)[0] if with_arcs else None
    forced = forced.detach().gather(1, counts[:, None])[:, 0]
    return Posterior((forced - free.detach()).exp().clamp(max=1.0), free_scores.detach(), share)


def search_texts(
    folded: Tensor,
    skips: Tensor,
    arcs: Arcs,
    space: TextSpace,
    known: Sequence[Ranked],
    doubtful: Sequence[int],
    best: int,
) -> list[Ranked]:
    """Rank the texts of the images that are ``doubtful``; the others keep what is known of them."""
    ranked = list(known)
    if doubtful:
        candidate, start, scores, skip_scores, allowed, lengths = (
            tensor.detach().cpu().numpy()
            for tensor in (arcs.candidate, arcs.start, folded.double(), skips.double(), space.allowed, space.lengths)
        )
        for image in doubtful:
            cuts = int(arcs.last[image]) + 1
            end, slot = np.nonzero(candidate[image, :cuts] < len(scores))
            arc_scores = scores[candidate[image, end, slot]]
            paths = Paths(start[image, end, slot], end, arc_scores, skip_scores[image, :cuts], allowed, lengths)
            ranked[image] = most_probable_texts(paths, best, dict(known[image]))
    return ranked


def follow_texts(
    paths: list[Path | None], folded: Tensor, skips: Tensor, arcs: Arcs, texts: Sequence[Text], images: Sequence[int]
) -> None:
    """Put the best path that spells its text in the place of each image's path, for some of the images."""
    if images:
        rows = torch.tensor(images, device=folded.device)
        own = Arcs(arcs.candidate[rows], arcs.start[rows], arcs.last[rows], arcs.first[rows])
        width = max(len(texts[image]) for image in images)
        labels, counts = texts_to_labels([texts[image] for image in images], width, folded.device)
        lengths = torch.arange(width + 1, device=folded.device) == counts[:, None]
        spelling = best_paths(label_arc_scores(folded, own, labels), skips[rows], own, lengths)
        for image, path in zip(images, spelling, strict=True):
            paths[image] = path
