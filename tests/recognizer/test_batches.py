"""Batches, threads and processes: readings keep their order and do not depend on each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import kerf.classifier.recognizer as recognizer_module
from kerf.classifier import Reading, Recognizer, model_file
from kerf.classifier.engines import torch_scorer
from kerf.classifier.engines.torch_scorer import TorchScorer
from kerf.classifier.lattice.decoding import Decoded
from kerf.classifier.lattice.text_space import TextSpace
from kerf.classifier.network.examples import Example
from kerf.classifier.streams import PAUSE, Pause
from kerf.segmenter.errors import DeviceError
from tests.recognizer.conftest import texts
from tests.running import ENVIRONMENT, ROOT
from tests.tiny import tiny_image, tiny_model


def test_reading_does_not_depend_on_the_batch(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    paths = list(labels)[:12]
    together = list(recognizer.read_many(paths))
    alone = [recognizer.read(path) for path in paths]
    small = list(recognizer.read_many(paths, batch_size=5))
    assert texts(together) == texts(list(alone)) == texts(small)
    for one, other in zip(together, alone, strict=True):
        assert isinstance(one, Reading)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
        assert [c.box_ltrb for c in one.characters] == [c.box_ltrb for c in other.characters]


def test_a_batch_is_of_one_padded_width_and_readings_keep_their_order(
    tiny: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = watch_batches(tiny, monkeypatch)
    pieces = [3, 1, 6, 3, 2, 1, 3]
    together = list(tiny.read_many(tiny_image(n) for n in pieces))
    assert sorted(batches) == [[64, 64], [96], [128, 128, 128], [320]]
    batches.clear()
    alone = [tiny.read(tiny_image(n)) for n in pieces]
    assert [len(batch) for batch in batches] == [1] * 7
    for one, other in zip(together, alone, strict=True):
        assert isinstance(one, Reading)
        assert (one.text, [c.box_ltrb for c in one.characters]) == (other.text, [c.box_ltrb for c in other.characters])
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)


def watch_batches(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Return a list that will be filled with the padded widths of each batch."""
    batches: list[list[int]] = []
    read_examples = tiny.read_examples

    def watch(examples: Sequence[Example], space: TextSpace, best: int) -> list[Decoded]:
        batches.append([example.padded_width for example in examples])
        return read_examples(examples, space, best)

    monkeypatch.setattr(tiny, "read_examples", watch)
    return batches


@pytest.mark.parametrize(
    ("batch_size", "pixels", "asked"),
    [(64, 10**6, 6), (2, 10**6, 2), (1, 10**6, 1), (64, 9600, 1), (64, 9601, 2), (64, 19201, 3)],
)
def test_no_more_images_are_held_than_a_batch_may_have(
    tiny: Recognizer, monkeypatch: pytest.MonkeyPatch, batch_size: int, pixels: int, asked: int
) -> None:
    monkeypatch.setattr(recognizer_module, "BATCH_PIXELS", pixels)
    taken: list[int] = []

    def images() -> Iterator[NDArray[np.uint8]]:
        for number in range(6):
            taken.append(number)
            yield tiny_image()  # 60 x 160

    stream = tiny.read_many(images(), batch_size=batch_size)
    assert taken == []
    assert isinstance(next(stream), Reading)
    assert len(taken) == asked
    assert all(isinstance(reading, Reading) for reading in islice(stream, asked))
    assert len(taken) == min(2 * asked, 6)  # the next batch is as large
    assert len(list(stream)) == max(5 - asked, 0)


@pytest.mark.parametrize("jobs", [1, 3])
def test_readings_are_in_order_and_come_before_a_pause_is_over(tiny: Recognizer, jobs: int) -> None:
    pieces = [3, 1, 6, 3, 2, 1, 3, 4]
    taken: list[int] = []

    def images() -> Iterator[NDArray[np.uint8] | Pause]:
        for number, count in enumerate(pieces):
            if number in (0, 5):
                yield PAUSE
            taken.append(number)
            yield tiny_image(count)

    stream = tiny.read_many(images(), batch_size=2, jobs=jobs)
    found = [next(stream) for _ in range(5)]
    assert taken == [0, 1, 2, 3, 4]
    assert found + list(stream) == list(tiny.read_many((tiny_image(n) for n in pieces), batch_size=2))


def test_each_job_computes_on_one_thread(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    read_examples = tiny.read_examples

    def watch(examples: Sequence[Example], space: TextSpace, best: int) -> list[Decoded]:
        counts.append(torch.get_num_threads())
        return read_examples(examples, space, best)

    monkeypatch.setattr(tiny, "read_examples", watch)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        list(tiny.read_many([tiny_image()] * 3, batch_size=1, jobs=2))
        assert (counts, torch.get_num_threads()) == ([1, 1, 1], 2)
    finally:
        torch.set_num_threads(before)


def test_the_same_is_read_by_one_thread_and_by_two() -> None:
    paths = sorted((ROOT / "data" / "samples").glob("*_0.png"))
    recognizer, before = Recognizer.load(device="cpu"), torch.get_num_threads()
    found = {}
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found[threads] = [recognizer.read(path).text for path in paths]
            read = recognizer.read_many(paths, batch_size=4, jobs=threads)
            assert [r.text for r in read if isinstance(r, Reading)] == found[threads]
    finally:
        torch.set_num_threads(before)
    assert found[1] == found[2]
    assert len(found[1]) > 10


def test_no_images_no_readings(tiny: Recognizer) -> None:
    assert list(tiny.read_many([])) == []


def test_threads_read_with_one_recognizer(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    paths = list(labels)[:12]
    expected = [recognizer.read(path) for path in paths]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(recognizer.read, paths * 3))
    assert found == expected * 3


FORKED = """
import os, sys
from kerf import Recognizer
from tests.tiny import tiny_image, tiny_model
recognizer = Recognizer(tiny_model())
images = [tiny_image(n) for n in (1, 2, 3, 4, 6)] * 2
texts = [reading.text for reading in recognizer.read_many(images)]
children = []
for own in (False, True):
    child = os.fork()
    if not child:
        reader = Recognizer.load(device="cpu") if own else recognizer
        found = [reading.text for reading in reader.read_many(images)]
        os._exit(0 if own or found == texts else 3)
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_forked_processes_read(tmp_path: Path) -> None:
    environment = {
        **ENVIRONMENT,
        "OMP_NUM_THREADS": "2",
        "PYTHONPATH": os.pathsep.join((ENVIRONMENT["PYTHONPATH"], str(ROOT))),
    }
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORKED], env=environment, stdout=subprocess.PIPE, start_new_session=True
    ) as parent:
        try:
            assert parent.communicate(timeout=60)[0] == b"[0, 0]\n"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def test_a_card_is_not_used_in_a_forked_process(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "IMPORTED_IN", os.getppid())
    assert isinstance(tiny.scorer, TorchScorer)
    tiny.scorer.device = torch.device("cuda")
    with pytest.raises(DeviceError, match="'spawn', or use cpu"):
        tiny.read_many([])


@pytest.mark.parametrize(("device", "allowed"), [("cuda", False), ("cpu", True)])
def test_a_card_reads_in_float32(monkeypatch: pytest.MonkeyPatch, device: str, allowed: bool) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setattr(torch_scorer, "fuse", lambda network: network)
    network = mock.Mock()
    network.parameters.return_value = iter([mock.Mock(device=torch.device(device))])
    Recognizer(replace(tiny_model(), network=network))
    assert torch.backends.cudnn.allow_tf32 is allowed
