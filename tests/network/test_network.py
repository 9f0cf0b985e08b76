"""CharNet: its size, its crops, golden scores, and that what it says of an image does not depend on its batch."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from kerf.classifier.learning.augment import AugmentSettings, augment, moved_columns, moved_widths
from kerf.classifier.network.batch import Batch, examples_to_batch
from kerf.classifier.network.char_net import STRIDE, CharNet, Crops, fuse, neighbours
from kerf.classifier.network.config import NetworkConfig
from kerf.classifier.network.examples import WIDTH_STEP, Example, segmentation_to_example
from kerf.segmenter import segment

CPU = torch.device("cpu")
GOLDEN_LOGITS = [
    [2.0573173, 1.8499641, -1.4344708],
    [1.7984703, 1.4922018, -1.5417593],
    [1.7072549, 2.2475479, -0.6775150],
]
GOLDEN_SKIPS = [7.3392029, -0.1227470]
STILL = AugmentSettings(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def bars(width: int, seed: int) -> Example:
    """An example made from an image of random black bars."""
    rng = np.random.default_rng(seed)
    image = np.full((40, width, 3), 255, np.uint8)
    for left in range(8, width - 14, 18):
        image[rng.integers(4, 12) : rng.integers(24, 36), left : left + rng.integers(4, 12)] = 0
    return segmentation_to_example(segment(image))


def test_parameters_stay_few() -> None:
    counts = {k: sum(p.numel() for p in CharNet(NetworkConfig(k)).parameters()) for k in (10, 36, 62)}
    assert max(counts.values()) <= 200_000, counts


def test_fused_network_scores_alike_and_leaves_the_first_as_it_was() -> None:
    torch.manual_seed(0)
    network = CharNet(NetworkConfig(5))
    batch = examples_to_batch([bars(90, 1), bars(120, 2)], CPU)
    for _ in range(3):  # statistics other than those a network is born with
        network(batch.strips, batch.crops)
    network.eval()
    fused = fuse(network)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fused.modules())
    with torch.no_grad():
        for one, other in zip(network(batch.strips, batch.crops), fused(batch.strips, batch.crops), strict=True):
            assert torch.allclose(one, other, atol=1e-4)
            assert float(one.std()) > 1e-3
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


@pytest.fixture(scope="module")
def used_network() -> CharNet:
    """A network with statistics and costs of gaps other than those it is born with, in evaluation mode."""
    torch.manual_seed(0)
    network = CharNet(NetworkConfig(5))
    torch.nn.init.normal_(network.skip.weight)
    batch = examples_to_batch([bars(90, 1), bars(120, 2)], CPU)
    for _ in range(3):
        network(batch.strips, batch.crops)
    return network.eval()


def scores_of_each(network: CharNet, examples: list[Example]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Logits and gaps' scores of each example of one batch."""
    batch = examples_to_batch(examples, CPU)
    with torch.no_grad():
        logits, skips = network(batch.strips, batch.crops)
    own = logits.split([len(example.lattice.spans) for example in examples])
    gaps = skips.split([len(example.lattice.cuts) for example in examples])
    return list(zip(own, gaps, strict=True))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(30, 300), st.integers(0, 99)), min_size=1, max_size=4))
def test_scores_of_an_image_are_the_same_in_any_batch(used_network: CharNet, drawn: list[tuple[int, int]]) -> None:
    examples = [bars(width, seed) for width, seed in drawn]
    for together, example in zip(scores_of_each(used_network, examples), examples, strict=True):
        (alone,) = scores_of_each(used_network, [example])
        for one, other in zip(together, alone, strict=True):
            assert torch.allclose(one, other, atol=1e-4)


def test_widths_are_told_only_where_they_differ() -> None:
    narrow, wide = bars(60, 1), bars(200, 2)
    assert narrow.padded_width % WIDTH_STEP == 0
    assert 0 <= narrow.padded_width - narrow.pixels.shape[2] < WIDTH_STEP
    assert examples_to_batch([narrow, narrow], CPU).crops.widths is None
    batch = examples_to_batch([narrow, wide], CPU)
    assert batch.crops.widths is not None
    assert batch.crops.widths.tolist() == [narrow.padded_width, wide.padded_width]
    assert batch.strips.shape == (2, 2, 48, wide.padded_width)
    beyond = batch.strips[0, :, :, narrow.pixels.shape[2] :]  # background: training warps it into the strip
    assert float(beyond[0].abs().max()) == 0
    assert torch.allclose(beyond[1], torch.tensor(128 / 255))


def test_widths_grow_with_what_the_warp_moves_out() -> None:
    batch = examples_to_batch([bars(90, 1), bars(280, 2)], CPU)
    assert batch.crops.widths is not None
    narrow, wide = batch.crops.widths.tolist()
    columns = torch.arange(wide, dtype=torch.float32)
    stretched = moved_widths(batch.crops.widths, torch.stack([columns / 1.2, columns / 1.2]))
    assert stretched is not None
    assert stretched.tolist() == [narrow + WIDTH_STEP, wide]
    squeezed = moved_widths(batch.crops.widths, torch.stack([columns * 1.5, columns * 1.5]))
    assert squeezed is not None
    assert squeezed.tolist() == [narrow, wide]
    assert moved_widths(None, columns[None]) is None


def waves(*shape: int) -> torch.Tensor:
    """Numbers in [-1, 1] that are the same everywhere."""
    return torch.sin(torch.arange(math.prod(shape), dtype=torch.float32) * 1.7).view(shape)


