"""Streams of any length: names, batches, and work shared among threads, its results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum, auto
from typing import TypeVar

from kerf.segmenter.sources import Source, source_to_name

NamedSource = tuple[Source, str]
T = TypeVar("T")
R = TypeVar("R")


class Pause(Enum):
    """What stands in a stream where the next item has to be waited for."""

    PAUSE = auto()


PAUSE = Pause.PAUSE
"""Whatever came before it is done, and its results are handed out, before the next item is asked for."""


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def to_named(images: Iterable[Source | Pause]) -> Iterator[NamedSource | Pause]:
    """Yield each image with what to call it: its path, or its number."""
    number = 0
    for image in images:
        if isinstance(image, Pause):
            yield image
        else:
            number += 1
            yield image, source_to_name(image) or f"image {number}"


def to_batches(items: Iterable[T | Pause], size: int) -> Iterator[list[T] | Pause]:
    """Put a stream's items into lists of ``size``; a pause and the end make shorter ones."""
    batch: list[T] = []
    for item in items:
        if not isinstance(item, Pause):
            batch.append(item)
        if batch and (isinstance(item, Pause) or len(batch) == size):
            yield batch
            batch = []
        if isinstance(item, Pause):
            yield item
    if batch:
        yield batch


def map_in_order(
    work: Callable[[T], R], items: Iterable[T | Pause], threads: int, begin: Callable[[], object] | None = None
) -> Iterator[R]:
    """Yield ``work(item)`` of each item, in their order, worked at by several threads.

    Items are asked for by the thread that asks for results, at most ``2 * threads`` of them ahead: enough that none
    waits while the first is slow. Where the results are not asked for to the end, what was not begun is left undone.

    Parameters
    ----------
    work
        What to do; it has to leave Python's lock for threads to be of use.
    items
        A stream, which may have pauses.
    threads
        How many.
    begin
        Called once by each thread, first.
    """
    pool = ThreadPoolExecutor(threads, "kerf", begin)
    ahead: deque[Future[R]] = deque()
    try:
        for item in items:
            if not isinstance(item, Pause):
                ahead.append(pool.submit(work, item))
            while ahead and (isinstance(item, Pause) or len(ahead) > 2 * threads or ahead[0].done()):
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
