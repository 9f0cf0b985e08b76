"""What can be told without reading."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from pathlib import Path

import pytest

from kerf.classifier.auditing.repeats import (
    Repeats,
    find_repeats,
    poisson_tail,
    texts_to_expected_pairs,
    texts_to_period,
    texts_to_step,
)
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize, write_dataset


@pytest.mark.parametrize(
    ("texts", "step"),
    [
        ([f"{number:04}" for number in range(100, 120)], 1),
        ([f"{number:04}" for number in range(200, 140, -3)], -3),
        (["aay", "aaz", "ab0", "ab1", "ab2", "ab3", "ab4", "ab5", "ab6", "ab7"], 1),
        (["a" * 4] * 20, None),  # the same again is a repeat, not a step
        ([f"{number:04}" for number in range(9)], None),
        (["1000", "1001", *(f"{k * k * 7919 % 10007:05}" for k in range(20))], None),
        (["1+2"] * 20, None),
    ],
)
def test_a_step_is_what_most_texts_are_after_the_one_before(texts: list[str], step: int | None) -> None:
    assert texts_to_step(texts) == step


def test_a_period_is_after_how_many_texts_they_come_again() -> None:
    texts = [f"{7919 * k % 10007:05}" for k in range(15)]
    assert texts_to_period(texts) is None
    assert texts_to_period(texts * 2) == 15
    assert texts_to_period(texts + texts[:9]) is None  # ten must be compared


def test_chance_makes_equal_texts_by_the_characters_that_are_there() -> None:
    texts = ["ab"] * 100  # half a, half b
    same = 2 * comb(100, 2) / comb(200, 2)
    assert texts_to_expected_pairs(texts) == pytest.approx(comb(100, 2) * same**2)
    assert texts_to_expected_pairs(["a", "aa"]) == pytest.approx(0.5)  # lengths are equal half of the time
    assert texts_to_expected_pairs([]) == 0


def test_a_surprise_is_what_chance_makes_once_in_a_thousand_times() -> None:
    assert poisson_tail(1, 0.01) == pytest.approx(0.00995, abs=1e-5)
    assert poisson_tail(0, 3.0) == 1
    some = Repeats(10, 0, 0, 1000, 2, 0.04, None, None)
    assert some.surprising  # 0.0008
    assert not replace(some, expected_pairs=0.05).surprising  # 0.0012
    assert not replace(some, pairs=0).surprising


def test_sentences_say_what_was_looked_for() -> None:
    none = Repeats(60, 1, 2, 60, 0, 0.25, None, None)
    assert none.sentences == [
        "2 of 60 images look like an earlier one, 1 of them to the byte.",
        "0 pairs of 60 texts are equal; chance would make about 0.2, so this is no weakness.",
        "No text follows from those before it, as far as 60 in the order of their files tell.",
    ]
    found = replace(none, pairs=30, step=1, period=20).sentences
    assert found[1].endswith("the generator repeats itself.")
    assert [sentence.split(":")[0] for sentence in found[2:]] == [
        "Most texts differ from the one before by 1",
        "The texts come again in the same order after 20",
    ]
    assert len(replace(none, texts=0).sentences) == 1


def test_copies_are_found_among_files(tmp_path: Path) -> None:
    write_dataset(tmp_path, synthesize(4, 5, "clean", "2357", (3, 3), [BUILT_IN_FONT]))
    samples = list(folder_to_samples(tmp_path).samples)
    copy = tmp_path / "copy.png"
    copy.write_bytes(samples[0].path.read_bytes())
    images = [*(sample.path for sample in samples), copy]
    found = find_repeats(images, [*samples, Sample(copy, samples[0].text)])
    assert (found.images, found.copies, found.alike, found.texts) == (5, 1, 1, 5)
    assert found.pairs >= 1


def test_where_names_are_the_texts_their_order_says_nothing(tmp_path: Path) -> None:
    samples = [Sample(tmp_path / f"{number}.png", str(number)) for number in range(100, 120)]
    assert find_repeats([sample.path for sample in samples], samples).step is None
    counted = [Sample(tmp_path / f"x{index}.png", str(number)) for index, number in enumerate(range(100, 120))]
    assert find_repeats([sample.path for sample in counted], counted).step == 1