def test_scores_of_a_fixed_network_are_golden() -> None:
    """Every layer, the window's columns, the width's features and the gap's width are in these numbers."""
    network = CharNet(NetworkConfig(3, height=16, samples=4, channels=(4, 4, 8), reduced=4, hidden=8)).eval()
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(waves(*values.shape))
    crops = Crops(
        image=torch.tensor([0, 0, 1]),
        windows=torch.tensor([[-2.0, 4.0, 10.0, 16.0], [9.0, 17.5, 26.0, 34.5], [5.0, 10.0, 15.0, 20.0]]),
        skip_image=torch.tensor([0, 1]),
        skip_middle=torch.tensor([11.0, 15.5]),
        skip_width=torch.tensor([0.5, 0.25]),
        widths=torch.tensor([32, 16]),
    )
    with torch.no_grad():
        logits, skips = network(waves(2, 2, 16, 32).abs(), crops)
    assert torch.allclose(logits, torch.tensor(GOLDEN_LOGITS), atol=1e-5)
    assert torch.allclose(skips, torch.tensor(GOLDEN_SKIPS), atol=1e-5)


def test_crops_are_interpolated_columns() -> None:
    """The shared first layer gives what cropping first and multiplying after would give."""
    torch.manual_seed(0)
    network = CharNet(NetworkConfig(5)).eval()
    batch = examples_to_batch([bars(90, 1), bars(120, 2)], CPU)
    with torch.no_grad():
        columns = network.strips_to_maps(batch.strips, batch.crops.widths).permute(0, 3, 2, 1).flatten(2)
        table = network.window_layer(columns).view(-1, network.config.hidden)
        assert batch.crops.widths is not None
        widths = batch.crops.widths // STRIDE
        fast = network.sample(table, batch.crops, widths, columns.shape[1])
        left, right, weight = neighbours(batch.crops.windows, widths[batch.crops.image, None])
        image = batch.crops.image[:, None]
        crop = columns[image, left] * (1 - weight)[..., None] + columns[image, right] * weight[..., None]
        per_sample = network.window_layer.weight.view(network.config.samples, network.config.hidden, -1)
        slow = torch.einsum("nsf,shf->nh", crop, per_sample)
    assert torch.allclose(fast, slow, atol=1e-4)


def test_neighbours_map_pixel_centres() -> None:
    left, right, weight = neighbours(torch.tensor([0.0, 2.0, 4.0, 6.0, 99.0]), torch.tensor(4))
    assert STRIDE == 4
    assert left.tolist() == [0, 0, 0, 1, 3]
    assert right.tolist() == [1, 1, 1, 2, 3]
    assert weight.tolist() == [0, 0, 0.5, 0, 0]


def test_no_strength_changes_nothing() -> None:
    batch = examples_to_batch([bars(100, 0), bars(70, 1)], CPU)
    same = augment(batch, STILL, torch.Generator().manual_seed(0))
    assert torch.allclose(same.strips, batch.strips, atol=1e-4)
    assert torch.allclose(same.crops.windows, batch.crops.windows, atol=1e-3)


def test_lines_are_thin_and_cross_the_strip() -> None:
    batch = examples_to_batch([bars(100, seed) for seed in range(6)], CPU)
    drawn = augment(batch, replace(STILL, lines=1.0), torch.Generator().manual_seed(0))
    changed = ((drawn.strips - batch.strips).abs() > 0.02).any(dim=1)  # (B, H, W)
    assert (changed.sum(dim=1) <= 2 * 8).all()  # two lines, each of less than 8 rows where it is steep
    assert (changed.any(dim=1).float().mean(dim=1) > 0.5).all()


def test_holes_are_small_and_show_the_background() -> None:
    batch = examples_to_batch([bars(100, seed) for seed in range(6)], CPU)
    cut = augment(batch, replace(STILL, holes=1.0), torch.Generator().manual_seed(0))
    changed = ((cut.strips - batch.strips).abs() > 0.02).any(dim=1)
    assert 0 < changed.float().mean() < 0.1
    assert cut.strips[:, 0][changed].max() < 1e-4
    assert (cut.strips[:, 1][changed] - 128 / 255).abs().max() < 1e-4


def test_windows_move_with_the_strip() -> None:
    """A bright column is found where its window was moved to."""
    example = bars(150, 3)
    batch = examples_to_batch([example] * 16, CPU)
    column = 60
    strips = torch.zeros_like(batch.strips)
    strips[:, 1:] = 128 / 255
    strips[:, 0, :, column] = 1.0
    middle = torch.full_like(batch.crops.skip_middle, column + 0.5)
    crops = batch.crops
    marked = Batch(
        strips,
        type(crops)(crops.image, crops.windows, crops.skip_image, middle, crops.skip_width),
        batch.lattices,
    )
    warps = AugmentSettings(
        stretch=0.2, squeeze=0.5, shear=0, scale=0, shift=0, wave=0, contrast=0, noise=0, lines=0, holes=0
    )
    moved = augment(marked, warps, torch.Generator().manual_seed(1))
    found = functional.avg_pool1d(moved.strips[:, 0, 24], 3, 1, 1).argmax(dim=1).float() + 0.5
    expected = moved.crops.skip_middle.view(16, -1)[:, 0]
    assert (found - expected).abs().max() < 1.6
    assert (found - column).abs().max() > 5  # they did move


def test_moved_columns_inverts_the_warp() -> None:
    columns = torch.stack([torch.linspace(0, 120, 100), torch.linspace(0, 60, 100) ** 1.1])
    image = torch.tensor([0, 1, 1, 0])
    old = torch.tensor([12.0, 30.0, 7.5, 90.0])
    new = moved_columns(old, image, columns)
    low = new.floor().long()
    back = torch.lerp(columns[image, low], columns[image, low + 1], new - low)
    assert torch.allclose(back, old, atol=1e-3)
