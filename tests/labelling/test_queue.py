from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerf.classifier.labelling.learner import next_step, to_seconds
from kerf.classifier.labelling.queue import Draw, Queue, estimate
from kerf.classifier.measuring.metrics import proportion

NAMES = [f"{number}.png" for number in range(300)]
QUEUE = Queue(NAMES)
IMAGES = st.sets(st.integers(0, len(NAMES) - 1))
SHARES = st.dictionaries(st.integers(0, len(NAMES) - 1), st.sampled_from([0.0, 0.5, 0.5, 0.9]))


def test_the_order_is_of_all_images_and_of_their_names_alone() -> None:
    assert sorted(QUEUE.order) == list(range(len(NAMES)))
    backwards = Queue(NAMES[::-1])
    assert [NAMES[i] for i in QUEUE.order] == [NAMES[::-1][i] for i in backwards.order]
    assert {NAMES[i] for i in QUEUE.hidden} == {NAMES[::-1][i] for i in backwards.hidden}
    assert 70 <= len(QUEUE.hidden) <= 130
    halves = Counter(i < 150 for i in QUEUE.order[:100])
    assert min(halves.values()) > 30


@given(taken=IMAGES, confidences=SHARES)
def test_the_least_sure_is_chosen_of_those_that_may_be_seen(taken: set[int], confidences: dict[int, float]) -> None:
    free = {i: share for i, share in confidences.items() if i not in taken | QUEUE.hidden}
    draw = QUEUE.choose(taken, confidences, at_random=False)
    if free:
        lowest = [i for i, share in free.items() if share == min(free.values())]
        assert draw == Draw(min(lowest), random=False, hidden=False)
    else:
        assert draw == QUEUE.choose(taken, confidences, at_random=True)


@given(taken=IMAGES, confidences=SHARES)
def test_the_random_half_keeps_to_its_order(taken: set[int], confidences: dict[int, float]) -> None:
    left = [i for i in QUEUE.order if i not in taken]
    draw = QUEUE.choose(taken, confidences, at_random=True)
    assert draw == (Draw(left[0], random=True, hidden=left[0] in QUEUE.hidden) if left else None)


def test_nothing_is_left_when_all_are_taken() -> None:
    everything = range(len(NAMES))
    for at_random in (False, True):
        assert QUEUE.choose(everything, {3: 0.5}, at_random=at_random) is None


@given(answered=IMAGES, left_out=IMAGES)
def test_the_sample_ends_before_the_first_that_is_not_answered(answered: set[int], left_out: set[int]) -> None:
    asked = [i for i in QUEUE.order if i not in left_out]
    gap = next((place for place, i in enumerate(asked) if i not in answered), len(asked))
    assert list(QUEUE.sample(answered, left_out)) == asked[:gap]


def test_the_estimate_is_fair_although_half_of_the_answers_are_the_hardest() -> None:
    """Of 300 images 30 % are read wrongly, and these are the least sure: the hard half must not count double."""
    wrong = {i for i in range(len(NAMES)) if i % 10 in {0, 3, 7}}
    confidences = {i: 0.2 if i in wrong else 0.9 for i in range(len(NAMES))}
    readings = {i: "no" if i in wrong else "ok" for i in range(len(NAMES))}
    labels: dict[int, str] = {}
    for turn in range(110):
        draw = QUEUE.choose(labels, confidences, at_random=turn % 2 == 0)
        assert draw
        labels[draw.image] = "ok"
    assert sum(i in wrong for i in labels) / len(labels) > 0.5
    found = estimate(QUEUE.sample(labels, ()), labels, readings)
    assert found == proportion(found.count, found.n)
    assert found.n > 55
    assert found.low_95 < 0.7 < found.high_95


def test_an_estimate_counts_what_has_a_label_and_was_read() -> None:
    assert estimate([4, 3, 2, 1], {4: "a", 3: "b", 2: "c"}, {4: "a", 3: "x", 1: "d"}) == proportion(1, 2)


@pytest.mark.parametrize(
    ("trained", "step"), [(0, 20), (19, 20), (20, 50), (49, 50), (50, 100), (199, 200), (200, 500), (9999, 10000)]
)
def test_models_are_trained_at_steps(trained: int, step: int) -> None:
    assert next_step(trained) == step


def test_a_training_takes_about_as_long_as_the_labels_until_the_next() -> None:
    assert [to_seconds(labels) for labels in (10, 40, 41, 100, 400, 1000)] == [60, 60, 61.5, 150, 600, 600]
