"""Options that belong together, as the commands take them; `command` tells Typer of them one by one, in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kerf.classifier.console import options as opt

if TYPE_CHECKING:
    from kerf.classifier.alphabet import Constraint
    from kerf.classifier.engines.scorer import Engine


@dataclass(frozen=True)
class ReadingOptions:
    """What is known of the images and of their texts.

    Raises
    ------
    SettingsError
        What is known of the texts is malformed, or contradicts itself.
    """

    charset: opt.Charset = None
    length: opt.Length = None
    pattern: opt.Pattern = None
    frames: opt.Frames = None
    ink_colour: opt.InkColour = None

    def __post_init__(self) -> None:
        _ = self.constraint

    @cached_property
    def constraint(self) -> Constraint:
        """What is known of the texts."""
        from kerf.classifier.alphabet import Constraint

        return Constraint(self.charset, self.length, self.pattern)


@dataclass(frozen=True)
class RowSettings:
    """What is in a row beyond the columns that are always there.

    Parameters
    ----------
    min_confidence
        Below it the text is left empty and the status is ``unsure``.
    characters
        Add ``characters``: the confidence of each character.
    best
        Of how many texts to tell: above 1, add ``alternatives``, the next most probable and their confidences.
    arithmetic
        Add ``result``: that of a text that is a sum.
    check
        Add ``label`` and ``right``, from the labels beside the images.
    """

    min_confidence: opt.MinConfidence = 0.0
    characters: opt.Characters = False
    best: opt.Best = 1
    arithmetic: opt.Arithmetic = False
    check: opt.Check = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        always = ("file", "text", "confidence", "status", "error")
        return (
            *always,
            *(("characters",) if self.characters else ()),
            *(("alternatives",) if self.best > 1 else ()),
            *(("result",) if self.arithmetic else ()),
            *(("label", "right") if self.check else ()),
        )


@dataclass(frozen=True)
class SegmentOptions:
    """The options of `segment`."""

    out: opt.OutPieces = None
    html: opt.OutPage = None
    boxes: opt.OutBoxes = None
    model: opt.ModelFile = None
    no_model: opt.NoModel = False
    device: opt.Device = "auto"
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    limit: opt.Limit = None


@dataclass(frozen=True)
class TrainOptions:
    """The options of `train-char`."""

    out: opt.OutModel
    resume: opt.ResumeTraining = False
    limit: opt.Limit = None
    device: opt.Device = "auto"
    seed: opt.Seed = 0
    epochs: opt.Epochs = None
    max_minutes: opt.MaxMinutes = None
    fast: opt.Fast = False
    augment: opt.Augment = True
    size: opt.Size = None
    start: opt.Start = None
    from_scratch: opt.FromScratch = False
    unlabelled: opt.Unlabelled = None
    curve: opt.Curve = None
    charset: opt.LabelCharset = None
    label_pattern: opt.LabelPattern = None
    frames: opt.Frames = None
    ink_colour: opt.InkColour = None


@dataclass(frozen=True)
class AdaptOptions:
    """The options of `adapt`."""

    out: opt.OutModel
    labels: opt.LabelsToo = None
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    start: opt.Start = None
    limit: opt.Limit = None
    device: opt.Device = "auto"
    seed: opt.Seed = 0
    max_minutes: opt.MaxMinutes = None


@dataclass(frozen=True)
class PretrainOptions:
    """The options of `pretrain`."""

    out: opt.OutModel
    images: opt.Drawn = 1_000_000
    visits: opt.Visits = 3
    workers: opt.Workers = 1
    size: opt.Size = None
    start: opt.PretrainStart = None
    device: opt.Device = "auto"
    seed: opt.Seed = 0
    max_minutes: opt.MaxMinutes = None


@dataclass(frozen=True)
class SolveOptions:
    """The options of `solve`."""

    model: opt.ModelFile = None
    row_format: opt.Format = opt.RowFormat.CSV
    out: opt.OutRows = None
    resume: opt.Resume = False
    jobs: opt.Jobs = None
    device: opt.Device = "auto"
    engine: opt.Engine = "torch"
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    rows: RowSettings = field(default_factory=RowSettings)
    limit: opt.Limit = None

    @property
    def network(self) -> Engine:
        """What runs the network; on Ray, the model's file says it."""
        if self.engine != "ray":
            return self.engine
        return "onnx" if self.model and self.model.suffix == ".onnx" else "torch"


@dataclass(frozen=True)
class EvalOptions:
    """The options of `eval`."""

    model: opt.ModelFile = None
    as_json: opt.AsJson = False
    html: opt.OutPage = None
    min_accuracy: opt.MinAccuracy = None
    ignore_case: opt.IgnoreCase = False
    label_pattern: opt.LabelPattern = None
    device: opt.Device = "auto"
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    limit: opt.Limit = None


@dataclass(frozen=True)
class SynthOptions:
    """The options of `synth`."""

    count: opt.Count
    seed: opt.DrawSeed
    look: opt.Look = None
    charset: opt.Charset = None
    length: opt.Length = None
    fonts: opt.Fonts = None


@dataclass(frozen=True)
class LabelOptions:
    """The options of `label`."""

    review: opt.ReviewFolder = False
    export: opt.ExportLabels = None
    model: opt.LabelModel = None
    out: opt.LabelOut = None
    port: opt.Port = 0
    host: opt.Host = "127.0.0.1"
    no_browser: opt.NoBrowser = False
    reading: ReadingOptions = field(default_factory=ReadingOptions)


@dataclass(frozen=True)
class AuditOptions:
    """The options of `audit`."""

    fail_above: opt.FailAbove = None
    as_json: opt.AsJson = False
    html: opt.OutPage = None
    max_minutes: opt.AuditMinutes = 10.0
    start: opt.Start = None
    ignore_case: opt.IgnoreCase = False
    label_pattern: opt.LabelPattern = None
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    device: opt.Device = "auto"
    seed: opt.Seed = 0
    limit: opt.Limit = None
