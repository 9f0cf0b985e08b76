"""The header of a model file: read from JSON and checked, every value of it, before anything is built from it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.folders.texts import find_refused
from kerf.classifier.kind import Kind
from kerf.classifier.network.config import NetworkConfig
from kerf.classifier.texts.patterns import MAX_LENGTH
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.crops import COLOUR_PLANES, MARGIN_SAMPLES, PLANES
from kerf.segmenter.errors import ModelUnreadableError, ModelVersionError, SettingsError

Record = TypeVar("Record")

FORMAT = "kerf-model"
"""The one key of the file's metadata; its value is the header. One, as the order of several is not kept."""
FORMAT_VERSION = 4
MAX_BYTES = 64_000_000
"""Largest model file that is read."""
MAX_CLASSES = 10_000
COUNT = (0, 10**9)
SHARE = (0.0, 1.0)
LIMITS: Mapping[str, tuple[float, float]] = {
    "Provenance.trained": COUNT,
    "Provenance.validated": COUNT,
    "Provenance.pseudo_labelled": COUNT,
    "Provenance.validation_correct": COUNT,
    "Provenance.validation_low": SHARE,
    "Provenance.validation_high": SHARE,
    "Header.lengths": (1, MAX_LENGTH),
    "Header.temperature": (0.05, 20.0),
    "Kind.low": (-1e6, 1e6),
    "Kind.high": (-1e6, 1e6),
    "NetworkConfig.classes": (1, MAX_CLASSES),
    "NetworkConfig.in_channels": (len(PLANES), len(PLANES) + len(COLOUR_PLANES)),
    "NetworkConfig.height": (16, 96),
    "NetworkConfig.samples": (1 + 2 * MARGIN_SAMPLES, 32),
    "NetworkConfig.channels": (1, 256),
    "NetworkConfig.reduced": (1, 64),
    "NetworkConfig.hidden": (1, 512),
    "NetworkConfig.dropout": (0.0, 0.9),
    "InkSettings.threshold": SHARE,
    "InkSettings.noise_factor": (0.0, 100.0),
    "InkSettings.speck_height": SHARE,
    "InkSettings.colour": (0, 255),
    "CropSettings.height": (16, 96),
    "CropSettings.row_margin": SHARE,
    "CropSettings.col_margin": (0.0, 2.0),
    "CropSettings.max_aspect": (2.0, 24.0),
    "CropSettings.samples": (1, 32 - 2 * MARGIN_SAMPLES),
    "CropSettings.text_height": (0.01, 2.0),
    "CutSettings.filler": (0.04, 2.0),
    "CutSettings.closest": (0.04, 1.0),
    "CutSettings.min_width": (0.02, 1.0),
    "CutSettings.max_width": (0.25, 2.0),
}
"""Least and most of every number; those of a tuple share theirs."""
MOST_LEARNT, DIGITS = 5_000, 16
"""Images whose hashes are kept, and hexadecimal digits of each."""
TEXT_LENGTH = MOST_LEARNT * DIGITS
"""Most characters of any text in it."""


@dataclass(frozen=True)
class Provenance:
    """Where a model came from.

    Attributes
    ----------
    trained, validated
        Number of labelled images of each part.
    pseudo_labelled
        Number of images trained on that an earlier model labelled.
    data_hash
        Digest of images and labels, as from ``dataset.data_hash``.
    validation_correct
        Whole texts read rightly in the validation part.
    validation_low, validation_high
        95 % Wilson interval of that share.
    date, version
        Day (ISO 8601) and version of the program.
    learnt
        The first ``DIGITS`` of the hash of each labelled image, as from ``images.path_to_hash``, both parts, sorted,
        without anything between them; empty where they are more than ``MOST_LEARNT``.
    """

    trained: int
    validated: int
    pseudo_labelled: int
    data_hash: str
    validation_correct: int
    validation_low: float
    validation_high: float
    date: str
    version: str
    learnt: str = ""

    def count_learnt(self, hashes: Iterable[str]) -> int:
        """Count the images, by their hashes, that are among those learnt, as far as that is known."""
        known = {self.learnt[at : at + DIGITS] for at in range(0, len(self.learnt), DIGITS)}
        return sum(digest[:DIGITS] in known for digest in hashes)


def hashes_to_learnt(hashes: Iterable[str]) -> str:
    """Put hashes of images together for ``Provenance.learnt``."""
    short = sorted({digest[:DIGITS] for digest in hashes})
    return "".join(short) if len(short) <= MOST_LEARNT else ""


