"""Many readings and labels at a time, in an order in which wrong ones stand out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kerf.classifier.folders.dataset import Sample
from kerf.classifier.labelling.learner import Worker
from kerf.classifier.labelling.session import Session
from kerf.classifier.labelling.store import Status
from kerf.classifier.labelling.suspects import Suspect, find_suspects

PAGE = 60
"""Images on a page."""


@dataclass(frozen=True)
class Card:
    """One image of a page.

    Attributes
    ----------
    image, name, seen
        See ``Item``.
    text
        Its label, or else what is read.
    labelled
        Whether that is its label.
    contradiction
        What was read in place of its label by a model that did not learn it; empty where it is not contradicted.
    confidence
        Of the contradiction, or else of the reading.
    """

    image: int
    name: str
    seen: str
    text: str
    labelled: bool
    contradiction: str
    confidence: float


class Review:
    """The pages of a folder.

    Parameters
    ----------
    session
        Its answers and readings.
    worker
        Looks for labels that are probably wrong.

    Attributes
    ----------
    problem
        Why the search came to nothing; empty if it did not.
    """

    def __init__(self, session: Session, worker: Worker) -> None:
        self.session, self.worker = session, worker
        self.problem = ""
        self._suspects: dict[int, Suspect] = {}
        self._order = self._sort()

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(-(-len(self._order) // PAGE), 1)

    @property
    def suspects(self) -> int:
        """How many labels are contradicted."""
        return len(self._suspects)

    def start(self) -> None:
        """Begin to look for labels that are probably wrong, if there are any."""
        images = {self.session.names[i]: path for i, path in enumerate(self.session.images)}
        samples = [Sample(images[name], label) for name, label in self.session.store.labels().items() if name in images]
        if samples:
            self.worker.begin(find_suspects, (samples,), self.on_end)

    def stop(self) -> None:
        """End the search."""
        self.worker.stop()

    def on_end(self, found: Sequence[Suspect] | str) -> None:
        """Put the labels first that are probably wrong."""
        if isinstance(found, str):
            self.problem = found
            return
        numbers = {path: image for image, path in enumerate(self.session.images)}
        self._suspects = {numbers[suspect.sample.path]: suspect for suspect in found}
        self._order = self._sort()

    def cards(self, page: int) -> list[Card]:
        """Return one page, from 0; the order stays while answers change."""
        return [self._to_card(image) for image in self._order[page * PAGE : (page + 1) * PAGE]]

    def _sort(self) -> list[int]:
        """Order images: those contradicted, the surest first, then all by text; those without one last."""
        others = [card for card in self._all() if card.image not in self._suspects]
        others.sort(key=lambda card: (not card.text, card.text.casefold(), card.text, card.name))
        return [*self._suspects, *(card.image for card in others)]

    def _all(self) -> Iterator[Card]:
        left_out = self.session.left_out()
        answered = {image for image, name in enumerate(self.session.names) if self.session.store[name]}
        numbers = range(len(self.session.names))
        return (self._to_card(image) for image in numbers if image in answered or image not in left_out)

    def _to_card(self, image: int) -> Card:
        name = self.session.names[image]
        answer, reading = self.session.store[name], self.session.readings.get(image)
        label = answer.label if answer else ""
        suspect = self._suspects.get(image)
        contradiction = suspect.text if suspect and suspect.sample.text == label else ""
        unread = answer is not None and answer.status is not Status.LABELLED
        text = label or (reading.text if reading and not unread else "")
        confidence = suspect.confidence if suspect else reading.confidence if reading else 0.0
        return Card(image, name, answer.state if answer else "", text, bool(label), contradiction, confidence)
