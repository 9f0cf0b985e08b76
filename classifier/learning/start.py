"""The network that training starts from."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from kerf.classifier.alphabet import Alphabet
from kerf.classifier.learning.glyph_classes import to_glyph_classes
from kerf.classifier.model_file import Model
from kerf.classifier.network.char_net import CharNet
from kerf.classifier.network.config import SIZES, NetworkConfig, SizeName
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.crops import MARGIN_SAMPLES
from kerf.segmenter.errors import SettingsError

STEM = "trunk.0.0.weight"
FEW_LABELS = 500
"""From so many on, ``fast`` reads nearly as much as ``accurate``, which takes twice as long to train and to read."""


def labels_to_size(count: int) -> SizeName:
    """Choose the bundled model that training on so many labels starts from."""
    return "fast" if count >= FEW_LABELS else "accurate"


def start_network(
    alphabet: Alphabet, settings: SegmenterSettings, start: Model | None, size: SizeName | None = None
) -> CharNet:
    """Make a network for an alphabet, of a size or else that of ``start``; with ``start``, take over its weights.

    A character starts from its own class, from that of its other case if it has none, or else from its glyphs in the
    fonts that are installed; where none has it, from nothing.
    """
    config = start.network.config if start and not size else SIZES[size or "fast"]
    samples = settings.crop.samples + 2 * MARGIN_SAMPLES
    crop = settings.crop
    config = replace(config, classes=len(alphabet), in_channels=crop.channels, height=crop.height, samples=samples)
    network = CharNet(config)
    if start:
        source = widen(start.network, config)
        stored = {k: v for k, v in source.state_dict().items() if not k.startswith("output.")}
        missing = config.in_channels - start.network.config.in_channels  # channels that the start had not add nothing
        stored[STEM] = functional.pad(stored[STEM], (0, 0, 0, 0, 0, missing))
        network.load_state_dict(stored, strict=False)
        for character, (weight, bias) in known_classes(source, alphabet, start).items():
            row = alphabet.characters.index(character)
            with torch.no_grad():
                network.output.weight[row], network.output.bias[row] = weight, bias
    return network


def known_classes(network: CharNet, alphabet: Alphabet, start: Model) -> dict[str, tuple[Tensor, Tensor]]:
    """Find weights and bias of the classes that something is known of; ``network`` is the start's, perhaps widened."""
    at = {character: index for index, character in enumerate(start.alphabet.characters)}
    same = {c: at.get(c, at.get(c.swapcase())) for c in alphabet.characters}
    output = network.output
    known = {c: (output.weight[i].detach(), output.bias[i].detach()) for c, i in same.items() if i is not None}
    unknown = "".join(c for c, i in same.items() if i is None)
    return known | to_glyph_classes(network, unknown, start.segmenter)


def widen(network: CharNet, shape: NetworkConfig) -> CharNet:
    """Copy each unit of a network as often as a wider shape needs it; the wider network reads the same.

    What reads the copies weighs each by a random share of what it weighed the unit by, so that they come to differ in
    training (Net2WiderNet, Chen, Goodfellow and Shlens 2016).

    Parameters
    ----------
    network
        What to widen.
    shape
        Whose channels, reduced and hidden units to have; each a multiple of the network's.

    Returns
    -------
    CharNet
        The network itself where it is as wide.

    Raises
    ------
    SettingsError
        If one is no multiple.
    """
    own = network.config
    config = replace(own, channels=shape.channels, reduced=shape.reduced, hidden=shape.hidden)
    if config == own:
        return network
    narrow, wide = ((*c.channels, c.reduced, c.hidden) for c in (own, config))
    if any(width % units for units, width in zip(narrow, wide, strict=True)):
        raise SettingsError(
            f"a network of {narrow} units cannot be widened to {wide}; start from one that divides them"
        )
    wider, weights = CharNet(config), {}
    for name, weight in network.state_dict().items():
        (old, reads), (new, _) = to_axes(name, own), to_axes(name, config)
        weights[name] = copy_units(weight.view(old or weight.shape), new or wider.state_dict()[name].shape, reads)
    wider.load_state_dict({name: weights[name].view_as(weight) for name, weight in wider.state_dict().items()})
    return wider


def to_axes(name: str, config: NetworkConfig) -> tuple[tuple[int, ...] | None, int]:
    """Shape of a weight that has an axis for each kind of unit, None for its own; and the axis of those it reads."""
    rows = config.height // 8
    if name == "window_layer.weight":
        return (config.samples, config.hidden, rows, config.reduced), 3
    return ((1, rows, config.reduced), 2) if name == "skip.weight" else (None, 1)


def copy_units(weight: Tensor, shape: tuple[int, ...], reads: int) -> Tensor:
    """Repeat a weight along each axis up to a shape; copies of units that it reads share what it weighed them by."""
    factors = [wide // narrow for wide, narrow in zip(shape, weight.shape, strict=True)]
    copies = weight.repeat(factors)
    if weight.dim() <= reads or factors[reads] == 1:
        return copies
    shares = torch.rand((*copies.shape[:reads], factors[reads], weight.shape[reads], *copies.shape[reads + 1 :]))
    return copies * (shares / shares.sum(reads, keepdim=True)).view_as(copies)
