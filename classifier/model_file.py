"""The model and its file: weights, and everything that reading needs, in one ``.safetensors``. No pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.kind import Kind
from kerf.classifier.model_header import Header, Provenance, check_size, header_to_metadata, metadata_to_header
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import SIZES, NetworkConfig
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.errors import DeviceError, ModelUnreadableError, NotFoundError, OutputError

BUNDLED = {size: files("kerf") / "data" / "models" / f"{size}.safetensors" for size in SIZES}
"""The models that come with Kerf, by size."""
BUNDLED_MODEL = BUNDLED["accurate"]
"""What reads, and what adapts, where no model is named."""
IMPORTED_IN = os.getpid()
"""The process that imported PyTorch; in those forked from it, PyTorch's threads are missing."""
MAX_WEIGHT = 1e6
"""Largest weight; above it sums would no longer be finite."""


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
    kind
        What the images that it learnt from look like; None for a model of images of any kind.
    """

    network: CharNet
    alphabet: Alphabet
    lengths: tuple[int, int]
    temperature: float
    segmenter: SegmenterSettings
    provenance: Provenance
    kind: Kind | None = None


def save_model(model: Model, path: Path) -> None:
    """Write a model file: whole or not at all, and the same bytes for the same model. A link is followed.

    Raises
    ------
    OutputError
        If the file cannot be written, or what has its name is no file.
    """
    weights = {name: tensor.cpu().contiguous() for name, tensor in model.network.state_dict().items()}
    write_whole(path, save(weights, model_to_metadata(model)))


def model_to_metadata(model: Model) -> dict[str, str]:
    """Everything but the weights, as a file's metadata."""
    return header_to_metadata(
        Header(
            model.alphabet.characters,
            model.lengths,
            model.temperature,
            model.network.config,
            model.segmenter,
            model.provenance,
            model.kind,
        )
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, which becomes its own when it is whole; see ``save_model``."""
    if path.exists() and not path.is_file():
        raise OutputError(f"{path} is there and is no file; name another file")
    target = path.resolve()
    partial = target.with_name(target.name + ".partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(target)
        except BaseException:  # Ctrl-C too
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); name another file") from error


def load_model(path: Path | Traversable, device: torch.device) -> Model:
    """Read a model file; nothing of it is believed before it is checked.

    Raises
    ------
    NotFoundError
        If there is no such file.
    ModelUnreadableError
        If it is truncated, not a model of this program, too large, or disagrees with itself.
    ModelVersionError
        If its format version is not this program's.
    DeviceError
        See ``check_process``.
    """
    check_process(device)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise NotFoundError(f"{path} {what}; train a model with train-char or leave out --model")
    try:
        with as_file(path) as real:
            check_size(real.stat().st_size, path)
            with safe_open(real, framework="pt") as file:
                header = metadata_to_header(file.metadata() or {}, path)
                shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
                check_shapes(shapes, header.network)
                weights = {name: file.get_tensor(name) for name in shapes}
        network = weights_to_network(weights, header.network)
    except (SafetensorError, OSError) as error:
        raise ModelUnreadableError(
            f"{path} is truncated or not a model file; train it again or copy it again"
        ) from error
    except ValueError as error:
        raise ModelUnreadableError(f"{path} is a model file that does not fit ({error}); train it again") from error
    return Model(network.to(device), *header.beside_network)


def check_shapes(shapes: Mapping[str, tuple[int, ...]], config: NetworkConfig) -> None:
    """Raise ValueError unless a file's tensors are those of the network, before any memory is taken for them."""
    with torch.device("meta"):
        wanted = {name: tuple(tensor.shape) for name, tensor in CharNet(config).state_dict().items()}
    if wrong := sorted(set(wanted.items()) ^ set(shapes.items())):
        raise ValueError(f"weights {wrong[0][0][:40]!r}")


def weights_to_network(weights: Mapping[str, Tensor], config: NetworkConfig) -> CharNet:
    """Make a network of weights of the right shapes, in evaluation mode.

    Raises
    ------
    ValueError
        If one has another type, is no number of a sane size, or is a variance below 0.
    """
    network = CharNet(config)
    for name, own in network.state_dict().items():
        tensor = weights[name]
        least = 0.0 if name.endswith("running_var") else -torch.inf
        if tensor.dtype != own.dtype or not bool(((tensor.abs() <= MAX_WEIGHT) & (tensor >= least)).all()):
            raise ValueError(f"weights {name!r}")
    network.load_state_dict(weights)
    return network.eval()


def check_process(device: torch.device) -> None:
    """In a forked process compute on one thread, because others would be waited for that were not forked.

    Raises
    ------
    DeviceError
        If it is a forked one and the device a graphics card, which cannot be used there.
    """
    if os.getpid() == IMPORTED_IN:
        return
    if device.type != "cpu":
        raise DeviceError(
            f"{device} cannot be used in a forked process; start processes by multiprocessing's 'spawn', or use cpu"
        )
    torch.set_num_threads(1)


def resolve_device(name: str) -> torch.device:
    """Turn ``auto``, or ``cpu``, ``cuda`` or ``mps`` with or without a number, into a device.

    Raises
    ------
    DeviceError
        If the name is unknown or the device is not here.
    """
    counts = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "cpu": 1}
    here = [kind for kind, count in counts.items() if count]
    if name == "auto":
        return torch.device(here[0])
    with suppress(RuntimeError):  # what torch raises for a name that it does not know
        device = torch.device(name)
        if (device.index or 0) < counts.get(device.type, 0):
            return device
    raise DeviceError(f"device {name!r} is not on this machine; use auto or one of: {', '.join(here)}")
