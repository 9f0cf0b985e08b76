"""Options that several commands share, as Typer declares them."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from kerf import __version__
from kerf.classifier.labelling.tools import Tool
from kerf.classifier.network.config import SizeName
from kerf.segmenter.load_settings import FrameRule

EngineName = Literal["torch", "onnx", "ray"]
N = TypeVar("N", int, float)


class RowFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"
    TABLE = "table"
    PARQUET = "parquet"  # only in parts, see `parts`


def number(kind: Callable[[str], N], low: N, high: N | None, example: str) -> Callable[[str], N]:
    """Return what reads an option's number; of one that will not do, it says which would."""
    what = "a whole number" if kind is int else "a number"
    span = f"{what} from {low} to {high}" if high is not None else f"{what}, {low} or more"

    def parse(text: str) -> N:
        with suppress(ValueError, OverflowError):
            value = kind(text)
            if math.isfinite(value) and low <= value and (high is None or value <= high):
                return value
        raise typer.BadParameter(f"{text!r} will not do; give {span}, such as {example}")

    return parse


AT_LEAST_ONE = number(int, 1, None, "100")
SEED = number(int, 0, 2**32 - 1, "1")
SHARE: Callable[[str], float] = number(float, 0, 1, "0.9")


def show_version(show: bool) -> None:
    """Print the version and leave."""
    if show:
        typer.echo(f"kerf {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")]
