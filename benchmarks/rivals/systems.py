"""Run one system that the benchmark compares: train it on labelled images, then give it the paths of others to read.

Usage: python -m benchmarks.rivals.systems JOB.json

The job has no label of a test image: what this process prints, the texts it read, is scored elsewhere.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.rivals.ctc import CYCLES, CtcReader
from benchmarks.rivals.founding import FoundingNetwork, scores_to_texts
from benchmarks.rivals.readers import LOADERS, MissingReaderError
from benchmarks.running import peak_megabytes
from kerf.classifier.folders.dataset import Sample, split_samples
from kerf.classifier.learning.training import VALIDATION_FRACTION
from kerf.classifier.model_file import resolve_device


@dataclass(frozen=True)
class Job:
    """What a system is told.

    Attributes
    ----------
    system
        Its name.
    train
        Paths and labels.
    test
        Paths only.
    seconds
        Training time that Kerf took on the same images; 0 where it does not matter.
    checkpoint
        Where an interrupted training may be kept.
    start
        Weights that the pretrained CTC recogniser starts from.
    """

    system: str
    train: list[tuple[str, str]]
    test: list[str]
    seconds: float
    checkpoint: str
    start: str = ""

    @property
    def samples(self) -> list[Sample]:
        """Labelled images."""
        return [Sample(Path(path), text) for path, text in self.train]

    @property
    def alphabet(self) -> str:
        """Characters of the labels."""
        return "".join(sorted(set("".join(text for _, text in self.train))))


@dataclass(frozen=True)
class Answer:
    """What a system says.

    Attributes
    ----------
    texts
        Of the test images, in order.
    folds_case
        Whether it reads letters in one case only, so that case is not held against it.
    train_seconds
        By ``ctc.training_clock``.
    parameters, file_bytes
        Its size; 0 where that is not known.
    megabytes
        Peak memory of its process.
    detail
        What else there is.
    """

    texts: list[str]
    folds_case: bool = False
    train_seconds: float = 0.0
    parameters: int = 0
    file_bytes: int = 0
    megabytes: float = 0.0
    detail: dict[str, Any] = field(default_factory=dict)


def run_ctc(job: Job, *, cycles: tuple[int, ...], pretrained: bool = False) -> Answer:
    """Train the CTC recogniser for so many cycles, each a multiple of Kerf's time, unless one does not help."""
    split, device = split_samples(job.samples, VALIDATION_FRACTION), resolve_device("auto")
    reader, checkpoint = CtcReader(job.alphabet, device), Path(job.checkpoint)
    if pretrained:
        if not Path(job.start).exists():
            raise MissingReaderError("CTC, pretrained: `python -m benchmarks.rivals.pretrain` was not run")
        reader.start_from(Path(job.start))
        checkpoint = checkpoint.with_suffix(".pretrained.pt")
    if checkpoint.exists():
        reader.load(checkpoint)
    for times in cycles[len(reader.cycles) :]:
        if reader.gains:
            reader.fit_cycle(split.train, split.validation, times * job.seconds)
            reader.save(checkpoint)
    return Answer(
        reader.read(list(map(Path, job.test))),
        train_seconds=sum(cycle.seconds for cycle in reader.cycles),
        parameters=count_parameters(reader.network),
        file_bytes=count_bytes(reader.network),
        detail={"cycles": [asdict(cycle) for cycle in reader.cycles]},
    )


def run_founding(job: Job, *, name: str) -> Answer:
    """Train network A or B as the question did; its log probabilities go to the scorer too."""
    split, device = split_samples(job.samples, VALIDATION_FRACTION), resolve_device("auto")
    network = FoundingNetwork(name, [text for _, text in job.train], device)
    epochs = network.fit(split.train, split.validation)
    scores = network.scores(list(map(Path, job.test)))
    rounded = [[[round(score, 4) for score in head] for head in image] for image in scores.tolist()]
    return Answer(
        scores_to_texts(scores, network.alphabet),
        train_seconds=network.seconds,
        parameters=count_parameters(network.network),
        file_bytes=count_bytes(network.network),
        detail={"epochs": [asdict(epoch) for epoch in epochs], "scores": rounded, "alphabet": network.alphabet},
    )


def run_reader(job: Job, *, name: str) -> Answer:
    """Read with a reader off the shelf, told the alphabet."""
    reader = LOADERS[name](job.alphabet, torch.get_num_threads())
    texts = reader.read(list(map(Path, job.test)))
    return Answer(texts, reader.folds_case, detail={"version": reader.version})


def count_parameters(network: nn.Module) -> int:
    """Count what training changes."""
    return sum(tensor.numel() for tensor in network.parameters())


def count_bytes(network: nn.Module) -> int:
    """Count the bytes of all weights, as a file would hold them."""
    return sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())


CTC_EQUAL, CTC_BEST, CTC_START = "CTC, Kerf's time", "CTC, its best", "CTC, pretrained"
SYSTEMS: dict[str, Callable[[Job], Answer]] = {
    CTC_EQUAL: partial(run_ctc, cycles=CYCLES[:1]),
    CTC_BEST: partial(run_ctc, cycles=CYCLES),
    CTC_START: partial(run_ctc, cycles=CYCLES[:1], pretrained=True),
    "network A": partial(run_founding, name="A"),
    "network B": partial(run_founding, name="B"),
    **{name: partial(run_reader, name=name) for name in LOADERS},
}


def main() -> None:
    """Run the job and print its answer as JSON; of a reader that is not installed, what is missing."""
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    torch.manual_seed(0)
    try:
        answer = asdict(replace(SYSTEMS[job.system](job), megabytes=peak_megabytes()))
    except MissingReaderError as error:
        answer = {"missing": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
