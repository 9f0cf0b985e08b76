"""What is said of labels that look wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

import pytest

from kerf.classifier.console.terminal import Terminal
from kerf.classifier.console.train import judge_labels
from kerf.classifier.folders.dataset import Sample, folder_to_samples
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.learning.learning_curve import LEAST_READ
from kerf.classifier.learning.training import TrainResult
from kerf.classifier.model_file import BUNDLED_MODEL, load_model
from tests.conftest import Here
from tests.learning.quick import CPU
from tests.running import ROOT

CLEAN = [s for s in folder_to_samples(ROOT / "data" / "samples").samples if s.path.name.startswith("clean")]


class Listener:
    """Stands in for a terminal: keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        """Keep a line."""
        self.said.append(line)


def test_eval_says_how_many_labels_look_wrong_and_what_shows_them(tmp_path: Path, here: Here) -> None:
    folder = tmp_path / "my captchas"
    folder.mkdir()
    wrong, right = CLEAN
    shutil.copy(wrong.path, folder / "a.png")
    shutil.copy(right.path, folder / "b.png")
    (folder / "labels.csv").write_text(f"file,label\na.png,x{wrong.text[1:]}\nb.png,{right.text}\n")
    known = "".join(sorted({*"x", *wrong.text, *right.text}))
    said = (
        f"1 of the 2 labels that it was measured on look wrong, such as 'x{wrong.text[1:]}' of a.png, which is read "
        f"{wrong.text!r}; to look for all of them: kerf label '{folder}' --review\n"
    )
    answer = here("eval", folder, "--charset", known)
    assert answer.code == 0
    assert said in answer.err
    assert "look wrong" not in answer.out
    assert "look wrong" not in here("eval", folder, "--charset", known.replace("x", "")).err
    (folder / "labels.csv").write_text(f"file,label\na.png,{wrong.text.swapcase()}\nb.png,{right.text}\n")
    assert "look wrong" not in here("eval", folder, "--charset", known, "--ignore-case").err


@pytest.mark.parametrize("left", [True, False])
def test_training_judges_its_validation_part_as_long_as_there_is_time(left: bool) -> None:
    count = LEAST_READ + 1
    wrong = [Sample(CLEAN[0].path, f"{CLEAN[0].text}{CLEAN[0].text[0]}")] * count
    result = TrainResult(load_model(BUNDLED_MODEL, CPU), (), (), (), measured_on=tuple(wrong))
    listener = Listener()
    judge_labels(cast(Terminal, listener), Path("in"), result, Deadline.after(60 if left else 0))
    judged = count if left else LEAST_READ
    assert [line.partition(" labels")[0] for line in listener.said] == [f"{judged} of the {judged}"]
    assert listener.said[0].endswith("kerf label in --review")
