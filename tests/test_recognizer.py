"""Readings with the bundled model: they repeat, keep their order, and do not depend on each other."""

from __future__ import annotations

import csv
import io
import json
import os
import pydoc
import signal
import subprocess
import sys
import traceback
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import kerf
import kerf.classifier.recognizer as recognizer_module
from kerf.classifier import Constraint, Reading, Recognizer, model_file
from kerf.classifier.engines import torch_scorer
from kerf.classifier.engines.torch_scorer import TorchScorer
from kerf.classifier.kind import Kind, looks_to_kind, segmentation_to_looks
from kerf.classifier.lattice.decoding import Decoded
from kerf.classifier.lattice.text_space import TextSpace
from kerf.classifier.measuring.metrics import evaluate
from kerf.classifier.network.examples import Example
from kerf.classifier.streams import PAUSE, Pause
from kerf.segmenter import LoadSettings, Segmentation, SegmenterSettings, segment
from kerf.segmenter.errors import DeviceError, KerfError, SettingsError, UnforeseenError, UnreadableImageError
from kerf.segmenter.load import path_to_image
from tests.running import ENVIRONMENT, ROOT
from tests.tiny import tiny_image, tiny_model

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """The bundled model."""
    return Recognizer.load(device="cpu")


@pytest.fixture(scope="module")
def labels() -> dict[Path, str]:
    """The samples and their texts."""
    with (SAMPLES / "labels.csv").open(encoding="utf-8") as stream:
        return {SAMPLES / row["file"]: row["label"] for row in csv.DictReader(stream)}


def texts(readings: list[Reading | KerfError]) -> list[str]:
    """Texts of readings, none of which may be an error."""
    assert all(isinstance(r, Reading) for r in readings)
    return [r.text for r in readings if isinstance(r, Reading)]


