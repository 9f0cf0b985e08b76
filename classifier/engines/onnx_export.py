"""A model written as ONNX, for reading without PyTorch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kerf.classifier.engines.onnx_model import INPUTS, OUTPUTS
from kerf.classifier.model_file import Model, model_to_metadata, write_whole
from kerf.classifier.network.batch import arrays_to_batch
from kerf.classifier.network.char_net import CharNet, Crops, fuse
from kerf.classifier.network.examples import examples_to_arrays, segmentation_to_example
from kerf.segmenter import SegmenterSettings, segment
from kerf.segmenter.errors import SettingsError, extra_to_command

OPSET = 18
DYNAMIC = torch.export.Dim.DYNAMIC


class Flat(nn.Module):
    """A network that takes tensors alone, as an exported one does."""

    def __init__(self, network: CharNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, strips: Tensor, *crops: Tensor) -> tuple[Tensor, Tensor]:
        """See ``CharNet.forward``."""
        logits, skips = self.network(strips, Crops(*crops))
        return logits, skips


def export_onnx(model: Model, path: Path) -> None:
    """Write a model as ONNX, whole or not at all: the network in float32 and the header of the model file.

    Raises
    ------
    SettingsError
        If onnx or onnxscript is not installed.
    OutputError
        See ``save_model``.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  # PyTorch exports with it
    except ModuleNotFoundError as error:
        raise SettingsError(f"export needs onnx and onnxscript; {extra_to_command('onnx')}") from error
    exported = network_to_onnx(fuse(model.network).cpu(), model.segmenter)
    for node in exported.graph.node:
        del node.metadata_props[:]  # where in PyTorch's sources it came from
    onnx.helper.set_model_props(exported, model_to_metadata(model))
    write_whole(path, exported.SerializeToString(deterministic=True))


def network_to_onnx(network: CharNet, settings: SegmenterSettings) -> Any:
    """Trace a network for any number of strips, of any width, with any number of candidates and gaps."""
    shapes = ({0: DYNAMIC, 3: DYNAMIC}, *({0: DYNAMIC} for _ in INPUTS[1:]))
    said = logging.getLogger("torch.onnx")
    level = said.level
    said.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = torch.export.export(
                Flat(network), example_inputs(settings), dynamic_shapes=(shapes[0], shapes[1:])
            )
            program = torch.onnx.export(
                traced,
                (),
                dynamo=True,
                verbose=False,
                opset_version=OPSET,
                input_names=INPUTS,
                output_names=OUTPUTS,
                custom_translation_table={torch.ops.aten.embedding_bag.padding_idx: embedding_bag},
            )
    finally:
        said.setLevel(level)
    assert program is not None
    return program.model_proto


def example_inputs(settings: SegmenterSettings) -> tuple[Tensor, ...]:
    """Make inputs to trace with: two images of two marks each."""
    image = np.full((60, 160, 3), 255, np.uint8)
    image[16:44, 20:40] = image[16:44, 60:90] = 0
    example = segmentation_to_example(segment(image, settings))
    batch = arrays_to_batch(examples_to_arrays([example] * 2), torch.device("cpu"))
    crops = batch.crops
    return batch.strips, crops.image, crops.windows, crops.skip_image, crops.skip_middle, crops.skip_width


def embedding_bag(table: Any, rows: Any, offsets: Any, *options: Any) -> Sequence[Any]:
    """Say in ONNX what ``CharNet.sample`` does: bags of one size, weighted and summed, as one product of matrices.

    PyTorch's own translation goes through the bags one by one.
    """
    from onnxscript import opset18

    op: Any = opset18
    weights = options[3]
    bags = op.Concat(op.Shape(offsets), op.Constant(value_ints=[-1]), axis=0)
    columns = op.Gather(table, op.Reshape(rows, bags))  # (N, 2 * S, hidden)
    summed = op.MatMul(op.Unsqueeze(op.Reshape(weights, bags), [1]), columns)
    return op.Squeeze(summed, [1]), offsets, offsets, offsets
