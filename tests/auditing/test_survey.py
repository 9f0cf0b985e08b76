"""What is seen of images as the strongest attack read them, of looks made up and of images drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerf.classifier.alphabet import Constraint
from kerf.classifier.auditing.attacker import Target
from kerf.classifier.auditing.lookalikes import Pair
from kerf.classifier.auditing.measures import Measures
from kerf.classifier.auditing.survey import Confused, Faults, Look, looks_to_survey, survey
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.pages.causes import Cause
from kerf.classifier.recognizer import Reading
from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize, write_dataset
from kerf.segmenter.errors import UnreadableImageError
from tests.auditing.making import to_audit
from tests.tiny import tiny_model

PLAIN = Measures(touching=0.5, lines=0, marks=0, warp=0, colours=0, length=2, alphabet=0)


def look(label: str | None, text: str, cause: Cause | None = None) -> Look:
    """An image that was read."""
    return Look(label, Reading(text, 0.5, ()), cause, PLAIN, label == text)


def test_faults_and_confusions_are_counted_by_why() -> None:
    looks = [
        look("ab", "ab"),
        look("a0", "aO", Cause.CHARACTER),
        look("b0", "bO", Cause.CHARACTER),
        look("a1", "a2", Cause.CHARACTER),  # once alone is chance
        look("ab", "a", Cause.CHOICE),
        look("ab", "b", Cause.MISSING),
        look("a?", "ab", Cause.UNKNOWN),
        Look("ab", UnreadableImageError("broken"), None, None, False),
    ]
    seen = looks_to_survey(looks, [])
    assert seen.looked_at == 8
    assert seen.faults == Faults(cutting=2, character=3, unknown=1, unreadable=1)
    assert seen.faults.wrong == 7
    assert [(one.truth, one.read, one.count) for one in seen.confusions] == [("0", "O", 2)]
    assert isinstance(seen.confusions[0].pair, Pair)
    assert seen.has["fewer pieces of ink than characters"] == 7
    assert [one.given.n + one.rest.n for one in seen.comparisons] == [7] * 7


def test_what_cannot_be_drawn_is_not_judged() -> None:
    seen = looks_to_survey([look("?", "a", Cause.CHARACTER)] * 2, None)
    assert seen.confusions == (Confused("?", "a", 2, None),)
    assert seen.lookalikes is None


def test_without_labels_nothing_is_said_of_faults() -> None:
    seen = looks_to_survey([look(None, "ab")] * 3, None)
    assert (seen.faults, seen.comparisons, seen.confusions) == (None, (), ())
    assert seen.has["fewer pieces of ink than characters"] == 3


@pytest.mark.parametrize("pictured", [True, False])
def test_images_are_looked_at_whatever_the_time(tmp_path: Path, pictured: bool) -> None:
    write_dataset(tmp_path, synthesize(5, 5, "clean", "ab12", (2, 3), [BUILT_IN_FONT]))
    samples = folder_to_samples(tmp_path).samples
    target = Target((), samples, (), Constraint("1l"), ignore_case=False)
    mounted = to_audit("a", 1).strongest, tiny_model()
    seen, entries = survey(mounted, target, tmp_path, Deadline.after(0), pictured=pictured)
    assert seen.looked_at == 5
    assert [entry["name"] for entry in entries] == [sample.path.name for sample in samples] * pictured
    assert seen.lookalikes is not None
