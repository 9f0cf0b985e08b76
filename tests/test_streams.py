"""Streams: what is taken when, and in which order results come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerf.classifier.streams import PAUSE, Pause, count_cores, map_in_order, to_batches, to_named

STREAMS = st.lists(st.one_of(st.integers(0, 9), st.just(PAUSE)), max_size=20)


@given(STREAMS, st.integers(1, 4))
def test_batches_hold_all_in_order_and_none_reaches_over_a_pause(items: list[int | Pause], size: int) -> None:
    batches = list(to_batches(items, size))
    flat = [item for batch in batches for item in ([batch] if isinstance(batch, Pause) else batch)]
    assert flat == items
    lengths = [0 if isinstance(batch, Pause) else len(batch) for batch in batches]
    assert all(0 < n <= size for n, batch in zip(lengths, batches, strict=True) if not isinstance(batch, Pause))
    followed = zip(lengths, batches[1:], strict=False)
    assert all(n in (0, size) for n, after in followed if not isinstance(after, Pause))


@given(STREAMS, st.integers(1, 3))
def test_results_are_in_order_whatever_ends_first(items: list[int | Pause], threads: int) -> None:
    begun: list[str] = []
    results = map_in_order(lambda n: n * n, items, threads, lambda: begun.append(threading.current_thread().name))
    assert list(results) == [n * n for n in items if not isinstance(n, Pause)]
    assert len(begun) == len(set(begun)) <= threads


def test_a_slow_first_one_is_waited_for_and_no_more_than_twice_the_threads_are_taken_meanwhile() -> None:
    go, taken = threading.Event(), []

    def items() -> Iterator[int]:
        for n in range(50):
            taken.append(n)
            if n == 4:  # the fifth with two threads: from here on the first is waited for
                threading.Timer(0.2, go.set).start()
            yield n

    def work(n: int) -> int:
        if n == 0:
            assert go.wait(30)
        return n

    results = map_in_order(work, items(), 2)
    assert taken == []
    assert next(results) == 0
    assert taken == [0, 1, 2, 3, 4]
    assert list(results) == list(range(1, 50))


def test_before_a_pause_everything_is_handed_out() -> None:
    taken: list[int] = []

    def items() -> Iterator[int | Pause]:
        for n in range(3):
            taken.append(n)
            yield n
        yield PAUSE
        taken.append(3)
        yield 3

    results = map_in_order(lambda n: n, items(), 8)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert taken == [0, 1, 2]
    assert list(results) == [3]


def test_what_was_not_begun_is_left_undone_when_nobody_asks_further() -> None:
    first, others, done = threading.Event(), threading.Event(), []

    def items() -> Iterator[int]:
        yield from range(4)
        threading.Timer(0.1, first.set).start()
        yield from range(4, 100)

    def work(n: int) -> int:
        assert (others if n else first).wait(30)
        done.append(n)
        return n

    results = map_in_order(work, items(), 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    others.set()
    for thread in threading.enumerate():
        if thread.name.startswith("kerf"):
            thread.join(30)
    assert sorted(done) == [0, 1, 2]


def test_an_error_comes_in_its_place() -> None:
    results = map_in_order(lambda n: 6 // n, [3, 2, 0, 1], 2)
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_images_are_named_by_path_or_number(tmp_path: Path) -> None:
    assert list(to_named([b"x", PAUSE, tmp_path, b"y"])) == [
        (b"x", "image 1"),
        PAUSE,
        (tmp_path, str(tmp_path)),
        (b"y", "image 3"),
    ]


def test_cores_are_those_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5, 6}, raising=False)
    assert count_cores() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert count_cores() == 1
