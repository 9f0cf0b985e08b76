"""Images to readings: the stages in order, and nothing else."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from kerf.classifier.alphabet import Constraint
from kerf.classifier.engines.loading import AnyModel, load_for, model_to_scorer
from kerf.classifier.engines.scorer import Engine
from kerf.classifier.kind import segmentation_to_looks
from kerf.classifier.lattice.decoding import Decoded, decode
from kerf.classifier.lattice.text_space import TextSpace, to_text_space
from kerf.classifier.network.examples import Example, examples_to_arrays, segmentation_to_example
from kerf.classifier.streams import NamedSource, Pause, map_in_order, to_batches, to_named
from kerf.segmenter import Segmentation, segment
from kerf.segmenter.errors import KerfError, SettingsError, to_problem
from kerf.segmenter.load_settings import FrameRule
from kerf.segmenter.sources import Channels, Source, source_to_name, source_to_picture

BATCH_SIZE = 64
BATCH_PIXELS = 4_000_000
"""Pixels that the images of a batch have together, but for the last; about ten bytes are held for each."""


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
    frames
        Which frames of an animation were read, for people; empty for a still image.
    unlike
        Measures of ``kind.Looks`` by which the image is unlike those that the model learnt from; empty where it is
        like them, or the model is for images of any kind.
    """

    text: str
    confidence: float
    characters: tuple[CharReading, ...]
    alternatives: tuple[tuple[str, float], ...] = ()
    frames: str = ""
    unlike: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the same as dictionaries and tuples, which ``json.dumps`` takes."""
        return asdict(self)


@dataclass(frozen=True)
class Cut:
    """One image, cut: what the network reads, and what its characters' boxes are read off."""

    name: str
    segmentation: Segmentation
    example: Example
    frames: str
    unlike: tuple[str, ...]


