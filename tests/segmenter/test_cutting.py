"""The door to C: what it refuses, that nothing in it is shared, and that it holds on odd input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize
from kerf.segmenter import Segmentation, _cutting, segment

Array = NDArray[Any]


def image() -> Array:
    return np.full((4, 6, 3), 9, np.uint8)


def plane(kind: str = "f") -> Array:
    return np.zeros((4, 6), kind)


def planes(*shape: int) -> Array:
    return np.zeros(shape, np.uint8)


SPANS = np.array([[0, 2], [3, 6]], np.int32)
RULES = (0.3, 4.0, 0.22, 128)
CALLS: dict[str, tuple[Callable[..., object], Callable[[], list[Any]]]] = {
    "background": (_cutting.image_to_background, lambda: [image(), np.zeros((4, 6, 3), np.float32)]),
    "quantiles": (_cutting.quantiles, lambda: [np.ones(5, np.float32), np.ones(5, bool), (0.1, 0.5)]),
    "ink": (_cutting.image_to_ink, lambda: [image(), *RULES, plane(), plane("B"), plane("?")]),
    "box": (_cutting.mask_to_box, lambda: [plane("?"), 0.1]),
    "crop": (_cutting.crop, lambda: [plane(), plane("B"), plane("?"), 0, 0, 128, planes(3, 2, 2)]),
    "shrink": (_cutting.shrink, lambda: [planes(3, 4, 6), planes(3, 2, 3)]),
    "rows": (_cutting.spans_to_rows, lambda: [plane("?"), SPANS.copy()]),
    "lattice": (_cutting.mask_to_lattice, lambda: [plane("?"), np.zeros(6, np.float32), 1, 2.0, 0.0, 9.0]),
}
REFUSED = r"has not the type or shape|within the columns"
WRITTEN = {"background": [1], "ink": [5, 6, 7], "crop": [6], "shrink": [1]}
ARRAYS = [(name, i) for name, (_, make) in CALLS.items() for i, value in enumerate(make()) if hasattr(value, "shape")]


def larger(array: Array) -> Array:
    """The same with one more row of the last axis, so that it fits nothing else."""
    return np.concatenate([array, array[..., -1:]], axis=-1)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_as_it_should_be_is_taken(name: str) -> None:
    call, make = CALLS[name]
    call(*make())


@pytest.mark.parametrize(("name", "index"), ARRAYS)
def test_arrays_of_another_type_or_number_of_axes_or_without_items_are_refused(name: str, index: int) -> None:
    call, make = CALLS[name]
    array = make()[index]
    others = [array.astype(np.float64), array[None], array[0], array.astype(">i2")]
    others += [] if name == "rows" and index == 1 else [array[:0]]
    for other in others:
        arguments = make()
        arguments[index] = other
        with pytest.raises(ValueError, match=REFUSED):
            call(*arguments)


@pytest.mark.parametrize(("name", "index"), ARRAYS)
def test_arrays_that_do_not_fit_the_others_or_are_not_contiguous_are_refused(name: str, index: int) -> None:
    call, make = CALLS[name]
    arguments = make()
    arguments[index] = np.repeat(arguments[index], 2, axis=0)[::2]
    with pytest.raises(ValueError, match="contiguous"):
        call(*arguments)
    if (name, index) in [("box", 0), ("crop", 6), ("shrink", 0), ("shrink", 1), ("rows", 0)]:
        return  # of any size
    arguments = make()
    arguments[index] = larger(arguments[index])
    with pytest.raises(ValueError, match=REFUSED):
        call(*arguments)


@pytest.mark.parametrize(("name", "index"), [(name, index) for name, some in WRITTEN.items() for index in some])
def test_arrays_that_are_to_be_filled_must_be_writable(name: str, index: int) -> None:
    call, make = CALLS[name]
    arguments = make()
    arguments[index].flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        call(*arguments)


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(TypeError):
        _cutting.mask_to_box([[True]], 0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mask has not the type or shape"):
        _cutting.mask_to_box(b"\1\1", 0.1)  # type: ignore[arg-type]
    odd = memoryview(bytearray(21))[1:].cast("f")  # begins between two floats
    with pytest.raises(ValueError, match="values has not the type or shape"):
        _cutting.quantiles(odd, None, (0.5,))  # type: ignore[arg-type]
    assert _cutting.mask_to_box(memoryview(b"\0\1\1").cast("B", (1, 3)), 0.1) == (0, 1, 1, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("spans", [[[-1, 2]], [[2, 2]], [[3, 2]], [[5, 7]], [[0, 6], [6, 7]]])
def test_spans_beyond_the_columns_or_of_no_width_are_refused(spans: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="within the columns"):
        _cutting.spans_to_rows(plane("?"), np.array(spans, np.int32))
    assert len(_cutting.spans_to_rows(plane("?"), np.zeros((0, 2), np.int32))) == 0


@pytest.mark.parametrize("shares", [(0.5, 0.4), (-0.1,), (1.1,), (float("nan"),), (0.5,) * 9])
def test_shares_that_do_not_ascend_in_their_range_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="shares must be at most 8, ascending"):
        _cutting.quantiles(np.ones(5, np.float32), None, shares)
    assert _cutting.quantiles(np.ones(5, np.float32), None, (0.0, 0.0, 1.0)) == (1, 1, 1)
    assert _cutting.quantiles(np.ones(5, np.float32), None, ()) == ()


def test_numbers_that_would_ask_for_too_much_are_refused() -> None:
    for closest, spacing in ((0, 2.0), (1, 1.9), (1, float("nan"))):
        with pytest.raises(ValueError, match="at least"):
            _cutting.mask_to_lattice(plane("?"), np.zeros(6, np.float32), closest, spacing, 0.0, 9.0)
    for tail in (-0.1, 0.5, float("nan")):
        with pytest.raises(ValueError, match="tail"):
            _cutting.mask_to_box(plane("?"), tail)
    for top, left in ((2**30 + 1, 0), (0, -(2**30) - 1)):
        with pytest.raises(ValueError, match="away"):
            _cutting.crop(plane(), plane("B"), plane("?"), top, left, 128, planes(3, 2, 2))


def parts(segmentation: Segmentation) -> Sequence[Array]:
    ink, strip, lattice = segmentation.ink, segmentation.strip, segmentation.lattice
    boxes = segmentation.boxes(lattice.span_cols)
    return [ink.ink, ink.lightness, ink.mask, strip.pixels, lattice.cuts, lattice.spans, lattice.pieces, boxes]


def test_threads_at_once_cut_as_one_does() -> None:
    images = [captcha.image for captcha in synthesize(24, 4, fonts=[BUILT_IN_FONT])]
    expected = [parts(segment(image)) for image in images]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda i: parts(segment(images[i % len(images)])), range(10 * len(images))):
            some = next(e for e in expected if e[0].shape == found[0].shape and np.array_equal(e[0], found[0]))
            assert all(np.array_equal(a, b) for a, b in zip(some, found, strict=True))


NUMBERS = st.floats(width=32)


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 999), NUMBERS, NUMBERS, NUMBERS, st.integers(-300, 300))
def test_ink_is_in_its_range_whatever_the_rules(
    rows: int, cols: int, seed: int, threshold: float, noise: float, speck: float, neutral: int
) -> None:
    pixels = np.random.default_rng(seed).choice(np.array([0, 7, 255], np.uint8), (rows, cols, 3))
    ink, lightness, mask = np.full((rows, cols), 9, "f"), np.zeros((rows, cols), "B"), np.full((rows, cols), 9, "B")
    _cutting.image_to_ink(pixels, threshold, noise, speck, neutral, ink, lightness, mask.view(bool))
    assert ((ink >= 0) & (ink <= 1)).all()
    assert mask.max() <= 1


@settings(deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 40),
    st.integers(0, 999),
    st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    st.integers(1, 2**31 - 1),
    st.floats(2, allow_infinity=True),
    NUMBERS,
    NUMBERS,
    st.booleans(),
)
def test_lattices_are_in_order_whatever_the_rules(
    rows: int, cols: int, seed: int, ink: float, closest: int, spacing: float, least: float, most: float, odd: bool
) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((rows, cols)) < ink
    profile = rng.choice(np.array([np.nan, np.inf, -np.inf, 1e38, 0, 1], "f"), cols) if odd else mask.sum(0, np.float32)
    bytes_of = _cutting.mask_to_lattice(mask, profile, min(closest, 9) if seed % 2 else closest, spacing, least, most)
    cuts, spans, pieces = (np.frombuffer(data, np.int32) for data in bytes_of)
    assert len(cuts) >= 2
    assert (np.diff(cuts) > 0).all()
    assert cuts[0] >= 0
    assert cuts[-1] <= cols
    starts, ends = spans.reshape(-1, 2).T
    assert ((starts < ends) & (starts >= 0) & (ends < len(cuts))).all()
    lefts, rights = pieces.reshape(-1, 2).T
    assert ((lefts >= 0) & (lefts < rights) & (rights <= cols)).all()
    assert bool(len(pieces)) == bool(mask.any())
