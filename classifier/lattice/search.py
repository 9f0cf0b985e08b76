"""One dynamic program over the lattice of candidates, in two semirings.

A path goes from the first cut to the last; each step is a candidate read as one character, or a skip to the next
cut. Log-sum-exp over the paths gives probabilities (the forward algorithm of a segmental CRF; Graph Transformer
Networks, Bottou, Bengio, LeCun 1997), max gives the best path (Viterbi). Forcing a label, a length or an alphabet
by position only changes the scores that go in, never the program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kerf.segmenter.lattice import Lattice

Reduce = Callable[[Tensor, int], Tensor]
IMPOSSIBLE = -1e9
"""Score of what cannot be; finite, so that differences of two of them are not NaN."""


@dataclass(frozen=True)
class Arcs:
    """Lattices of a batch, padded; arcs are grouped by the cut they arrive at.

    Attributes
    ----------
    candidate
        int64 ``(B, J, D)``; row of each arriving candidate among the batch's N, or N where there is none.
    start
        int64 ``(B, J, D)``; the cut it starts at.
    last
        int64 ``(B,)``; index of the last cut.
    first
        int64 ``(B,)``; row of each image's first candidate among the batch's N.
    """

    candidate: Tensor
    start: Tensor
    last: Tensor
    first: Tensor


def lattices_to_arcs(lattices: Sequence[Lattice], device: torch.device) -> Arcs:
    """Pad lattices into arcs; candidates are numbered through the batch in order."""
    first = np.cumsum([0] + [len(lattice.spans) for lattice in lattices])
    cuts = max(len(lattice.cuts) for lattice in lattices)
    degrees = [np.bincount(lattice.spans[:, 1], minlength=cuts) for lattice in lattices]
    degree = max(1, max(int(d.max(initial=0)) for d in degrees))
    candidate = np.full((len(lattices), cuts, degree), first[-1], np.int64)
    start = np.zeros((len(lattices), cuts, degree), np.int64)
    for row, (lattice, arriving) in enumerate(zip(lattices, degrees, strict=True)):
        ends = lattice.spans[:, 1]  # ascending: spans are ordered by end
        slot = np.arange(len(ends)) - (np.cumsum(arriving) - arriving)[ends]
        candidate[row, ends, slot] = first[row] + np.arange(len(ends))
        start[row, ends, slot] = lattice.spans[:, 0]
    last = np.array([len(lattice.cuts) - 1 for lattice in lattices], np.int64)
    return Arcs(*(torch.from_numpy(a).to(device) for a in (candidate, start, last, first[:-1])))


class ForwardSum(torch.autograd.Function):
    """Forward algorithm whose backward pass is the arcs' posterior, without a graph of small operations."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, scores: Tensor, skips: Tensor, start: Tensor) -> Tensor:
        """Scores ``(B, J, D, L)``, skips ``(B, J)``, start ``(B, J, D)`` to sums ``(B, J, L + 1)``."""
        sums = relax(scores, skips, start)
        ctx.save_for_backward(scores, skips, start, sums)
        return sums

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        """Push the gradient from each cut back along the arcs that arrive there, in proportion to their share."""
        scores, skips, start, sums = ctx.saved_tensors  # type: ignore[attr-defined]
        batch, cuts, _, length = scores.shape
        grad = grad.clone()
        grad_scores, grad_skips = torch.zeros_like(scores), torch.zeros_like(skips)
        flat, flat_sums = grad.view(batch * cuts, -1), sums.view(batch * cuts, -1)
        base = torch.arange(batch, device=start.device)[:, None] * cuts
        for cut in range(cuts - 1, 0, -1):
            here, arriving = sums[:, cut], grad[:, cut]
            rows = (base + start[:, cut]).flatten()
            origin = flat_sums[rows].view(batch, -1, length + 1)[:, :, :length]
            share = (origin + scores[:, cut] - here[:, None, 1:]).exp_().clamp_(max=1.0) * arriving[:, None, 1:]
            grad_scores[:, cut] = share
            flat[:, :length].index_add_(0, rows, share.view(-1, length))
            stay = (sums[:, cut - 1] + skips[:, cut, None] - here).exp_().clamp_(max=1.0) * arriving
            grad_skips[:, cut] = stay.sum(dim=1)
            grad[:, cut - 1] += stay
        return grad_scores, grad_skips, None


def relax(scores: Tensor, skips: Tensor, start: Tensor, pointers: Tensor | None = None) -> Tensor:
    """Visit the cuts in order and score all partial paths to each, with each number of characters.

    Parameters
    ----------
    scores
        ``(B, J, D, L)``; score of each arc as the (l+1)-th character.
    skips
        ``(B, J)``; score of skipping from cut j - 1 to cut j.
    start
        int64 ``(B, J, D)``.
    pointers
        int64 ``(B, J, L + 1)``. If given, the best arc is taken and its slot noted here, D for a skip; otherwise
        arcs are summed by log-sum-exp.

    Returns
    -------
    Tensor
        ``(B, J, L + 1)``.
    """
    batch, cuts, _, length = scores.shape
    table = scores.new_full((batch, cuts, length + 1), IMPOSSIBLE)
    table[:, 0, 0] = 0.0
    flat = table.view(batch * cuts, length + 1)
    base = torch.arange(batch, device=start.device)[:, None] * cuts
    none = scores.new_full((batch, start.shape[2], 1), IMPOSSIBLE)
    for cut in range(1, cuts):
        origin = flat[(base + start[:, cut]).flatten()].view(batch, -1, length + 1)[:, :, :length]
        arriving = torch.cat([none, origin + scores[:, cut]], dim=2)
        stay = table[:, cut - 1] + skips[:, cut, None]
        options = torch.cat([arriving, stay[:, None]], dim=1)  # (B, D + 1, L + 1)
        if pointers is None:
            table[:, cut] = options.logsumexp(dim=1)
        else:
            table[:, cut], pointers[:, cut] = options.max(dim=1)
    return table


