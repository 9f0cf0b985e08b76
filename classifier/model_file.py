"""The model and its file: weights, and everything that reading needs, in one ``.safetensors``. No pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.network.char_net import CharNet, NetworkConfig
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.errors import (
    DeviceError,
    ModelUnreadableError,
    ModelVersionError,
    NotFoundError,
    OutputError,
    SettingsError,
)

FORMAT = "kerf-model"
FORMAT_VERSION = 2
BUNDLED_MODEL = files("kerf") / "data" / "models" / "default.safetensors"

Record = TypeVar("Record")


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


@dataclass(frozen=True)
class Model:
    """A trained reader.

    Attributes
    ----------
    network
        On its device, in evaluation mode.
    alphabet
        Its classes.
    lengths
        Fewest and most characters in its training labels.
    temperature
        Divides all scores, so that probabilities are calibrated (Guo et al. 2017).
    segmenter
        Settings of every stage before the network.
    provenance
        Where it came from.
    """

    network: CharNet
    alphabet: Alphabet
    lengths: tuple[int, int]
    temperature: float
    segmenter: SegmenterSettings
    provenance: Provenance


@dataclass(frozen=True)
class Header:
    """What the file's metadata holds beside the weights, as JSON."""

    alphabet: str
    lengths: tuple[int, int]
    temperature: float
    network: NetworkConfig
    segmenter: SegmenterSettings
    provenance: Provenance


def save_model(model: Model, path: Path) -> None:
    """Write a model file atomically.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    header = Header(
        model.alphabet.characters,
        model.lengths,
        model.temperature,
        model.network.config,
        model.segmenter,
        model.provenance,
    )
    metadata = {"format": FORMAT, "format_version": str(FORMAT_VERSION), "header": json.dumps(asdict(header))}
    weights = {name: tensor.cpu().contiguous() for name, tensor in model.network.state_dict().items()}
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(save(weights, metadata))
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); name another file") from error


def load_model(path: Path | Traversable, device: torch.device) -> Model:
    """Read a model file.

    Raises
    ------
    NotFoundError
        If there is no such file.
    ModelUnreadableError
        If it is truncated, not a model of this program, or its weights do not fit its settings.
    ModelVersionError
        If its format version is not this program's.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; train a model with train-char or leave out --model")
    try:
        with as_file(path) as real, safe_open(real, framework="pt") as file:
            metadata = file.metadata() or {}
            header = parse_metadata(metadata, path)
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelUnreadableError(
            f"{path} is truncated or not a model file; train it again or copy it again"
        ) from error
    network = CharNet(header.network)
    try:
        network.load_state_dict(weights)
        alphabet = Alphabet(header.alphabet)
        if len(alphabet) != header.network.classes:
            raise ValueError("classes")
    except (RuntimeError, ValueError, SettingsError) as error:
        raise ModelUnreadableError(f"{path} holds weights that do not fit its settings; train it again") from error
    network.to(device).eval()
    return Model(network, alphabet, header.lengths, header.temperature, header.segmenter, header.provenance)


def parse_metadata(metadata: Mapping[str, str], path: Path | Traversable) -> Header:
    """Check format and version and read the header.

    Raises
    ------
    ModelUnreadableError, ModelVersionError
        As ``load_model``.
    """
    if metadata.get("format") != FORMAT:
        raise ModelUnreadableError(
            f"{path} is a safetensors file but no model of this program; train one with train-char"
        )
    version = metadata.get("format_version")
    if version != str(FORMAT_VERSION):
        raise ModelVersionError(
            f"{path} has model format {version}, this program reads {FORMAT_VERSION}; "
            "train it again or use the version that wrote it"
        )
    try:
        return to_record(Header, json.loads(metadata["header"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnreadableError(f"{path} has a header that does not fit ({error}); train it again") from error


def to_record(kind: type[Record], values: Any) -> Record:
    """Build a dataclass, with those inside it, from parsed JSON.

    Raises
    ------
    ValueError
        If a key is missing or unknown.
    """
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict) or set(values) != names:
        raise ValueError(f"{kind.__name__}: {sorted(names ^ set(values))}")
    hints = get_type_hints(kind)
    built = {}
    for name, value in values.items():
        inner = hints[name]
        if is_dataclass(inner):
            value = to_record(inner, value)  # type: ignore[arg-type]
        built[name] = tuple(value) if isinstance(value, list) else value
    return kind(**built)


def resolve_device(name: str) -> torch.device:
    """Turn ``auto``, ``cpu``, ``cuda`` or ``mps`` into a device.

    Raises
    ------
    DeviceError
        If the name is unknown or the device is not here.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, here in available.items() if here))
    if not available.get(name.split(":")[0], False):
        here = ", ".join(kind for kind, present in available.items() if present)
        raise DeviceError(f"device {name!r} is not on this machine; use auto or one of: {here}")
    return torch.device(name)
