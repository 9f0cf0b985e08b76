"""Images to readings: the stages in order, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from kerf.classifier.alphabet import Constraint
from kerf.classifier.lattice.decoding import Decoded, decode
from kerf.classifier.lattice.text_space import TextSpace, to_text_space
from kerf.classifier.model_file import BUNDLED_MODEL, Model, load_model, resolve_device
from kerf.classifier.network.batch import Example, examples_to_batch, segmentation_to_example
from kerf.classifier.network.char_net import fuse
from kerf.segmenter import Segmentation, segment
from kerf.segmenter.errors import KerfError
from kerf.segmenter.load import path_to_image

Source = Path | str | NDArray[np.uint8]
BATCH_SIZE = 64


@dataclass(frozen=True)
class CharReading:
    """One character.

    Attributes
    ----------
    char
        What it is.
    confidence
        Probability that it stands at this place in the text.
    box_ltrb
        Where: half-open image pixels.
    candidate
        The candidate chosen for it, as a row of the image's ``lattice.spans``.
    """

    char: str
    confidence: float
    box_ltrb: tuple[int, int, int, int]
    candidate: int


@dataclass(frozen=True)
class Reading:
    """The text of one image.

    Attributes
    ----------
    text
        The most probable text; empty where none fits.
    confidence
        Probability that the whole text is right.
    characters
        The characters, left to right.
    alternatives
        The next most probable texts and their probabilities; empty unless asked for.
    """

    text: str
    confidence: float
    characters: tuple[CharReading, ...]
    alternatives: tuple[tuple[str, float], ...] = ()


class Recognizer:
    """Reads images with a model.

    Parameters
    ----------
    model
        A trained model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.network = fuse(model.network)
        self.device = next(model.network.parameters()).device

    @classmethod
    def load(cls, path: Path | str | None = None, device: str = "auto") -> Recognizer:
        """Load a model file, or the bundled model.

        Raises
        ------
        NotFoundError, ModelUnreadableError, ModelVersionError, DeviceError
            See ``load_model`` and ``resolve_device``.
        """
        return cls(load_model(Path(path) if path else BUNDLED_MODEL, resolve_device(device)))

    def read(self, image: Source, constraint: Constraint | None = None, *, best: int = 1) -> Reading:
        """Read one image: a path or uint8 ``(H, W, 3)`` BGR; ``best`` texts of it, ``best - 1`` as alternatives.

        Raises
        ------
        UnreadableImageError
            If the file cannot be read.
        """
        reading = next(self.read_many([image], constraint, best=best))
        if isinstance(reading, KerfError):
            raise reading
        return reading

    def read_many(
        self,
        images: Iterable[Source],
        constraint: Constraint | None = None,
        *,
        batch_size: int = BATCH_SIZE,
        best: int = 1,
    ) -> Iterator[Reading | KerfError]:
        """Read images in batches; readings come in order, one an image.

        An image that cannot be read yields its error in place of a reading.
        """
        model = self.model
        space = to_text_space(model.alphabet, model.lengths, constraint or Constraint(), self.device)
        stream = iter(images)
        while chunk := list(islice(stream, batch_size)):
            yield from self.read_chunk(chunk, space, best)

    def read_chunk(self, images: Sequence[Source], space: TextSpace, best: int) -> list[Reading | KerfError]:
        """Segment, classify and decode one chunk; strips of one padded width make a batch.

        The grouping makes a reading independent of the images beside it.
        """
        results: list[Reading | KerfError | None] = [None] * len(images)
        groups: dict[int, list[int]] = defaultdict(list)
        segmentations: dict[int, Segmentation] = {}
        examples: dict[int, Example] = {}
        for index, image in enumerate(images):
            try:
                segmentations[index] = self.segment(image)
            except KerfError as error:
                results[index] = error
                continue
            examples[index] = segmentation_to_example(segmentations[index])
            groups[examples[index].padded_width].append(index)
        for group in groups.values():
            decoded = self.read_examples([examples[index] for index in group], space, best)
            for index, result in zip(group, decoded, strict=True):
                results[index] = to_reading(result, segmentations[index])
        return [result for result in results if result is not None]

    def segment(self, image: Source) -> Segmentation:
        """Run the segmenter with the model's settings."""
        pixels = image if isinstance(image, np.ndarray) else path_to_image(Path(image))
        return segment(pixels, self.model.segmenter)

    def read_examples(self, examples: Sequence[Example], space: TextSpace, best: int) -> list[Decoded]:
        """Classify and decode examples, all in one batch."""
        batch = examples_to_batch(examples, self.device)
        with torch.no_grad():
            logits, skips = self.network(batch.strips, batch.crops)
            logits, skips = logits / self.model.temperature, skips / self.model.temperature
            return decode(logits, skips.view(len(examples), -1), batch.arcs, space, by_character=True, best=best)


def to_reading(decoded: Decoded, segmentation: Segmentation) -> Reading:
    """Attach image boxes to a decoded text."""
    boxes = segmentation.boxes(segmentation.lattice.span_cols[list(decoded.candidates)]).tolist()
    characters = tuple(
        CharReading(char, confidence, (box[0], box[1], box[2], box[3]), candidate)
        for char, confidence, box, candidate in zip(
            decoded.text, decoded.character_confidences, boxes, decoded.candidates, strict=True
        )
    )
    return Reading(decoded.text, decoded.confidence, characters, decoded.alternatives)
