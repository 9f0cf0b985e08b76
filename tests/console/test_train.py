"""``kerf train-char``: stopped, it keeps what it learnt; its curve needs no matplotlib; its time is the command's."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from kerf.classifier.console import train
from kerf.classifier.console.option_groups import TrainOptions
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.console.train import show_curve, train_model
from kerf.classifier.folders.dataset import Sample, folder_to_samples, sample_by_hash, split_samples
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.learning_curve import CurvePoint
from kerf.classifier.learning.observer import Observer
from kerf.classifier.measuring.metrics import proportion
from kerf.classifier.model_file import BUNDLED, Model, load_model, resolve_device
from kerf.segmenter.errors import ExitCode, extra_to_command
from tests.running import CLI, ENVIRONMENT


class Listener:
    """Stands in for a terminal: keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        """Keep a line."""
        self.said.append(line)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_what_was_learnt_is_kept_when_training_is_stopped(
    captchas: Path, tmp_path: Path, number: signal.Signals, code: ExitCode
) -> None:
    out = tmp_path / "model.safetensors"
    command = [sys.executable, str(CLI), "train-char", str(captchas), "--out", str(out), "--epochs", "100000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("epoch   2"):
            assert line, "it ended by itself"
        process.send_signal(number)
        said = process.stderr.read()
        assert process.wait(60) == code
    partial = tmp_path / "model.partial.safetensors"
    assert f"kerf: interrupted; what was done so far is in {partial}" in said.splitlines()
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == [partial]
    provenance = load_model(partial, resolve_device("cpu")).provenance
    assert (provenance.trained, provenance.validated) == (9, 0)


def test_a_model_that_was_not_learnt_to_the_end_takes_no_other_s_place(tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    for name in ("model.partial.safetensors", "model.partial2.safetensors", "model.partial3.safetensors"):
        assert train.to_free_partial(out) == tmp_path / name
        (tmp_path / name).touch()


def test_the_curve_is_told_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    listener = Listener()
    points = [CurvePoint(k, proportion(80, 100), 1.0) for k in (50, 100)]
    show_curve(points, tmp_path / "curve.png", cast(Terminal, listener))
    assert listener.said == [
        "what a target would need is told from 3 numbers of labels on",
        f"the curve is not drawn: that needs matplotlib; {extra_to_command('plots')}",
    ]
    monkeypatch.undo()
    show_curve([*points, CurvePoint(200, proportion(100, 100), 1.0)], tmp_path / "curve.png", cast(Terminal, listener))
    assert listener.said[2:] == [f"the curve is drawn in {tmp_path / 'curve.png'}"]


def test_training_is_told_what_is_held_out_and_when_to_end(
    captchas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    class ToldError(Exception):
        """The training is as far as it needs to go."""

    def refuse(*arguments: Any, keeper: Any) -> None:
        asked.append(arguments)
        raise ToldError

    monkeypatch.setattr("kerf.classifier.learning.training.train", refuse)
    monkeypatch.setattr(train, "to_observer", lambda terminal: Observer())
    monkeypatch.setattr("kerf.classifier.learning.deadline.monotonic", lambda: 1000.0)
    samples = sample_by_hash(folder_to_samples(captchas).samples)

    def run(curve: str | None, max_minutes: float | None, *, fast: bool = False) -> tuple[Any, ...]:
        chosen = TrainOptions(
            tmp_path / "m",
            device="cpu",
            seed=5,
            max_minutes=max_minutes,
            fast=fast,
            from_scratch=True,
            unlabelled=[captchas],
            curve=curve,
            frames="last",
            ink_colour="lime",
        )
        with pytest.raises(ToldError), Terminal(quiet=True) as terminal:
            train_model(terminal, captchas, chosen)
        return asked[-1]

    part, settings, _, start, _, images, held_out, deadline = run(None, 2)
    assert (settings.frames, settings.ink_colour) == ("last", "lime")
    assert (list(part), start, len(images), held_out, deadline) == (samples, None, 12, (), Deadline(1120))
    assert (settings.seed, settings.epochs) == (5, None)
    assert run(None, None, fast=True)[-1] == Deadline(1017)  # 20 seconds with the start of the program
    part, *_, held_out, deadline = run("4,9", 2)
    split = split_samples(samples, 0.2)
    assert list(held_out) == sample_by_hash(split.validation)
    assert list(part) == sample_by_hash(split.train, 4)
    assert deadline.end == pytest.approx(1000 + 120 * 2 / 5 - 0.02 * len(held_out))
    assert run(None, None)[-1] == Deadline()


@pytest.mark.parametrize(
    ("labels", "options", "hidden"),
    [
        (499, {}, 192),
        (500, {}, 96),
        (500, {"size": "accurate"}, 192),
        (20, {"size": "fast"}, 96),
        (20, {"fast": True}, 96),
        (20, {"start": BUNDLED["fast"]}, 96),
        (20, {"from_scratch": True}, None),
    ],
)
def test_few_labels_begin_from_the_accurate_model_and_many_from_the_fast_one(
    labels: int, options: dict[str, Any], hidden: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int | None] = []

    class ToldError(Exception):
        """The training is as far as it needs to go."""

    def refuse(samples: Any, settings: Any, device: Any, start: Model | None, *rest: Any, **others: Any) -> None:
        started.append(start.network.config.hidden if start else None)
        raise ToldError

    monkeypatch.setattr("kerf.classifier.learning.training.train", refuse)
    monkeypatch.setattr(train, "to_keeping_observer", lambda terminal, out: Observer())
    learn = train.to_learner(cast(Terminal, Listener()), TrainOptions(tmp_path / "m", device="cpu", **options), [])
    with pytest.raises(ToldError):
        learn([Sample(Path("a.png"), "a")] * labels, (), NO_DEADLINE)
    assert started == [hidden]