@dataclass(frozen=True)
class Header:
    """What the file's metadata holds beside the weights, as JSON."""

    alphabet: str
    lengths: tuple[int, int]
    temperature: float
    network: NetworkConfig
    segmenter: SegmenterSettings
    provenance: Provenance
    kind: Kind | None

    @property
    def beside_network(
        self,
    ) -> tuple[Alphabet, tuple[int, int], float, SegmenterSettings, Provenance, Kind | None]:
        """What a model has beside its network, in the order of its attributes."""
        alphabet = Alphabet(self.alphabet)
        return alphabet, self.lengths, self.temperature, self.segmenter, self.provenance, self.kind


def header_to_metadata(header: Header) -> dict[str, str]:
    """Write a header as what ``metadata_to_header`` reads."""
    return {FORMAT: json.dumps({"version": FORMAT_VERSION, **asdict(header)}, sort_keys=True)}


def check_size(size: int, path: object) -> None:
    """Raise ModelUnreadableError for a file of more than ``MAX_BYTES``, before it is read."""
    if size > MAX_BYTES:
        raise ModelUnreadableError(f"{path} has more than {MAX_BYTES} bytes, no model has; name a model file")


def metadata_to_header(metadata: Mapping[str, str], path: Path | Traversable) -> Header:
    """Check format and version, and read the header.

    Raises
    ------
    ModelUnreadableError, ModelVersionError, ValueError
        As ``load_model``; ValueError for what does not fit.
    """
    if FORMAT not in metadata:
        raise ModelUnreadableError(f"{path} is no model of this program; train one with train-char")
    try:
        values: Any = json.loads(metadata[FORMAT])
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    version = values.pop("version", None) if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise ModelVersionError(
            f"{path} has model format {str(version)[:20]}, this program reads {FORMAT_VERSION}; "
            "train it again or use the version that wrote it"
        )
    return json_to_header(values)


def json_to_header(values: Any) -> Header:
    """Build a header from parsed JSON.

    Raises
    ------
    ValueError
        If a key is missing or unknown, a value is of another type or out of its ``LIMITS``, or parts disagree.
    """
    header = to_record(Header, values)
    network, crop, cut = header.network, header.segmenter.crop, header.segmenter.cut
    try:
        classes = len(Alphabet(header.alphabet))
    except SettingsError as error:
        raise ValueError(str(error)) from error
    agreements = {
        f"alphabet: {find_refused(header.alphabet)}": find_refused(header.alphabet) is None,
        "alphabet: not in Unicode's composed form": unicodedata.is_normalized("NFC", header.alphabet),
        "alphabet and network.classes": classes == network.classes,
        "segmenter.crop.height and network.height": crop.height == network.height,
        "network.height: no multiple of 8": network.height % 8 == 0,
        "segmenter.crop.colours and network.in_channels": crop.channels == network.in_channels,
        "segmenter.crop.samples and network.samples": crop.samples + 2 * MARGIN_SAMPLES == network.samples,
        "lengths: the fewest above the most": header.lengths[0] <= header.lengths[1],
        "segmenter.cut: min_width above max_width": cut.min_width <= cut.max_width,
    }
    if wrong := next((name for name, agrees in agreements.items() if not agrees), None):
        raise ValueError(wrong)
    return header


def to_record(kind: type[Record], values: Any) -> Record:
    """Build a dataclass, with those inside it, from parsed JSON.

    Raises
    ------
    ValueError
        As ``json_to_header``.
    """
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict) or set(values) != names:
        raise ValueError(f"{kind.__name__}: must have {', '.join(sorted(names))}")
    hints = get_type_hints(kind)
    return kind(**{name: to_value(hints[name], values[name], f"{kind.__name__}.{name}") for name in names})


def to_value(hint: Any, value: Any, name: str) -> Any:
    """Check a parsed value against the type that a dataclass declares, and a number against ``LIMITS``."""
    if is_dataclass(hint):
        return to_record(hint, value)  # type: ignore[arg-type]
    arguments = get_args(hint)
    if get_origin(hint) is tuple:
        if isinstance(value, list) and len(value) == len(arguments):
            return tuple(to_value(inner, one, name) for inner, one in zip(arguments, value, strict=True))
    elif get_origin(hint) in (Union, UnionType):
        return None if value is None else to_value(next(a for a in arguments if a is not NoneType), value, name)
    elif get_origin(hint) is Literal:
        if value in arguments:
            return value
    elif hint is bool:
        if type(value) is bool:
            return value
    elif hint is str:
        if isinstance(value, str) and len(value) <= TEXT_LENGTH and not has_surrogates(value):
            return value
    elif type(value) is hint or (hint is float and type(value) is int):
        low, high = LIMITS[name]
        if low <= value <= high:  # NaN is not
            return hint(value)
        raise ValueError(f"{name} is {str(value)[:40]}, not within {low} to {high}")
    raise ValueError(f"{name} is {str(value)[:40]!r}, which it cannot be")


def has_surrogates(text: str) -> bool:
    """Whether a text holds half of a character, which JSON can spell."""
    return any("\ud800" <= character <= "\udfff" for character in text)