ImagePaths = Annotated[
    list[Path],
    typer.Argument(help="Images, folders with all below them, or - for paths from stdin."),
]
LabelledFolder = Annotated[Path, typer.Argument(help="Folder of captchas with their texts; see the README.")]
ModelFile = Annotated[Path | None, typer.Option("--model", help="Model file; without it, the bundled one.")]
Engine = Annotated[
    EngineName,
    typer.Option(
        "--engine",
        help="What runs the network; onnx needs --model FILE that export wrote. ray: on many machines, rows to parts "
        "in the folder --out.",
    ),
]
OutOnnx = Annotated[Path, typer.Option("--out", help="ONNX file to write.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Charset = Annotated[str | None, typer.Option(help="The characters that can occur, such as a-z2-9.")]
Length = Annotated[str | None, typer.Option(help="Number of characters, such as 4 or 4-6.")]
Pattern = Annotated[str | None, typer.Option(help="Characters by position, such as [A-Z]{2}[0-9]{4,6}.")]
Limit = Annotated[int | None, typer.Option(parser=AT_LEAST_ONE, metavar="N", help="Only the first so many images.")]
LabelPattern = Annotated[
    str | None, typer.Option(help="Regex on file names without suffix whose first group is the label.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show where a fault in Kerf itself was met.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but problems.")]
OutPieces = Annotated[
    Path | None, typer.Option("--out", help="Folder to write crops to, a folder an image, with an index page.")
]
OutBoxes = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write the box and the confidence of each character.")
]
OutPage = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write one page to look at, which needs no network.")
]
NoModel = Annotated[
    bool, typer.Option("--no-model", help="Contours and projection alone choose the characters; none has a name.")
]
OutModel = Annotated[Path, typer.Option(help="Model file to write.")]
Seed = Annotated[int, typer.Option(parser=SEED, metavar="N", help="Of everything random.")]
Epochs = Annotated[int | None, typer.Option(parser=AT_LEAST_ONE, metavar="N", help="Passes over the images.")]
MaxMinutes = Annotated[
    float | None,
    typer.Option(parser=number(float, 0.01, None, "10"), metavar="MINUTES", help="End within this time."),
]
ResumeTraining = Annotated[
    bool,
    typer.Option("--resume", help="Go on with a training to the same --out, with the same options, that was stopped."),
]
Fast = Annotated[bool, typer.Option("--fast", help="A first model in 20 seconds, on two cores.")]
Augment = Annotated[bool, typer.Option("--augment/--no-augment", help="Vary the images.")]
Start = Annotated[Path | None, typer.Option(help="Model to start from; without it, the bundled one.")]
FromScratch = Annotated[bool, typer.Option("--from-scratch", help="Start from no model.")]
Unlabelled = Annotated[list[Path] | None, typer.Option(help="Learn from these images too, without labels; see adapt.")]
LabelsToo = Annotated[
    Path | None, typer.Option("--labels", help="Folder of captchas of this kind with their texts, a few of them.")
]
Drawn = Annotated[int, typer.Option("--images", parser=AT_LEAST_ONE, metavar="N", help="Captchas to draw in all.")]
Visits = Annotated[int, typer.Option(parser=AT_LEAST_ONE, metavar="N", help="How often to learn from each, about.")]
Workers = Annotated[
    int, typer.Option(parser=number(int, 0, 256, "1"), metavar="N", help="Processes that draw; 0 draws in this one.")
]
Size = Annotated[
    SizeName | None,
    typer.Option(help="Size of the network: fast, or accurate, which takes twice as long to train and to read."),
]
PretrainStart = Annotated[Path | None, typer.Option("--start", help="Model to start from; without it, none.")]
Curve = Annotated[str | None, typer.Option(help="Train on so many labels in turn, such as 50,100,200, and compare.")]
LabelCharset = Annotated[str | None, typer.Option(help="Leave out labels that have other characters.")]
Format = Annotated[RowFormat, typer.Option("--format", help="How rows are written.")]
OutRows = Annotated[Path | None, typer.Option(help="Write here, whole or not at all, not to stdout.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the rows of a run to the same --out that was stopped.")
]
Jobs = Annotated[
    int | None, typer.Option(parser=AT_LEAST_ONE, metavar="N", help="Threads that read; without it, one a core.")
]
MinConfidence = Annotated[
    float,
    typer.Option(parser=SHARE, metavar="SHARE", help="Below it, from 0 to 1, the text is left empty as unsure."),
]
Characters = Annotated[bool, typer.Option("--characters", help="Add the confidence of each.")]
Best = Annotated[
    int,
    typer.Option(
        parser=number(int, 1, 20, "3"), metavar="N", help="Tell so many texts, the next best too; at most 20."
    ),
]
Arithmetic = Annotated[bool, typer.Option("--arithmetic", help="Add result, that of texts such as 12+7=?.")]
Check = Annotated[bool, typer.Option("--check", help="Add label and right, from its labels.")]
AsJson = Annotated[bool, typer.Option("--json", help="Every figure as one JSON object.")]
MinAccuracy = Annotated[
    float | None,
    typer.Option(parser=SHARE, metavar="SHARE", help="Exit with code 13 if whole-text accuracy is below."),
]
IgnoreCase = Annotated[bool, typer.Option("--ignore-case", help="Take upper and lower as one.")]
InkColour = Annotated[
    str | None, typer.Option(help="Only letters of this colour count: a name such as red, or a value such as #c02020.")
]
NewFolder = Annotated[Path, typer.Argument(help="Folder to write to; a new one.")]
Count = Annotated[int, typer.Option(parser=AT_LEAST_ONE, metavar="N", help="How many.")]
DrawSeed = Annotated[int, typer.Option(parser=SEED, metavar="N", help="The same seed draws the same images.")]
Look = Annotated[str | None, typer.Option(help="One look, by name; without it, all kinds.")]
Fonts = Annotated[Path | None, typer.Option(help="Folder of .ttf and .otf files.")]
Frames = Annotated[
    FrameRule | None,
    typer.Option(
        help="Which frames of an animation are read; without it, as the model learnt, which is auto at first."
    ),
]
FolderToLabel = Annotated[Path, typer.Argument(help="Folder of captchas; its labels.csv is written as you type.")]
LabelModel = Annotated[
    Path | None, typer.Option("--model", help="Model to start with; without it, that of last time, or the bundled one.")
]
LabelOut = Annotated[
    Path | None, typer.Option("--out", help="Model file that is learnt; without it, labels.safetensors in the folder.")
]
Port = Annotated[
    int, typer.Option(parser=number(int, 0, 65535, "8000"), metavar="N", help="Of the page; 0 takes a free one.")
]
Host = Annotated[str, typer.Option(help="Address to listen on; any but this machine's own lets others in.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Open no browser; the address is printed.")]
ReviewFolder = Annotated[
    bool, typer.Option("--review", help="Look over many at a time; first the labels that are probably wrong.")
]
ExportLabels = Annotated[
    Tool | None,
    typer.Option("--export", help="Write the labels for another tool, into the folder, and end."),
]
FoldersToAudit = Annotated[
    list[Path],
    typer.Argument(help="Folder of captchas, with labels or without; or the old and the new design's."),
]
FailAbove = Annotated[
    float | None,
    typer.Option(
        parser=number(float, 0, 1, "0.01"),
        metavar="SHARE",
        help="The verdict's threshold; exit with code 16 if a program reads more. Without it, 0.01 and no failure.",
    ),
]
AuditMinutes = Annotated[
    float,
    typer.Option(
        "--max-minutes", parser=number(float, 0.1, None, "10"), metavar="MINUTES", help="Divided among the attacks."
    ),
]
