"""Examples, and how to make a model of them: fit or adapt, calibrate, measure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import torch

from kerf import __version__
from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.folders.dataset import Sample, data_hash
from kerf.classifier.folders.images import path_to_hash
from kerf.classifier.kind import Kind
from kerf.classifier.lattice.text_space import to_text_space
from kerf.classifier.learning.adapting import Adaptation, Adapter, Unlabelled
from kerf.classifier.learning.calibration import fit_temperature
from kerf.classifier.learning.checkpoint import Keeper
from kerf.classifier.learning.deadline import NO_DEADLINE, Deadline
from kerf.classifier.learning.fitting import Fitter, LabelledExample, TrainSettings
from kerf.classifier.learning.observer import Observer
from kerf.classifier.learning.start import start_network
from kerf.classifier.measuring.metrics import Proportion, proportion
from kerf.classifier.model_file import Model
from kerf.classifier.model_header import Provenance, hashes_to_learnt
from kerf.segmenter import SegmenterSettings
from kerf.segmenter.errors import OutputError

Made = TypeVar("Made")


@dataclass(frozen=True)
class Course:
    """Labelled examples, or none, and how to make a model of them.

    Attributes
    ----------
    samples
        What the examples were cut from.
    training, validation
        To learn from, and to measure on.
    alphabet, lengths
        Of the model.
    segmenter, settings, device
        How they were cut; how to fit; where.
    kind
        What the images look like.
    """

    samples: Sequence[Sample]
    training: Sequence[LabelledExample]
    validation: Sequence[LabelledExample]
    alphabet: Alphabet
    lengths: tuple[int, int]
    segmenter: SegmenterSettings
    settings: TrainSettings
    device: torch.device
    kind: Kind | None

    def fit(
        self,
        start: Model | None,
        observer: Observer,
        deadline: Deadline = NO_DEADLINE,
        keeper: Keeper | None = None,
    ) -> Model:
        """Fit and calibrate a model by the labels.

        If a `KeyboardInterrupt` comes, the observer is given the model as it is: not calibrated, nor measured. A
        checkpoint that cannot be written is a problem and ends nothing.
        """
        fitter = self.to_fitter(start, self.settings)
        identity = self.identity(fitter)

        def keep(taken: int) -> None:
            try:
                if keeper:
                    keeper.keep(fitter, taken, identity)
            except OutputError as problem:
                observer.on_problem(problem)

        def fit() -> Model:
            taken = keeper.begin(fitter, identity) if keeper else 0
            report = fitter.fit(self.training, self.validation, observer, deadline, taken, keep)
            return self.to_model(fitter, fit_temperature(fitter, self.validation), 0, report.validation)

        return self.interruptible(fit, fitter, observer, lambda: 0)

    def adapt(
        self,
        start: Model,
        unlabelled: Unlabelled,
        constraint: Constraint,
        observer: Observer,
        deadline: Deadline = NO_DEADLINE,
    ) -> tuple[Model, Adaptation]:
        """Have a model that reads some of the images learn from those without labels as well; see ``adapting``.

        Interruptions as in ``fit``.
        """
        fitter = self.to_fitter(start, replace(self.settings, prior=0.0))
        space = to_text_space(self.alphabet, self.lengths, constraint)
        adapter = Adapter(fitter, space, unlabelled, self.training)

        def adapt() -> tuple[Model, Adaptation]:
            adaptation = adapter.adapt(observer, deadline)
            right, _ = fitter.score(fitter.network, self.validation)
            temperature = fit_temperature(fitter, self.validation) if self.validation else adaptation.temperature
            return self.to_model(fitter, temperature, adaptation.learnt, right), adaptation

        return self.interruptible(adapt, fitter, observer, lambda: adapter.learnt)

    def to_fitter(self, start: Model | None, settings: TrainSettings) -> Fitter:
        """Make a fitter of a network that starts from another."""
        torch.manual_seed(settings.seed)
        network = start_network(self.alphabet, self.segmenter, start, settings.size).to(self.device)
        return Fitter(network, self.alphabet, self.lengths, settings)

    def identity(self, fitter: Fitter) -> str:
        """SHA-256 of all that a training follows from: images, labels, settings, weights that it starts from."""
        known = (data_hash(self.samples), self.alphabet.characters, self.lengths, self.segmenter, self.settings)
        digest = hashlib.sha256(repr(known).encode())
        for tensor in fitter.network.state_dict().values():
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    def interruptible(
        self, learn: Callable[[], Made], fitter: Fitter, observer: Observer, pseudo: Callable[[], int]
    ) -> Made:
        """Learn; when stopped, give the observer the model so far if anything was learnt."""
        try:
            return learn()
        except KeyboardInterrupt:
            if fitter.has_learnt:
                fitter.keep_average()
                observer.on_interrupt(self.to_model(fitter, 1.0, pseudo(), proportion(0, 0)))
            raise

    def to_model(self, fitter: Fitter, temperature: float, pseudo: int, validation: Proportion) -> Model:
        """Put a model together."""
        provenance = Provenance(
            len(self.training),
            validation.n,
            pseudo,
            data_hash(self.samples),
            validation.count,
            validation.low_95,
            validation.high_95,
            date.today().isoformat(),
            __version__,
            hashes_to_learnt(path_to_hash(sample.path) for sample in self.samples),
        )
        return Model(
            fitter.network, fitter.alphabet, fitter.lengths, temperature, self.segmenter, provenance, self.kind
        )
