"""Options that several commands share, as Typer declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerf import __version__
from kerf.classifier.console.rows import RowFormat


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
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Charset = Annotated[str | None, typer.Option(help="The characters that can occur, such as a-z2-9.")]
Length = Annotated[str | None, typer.Option(help="Number of characters, such as 4 or 4-6.")]
Pattern = Annotated[str | None, typer.Option(help="Characters by position, such as [A-Z]{2}[0-9]{4}.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first so many images.")]
LabelPattern = Annotated[
    str | None, typer.Option(help="Regex on file names without suffix whose first group is the label.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but problems.")]
OutFolder = Annotated[Path, typer.Option(help="Folder to write to; made if need be.")]
ChoosingModel = Annotated[Path | None, typer.Option(help="Let it choose and name the characters.")]
OutModel = Annotated[Path, typer.Option(help="Model file to write.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything random.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the images.")]
MaxMinutes = Annotated[float | None, typer.Option(min=0.01, help="End within this time.")]
Augment = Annotated[bool, typer.Option("--augment/--no-augment", help="Vary the images.")]
Start = Annotated[Path | None, typer.Option(help="Model to start from; without it, the bundled one.")]
FromScratch = Annotated[bool, typer.Option("--from-scratch", help="Start from no model.")]
Unlabelled = Annotated[
    list[Path] | None, typer.Option(help="Learn from these images too, by the model's own sure readings.")
]
Curve = Annotated[str | None, typer.Option(help="Train on so many labels in turn, such as 50,100,200, and compare.")]
LabelCharset = Annotated[str | None, typer.Option(help="Leave out labels that have other characters.")]
Format = Annotated[RowFormat, typer.Option("--format", help="How rows are written.")]
OutRows = Annotated[Path | None, typer.Option(help="Write here, whole or not at all, not to stdout.")]
MinConfidence = Annotated[
    float, typer.Option(min=0, max=1, help="Below it the text is left empty, the status is unsure.")
]
Characters = Annotated[bool, typer.Option("--characters", help="Add the confidence of each.")]
Best = Annotated[int, typer.Option(min=1, max=20, help="Above 1, add the next best texts, so many in all.")]
Check = Annotated[bool, typer.Option("--check", help="Add label and right, from its labels.")]
AsJson = Annotated[bool, typer.Option("--json", help="Every figure as one JSON object.")]
MinAccuracy = Annotated[
    float | None, typer.Option(min=0, max=1, help="Exit with code 13 if whole-text accuracy is below.")
]
IgnoreCase = Annotated[bool, typer.Option("--ignore-case", help="Take upper and lower as one.")]
NewFolder = Annotated[Path, typer.Argument(help="Folder to write to; a new one.")]
Count = Annotated[int, typer.Option(min=1, help="How many.")]
DrawSeed = Annotated[int, typer.Option(min=0, help="The same seed draws the same images.")]
Look = Annotated[str | None, typer.Option(help="One look, by name; without it, all kinds.")]
Fonts = Annotated[Path | None, typer.Option(help="Folder of .ttf and .otf files.")]