def at_end(table: Tensor, last: Tensor) -> Tensor:
    """Take the table's row at each image's last cut: ``(B, J, L + 1)`` to ``(B, L + 1)``."""
    return table[torch.arange(len(last), device=last.device), last]


def log_partition(scores: Tensor, skips: Tensor, arcs: Arcs) -> Tensor:
    """Differentiable log-sum-exp over all paths, by number of characters: ``(B, L + 1)``.

    Parameters as for ``relax``.
    """
    return at_end(ForwardSum.apply(scores, skips, arcs.start), arcs.last)  # type: ignore[no-untyped-call]


def free_and_forced(free: Tensor, forced: Tensor, skips: Tensor, arcs: Arcs) -> tuple[Tensor, Tensor]:
    """``log_partition`` of two sets of scores in one run of the program, which costs little more than one."""
    start = torch.cat([arcs.start, arcs.start])
    sums = ForwardSum.apply(torch.cat([free, forced]), torch.cat([skips, skips]), start)  # type: ignore[no-untyped-call]
    first, second = sums.chunk(2)
    return at_end(first, arcs.last), at_end(second, arcs.last)


def label_arc_scores(logits: Tensor, arcs: Arcs, labels: Tensor) -> Tensor:
    """Scores of arcs when the (l+1)-th character must be the label's.

    Parameters
    ----------
    logits
        ``(N, K)``.
    arcs
        Arcs of the batch.
    labels
        int64 ``(B, L)``; class ids, padded with anything.

    Returns
    -------
    Tensor
        ``(B, J, D, L)``.
    """
    padded = torch.cat([logits, logits.new_full((1, logits.shape[1]), IMPOSSIBLE)])
    index = arcs.candidate[..., None] * logits.shape[1] + labels[:, None, None, :]
    return padded.flatten()[index]


def free_arc_scores(logits: Tensor, arcs: Arcs, allowed: Tensor, reduce: Reduce = torch.logsumexp) -> Tensor:
    """Scores of arcs over the characters allowed at each position.

    Parameters
    ----------
    logits
        ``(N, K)``.
    arcs
        Arcs of the batch.
    allowed
        bool ``(L, K)``.
    reduce
        The semiring's sum: ``torch.logsumexp`` or ``torch.amax``.

    Returns
    -------
    Tensor
        ``(B, J, D, L)``.
    """
    rows = allowed[:1] if bool((allowed == allowed[:1]).all()) else allowed
    masked = logits[:, None, :] if bool(rows.all()) else logits[:, None, :].masked_fill(~rows, IMPOSSIBLE)
    reduced = reduce(masked, 2)  # (N, 1 or L)
    padded = torch.cat([reduced, reduced.new_full((1, reduced.shape[1]), IMPOSSIBLE)])
    return padded[arcs.candidate].expand(-1, -1, -1, len(allowed))


def best_paths(scores: Tensor, skips: Tensor, arcs: Arcs, lengths: Tensor) -> list[NDArray[np.int64] | None]:
    """Best path of each image by the max semiring.

    Parameters
    ----------
    scores, skips, arcs
        As for ``log_partition``.
    lengths
        bool ``(B, L + 1)``; the numbers of characters allowed.

    Returns
    -------
    list
        For each image the chosen candidates' rows among the batch's N, left to right, int64 ``(length,)``; None
        where no path has an allowed length.
    """
    batch, cuts, degree, length = scores.shape
    pointers = torch.full((batch, cuts, length + 1), degree, dtype=torch.int64, device=scores.device)
    table = relax(scores, skips, arcs.start, pointers)
    final = at_end(table, arcs.last).masked_fill(~lengths, IMPOSSIBLE)
    counts = final.argmax(dim=1).tolist()
    feasible = (final.amax(dim=1) > IMPOSSIBLE / 2).tolist()
    pointer, candidate, start = (t.cpu().numpy() for t in (pointers, arcs.candidate, arcs.start))
    last = arcs.last.tolist()
    return [
        trace(pointer[b], candidate[b], start[b], last[b], counts[b]) if feasible[b] else None for b in range(batch)
    ]


def trace(
    pointer: NDArray[np.int64], candidate: NDArray[np.int64], start: NDArray[np.int64], cut: int, count: int
) -> NDArray[np.int64]:
    """Follow pointers ``(J, L + 1)`` back from ``cut`` with ``count`` characters to the first cut."""
    chosen = np.empty(count, np.int64)
    degree = candidate.shape[1]
    while cut > 0:
        slot = pointer[cut, count]
        if slot == degree:
            cut -= 1
        else:
            count -= 1
            chosen[count], cut = candidate[cut, slot], int(start[cut, slot])
    return chosen
