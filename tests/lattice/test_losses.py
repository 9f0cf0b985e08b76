"""Losses of labels and their gradients, against brute force over all paths."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from kerf.classifier.lattice import _search
from kerf.classifier.lattice.lattice_loss import lattice_loss
from kerf.classifier.lattice.lattices import Lattices, join_lattices
from kerf.classifier.lattice.losses import Losses, labels_to_losses
from tests.lattice.brute import LENGTH, Case, Path, all_paths, all_texts, random_case, to_shares

Array = NDArray[np.float64]


def brute_loss(case: Case, label: tuple[int, ...], temperature: float = 1.0) -> tuple[float, Array, Array]:
    """Negative logarithm of the label's share of all paths, and its gradients by logits and skips."""
    paths = all_paths(case, temperature)
    shares = to_shares(paths)
    spelling = sum(share for path, share in zip(paths, shares, strict=True) if path.text == label)
    by_logits, by_skips = np.zeros(case.logits.shape), np.zeros(case.skips.shape)
    for path, share in zip(paths, shares, strict=True):
        weight = (share - (share / spelling if path.text == label else 0)) / temperature
        by_skips[list(path.skipped)] += weight
        add_logits(case, path, weight, by_logits, temperature)
    return -math.log(spelling), by_logits, by_skips


def add_logits(case: Case, path: Path, weight: float, by_logits: Array, temperature: float) -> None:
    """Share what a path weighs among the classes that read as each of its characters."""
    for candidate, character in zip(path.candidates, path.text, strict=True):
        classes = [c for c in case.space.groups[character].tolist() if c < case.logits.shape[1]]
        scores = np.exp(case.logits[candidate, classes].astype(np.float64) / temperature)
        by_logits[candidate, classes] += weight * scores / scores.sum()


def losses_of(cases: list[Case], labels: list[tuple[int, ...]], **options: Any) -> Losses:
    """All of one space, in one batch."""
    logits, skips = (np.concatenate([getattr(case, name) for case in cases]) for name in ("logits", "skips"))
    return labels_to_losses(
        logits, skips, join_lattices([case.lattice for case in cases]), labels, cases[0].space, **options
    )


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize(("temperature", "tracks"), [(1.0, 1), (0.5, 1), (1.0, 3)])
def test_losses_and_gradients(seed: int, temperature: float, tracks: int) -> None:
    case = random_case(seed, tracks=tracks)
    for label in sorted({path.text for path in all_paths(case)}):
        if list(all_texts(case.space, len(label))).count(label) > 1:
            continue  # tracks of a space share no text
        loss, by_logits, by_skips = brute_loss(case, label, temperature)
        found = losses_of([case], [label], temperature=temperature, gradients=True)
        assert found.values.tolist() == pytest.approx([loss], abs=1e-5)
        assert np.allclose(found.by_logits, by_logits, atol=1e-5)
        assert np.allclose(found.by_skips, by_skips, atol=1e-5)


def test_no_gradient_is_computed_unless_asked_for() -> None:
    found = losses_of([random_case(0)], [all_paths(random_case(0))[0].text])
    assert found.by_logits.size == found.by_skips.size == 0


def mixed() -> tuple[list[Case], list[tuple[int, ...]]]:
    """Images of one space with labels, of which some have no path: too long, not allowed, of a length that is not."""
    cases, labels = [], []
    space = random_case(4).space
    for seed in range(0, 24, 2):
        case = random_case(seed)
        cases.append(Case(case.lattice, case.logits, case.skips, space))
        texts = sorted({path.text for path in all_paths(cases[-1])})
        labels.append(texts[seed % len(texts)])
    others: list[tuple[int, ...]] = [(0,) * (LENGTH + 1), (0,) * LENGTH, (0,), (1,), (2,)]
    return [*cases, *cases[: len(others)]], [*labels, *others]


def test_images_of_a_batch_have_the_losses_that_they_have_alone() -> None:
    cases, labels = mixed()
    together = losses_of(cases, labels, gradients=True)
    alone = [losses_of([case], [label], gradients=True) for case, label in zip(cases, labels, strict=True)]
    assert together.values.tolist() == [float(one.values[0]) for one in alone]
    assert np.array_equal(together.by_logits, np.concatenate([one.by_logits for one in alone]))
    assert np.array_equal(together.by_skips, np.concatenate([one.by_skips for one in alone]))


def test_a_label_that_no_path_spells_has_an_infinite_loss_and_no_gradient() -> None:
    cases, labels = mixed()
    infinite = 0
    for case, label in zip(cases, labels, strict=True):
        found = losses_of([case], [label], gradients=True)
        expected = label not in {path.text for path in all_paths(case)}
        assert math.isinf(found.values[0]) == expected
        assert (found.by_logits.any() or found.by_skips.any()) or expected or found.values[0] < 1e-6
        assert not (expected and (found.by_logits.any() or found.by_skips.any()))
        infinite += expected
    assert 2 <= infinite < len(cases)


