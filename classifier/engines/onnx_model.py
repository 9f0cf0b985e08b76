"""An exported model, run by onnxruntime; nothing here imports PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.kind import Kind
from kerf.classifier.model_header import Header, Provenance, check_size, metadata_to_header
from kerf.classifier.network.examples import ExampleArrays
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.errors import ModelUnreadableError, NotFoundError, SettingsError, extra_to_command

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INPUTS = ("strips", "image", "windows", "skip_image", "skip_middle", "skip_width")
"""As ``CharNet`` takes them; all strips are as wide as the batch."""
OUTPUTS = ("logits", "skips")


class OnnxScorer:
    """A session of onnxruntime on one thread; see ``Scorer``."""

    def __init__(self, session: InferenceSession) -> None:
        self.session = session

    def __call__(self, arrays: ExampleArrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits and skip scores."""
        strips = arrays.strips.transpose(0, 3, 1, 2).astype(np.float32, order="C") / np.float32(255)
        logits, skips = self.session.run(OUTPUTS, {"strips": strips, **arrays.crops})
        return np.asarray(logits), np.asarray(skips)

    def check_process(self) -> None:
        """Allow any: the session has no threads of its own that a forked one would miss."""

    def begin_thread(self) -> None:
        """Do nothing: each call computes on the thread that it comes from."""


@dataclass(frozen=True)
class OnnxModel:
    """An exported model; the attributes are those of ``Model``, but for ``scorer`` in place of the network."""

    scorer: OnnxScorer
    alphabet: Alphabet
    lengths: tuple[int, int]
    temperature: float
    segmenter: SegmenterSettings
    provenance: Provenance
    kind: Kind | None


def load_onnx(path: Path, device: str = "auto") -> OnnxModel:
    """Read a file that ``export_onnx`` wrote; it runs on the processor.

    Raises
    ------
    SettingsError
        If onnxruntime is not installed, or another device is asked for.
    NotFoundError, ModelUnreadableError, ModelVersionError
        See ``load_model``.
    """
    if device not in ("auto", "cpu"):
        raise SettingsError(f"the engine onnx runs on the processor, not on {device!r}; leave the device out")
    if not path.is_file():
        raise NotFoundError(f"{path} {'is a folder' if path.is_dir() else 'does not exist'}; write it with export")
    try:
        check_size(path.stat().st_size, path)
        session = bytes_to_session(path.read_bytes(), path)
        header = metadata_to_header(session.get_modelmeta().custom_metadata_map, path)
        check_tensors(session, header)
    except OSError as error:
        raise ModelUnreadableError(f"{path} cannot be read ({error.strerror}); copy it again") from error
    except ValueError as error:
        raise ModelUnreadableError(f"{path} is a model file that does not fit ({error}); export it again") from error
    return OnnxModel(OnnxScorer(session), *header.beside_network)


def bytes_to_session(content: bytes, path: Path) -> InferenceSession:
    """Start onnxruntime on one thread; of bytes, so that no other file is read for it.

    Raises
    ------
    SettingsError
        If onnxruntime is not installed.
    ModelUnreadableError
        If it cannot run them.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise SettingsError(f"the engine onnx needs onnxruntime; {extra_to_command('onnx')}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # shapes change from batch to batch
    options.log_severity_level = 4  # what is wrong is raised, and with no fallback nothing is printed
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # onnxruntime's errors have no class in common
        raise ModelUnreadableError(
            f"{path} is truncated or not an exported model; export it again or copy it again"
        ) from error


def check_tensors(session: InferenceSession, header: Header) -> None:
    """Raise ValueError unless a file takes and gives what the network of its header does."""
    config = header.network
    found = {tensor.name: tensor.shape[1:] for tensor in (*session.get_inputs(), *session.get_outputs())}
    wanted: dict[str, list[int]] = {name: [] for name in (*INPUTS, *OUTPUTS)}
    wanted |= {"windows": [config.samples], "logits": [config.classes]}
    strips = found.pop("strips", [])
    del wanted["strips"]
    if found != wanted or strips[:2] != [config.in_channels, config.height]:
        raise ValueError("its inputs and outputs")
