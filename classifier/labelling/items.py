"""One image as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from kerf.classifier.labelling.store import Answer
from kerf.classifier.recognizer import Reading


@dataclass(frozen=True)
class Item:
    """What is told of one image.

    Attributes
    ----------
    image
        Its number in this run of the program.
    name
        Its path below the folder.
    seen
        State of its answer; see ``LabelStore.put``.
    status, label
        Its answer, empty where there is none.
    hidden
        Whether its reading is not told until it is answered; the further attributes are then empty.
    text
        What is read.
    characters
        Of the text, each with its confidence.
    alternatives
        The next most probable texts and their confidences.
    """

    image: int
    name: str
    seen: str
    status: str
    label: str
    hidden: bool
    text: str = ""
    characters: tuple[tuple[str, float], ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()


def to_item(image: int, name: str, answer: Answer | None, reading: Reading | None, *, hidden: bool) -> Item:
    """Put together what is told of an image."""
    said = (answer.state, str(answer.status), answer.label) if answer else ("", "", "")
    if hidden or reading is None:
        return Item(image, name, *said, hidden)
    characters = tuple((one.char, round(one.confidence, 4)) for one in reading.characters)
    alternatives = tuple((text, round(confidence, 4)) for text, confidence in reading.alternatives)
    return Item(image, name, *said, hidden, reading.text, characters, alternatives)
