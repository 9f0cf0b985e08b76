"""CharNet: its size, its crops, and that a reading does not depend on its neighbours in the batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from kerf.classifier.learning.augment import AugmentSettings, augment, moved_columns
from kerf.classifier.network.batch import Batch, Example, examples_to_batch, segmentation_to_example
from kerf.classifier.network.char_net import STRIDE, CharNet, NetworkConfig, fuse, neighbours
from kerf.segmenter import segment

CPU = torch.device("cpu")
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


def test_logits_do_not_depend_on_other_images() -> None:
    torch.manual_seed(0)
    network = CharNet(NetworkConfig(5)).eval()
    drawn = [bars(100, seed) for seed in range(12)]
    examples = [e for e in drawn if e.padded_width == drawn[0].padded_width][:3]
    assert len(examples) == 3
    with torch.no_grad():
        batch = examples_to_batch(examples, CPU)
        logits, _ = network(batch.strips, batch.crops)
        alone = examples_to_batch(examples[1:2], CPU)
        own, _ = network(alone.strips, alone.crops)
    first = len(examples[0].lattice.spans)
    assert torch.allclose(logits[first : first + len(own)], own, atol=1e-5)


def test_crops_are_interpolated_columns() -> None:
    """The shared first layer gives what cropping first and multiplying after would give."""
    torch.manual_seed(0)
    network = CharNet(NetworkConfig(5)).eval()
    batch = examples_to_batch([bars(90, 1), bars(120, 2)], CPU)
    with torch.no_grad():
        columns = network.trunk(batch.strips).permute(0, 3, 2, 1).flatten(2)
        table = network.window_layer(columns).view(-1, network.config.hidden)
        fast = network.sample(table, batch.crops, columns.shape[1])
        left, right, weight = neighbours(batch.crops.windows, columns.shape[1])
        image = batch.crops.image[:, None]
        crop = columns[image, left] * (1 - weight)[..., None] + columns[image, right] * weight[..., None]
        per_sample = network.window_layer.weight.view(network.config.samples, network.config.hidden, -1)
        slow = torch.einsum("nsf,shf->nh", crop, per_sample)
    assert torch.allclose(fast, slow, atol=1e-4)


def test_neighbours_map_pixel_centres() -> None:
    left, right, weight = neighbours(torch.tensor([0.0, 2.0, 4.0, 6.0, 99.0]), 4)
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
        batch.arcs,
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
