"""Which image is next: in turn one drawn at random and the least sure; and what the random ones say of all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from kerf.classifier.measuring.metrics import Proportion, proportion

HIDDEN_EVERY = 3
"""Of the images, one in so many is only ever drawn at random, and its reading is hidden until its text is typed."""


@dataclass(frozen=True)
class Draw:
    """An image to be asked for.

    Attributes
    ----------
    image
        Its number.
    random
        Whether it was drawn at random, not as the least sure.
    hidden
        Whether its reading is not to be shown before its text was typed.
    """

    image: int
    random: bool
    hidden: bool


class Queue:
    """The order of a folder's images.

    The random half follows one order of all images, by the hash of their names: whatever was answered in between, and
    by whichever run, the images that this order begins with are a fair sample of the folder.

    Parameters
    ----------
    names
        What the images are called, each different; their numbers are their places here.
    """

    def __init__(self, names: Sequence[str]) -> None:
        digests = [blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).digest() for name in names]
        self.order = sorted(range(len(names)), key=digests.__getitem__)
        self.hidden = frozenset(i for i, digest in enumerate(digests) if digest[-1] % HIDDEN_EVERY == 0)

    def choose(self, taken: Collection[int], confidences: Mapping[int, float], *, at_random: bool) -> Draw | None:
        """Choose the next image.

        Parameters
        ----------
        taken
            Images that are not to be asked for.
        confidences
            Of the images that were read, the probability that their reading is right.
        at_random
            Which half's turn it is; where none was read yet, the random half's.

        Returns
        -------
        Draw or None
            None where there is none left.
        """
        unsure = [] if at_random else [i for i in confidences if i not in taken and i not in self.hidden]
        if unsure:
            return Draw(min(unsure, key=lambda i: (confidences[i], i)), random=False, hidden=False)
        free = (i for i in self.order if i not in taken)
        return next((Draw(i, random=True, hidden=i in self.hidden) for i in free), None)

    def sample(self, answered: Collection[int], left_out: Collection[int]) -> Iterator[int]:
        """Yield the images of the random order up to the first that is not answered, without those left out."""
        for image in self.order:
            if image in left_out:
                continue
            if image not in answered:
                return
            yield image


def estimate(sample: Iterable[int], labels: Mapping[int, str], readings: Mapping[int, str]) -> Proportion:
    """Estimate how often a model reads a whole text of the folder rightly, with its 95 % Wilson interval.

    Parameters
    ----------
    sample
        A fair sample of the folder, of images from which the model did not learn.
    labels
        The texts of those of them that have one.
    readings
        What the model reads, as far as it has; the others do not count.
    """
    known = [image for image in sample if image in labels and image in readings]
    return proportion(sum(readings[image] == labels[image] for image in known), len(known))
