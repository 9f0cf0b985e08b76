"""What is attacked: what may be learnt from, and what is measured on."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerf.classifier.alphabet import Constraint
from kerf.classifier.auditing.target import constraint_to_text, to_ranges, to_share, to_target
from kerf.classifier.folders.dataset import Sample


@pytest.mark.parametrize(("count", "measured"), [(60, 30), (150, 75), (400, 100), (1000, 200), (5000, 400)])
def test_enough_is_held_back_and_no_more_than_half(count: int, measured: int) -> None:
    assert round(to_share(count) * count) == measured


def test_nothing_that_is_measured_on_may_be_learnt_from(tmp_path: Path) -> None:
    samples = []
    for index in range(40):
        (tmp_path / f"{index}.png").write_bytes(b"%d" % index)
        samples.append(Sample(tmp_path / f"{index}.png", "ab-" if index % 2 else "c"))
    more = [*(sample.path for sample in samples), tmp_path / "unlabelled.png"]
    target = to_target(more, samples, Constraint(), ignore_case=True)
    assert len(target.measured) == len(target.learnt) == 20
    assert not {sample.path for sample in target.measured} & {*target.images, *(one.path for one in target.learnt)}
    assert len(target.images) == 21
    assert target.constraint == Constraint(r"\-abc", (1, 3))
    assert target.ignore_case
    assert to_target(more, samples, Constraint("a-z"), ignore_case=False).constraint == Constraint("a-z", (1, 3))
    assert to_target(more, samples, Constraint(pattern="a.?"), ignore_case=False).constraint.pattern == "a.?"
    bare = to_target(more, (), Constraint(length=4), ignore_case=False)
    assert (bare.measured, bare.learnt, bare.images, bare.constraint) == ((), (), more, Constraint(length=4))


def test_what_is_told_is_said() -> None:
    assert constraint_to_text(Constraint("a-f09", "4")) == "that texts have 4 characters, of 09a-f"
    assert constraint_to_text(Constraint(length="4-6")) == "that texts have 4 to 6 characters"
    assert constraint_to_text(Constraint("ab")) == "that texts have ab"
    assert constraint_to_text(Constraint()) == "nothing of the texts"
    assert constraint_to_text(Constraint(pattern="[a-c]{2}")) == "that texts are [a-c]{2}"
    assert to_ranges("edcb9-+") == "+-9b-e"