class Recognizer:
    """Reads images with a model.

    It may be used from several threads at once. In a forked process it reads on one thread.

    Parameters
    ----------
    model
        A trained model; see ``TorchScorer`` of one on a graphics card. An exported one is read without PyTorch.
    """

    def __init__(self, model: AnyModel) -> None:
        self.model = model
        self.scorer = model_to_scorer(model)

    @classmethod
    def load(
        cls,
        path: Path | str | None = None,
        device: str = "auto",
        frames: FrameRule | None = None,
        engine: Engine = "torch",
        ink_colour: str | None = None,
    ) -> Recognizer:
        """Load a model file, or the bundled model.

        Where they are given, ``frames`` of animations are read instead of those it learnt from, and only letters of
        ``ink_colour``, a name or a value such as ``#c02020``. With the engine ``onnx``, the file is an exported one.

        Raises
        ------
        NotFoundError, ModelUnreadableError, ModelVersionError, DeviceError, SettingsError
            See ``load_model``, ``resolve_device`` and, of the engine onnx, ``load_onnx``.
        """
        model = load_for(engine, Path(path) if path else None, device)
        return cls(replace(model, segmenter=model.segmenter.told(frames, ink_colour)))

    def read(
        self, image: Source, constraint: Constraint | None = None, *, best: int = 1, channels: Channels = "bgr"
    ) -> Reading:
        """Read one image.

        Parameters
        ----------
        image
            A path; a file's bytes; an open binary file; a PIL image; or uint8 pixels, grey ``(H, W)``, colour
            ``(H, W, 3)`` or with alpha ``(H, W, 4)``.
        constraint
            What is known of the text.
        best
            How many texts to find: ``best - 1`` of them are ``alternatives``.
        channels
            Order of the colours of an array.

        Raises
        ------
        UnreadableImageError
            If it cannot be read, or is none of these.
        UnforeseenError
            If it meets a fault of Kerf's own, which is its ``__cause__``.
        SettingsError, DeviceError
            As ``read_many``.
        """
        reading = next(self.read_many([image], constraint, best=best, channels=channels))
        if isinstance(reading, KerfError):
            raise reading
        return reading

    def read_many(
        self,
        images: Iterable[Source | Pause],
        constraint: Constraint | None = None,
        *,
        batch_size: int = BATCH_SIZE,
        best: int = 1,
        channels: Channels = "bgr",
        jobs: int = 1,
    ) -> Iterator[Reading | KerfError]:
        """Read images in batches, as they are asked for; readings come in order, one an image.

        An image that cannot be read yields its error in place of a reading. Parameters as for ``read``, and:

        images
            A stream of any length. At ``streams.PAUSE`` what came before is read before the next is asked for.
        batch_size
            So many images are taken at a time, fewer where they are large.
        jobs
            Threads. Where there are several, PyTorch computes on one in each, and ``2 * jobs`` batches are taken ahead.

        Raises
        ------
        SettingsError
            At once, if it is given one image instead of several, the model cannot read what the constraint asks for,
            or another value is out of its range.
        DeviceError
            At once; see ``model_file.check_process``.
        """
        if isinstance(images, str | bytes | bytearray | os.PathLike | Image.Image | np.ndarray) or hasattr(
            images, "read"
        ):
            raise SettingsError("read_many takes a list of images; give [image], or use read")
        if channels not in get_args(Channels) or min(best, batch_size, jobs) < 1:
            raise SettingsError(
                f"channels={channels!r}, best={best}, batch_size={batch_size}, jobs={jobs}: "
                f"channels are {' or '.join(get_args(Channels))}, the others at least 1"
            )
        self.scorer.check_process()
        space = to_text_space(self.model.alphabet, self.model.lengths, constraint or Constraint())

        def read(images: Iterable[NamedSource | Pause]) -> Iterator[Reading | KerfError]:
            return self._read_batches(images, space, batch_size, best, channels)

        if jobs == 1:
            return read(to_named(images))
        begin, batches = self.scorer.begin_thread, to_batches(to_named(images), batch_size)
        return chain.from_iterable(map_in_order(lambda batch: list(read(batch)), batches, jobs, begin))

    def unknown_characters(self, constraint: Constraint) -> str:
        """Return the characters asked for that the model does not read, in their order; they are left out."""
        return constraint.unknown_to(self.model.alphabet)

    def _read_batches(
        self, images: Iterable[NamedSource | Pause], space: TextSpace, batch_size: int, best: int, channels: Channels
    ) -> Iterator[Reading | KerfError]:
        cuts: list[Cut | KerfError] = []
        pixels = 0
        for image in images:
            if not isinstance(image, Pause):
                cuts.append(self.cut(*image, channels))
                if isinstance(cut := cuts[-1], Cut):
                    pixels += cut.segmentation.ink.mask.size
            if isinstance(image, Pause) or len(cuts) >= batch_size or pixels >= BATCH_PIXELS:
                yield from self.read_cuts(cuts, space, best)
                cuts, pixels = [], 0
        yield from self.read_cuts(cuts, space, best)

    def cut(self, image: Source, name: str, channels: Channels) -> Cut | KerfError:
        """Cut one image; what is wrong with it is returned, not raised."""
        try:
            picture = source_to_picture(image, name, channels, self.model.segmenter.load)
            segmentation = segment(picture.pixels, self.model.segmenter)
            kind = self.model.kind
            unlike = kind.unlike(segmentation_to_looks(segmentation)) if kind else ()
            return Cut(name, segmentation, segmentation_to_example(segmentation), picture.frames, unlike)
        except Exception as error:
            return to_problem(name, error)

    def segment(self, image: Source, channels: Channels = "bgr") -> Segmentation:
        """Run the segmenter with the model's settings.

        Raises
        ------
        UnreadableImageError
            If the image cannot be read.
        """
        picture = source_to_picture(image, source_to_name(image) or "image", channels, self.model.segmenter.load)
        return segment(picture.pixels, self.model.segmenter)

    def read_cuts(self, cuts: Sequence[Cut | KerfError], space: TextSpace, best: int) -> list[Reading | KerfError]:
        """Classify and decode; strips of one padded width make a batch, so that little is padded."""
        results: dict[int, Reading | KerfError] = {}
        groups: dict[int, list[tuple[int, Cut]]] = defaultdict(list)
        for index, cut in enumerate(cuts):
            if isinstance(cut, Cut):
                groups[cut.example.padded_width].append((index, cut))
            else:
                results[index] = cut
        for group in groups.values():
            readings = self.read_group([cut for _, cut in group], space, best)
            results.update(zip((index for index, _ in group), readings, strict=True))
        return [results[index] for index in range(len(cuts))]

    def read_group(self, cuts: Sequence[Cut], space: TextSpace, best: int) -> list[Reading | KerfError]:
        """Read one batch; where it meets a fault, one image at a time, so that the fault is that image's alone."""
        try:
            decoded = self.read_examples([cut.example for cut in cuts], space, best)
            return [to_reading(result, cut) for result, cut in zip(decoded, cuts, strict=True)]
        except Exception as error:
            if len(cuts) == 1:
                return [to_problem(cuts[0].name, error)]
            return [reading for cut in cuts for reading in self.read_group([cut], space, best)]

    def read_examples(self, examples: Sequence[Example], space: TextSpace, best: int) -> list[Decoded]:
        """Classify and decode examples, all in one batch."""
        arrays = examples_to_arrays(examples)
        logits, skips = self.scorer(arrays)
        return decode(logits, skips, arrays.lattices, space, temperature=self.model.temperature, best=best)


def to_reading(decoded: Decoded, cut: Cut) -> Reading:
    """Attach image boxes to a decoded text."""
    segmentation = cut.segmentation
    boxes = segmentation.boxes(segmentation.lattice.span_cols[list(decoded.candidates)]).tolist()
    characters = tuple(
        CharReading(char, confidence, (box[0], box[1], box[2], box[3]), candidate)
        for char, confidence, box, candidate in zip(
            decoded.text, decoded.character_confidences, boxes, decoded.candidates, strict=True
        )
    )
    return Reading(decoded.text, decoded.confidence, characters, decoded.alternatives, cut.frames, cut.unlike)