def test_most_samples_are_read(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    readings = list(recognizer.read_many(labels))
    evaluation = evaluate(list(labels.values()), readings, ignore_case=True)
    assert (evaluation.whole_text.value or 0) >= 0.6


def test_path_and_array_read_alike(recognizer: Recognizer) -> None:
    path = SAMPLES / "clean_0.png"
    assert recognizer.read(path) == recognizer.read(path_to_image(path)) == recognizer.read(str(path))


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


def test_characters_are_those_of_the_text_in_order(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    for reading in recognizer.read_many(labels):
        assert isinstance(reading, Reading)
        assert "".join(c.char for c in reading.characters) == reading.text
        lefts = [c.box_ltrb[0] for c in reading.characters]
        assert lefts == sorted(lefts)
        assert all(0 <= c.confidence <= 1 for c in reading.characters)
        # a text is right only where each of its characters is
        assert reading.confidence <= min((c.confidence for c in reading.characters), default=1) + 1e-4


def test_broken_file_takes_its_place_and_stops_nothing(recognizer: Recognizer, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    good = SAMPLES / "clean_0.png"
    readings = list(recognizer.read_many([good, broken, good]))
    assert isinstance(readings[1], UnreadableImageError)
    assert readings[0] == readings[2] == recognizer.read(good)
    with pytest.raises(UnreadableImageError):
        recognizer.read(broken)


def test_constraints_are_kept(recognizer: Recognizer, labels: dict[Path, str]) -> None:
    by_length = texts(list(recognizer.read_many(labels, Constraint(length="4-5"))))
    assert {len(t) for t in by_length} <= {4, 5}
    digits = texts(list(recognizer.read_many(labels, Constraint(charset="0-9"))))
    assert set("".join(digits)) <= set("0123456789")
    upper = texts(list(recognizer.read_many(labels, Constraint(charset="A-Z"))))
    assert all(t == t.upper() for t in upper)
    pattern = texts(list(recognizer.read_many(labels, Constraint(pattern="[A-Z]{2}.[0-9]"))))
    assert all(len(t) == 4 and t[:2].isupper() and t[3].isdigit() for t in pattern)


def test_blank_image_has_no_text_and_no_certainty(recognizer: Recognizer) -> None:
    reading = recognizer.read(np.full((40, 120, 3), 255, np.uint8))
    assert (reading.text, reading.confidence, reading.characters) == ("", 0.0, ())


# What follows reads with a tiny model of fixed weights, see tests/tiny.py.


@pytest.fixture
def tiny() -> Recognizer:
    """The tiny model."""
    return Recognizer(tiny_model())


def test_golden_reading(tiny: Recognizer) -> None:
    reading = tiny.read(tiny_image(), best=3)
    assert (reading.text, reading.frames) == ("22a2", "")
    assert reading.confidence == pytest.approx(0.96635, abs=1e-4)
    assert [(c.char, c.box_ltrb, c.candidate) for c in reading.characters] == [
        ("2", (33, 19, 60, 44), 48),
        ("2", (60, 19, 71, 44), 86),
        ("a", (75, 0, 84, 60), 119),  # a gap, where a box is as high as the image
        ("2", (89, 22, 105, 42), 172),
    ]
    assert [c.confidence for c in reading.characters] == pytest.approx([0.99276, 0.99231, 0.97242, 0.99936], abs=1e-4)
    assert [text for text, _ in reading.alternatives] == ["2222", "2a22"]
    assert [share for _, share in reading.alternatives] == pytest.approx([0.018027, 0.007218], abs=1e-5)


def test_the_temperature_divides_all_scores() -> None:
    cool, doubled, warm = (
        Recognizer(tiny_model(*scaled)).read(tiny_image()) for scaled in ((0.5, 1.0), (1.0, 2.0), (1.0, 1.0))
    )
    assert cool.confidence == pytest.approx(doubled.confidence, abs=1e-6)
    assert [c.confidence for c in cool.characters] == pytest.approx([c.confidence for c in doubled.characters])
    assert warm.confidence == pytest.approx(0.6500, abs=1e-3)


def test_what_is_known_of_the_text_counts_for_one_image_too(tiny: Recognizer) -> None:
    known = Constraint(charset="1")
    assert {*tiny.read(tiny_image(), known).text} == {"1"}
    assert [tiny.read(tiny_image(), known)] == list(tiny.read_many([tiny_image()], known))


def test_a_boxs_rows_are_those_of_the_ink_between_its_columns(tiny: Recognizer) -> None:
    image = tiny_image(4)
    segmentation = tiny.segment(image)
    for character in tiny.read(image).characters:
        left, top, right, bottom = character.box_ltrb
        cols = segmentation.lattice.span_cols[character.candidate].astype(np.float32)
        assert [left, right] == np.rint(segmentation.strip.cols_to_image(cols)).tolist()
        rows = np.flatnonzero(segmentation.ink.mask[:, left:right].any(axis=1))
        assert (top, bottom) == (rows[0], rows[-1] + 1)


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


def test_with_several_jobs_bad_images_take_their_place_and_are_named_by_number(tiny: Recognizer) -> None:
    found = list(tiny.read_many([tiny_image(), b"x", tiny_image(), None, b"y"], batch_size=1, jobs=2))  # type: ignore[list-item]
    assert found[0] == found[2] == tiny.read(tiny_image())
    assert [str(found[i]).split(":")[0] for i in (1, 3, 4)] == ["image 2", "image 4", "image 5"]


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


def test_no_images_no_readings(tiny: Recognizer) -> None:
    assert list(tiny.read_many([])) == []


def test_bad_items_take_their_place_and_stop_nothing(tiny: Recognizer) -> None:
    bad: list[Any] = [None, np.zeros((0, 3), np.uint8), b"x", 7, np.zeros((3, 3)), "no/such.png", io.BytesIO(b"")]
    *errors, last = tiny.read_many([*bad, tiny_image()])
    assert last == tiny.read(tiny_image())
    assert [type(error) for error in errors] == [UnreadableImageError] * len(bad)
    names = [str(error).split(":")[0] for error in errors]
    assert names == ["image 1", "image 2", "image 3", "image 4", "image 5", "no/such.png", "image 7"]


@pytest.mark.parametrize("one", ["a.png", Path("a.png"), b"x", bytearray(b"x"), tiny_image(), io.BytesIO(b"x")])
def test_one_image_in_place_of_several_is_refused_at_once(tiny: Recognizer, one: Any) -> None:
    with pytest.raises(SettingsError, match=r"^read_many takes a list of images; give \[image\], or use read$"):
        tiny.read_many(one)
    with pytest.raises(SettingsError, match=r"give \[image\]"):
        tiny.read_many(Image.new("L", (9, 9)))  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", [{"channels": "gbr"}, {"best": 0}, {"batch_size": 0}, {"jobs": 0}])
def test_settings_out_of_range_are_refused_at_once(tiny: Recognizer, setting: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"channels are bgr or rgb, the others at least 1"):
        tiny.read_many([], **setting)


def test_channels_are_those_of_the_array(recognizer: Recognizer) -> None:
    bgr = path_to_image(SAMPLES / "gradient_0.png")
    assert recognizer.read(bgr[:, :, ::-1], channels="rgb") == recognizer.read(bgr)
    assert recognizer.segment(bgr[:, :, ::-1], "rgb").image.tolist() == bgr.tolist()


def test_frames_are_told_and_as_the_model_has_them(tmp_path: Path) -> None:
    model = tiny_model()
    frames = [Image.new("L", (200, 60), 255), Image.fromarray(tiny_image(4))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=[frames[1]], duration=50)
    for rule, text in (("first", ""), ("last", "2222")):
        load = LoadSettings(rule)  # type: ignore[arg-type]
        reading = Recognizer(replace(model, segmenter=SegmenterSettings(load))).read(tmp_path / "a.gif")
        assert (reading.text, reading.frames) == (text, f"{rule} of 2 frames")


def test_frames_may_be_asked_for_at_loading(tmp_path: Path) -> None:
    still = Image.open(SAMPLES / "clean_0.png").convert("RGB")
    Image.new("RGB", still.size, "white").save(tmp_path / "a.webp", save_all=True, append_images=[still], lossless=True)
    first, last = (Recognizer.load(device="cpu", frames=rule).read(tmp_path / "a.webp") for rule in ("first", "last"))
    assert (first.text, first.frames) == ("", "first of 2 frames")
    assert (last.text, last.frames) == (Recognizer.load(device="cpu").read(still).text, "last of 2 frames")


def test_a_model_is_loaded_from_its_file_or_is_the_bundled_one(tmp_path: Path) -> None:
    model = tiny_model()
    model_file.save_model(model, tmp_path / "m.safetensors")
    for path in (tmp_path / "m.safetensors", str(tmp_path / "m.safetensors")):
        recognizer = Recognizer.load(path)
        assert isinstance(recognizer.scorer, TorchScorer)
        assert recognizer.scorer.device == model_file.resolve_device("auto")
        assert recognizer.model.alphabet == model.alphabet
        assert recognizer.model.segmenter == model.segmenter
    last = Recognizer.load(tmp_path / "m.safetensors", frames="last").model.segmenter
    assert last == replace(model.segmenter, load=LoadSettings("last"))
    red = Recognizer.load(tmp_path / "m.safetensors", ink_colour="red").model.segmenter
    assert red == replace(model.segmenter, ink=replace(model.segmenter.ink, colour=(0, 0, 255)))
    with pytest.raises(SettingsError, match="'reddish' is no colour"):
        Recognizer.load(tmp_path / "m.safetensors", ink_colour="reddish")
    assert len(Recognizer.load().model.alphabet) == 62
    assert recognizer.unknown_characters(Constraint(charset="2xaz")) == "xz"


def test_an_image_is_cut_as_the_model_says(tmp_path: Path) -> None:
    model = tiny_model()
    cut = replace(model.segmenter, load=LoadSettings("last"), cut=replace(model.segmenter.cut, filler=0.5))
    recognizer = Recognizer(replace(model, segmenter=cut))
    path = tmp_path / "a.gif"
    Image.new("L", (200, 60), 255).save(path, save_all=True, append_images=[Image.fromarray(tiny_image(4))], duration=9)
    expected = segment(np.dstack([tiny_image(4)] * 3), cut)
    assert recognizer.segment(path).lattice.cuts.tolist() == expected.lattice.cuts.tolist()
    assert expected.lattice.cuts.tolist() != segment(expected.image).lattice.cuts.tolist()
    of_reading = recognizer.cut(path, "it", "bgr")
    assert not isinstance(of_reading, KerfError)
    assert of_reading.example.lattice.cuts.tolist() == expected.lattice.cuts.tolist()
    colours = np.zeros((60, 90, 3), np.uint8)
    colours[:, :, 2] = 200
    assert recognizer.segment(colours).image[0, 0].tolist() == [0, 0, 200]
    (tmp_path / "b.png").touch()
    with (tmp_path / "b.png").open("rb") as stream:
        for source, name in ((None, "image"), (stream, str(tmp_path / "b.png")), (io.BytesIO(), "image")):
            with pytest.raises(UnreadableImageError, match=f"^{name}: "):
                recognizer.segment(source)  # type: ignore[arg-type]


def test_readings_say_what_is_unlike() -> None:
    kind = looks_to_kind([segmentation_to_looks(segment(np.dstack([tiny_image()] * 3)))] * 20)
    recognizer = Recognizer(replace(tiny_model(), kind=kind))
    dark, wide = 255 - tiny_image(), tiny_image(6)
    like, darker, wider = recognizer.read_many([tiny_image(), dark, wide])
    assert isinstance(like, Reading)
    assert isinstance(darker, Reading)
    assert isinstance(wider, Reading)
    assert (like.unlike, darker.unlike) == ((), ("brightness",))
    assert "shape" in wider.unlike
    other = Kind((0.0,) * 7, (0.0,) * 7)
    assert set(Recognizer(replace(tiny_model(), kind=other)).read(dark).unlike) >= {"height", "brightness"}
    assert Recognizer(tiny_model()).read(dark).unlike == ()


def test_a_reading_as_a_dictionary_is_ready_for_json(tiny: Recognizer) -> None:
    reading = tiny.read(tiny_image(), best=2)
    known = json.loads(json.dumps(reading.to_dict()))
    assert list(known) == ["text", "confidence", "characters", "alternatives", "frames", "unlike"]
    assert (known["text"], known["frames"], known["unlike"]) == ("22a2", "", [])
    assert known["characters"][0] == {
        "char": "2",
        "confidence": reading.characters[0].confidence,
        "box_ltrb": [33, 19, 60, 44],
        "candidate": 48,
    }
    assert known["alternatives"] == [["2222", reading.alternatives[0][1]]]


@pytest.mark.parametrize("fault", [ZeroDivisionError("so\nit is"), MemoryError(), RecursionError("deep")])
def test_a_fault_in_one_image_is_that_images_alone(
    tiny: Recognizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Exception
) -> None:
    def fail(pixels: NDArray[np.uint8], settings: SegmenterSettings) -> Segmentation:
        if pixels.shape[1] == 120:
            raise fault
        return segment(pixels, settings)

    monkeypatch.setattr(recognizer_module, "segment", fail)
    first, second, third = tiny.read_many([tiny_image(1), tiny_image(2), tiny_image(3)])
    assert isinstance(first, Reading)
    assert isinstance(third, Reading)
    assert isinstance(second, UnforeseenError)
    assert second.__cause__ is fault
    what = {"ZeroDivisionError": ": so it is", "RecursionError": ": deep"}.get(type(fault).__name__, "")
    what = f"{type(fault).__name__}{what}"
    assert str(second) == f"image 2: met a fault in Kerf ({what}); run again with --debug and report what it shows"
    with pytest.raises(UnforeseenError, match="image 1"):
        tiny.read(tiny_image(2))
    Image.fromarray(tiny_image(2)).save(tmp_path / "a.png")
    with pytest.raises(UnforeseenError, match=f"^{tmp_path / 'a.png'}: met"):
        tiny.read(tmp_path / "a.png")


def test_a_fault_in_a_batch_is_looked_for_image_by_image(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    read_examples, bad = tiny.read_examples, tiny_image(3)
    bad[20, 40] = 0
    strip = tiny.segment(bad).strip.pixels
    sizes: list[int] = []

    def fail(examples: Sequence[Example], space: TextSpace, best: int) -> list[Decoded]:
        sizes.append(len(examples))
        if any(np.array_equal(example.pixels, strip) for example in examples):
            raise RuntimeError("out of memory" * 100)
        return read_examples(examples, space, best)

    monkeypatch.setattr(tiny, "read_examples", fail)
    first, second, third = tiny.read_many([tiny_image(3), bad, tiny_image(3)])
    assert sizes == [3, 1, 1, 1]
    assert first == third
    assert isinstance(first, Reading)
    assert isinstance(second, UnforeseenError)
    assert "image 2: " in str(second)
    assert len(str(second)) < 300


def test_a_fault_holds_nothing_of_its_image(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[Segmentation]] = []

    def fail(pixels: NDArray[np.uint8], settings: SegmenterSettings) -> Segmentation:
        segmentation = segment(pixels, settings)
        held.append(weakref.ref(segmentation))
        raise ValueError

    monkeypatch.setattr(recognizer_module, "segment", fail)
    (problem,) = tiny.read_many([tiny_image()])
    assert isinstance(problem, UnforeseenError)
    assert problem.__cause__ is not None
    assert "in fail" in "".join(traceback.format_exception(problem))
    assert held[0]() is None


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_who_stops_it_is_obeyed(tiny: Recognizer, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]) -> None:
    monkeypatch.setattr(recognizer_module, "segment", mock.Mock(side_effect=stop))
    with pytest.raises(stop):
        list(tiny.read_many([tiny_image(), tiny_image()]))
    monkeypatch.undo()
    monkeypatch.setattr(tiny, "read_examples", mock.Mock(side_effect=stop))
    with pytest.raises(stop):
        list(tiny.read_many([tiny_image(), tiny_image()]))


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


def test_help_shows_what_the_package_offers() -> None:
    shown = pydoc.plain(pydoc.render_doc(kerf))
    for name, words in {
        "Recognizer": "Reads images with a model.",
        "Reading": "The text of one image.",
        "CharReading": "One character.",
        "Constraint": "What is known of the texts",
        "KerfError": "A bad input, said in one line",
    }.items():
        assert f"class {name}(" in shown
        assert words in shown
    assert set(kerf.__all__) <= set(dir(kerf))
