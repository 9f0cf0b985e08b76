"""Try shapes of the network: equal training on rendered captchas, read on others that were held back.

Usage: python -m benchmarks.trials.networks LOOKS [--only NAME ...] [--images 12000] [--epochs 4] [--threads 1]

LOOKS is a folder that `synth` made; its last 1,000 images are held back. A shape is a trunk: what turns the strip
into maps of a quarter of its columns and an eighth of its rows. For each, one line: multiplications an image of 160
columns at 48 rows, whole texts and loss on what was held back, parameters, and what training took. Cut images are kept
beside LOOKS.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.running import clear_errors
from kerf.classifier.alphabet import texts_to_alphabet
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.learning.cutting import Cutter
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import Observer
from kerf.classifier.network.batch import examples_to_batch
from kerf.classifier.network.char_net import CharNet, conv_block
from kerf.classifier.network.config import NetworkConfig
from kerf.segmenter import SegmenterSettings

HELD_BACK = 1000
COUNTED = 64


def separable(first: int, second: int, stride: int = 1) -> list[nn.Module]:
    """Depthwise, then pointwise convolution (MobileNet, Howard et al. 2017), each normalised and rectified."""
    depthwise = conv_block(first, first, stride=stride)
    depthwise[0] = nn.Conv2d(first, first, 3, stride, 1, groups=first, bias=False)
    return [depthwise, conv_block(first, second, size=1)]


def narrow(first: int, second: int, third: int, stem: int = 5) -> list[nn.Module]:
    """Make the shape that there is, of other widths, with a first convolution of another size."""
    return [
        conv_block(2, first, size=stem, stride=2),
        conv_block(first, second),
        nn.MaxPool2d(2),
        conv_block(second, third),
        conv_block(third, third),
        nn.MaxPool2d((2, 1)),
        conv_block(third, third),
        conv_block(third, 16, size=1),
    ]


def early(first: int, second: int, third: int) -> list[nn.Module]:
    """Put a stride in the place of the second convolution and the first pooling."""
    return [
        conv_block(2, first, size=5, stride=2),
        conv_block(first, second, stride=2),
        conv_block(second, second),
        nn.MaxPool2d((2, 1)),
        conv_block(second, third),
        conv_block(third, third),
        conv_block(third, 16, size=1),
    ]


def light(first: int, second: int, third: int, depth: int) -> list[nn.Module]:
    """Separable convolutions after the first."""
    return [
        conv_block(2, first, size=5, stride=2),
        *separable(first, second, stride=2),
        *(block for _ in range(depth) for block in separable(second, second)),
        nn.MaxPool2d((2, 1)),
        *separable(second, third),
        *(block for _ in range(depth - 1) for block in separable(third, third)),
        conv_block(third, 16, size=1),
    ]


def grouped_block(first: int, second: int, groups: int, stride: int = 1) -> nn.Sequential:
    """Convolution in groups, normalised and rectified."""
    block = conv_block(first, second, stride=stride)
    block[0] = nn.Conv2d(first, second, 3, stride, 1, groups=groups, bias=False)
    return block


def grouped(first: int, second: int, third: int) -> list[nn.Module]:
    """Make it half as wide at half resolution, then wide in groups, mixed by pointwise convolutions."""
    return [
        conv_block(2, first, size=5, stride=2),
        conv_block(first, first),
        nn.MaxPool2d(2),
        conv_block(first, second),
        grouped_block(second, third, 4),
        conv_block(third, second, size=1),
        nn.MaxPool2d((2, 1)),
        grouped_block(second, third, 2),
        conv_block(third, second, size=1),
        conv_block(second, 16, size=1),
    ]


class Residual(nn.Sequential):
    """A block added to what goes into it (He et al. 2016)."""

    def forward(self, maps: Tensor) -> Tensor:
        """Add."""
        result: Tensor = maps + super().forward(maps)  # type: ignore[no-untyped-call]
        return result


def early_residual(first: int, second: int, third: int) -> list[nn.Module]:
    """Early stride, with two additions."""
    return [
        conv_block(2, first, size=5, stride=2),
        conv_block(first, second, stride=2),
        Residual(*conv_block(second, second)),
        nn.MaxPool2d((2, 1)),
        conv_block(second, third),
        Residual(*conv_block(third, third)),
        conv_block(third, 16, size=1),
    ]


SHAPES: dict[str, tuple[int, Callable[[], list[nn.Module]]]] = {
    "as it is": (48, lambda: narrow(16, 16, 32, stem=3)),
    "twice the channels": (48, lambda: narrow(32, 32, 64)),
    "first convolution 5x5": (48, lambda: narrow(16, 16, 32)),
    "early stride": (48, lambda: early(16, 32, 40)),
    "narrow 8-16-48": (48, lambda: narrow(8, 16, 48)),
    "32 rows, early stride": (32, lambda: early(16, 32, 64)),
    "40 rows, narrow": (40, lambda: narrow(16, 24, 40)),
    "32 rows, twice the channels": (32, lambda: narrow(32, 32, 64)),
    "separable": (48, lambda: light(16, 64, 96, 3)),
    "grouped": (48, lambda: grouped(16, 32, 64)),
    "residual": (48, lambda: early_residual(16, 32, 48)),
}


def folder_to_examples(folder: Path, height: int) -> list[LabelledExample]:
    """Cut a folder once, and keep it."""
    kept = folder.parent / f"{folder.name}-{height}.pickle"
    if not kept.exists():
        settings = SegmenterSettings()
        cutter = Cutter(replace(settings, crop=replace(settings.crop, height=height)), Observer(), 0)
        kept.write_bytes(pickle.dumps(cutter.samples_to_examples(folder_to_samples(folder).samples)))
    found: list[LabelledExample] = pickle.loads(kept.read_bytes())
    return found


def count_multiplications(network: CharNet, examples: Sequence[LabelledExample]) -> float:
    """Multiplications of convolutions and linear layers, millions an image."""
    counts: list[int] = []

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        counts.append(output.numel() * weight[0].numel())

    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    batch = examples_to_batch([labelled.example for labelled in examples], torch.device("cpu"))
    with torch.no_grad():
        network(batch.strips, batch.crops)
    for hook in hooks:
        hook.remove()
    return sum(counts) / len(examples) / 1e6


def main() -> None:
    """Train each shape, print its line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("looks", type=Path)
    parser.add_argument("--only", nargs="*", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--images", type=int, default=12000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.only:
        height, trunk = SHAPES[name]
        examples = folder_to_examples(arguments.looks, height)
        training, held_back = examples[:-HELD_BACK][: arguments.images], examples[-HELD_BACK:]
        alphabet = texts_to_alphabet([labelled.text for labelled in examples])
        lengths = [len(labelled.text) for labelled in examples]
        torch.manual_seed(0)
        network = CharNet(NetworkConfig(len(alphabet), height=height))
        network.trunk = nn.Sequential(*trunk())
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        wanted = 160 * height // 48
        counted = sorted(held_back, key=lambda labelled: abs(labelled.example.padded_width - wanted))[:COUNTED]
        multiplications = count_multiplications(network.eval(), counted)
        fitter = Fitter(network, alphabet, (min(lengths), max(lengths)), TrainSettings(epochs=arguments.epochs))
        began = time.process_time()
        fitter.fit(training, [], Observer())
        right, loss = fitter.score(network, held_back)
        print(
            f"{name}: {multiplications:.1f} million multiplications, "
            f"{right.count} of {right.n} ({100 * (right.value or 0):.1f} %), loss {loss:.3f}, "
            f"{sum(p.numel() for p in network.parameters()):,} parameters, {time.process_time() - began:.0f} s of CPU",
            flush=True,
        )


if __name__ == "__main__":
    with clear_errors():
        main()
