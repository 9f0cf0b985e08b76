"""Images without labels to examples: each content once, and none that is known otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.folders.dataset import Sample, Split
from kerf.classifier.folders.duplicates import near_duplicates
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.learning.adapting import Unlabelled
from kerf.classifier.learning.cutting import Cutter
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline

HELD_OUT = 0.1
"""Share of them, by the hash of their content, that is never learnt from."""
MOST_HELD_OUT = 300
"""More are not needed to notice drift."""
LEAST = 20
"""Images of either part that are cut whatever the time, where there are so many."""


def images_to_unlabelled(
    images: Sequence[Path], known: Sequence[Sample], cutter: Cutter, deadline: Deadline = NO_DEADLINE
) -> Unlabelled:
    """Cut images without labels, as many as there is time for.

    Parameters
    ----------
    images
        Those that cannot be read are told of and left out.
    known
        Images that have labels, and that will be measured on: neither they nor what looks like them is learnt from.
    cutter
        How to cut, and whom to tell.
    deadline
        When to have ended.
    """
    fresh = [Sample(path, "") for path in fresh_images(images, known, deadline.share(0.5))]
    alike = {sample for _, sample in near_duplicates(Split(tuple(known), tuple(fresh)))}
    fresh = [sample for sample in fresh if sample not in alike]
    cutter.total += len(fresh)
    held_out = min(MOST_HELD_OUT, math.ceil(HELD_OUT * len(fresh)))
    parts = (fresh[:held_out], deadline.share(2 * HELD_OUT)), (fresh[held_out:], deadline)
    first, second = ([cut.example for cut in cutter.samples_to_examples(part, end, LEAST)] for part, end in parts)
    return Unlabelled(sorted(second, key=lambda example: example.padded_width), first)


def fresh_images(images: Sequence[Path], known: Sequence[Sample], deadline: Deadline) -> list[Path]:
    """List images whose content is not among the known, each content once, ordered by its hash."""
    fresh: dict[str, Path] = {}
    for image in deadline.in_time(images, 2 * LEAST):
        fresh.setdefault(path_to_hash(image), image)
    for sample in known:
        fresh.pop(path_to_hash(sample.path), None)
    return [fresh[digest] for digest in sorted(fresh)]
