"""What `kerf eval` says beside its figures."""

import shutil
from pathlib import Path

from kerf.classifier.recognizer import Reading, Recognizer
from tests.conftest import Here
from tests.running import ROOT

SAMPLES = sorted((ROOT / "data" / "samples").glob("clean_*.png"))


def test_texts_that_are_wrong_by_case_alone_are_told(here: Here, tmp_path: Path) -> None:
    readings = [reading for reading in Recognizer.load(device="cpu").read_many(SAMPLES) if isinstance(reading, Reading)]
    swapped = sum(reading.text != reading.text.swapcase() for reading in readings)
    assert swapped > 0
    rows = [f"{path.name},{reading.text.swapcase()}\n" for path, reading in zip(SAMPLES, readings, strict=True)]
    (tmp_path / "labels.csv").write_text("".join(["file,label\n", *rows]))
    for path in SAMPLES:
        shutil.copy(path, tmp_path)
    said = f"{swapped} texts are wrong by the case of letters alone; --ignore-case counts them as right\n"
    assert said in here("eval", tmp_path).err
    assert said not in here("eval", tmp_path, "--ignore-case").err


def test_a_long_charset_that_is_unknown_is_told_in_short(here: Here) -> None:
    answer = here("solve", SAMPLES[0], "--charset", "0-9一-龥")
    assert answer.code == 0
    assert "warning: the model does not know '一丁" in answer.err
    assert len(answer.err) < 1000
