"""Reading with onnxruntime: what PyTorch reads, without PyTorch."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from kerf.classifier.engines.onnx_model import OnnxModel, OnnxScorer, load_onnx
from kerf.classifier.model_file import BUNDLED_MODEL, load_model, model_to_metadata, save_model
from kerf.classifier.model_header import FORMAT, MAX_BYTES
from kerf.classifier.recognizer import Reading, Recognizer
from kerf.cli import app
from kerf.segmenter.errors import (
    ExitCode,
    KerfError,
    ModelUnreadableError,
    NotFoundError,
    SettingsError,
    extra_to_command,
)
from tests.mutated_models import MOST_RISEN, try_mutants
from tests.running import kerf
from tests.tiny import tiny_image, tiny_model

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install 'kerf-captcha[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'kerf-captcha[onnx]'")
pytest.importorskip("onnxscript", reason="onnxscript is not installed: pip install 'kerf-captcha[onnx]'")

from kerf.classifier.engines.onnx_export import export_onnx  # noqa: E402

SAMPLES = Path(__file__).parent.parent.parent / "data" / "samples"


@pytest.fixture(scope="module")
def tiny_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, exported."""
    path = tmp_path_factory.mktemp("onnx") / "new" / "tiny.onnx"
    export_onnx(tiny_model(), path)
    return path