def test_scores_of_any_size_have_finite_losses() -> None:
    case = random_case(0, 1e4)
    label = all_paths(case)[0].text
    scores = [path.score for path in all_paths(case) if path.text == label]
    top = max(path.score for path in all_paths(case))
    (loss,) = losses_of([case], [label]).values
    assert loss == pytest.approx(top - max(scores), abs=1)


def tensors(cases: list[Case]) -> tuple[torch.Tensor, torch.Tensor, Lattices]:
    """What ``lattice_loss`` takes of them."""
    logits, skips = (
        torch.from_numpy(np.concatenate([getattr(case, name) for case in cases])).requires_grad_()
        for name in ("logits", "skips")
    )
    return logits, skips, join_lattices([case.lattice for case in cases])


def test_the_loss_is_the_mean_over_the_images_whose_label_has_a_path() -> None:
    cases, labels = mixed()
    expected = losses_of(cases, labels, gradients=True)
    finite = np.isfinite(expected.values)
    logits, skips, lattices = tensors(cases)
    loss = lattice_loss(logits, skips, lattices, labels, cases[0].space)
    assert float(loss.detach()) == pytest.approx(expected.values[finite].mean(), rel=1e-6)
    (2 * loss).backward()  # type: ignore[no-untyped-call]
    for tensor, grad in ((logits, expected.by_logits), (skips, expected.by_skips)):
        assert tensor.grad is not None
        assert np.allclose(tensor.grad.numpy(), 2 * grad / finite.sum(), atol=1e-7)


def test_the_loss_of_one_image_is_its_own() -> None:
    cases, labels = mixed()
    spelt = int(np.flatnonzero(np.isfinite(losses_of(cases, labels, gradients=True).values))[0])
    case, label = cases[spelt], labels[spelt]
    expected = losses_of([case], [label], gradients=True)
    logits, skips, lattices = tensors([case])
    lattice_loss(logits, skips, lattices, [label], case.space).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert np.allclose(logits.grad.numpy(), expected.by_logits, atol=1e-7)


def test_the_loss_falls_along_its_gradient_as_much_as_it_says() -> None:
    cases, labels = mixed()
    logits, skips, lattices = tensors(cases)
    loss = lattice_loss(logits, skips, lattices, labels, cases[0].space)
    loss.backward()  # type: ignore[no-untyped-call]
    for tensor in (logits, skips):
        assert tensor.grad is not None
        step = 0.01 * tensor.grad / tensor.grad.norm() ** 2
        moved = [one - step if one is tensor else one for one in (logits, skips)]
        lower = lattice_loss(moved[0], moved[1], lattices, labels, cases[0].space)
        assert float((loss - lower).detach()) == pytest.approx(0.01, rel=0.05)


def test_no_image_left_leaves_no_loss() -> None:
    logits, skips, lattices = tensors([random_case(0)])
    loss = lattice_loss(logits, skips, lattices, [(0,) * 9], random_case(0).space)
    loss.backward()  # type: ignore[no-untyped-call]
    assert math.isnan(float(loss.detach()))
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize(
    "change",
    [
        lambda labels, counts, values, by_logits, by_skips: (labels[:, 1:].copy(), counts, values, by_logits, by_skips),
        lambda labels, counts, values, by_logits, by_skips: (labels + 3, counts, values, by_logits, by_skips),
        lambda labels, counts, values, by_logits, by_skips: (labels - 1, counts, values, by_logits, by_skips),
        lambda labels, counts, values, by_logits, by_skips: (labels, counts[1:], values, by_logits, by_skips),
        lambda labels, counts, values, by_logits, by_skips: (labels, counts + 4, values, by_logits, by_skips),
        lambda labels, counts, values, by_logits, by_skips: (labels, counts, values[1:], by_logits, by_skips),
        lambda labels, counts, values, by_logits, by_skips: (labels, counts, values, by_logits[1:], by_skips),
        lambda labels, counts, values, by_logits, by_skips: (labels, counts, values, by_logits, by_skips[1:]),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(change: Callable[..., Any]) -> None:
    case = random_case(2)
    lattices, space = join_lattices([case.lattice]), case.space
    inputs = (case.logits, case.skips, lattices.spans, lattices.first_span, lattices.first_cut)
    given = (*inputs, space.groups, space.allowed, space.starts, space.ends, 1.0)
    labels, counts, values = np.zeros((1, LENGTH), np.int32), np.zeros(1, np.int32), np.zeros(1)
    outputs = (labels, counts, values, np.zeros_like(case.logits), np.zeros_like(case.skips))
    _search.losses(*given, *outputs)
    with pytest.raises(ValueError, match="do not fit"):
        _search.losses(*given, *change(*outputs))
