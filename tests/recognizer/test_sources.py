"""What readings are made of: models, images in every form, frames and channels."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kerf.classifier import Constraint, Recognizer, model_file
from kerf.classifier.engines.torch_scorer import TorchScorer
from kerf.segmenter import LoadSettings, SegmenterSettings, segment
from kerf.segmenter.errors import KerfError, SettingsError, UnreadableImageError
from kerf.segmenter.load import path_to_image
from tests.recognizer.conftest import SAMPLES
from tests.tiny import tiny_image, tiny_model


def test_path_and_array_read_alike(recognizer: Recognizer) -> None:
    path = SAMPLES / "clean_0.png"
    assert recognizer.read(path) == recognizer.read(path_to_image(path)) == recognizer.read(str(path))


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
    assert len(Recognizer.load().model.alphabet) == 71
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
