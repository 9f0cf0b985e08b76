"""Scores to texts: best path, its probability, that of each character, and the texts that come next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kerf.classifier.lattice.beam import Text, likely_steps, likely_texts
from kerf.classifier.lattice.search import (
    IMPOSSIBLE,
    Arcs,
    best_paths,
    free_and_forced,
    free_arc_scores,
    label_arc_scores,
    log_partition,
)
from kerf.classifier.lattice.text_space import TextSpace


@dataclass(frozen=True)
class Decoded:
    """The best text of one image.

    Attributes
    ----------
    text
        That of the best path; empty where no path has an allowed length.
    confidence
        Posterior of the text: its paths' share of all paths.
    candidates
        Chosen candidates as indices into the image's own lattice.
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
    free
        ``(B,)``; log-sum-exp over all paths.
    text
        ``(B,)``; share of the paths that spell the image's text.
    share
        ``(B, J, D, L)``; share of the paths that take each arc as each character; None unless asked for.
    within
        ``(B, J, D, L)``; of an arc's share, that of the text's own character; None unless asked for.
    """

    free: Tensor
    text: Tensor
    share: Tensor | None
    within: Tensor | None

    def of_characters(self) -> list[list[float]]:
        """Posterior of each character of the texts at its position; nothing if the arcs' shares are not there."""
        if self.share is None or self.within is None:
            return [[] for _ in self.text]
        return [list(row) for row in (self.share * self.within).sum(dim=(1, 2)).clamp(max=1.0).tolist()]


def decode(
    logits: Tensor, skips: Tensor, arcs: Arcs, space: TextSpace, *, by_character: bool = False, best: int = 1
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

    Returns
    -------
    list of Decoded
        One an image, in order.
    """
    folded = space.fold(logits)
    lengths = space.lengths.expand(len(arcs.last), -1)
    paths = best_paths(free_arc_scores(folded, arcs, space.allowed, torch.amax), skips, arcs, lengths)
    texts = [() if path is None else path_to_text(path, folded, space) for path in paths]
    posterior = to_posterior(folded, skips, arcs, space, texts, with_arcs=by_character or best > 1)
    characters = posterior.of_characters()
    others = (
        find_alternatives(folded, skips, arcs, space, texts, posterior, best - 1) if best > 1 else [()] * len(texts)
    )
    return [
        Decoded("", 0.0, (), ())
        if path is None
        else Decoded(
            space.spell(text),
            confidence,
            tuple((path - offset).tolist()),
            tuple(marginal[: len(text)]),
            tuple((space.spell(other), share) for other, share in further),
        )
        for path, text, offset, confidence, marginal, further in zip(
            paths, texts, arcs.first.tolist(), posterior.text.tolist(), characters, others, strict=True
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
    forced, free = forced.detach().gather(1, counts[:, None])[:, 0], free.detach()
    within = (forced_scores - free_scores.detach()).clamp(max=0.0).exp() if with_arcs else None
    return Posterior(free, (forced - free).exp().clamp(max=1.0), share, within)


def find_alternatives(
    folded: Tensor, skips: Tensor, arcs: Arcs, space: TextSpace, texts: Sequence[Text], posterior: Posterior, count: int
) -> list[list[tuple[Text, float]]]:
    """Find the texts that come after ``texts``, most probable first: up to ``count`` an image, and their posteriors.

    Found by beam search, which may miss one; the posteriors are exact.
    """
    assert posterior.share is not None
    shares, scores = posterior.share.sum(dim=3).cpu().numpy(), folded.detach().cpu().numpy()
    candidate, start = arcs.candidate.cpu().numpy(), arcs.start.cpu().numpy()
    allowed, lengths = space.allowed.cpu().numpy(), space.lengths.cpu().numpy()
    found: list[list[Text]] = []
    for image, (text, last) in enumerate(zip(texts, arcs.last.tolist(), strict=True)):
        steps = likely_steps(candidate[image], start[image], shares[image], scores)
        likely = likely_texts(steps, skips[image, : last + 1].tolist(), allowed, lengths, count + 1)
        found.append([other for other in likely if other != text][:count])
    probabilities = []
    for rank in range(count):
        ranked = [row[rank] if rank < len(row) else () for row in found]
        labels, counts = texts_to_labels(ranked, len(allowed), folded.device)
        sums = log_partition(label_arc_scores(folded, arcs, labels), skips, arcs).gather(1, counts[:, None])[:, 0]
        probabilities.append((sums - posterior.free).exp().clamp(max=1.0).tolist())
    return [
        sorted(((text, probabilities[rank][image]) for rank, text in enumerate(row)), key=lambda item: -item[1])
        for image, row in enumerate(found)
    ]
