"""What each candidate has of all paths, beside the sum over every one of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerf.classifier.lattice.lattices import join_lattices
from kerf.classifier.lattice.posteriors import scores_to_posteriors
from tests.lattice.brute import CHARACTERS, all_paths, random_case, to_shares


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
def test_shares_are_those_of_all_paths(seed: int, temperature: float) -> None:
    case = random_case(seed)
    expected = np.zeros((len(case.lattice.spans), len(CHARACTERS)))
    paths = all_paths(case, temperature)
    for path, share in zip(paths, to_shares(paths), strict=True):
        for candidate, character in zip(path.candidates, path.text, strict=True):
            expected[candidate, character] += share
    found = scores_to_posteriors(
        case.logits, case.skips, join_lattices([case.lattice]), case.space, temperature=temperature
    )
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_each_image_of_a_batch_is_as_alone() -> None:
    cases = [replace(random_case(seed), space=random_case(8).space) for seed in (2, 4, 6)]
    alone = [scores_to_posteriors(c.logits, c.skips, join_lattices([c.lattice]), c.space) for c in cases]
    together = scores_to_posteriors(
        np.concatenate([c.logits for c in cases]),
        np.concatenate([c.skips for c in cases]),
        join_lattices([c.lattice for c in cases]),
        cases[0].space,
    )
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-6)


def test_without_an_allowed_length_nothing_has_a_share() -> None:
    case = random_case(1)
    space = replace(case.space, ends=np.zeros_like(case.space.ends))
    assert not scores_to_posteriors(case.logits, case.skips, join_lattices([case.lattice]), space).any()