@pytest.fixture(scope="module")
def bundled_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model, exported by the command."""
    path = tmp_path_factory.mktemp("onnx") / "bundled.onnx"
    result = CliRunner().invoke(app, ["export", "--out", str(path)], catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"kerf solve --engine onnx --model {path}" in result.stderr
    return path


def assert_alike(found: Sequence[Reading | KerfError], wanted: Sequence[Reading | KerfError]) -> None:
    """Assert that readings have the same texts, places and, within 1e-4, confidences."""
    for one, other in zip(found, wanted, strict=True):
        assert isinstance(one, Reading)
        assert isinstance(other, Reading)
        assert (one.text, one.unlike) == (other.text, other.unlike)
        assert [c.box_ltrb for c in one.characters] == [c.box_ltrb for c in other.characters]
        sure, wanted_sure = ([r.confidence, *(c.confidence for c in r.characters)] for r in (one, other))
        np.testing.assert_allclose(sure, wanted_sure, rtol=0, atol=1e-4)


def test_samples_are_read_alike_in_batches_and_alone(bundled_onnx: Path) -> None:
    paths = sorted(SAMPLES.glob("*.png"))
    assert len(paths) >= 40
    fast = Recognizer.load(bundled_onnx, engine="onnx")
    wanted = list(Recognizer.load(device="cpu").read_many(paths))
    assert_alike(list(fast.read_many(paths)), wanted)
    assert_alike([fast.read(path) for path in paths[:4]], wanted[:4])
    assert_alike(list(fast.read_many(paths, jobs=2, batch_size=3)), wanted)


def test_tiny_model_reads_alike_at_every_width(tiny_onnx: Path) -> None:
    images = [tiny_image(pieces) for pieces in (1, 2, 3, 5, 3)]
    fast = Recognizer(load_onnx(tiny_onnx))
    assert_alike(list(fast.read_many(images)), list(Recognizer(tiny_model()).read_many(images)))


def test_the_header_is_kept_whole(tiny_onnx: Path) -> None:
    model, again = tiny_model(), load_onnx(tiny_onnx)
    assert isinstance(again.scorer, OnnxScorer)
    for name in set(OnnxModel.__dataclass_fields__) - {"scorer"}:
        assert getattr(again, name) == getattr(model, name), name
    metadata = {p.key: p.value for p in onnx.load(tiny_onnx).metadata_props}
    assert metadata == model_to_metadata(model)


def test_nothing_of_this_machine_is_in_the_file_and_it_repeats(tiny_onnx: Path, tmp_path: Path) -> None:
    export_onnx(tiny_model(), tmp_path / "again.onnx")
    content = tiny_onnx.read_bytes()
    assert (tmp_path / "again.onnx").read_bytes() == content
    assert b".py" not in content


def refusal(path: Path, error: type[KerfError] = ModelUnreadableError) -> str:
    """Assert that a file is refused in one line, and return it."""
    with pytest.raises(error) as caught:
        load_onnx(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_truncated_file_is_refused(tiny_onnx: Path, tmp_path: Path, share: float) -> None:
    path = tmp_path / "short.onnx"
    content = tiny_onnx.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refusal(path)


def test_a_broken_file_is_refused_without_a_word_of_onnxruntime_s_own(
    tiny_onnx: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "not_utf8.onnx"
    path.write_bytes(tiny_onnx.read_bytes().replace(b"\x05val_7", b"\x05v\xe1l_7", 1))
    refusal(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["onnx", "safetensors"])
def test_changed_files_are_refused_or_read_in_little_memory(kind: str, tiny_onnx: Path, tmp_path: Path) -> None:
    path = tiny_onnx
    if kind == "safetensors":
        path = tmp_path / "tiny.safetensors"
        save_model(tiny_model(), path)
    found, risen = try_mutants(path, tmp_path, 60, seed=1)
    assert set(found) <= {"ModelUnreadableError", "ModelVersionError", "reads"}
    assert found["ModelUnreadableError"] > 25
    assert risen < MOST_RISEN


def test_what_is_no_exported_model_is_refused(tiny_onnx: Path, tmp_path: Path) -> None:
    assert "is truncated or not an exported model" in refusal(Path(str(BUNDLED_MODEL)))
    assert "does not exist; write it with export" in refusal(tmp_path / "none.onnx", NotFoundError)
    assert "is a folder; write it with export" in refusal(tmp_path, NotFoundError)
    (tmp_path / "large.onnx").touch()
    os.truncate(tmp_path / "large.onnx", MAX_BYTES + 1)
    assert f"has more than {MAX_BYTES} bytes" in refusal(tmp_path / "large.onnx")
    other = onnx.load(tiny_onnx)
    del other.metadata_props[:]
    onnx.save(other, tmp_path / "other.onnx")
    assert "is no model of this program" in refusal(tmp_path / "other.onnx")


def test_a_network_that_is_not_its_headers_is_refused(tiny_onnx: Path, tmp_path: Path) -> None:
    other = onnx.load(tiny_onnx)
    onnx.helper.set_model_props(other, model_to_metadata(load_model(BUNDLED_MODEL, torch.device("cpu"))))
    onnx.save(other, tmp_path / "other.onnx")
    assert "does not fit (its inputs and outputs); export it again" in refusal(tmp_path / "other.onnx")
    onnx.helper.set_model_props(other, {FORMAT: "[]"})
    onnx.save(other, tmp_path / "other.onnx")
    with pytest.raises(KerfError, match="has model format None"):
        load_onnx(tmp_path / "other.onnx")


@pytest.mark.process
def test_an_image_is_read_without_pytorch(tiny_onnx: Path, bundled_onnx: Path) -> None:
    program = "import sys; from kerf.__main__ import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    image = SAMPLES / "clean_0.png"
    result = kerf("solve", image, "--engine", "onnx", "--model", bundled_onnx, program=program)
    assert result.code == 0, result.err
    assert result.out.splitlines()[-1] == "False"
    assert Recognizer.load(device="cpu").read(image).text in result.out


def test_what_is_not_installed_is_said(tiny_onnx: Path, tmp_path: Path) -> None:
    install = re.escape(f"; {extra_to_command('onnx')}")
    with (
        mock.patch.dict(sys.modules, {"onnxruntime": None}),
        pytest.raises(SettingsError, match=f"^the engine onnx needs onnxruntime{install}$"),
    ):
        load_onnx(tiny_onnx)
    for module in ("onnx", "onnxscript"):
        with (
            mock.patch.dict(sys.modules, {module: None}),
            pytest.raises(SettingsError, match=f"^export needs onnx and onnxscript{install}$"),
        ):
            export_onnx(tiny_model(), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_engines_that_cannot_be_had_are_refused(tiny_onnx: Path) -> None:
    with pytest.raises(SettingsError, match="write one with export and name it"):
        Recognizer.load(engine="onnx")
    with pytest.raises(SettingsError, match="engine 'tensorrt' is unknown; use torch or onnx"):
        Recognizer.load(engine="tensorrt")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="runs on the processor, not on 'cuda'"):
        Recognizer.load(tiny_onnx, "cuda", engine="onnx")
    assert Recognizer.load(tiny_onnx, "cpu", "last", engine="onnx").model.segmenter.load.frames == "last"


def test_a_file_that_is_no_model_ends_the_command_with_its_code(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"no model")
    image = str(SAMPLES / "clean_0.png")
    result = CliRunner().invoke(app, ["solve", image, "--engine", "onnx", "--model", str(tmp_path / "a.onnx")])
    assert result.exit_code == ExitCode.MODEL_UNREADABLE
    assert result.stderr.count("kerf: error: ") == 1
    assert "export it again" in result.stderr
