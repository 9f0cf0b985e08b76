"""What the benchmark compares Kerf with: networks A and B, the CTC recogniser, readers off the shelf."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from benchmarks.rivals import ctc, founding, readers, systems
from kerf.classifier.folders.dataset import folder_to_samples
from tests.running import script

CPU = torch.device("cpu")


def test_figures_of_the_founding_networks_are_those_of_their_scores() -> None:
    scores = torch.log(torch.tensor([[[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], [[0.5, 0.4, 0.1], [0.2, 0.2, 0.6]]]))
    found = founding.scores_to_figures(scores, ["ab", "b"], "ab")  # the third class is the end
    assert found.loss_by_head == pytest.approx((-math.log(0.7 * 0.4) / 2, -math.log(0.8 * 0.6) / 2))
    assert found.loss == pytest.approx(sum(found.loss_by_head))
    assert found.accuracy_by_head == (0.5, 1.0)
    assert found.whole_text == 0.5


def test_a_character_never_shown_is_wrong_and_has_no_loss() -> None:
    scores = torch.log(torch.tensor([[[0.9, 0.1]], [[0.9, 0.1]]]))
    found = founding.scores_to_figures(scores, ["a", "z"], "ab")
    assert found.loss == pytest.approx(-math.log(0.9))
    assert found.whole_text == found.accuracy_by_head[0] == 0.5


def test_a_text_longer_than_the_heads_is_wrong() -> None:
    scores = torch.log(torch.tensor([[[0.9, 0.1]]]))
    assert founding.scores_to_figures(scores, ["aa"], "ab").whole_text == 0.0


@pytest.mark.parametrize("name", ["A", "B"])
def test_a_founding_network_learns(family: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(founding, "EPOCHS", 40)
    monkeypatch.setattr(founding, "BATCH", 5)
    monkeypatch.setattr(founding, "DROPOUT", 0.0)
    samples = folder_to_samples(family / "train").samples
    network = founding.FoundingNetwork(name, [sample.text for sample in samples], CPU)
    epochs = network.fit(samples, samples[:3])
    last = epochs[-1].train
    assert sum(last.accuracy_by_head) / len(last.accuracy_by_head) > 0.6  # one in five by chance
    scores = network.scores([sample.path for sample in samples])
    right = [
        text == s.text for text, s in zip(founding.scores_to_texts(scores, network.alphabet), samples, strict=True)
    ]
    assert sum(right) / len(right) == pytest.approx(last.whole_text)


def test_ctc_reads_by_the_best_class_of_each_column(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ctc.CtcReader("ab", CPU)
    columns = torch.nn.functional.one_hot(torch.tensor([[1, 1, 0, 1, 2, 2, 0]]), 3).float()
    monkeypatch.setattr(reader.network, "forward", lambda images: columns)
    assert reader.read(sorted((family / "test").glob("*.png"))[:1]) == ["aab"]


def test_ctc_learns_and_goes_on_where_it_stopped(family: Path, tmp_path: Path) -> None:
    samples = folder_to_samples(family / "train").samples
    reader = ctc.CtcReader("01234", CPU)
    start = reader.validation_loss(ctc.samples_to_images(samples), reader.samples_to_labels(samples))
    reader.fit_cycle(samples, samples, 3.0)
    assert reader.cycles[0].seconds >= 3.0
    assert reader.cycles[0].validation_loss < 0.6 * start
    reader.save(tmp_path / "kept.pt")
    other = ctc.CtcReader("01234", CPU, seed=1)
    other.load(tmp_path / "kept.pt")
    assert other.cycles == reader.cycles
    paths = [sample.path for sample in samples]
    assert other.read(paths) == reader.read(paths)


def test_ctc_starts_from_one_of_another_alphabet(tmp_path: Path) -> None:
    other, reader = ctc.CtcReader("abc", CPU, seed=1), ctc.CtcReader("cz", CPU)
    fresh = reader.network.output.weight.detach().clone()
    other.keep_start(tmp_path / "start.pt")
    reader.start_from(tmp_path / "start.pt")
    weight, known = reader.network.output.weight, other.network.output.weight
    assert torch.equal(weight[0], known[0])  # blank
    assert torch.equal(weight[1], known[3])  # c
    assert torch.equal(weight[2], fresh[2])  # z is new
    assert torch.equal(reader.network.state_dict()["dense.0.weight"], other.network.state_dict()["dense.0.weight"])


def test_a_start_that_was_not_made_is_missing(tmp_path: Path) -> None:
    job = systems.Job(systems.CTC_START, [("a.png", "1")], [], 1.0, str(tmp_path / "kept.pt"), str(tmp_path / "no.pt"))
    with pytest.raises(readers.MissingReaderError, match=r"python -m benchmarks\.rivals\.pretrain"):
        systems.SYSTEMS[systems.CTC_START](job)


@pytest.mark.parametrize(
    ("losses", "gains"), [([], True), ([3.0], True), ([3.0, 2.9], False), ([3.0, 2.0], True), ([3.0, 2.0, 2.0], False)]
)
def test_ctc_stops_when_a_cycle_no_longer_helps(losses: list[float], gains: bool) -> None:
    reader = ctc.CtcReader("ab", CPU)
    reader.cycles = [ctc.Cycle(1.0, 1, loss) for loss in losses]
    assert reader.gains == gains


def test_a_system_in_a_process_of_its_own_answers_for_every_path(family: Path, tmp_path: Path) -> None:
    samples, order = folder_to_samples(family / "train").samples, tmp_path / "job.json"
    paths = [str(path) for path in sorted((family / "test").glob("*.png"))]
    pairs = [(str(sample.path), sample.text) for sample in samples]
    job = systems.Job(systems.CTC_EQUAL, pairs, paths, 1.0, str(tmp_path / "kept.pt"))
    order.write_text(json.dumps(asdict(job)))
    answer = systems.Answer(**json.loads(script("rivals.systems", order).out))
    assert len(answer.texts) == len(paths)
    assert answer.train_seconds >= 1.0
    assert answer.parameters == sum(p.numel() for p in ctc.CtcReader("01234", CPU).network.parameters())


TESSERACT = f"""#!{sys.executable}
import os, pathlib, sys
if sys.argv[1] == "--version":
    print("tesseract 9.9")
elif "bad" in sys.argv[-3]:
    sys.exit("no such language")
else:
    names = [pathlib.Path(line).stem for line in open(sys.argv[1]).read().split()]
    if "2" in names:
        os.kill(os.getpid(), 8)
    print("\\f".join(f"t {{name}}\\n" for name in names), end="")
"""


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for Tesseract: it reads each image's number, and dies of the third image as the real one may."""
    program = tmp_path / "tesseract"
    program.write_text(TESSERACT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("tesseract")
def test_an_image_that_tesseract_dies_of_has_no_text(family: Path) -> None:
    reader = readers.LOADERS["Tesseract"]("01234", 1)
    paths = sorted((family / "test").glob("*.png"))
    assert reader.version == "9.9"
    assert reader.read(paths) == ["t0", "t1", "", "t3", "t4", "t5"]


@pytest.mark.usefixtures("tesseract")
def test_a_tesseract_that_fails_is_no_reader_of_nothing(family: Path) -> None:
    with pytest.raises(RuntimeError, match="no such language"):
        readers.LOADERS["Tesseract"]("bad", 1).read(sorted((family / "test").glob("*.png")))
