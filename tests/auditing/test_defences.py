"""Images with a defence against those without, of measures made up."""

from __future__ import annotations

import pytest

from kerf.classifier.auditing.defences import Comparison, compare_defences, comparisons_to_sentence
from kerf.classifier.auditing.measures import Measures
from kerf.classifier.measuring.rates import count_to_rate, rates_to_difference

PLAIN = Measures(touching=0, lines=0, marks=0, warp=0, colours=0, length=4, alphabet=0)


def compare(field: str, values: list[float], right: list[bool]) -> Comparison:
    """Compare by one measure; all others are the same in all images."""
    measures = [PLAIN._replace(**{field: value}) for value in values]
    return next(one for one in compare_defences(measures, right) if one.defence.field == field)


def test_what_it_costs_is_the_difference_of_the_rates() -> None:
    found = compare("touching", [0.0] * 50 + [0.25] * 100, [True] * 45 + [False] * 5 + [True] * 30 + [False] * 70)
    assert (found.given, found.rest) == (count_to_rate(30, 100), count_to_rate(45, 50))
    assert found.difference == rates_to_difference(count_to_rate(30, 100), count_to_rate(45, 50))
    assert found.costs
    assert found.sentence == "costs the attack 45 to 70 points"
    assert found.group == "fewer pieces of ink than characters"


def test_several_comparisons_widen_each_other() -> None:
    values, right = [0.0] * 40 + [0.5] * 40, [True] * 40 + [False] * 40
    measures = [PLAIN._replace(touching=value, lines=value) for value in values]
    found = compare_defences(measures, right)[0]
    assert found.difference == rates_to_difference(count_to_rate(0, 40, 2), count_to_rate(40, 40, 2))


def test_29_images_are_too_few_and_30_are_not() -> None:
    assert compare("lines", [0.0] * 29 + [0.5] * 60, [True] * 89).difference is None
    found = compare("lines", [0.5] * 60 + [0.5] + [0.0] * 28, [True] * 89)
    assert found.sentence == "too few to tell: 61 images have it, 28 have not"
    told = compare("lines", [0.0] * 30 + [0.5] * 60, [True] * 90)
    assert told.difference is not None
    assert told.sentence == "no difference that so many images can tell"


def test_where_nearly_all_have_it_those_with_more_are_told_from_those_with_less() -> None:
    found = compare("touching", [0.0] * 5 + [0.25] * 45 + [0.75] * 40, [True] * 50 + [False] * 40)
    assert (found.given, found.rest) == (count_to_rate(0, 40), count_to_rate(50, 50))
    assert found.group == "more characters in one piece"
    hardly = compare("colours", [0.01 * i / 90 for i in range(90)], [True] * 45 + [False] * 45)
    assert hardly.given.n == 0  # what none of them has is not told by its amount


def test_a_measure_that_is_the_same_in_all_is_said() -> None:
    found = compare("length", [5.0] * 90, [True] * 90)
    assert found.sentence == "the same in all images: cannot be told from them alone"


def test_what_helps_the_attack_is_no_defence() -> None:
    found = compare("alphabet", [0.0] * 50 + [1.0] * 50, [False] * 50 + [True] * 50)
    assert not found.costs
    assert found.sentence.startswith("is no defence: such images are read better, by 9")


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (
            [True] * 45 + [False] * 45,
            "lines costs it most, 0.0 % of images with a straight stroke longer than a letter",
        ),
        ([True] * 90, "no defence is seen to hold, of lines"),
        ([True] * 20, "which defence holds cannot be told"),
    ],
)
def test_the_sentence_names_what_costs_most(right: list[bool], said: str) -> None:
    measures = [PLAIN._replace(lines=float(index >= 45)) for index in range(len(right))]
    assert comparisons_to_sentence(compare_defences(measures, right)).startswith(said)
