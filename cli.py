"""The command line: parse, call the library, print, and turn errors into exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from classifier import report
from classifier.report import RowFormat, RowSettings, Tally
from classifier.terminal import Terminal, check_output_file
from classifier.version import program_version
from segmenter.errors import BelowMinimumError, ExitCode, KerfError

if TYPE_CHECKING:
    from classifier.dataset import Sample
    from classifier.recognizer import Recognizer
    from classifier.training import TrainResult

P = ParamSpec("P")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

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


def command(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a command whose help is its docstring, with the examples left line by line."""

    def register(function: Callable[P, None]) -> Callable[P, None]:
        text = (inspect.getdoc(function) or "").replace("For example:", "\b\nFor example:")
        return app.command(name, help=text)(function)

    return register


@contextmanager
def terminal_session(*, quiet: bool, streaming: bool = False) -> Iterator[Terminal]:
    """Run a command's body: its errors become one line on stderr and an exit code, here and nowhere else."""
    terminal = Terminal(quiet=quiet, streaming=streaming)
    try:
        with terminal:
            yield terminal
    except KerfError as error:
        terminal.problem(error)
    except KeyboardInterrupt:
        terminal.interrupted()
    except BrokenPipeError:  # whoever read our output has seen enough
        terminal.exit_code = terminal.exit_code or ExitCode.OUTPUT
    if terminal.exit_code:
        raise typer.Exit(terminal.exit_code)


def load_recognizer(model: Path | None, device: str) -> Recognizer:
    """Load a model, as late as can be: what is wrong with the other arguments is then said at once."""
    from classifier.recognizer import Recognizer

    return Recognizer.load(model, device)


def show_version(show: bool) -> None:
    """Print the version and leave."""
    if show:
        typer.echo(f"kerf {program_version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Read text captchas by cutting them into characters. Offline, on folders."""


@command("segment")
def segment_images(
    paths: ImagePaths,
    out: Annotated[Path, typer.Option(help="Folder to write to; made if need be.")],
    model: Annotated[Path | None, typer.Option(help="Let it choose and name the characters.")] = None,
    device: Device = "auto",
    charset: Charset = None,
    length: Length = None,
    pattern: Pattern = None,
    limit: Limit = None,
    quiet: Quiet = False,
) -> None:
    """Cut images: write the crop of each character, and one picture of how it was cut.

    Without --model, contours and projection alone choose the characters, and the crops are numbered only.

    For example:
      kerf segment captchas --out pieces
      kerf segment captchas --out pieces --model model.safetensors
    """
    with terminal_session(quiet=quiet) as terminal:
        from classifier.arguments import to_constraint, to_paths
        from classifier.dataset import find_images
        from classifier.pictures import write_pictures

        constraint = to_constraint(charset, length, pattern)
        images = find_images(to_paths(paths))[:limit]
        recognizer = load_recognizer(model, device) if model else None
        pictures = write_pictures(images, out, recognizer, constraint)
        counts = [n for n in terminal.track(pictures, len(images), "cutting") if isinstance(n, int)]
        terminal.say(f"{sum(counts)} characters of {len(counts)} images are in {out}")


@command("train-char")
def train_char(
    folder: LabelledFolder,
    out: Annotated[Path, typer.Option(help="Model file to write.")],
    limit: Limit = None,
    device: Device = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the images.")] = None,
    max_minutes: Annotated[float | None, typer.Option(min=0.01, help="End within this time.")] = None,
    augment: Annotated[bool, typer.Option("--augment/--no-augment", help="Vary the images.")] = True,
    start: Annotated[Path | None, typer.Option(help="Model to start from; without it, the bundled one.")] = None,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help="Start from no model.")] = False,
    unlabelled: Annotated[
        list[Path] | None, typer.Option(help="Learn from these images too, by the model's own sure readings.")
    ] = None,
    curve: Annotated[
        str | None, typer.Option(help="Train on so many labels in turn, such as 50,100,200, and compare.")
    ] = None,
    charset: Annotated[str | None, typer.Option(help="Leave out labels that have other characters.")] = None,
    label_pattern: LabelPattern = None,
    quiet: Quiet = False,
) -> None:
    """Learn a kind of captcha from a folder of images with their texts.

    For example:
      kerf train-char captchas --out model.safetensors
      kerf train-char captchas --out model.safetensors --limit 500 --max-minutes 5
      kerf train-char labelled --unlabelled captchas --out model.safetensors
      kerf train-char captchas --out model.safetensors --curve 50,100,200,500
    """
    with terminal_session(quiet=quiet) as terminal:
        from classifier.arguments import to_observer, to_samples, within_charset
        from classifier.dataset import find_images
        from classifier.learning_curve import parse_budgets

        check_output_file(out)
        budgets = parse_budgets(curve) if curve else None
        samples = within_charset(to_samples(folder, label_pattern, terminal)[:limit], charset, terminal)
        images = find_images(unlabelled) if unlabelled else []

        from classifier.augment import AugmentSettings
        from classifier.fitting import TrainSettings
        from classifier.model_file import BUNDLED_MODEL, load_model, resolve_device, save_model
        from classifier.training import train

        chosen = resolve_device(device)
        settings = TrainSettings(
            epochs=epochs,
            seed=seed,
            max_seconds=60 * max_minutes if max_minutes else None,
            augment=AugmentSettings() if augment else None,
        )
        start_model = None if from_scratch else load_model(start or BUNDLED_MODEL, chosen)

        def learn(part: Sequence[Sample]) -> TrainResult:
            result = train(part, settings, chosen, start_model, to_observer(terminal), images)
            save_model(result.model, out)
            terminal.say(f"{report.training_to_text(result)}\nthe model is {out}")
            return result

        if budgets:
            show_curve(samples, budgets, learn, out.with_suffix(".curve.png"), terminal)
        else:
            learn(samples)


def show_curve(
    samples: Sequence[Sample],
    budgets: Sequence[int],
    learn: Callable[[Sequence[Sample]], TrainResult],
    plot: Path,
    terminal: Terminal,
) -> None:
    """Train on nested subsets; the points go to stdout as they come, the drawing to a file."""
    from classifier.learning_curve import COLUMNS, labels_needed, learn_subsets, need_to_text, plot_curve, point_to_row

    points = []
    with terminal.output(None) as stream:
        stream.write(",".join(COLUMNS) + "\n")
        for point in learn_subsets(samples, budgets, learn):
            points.append(point)
            stream.write(point_to_row(point))
            stream.flush()
    plot_curve(points, plot)
    for need in labels_needed(points):
        terminal.say(need_to_text(need, points[-1].labels))
    terminal.say(f"the curve is drawn in {plot}")


@command("solve")
def solve(
    paths: ImagePaths,
    model: ModelFile = None,
    row_format: Annotated[RowFormat, typer.Option("--format", help="How rows are written.")] = RowFormat.CSV,
    out: Annotated[Path | None, typer.Option(help="Write here, whole or not at all, not to stdout.")] = None,
    device: Device = "auto",
    charset: Charset = None,
    length: Length = None,
    pattern: Pattern = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Below it the text is left empty, the status is unsure.")
    ] = 0.0,
    characters: Annotated[bool, typer.Option("--characters", help="Add the confidence of each.")] = False,
    best: Annotated[int, typer.Option(min=1, max=20, help="Above 1, add the next best texts, so many in all.")] = 1,
    check: Annotated[bool, typer.Option("--check", help="Add label and right, from its labels.")] = False,
    limit: Limit = None,
    quiet: Quiet = False,
) -> None:
    """Read images: one row each, in order, as they are read.

    An image that cannot be read has a row too: its text is empty, its status unreadable, the reason in error.
    After Ctrl-C the rows so far are kept; with --out, in the file of that name with .partial added.

    For example:
      kerf solve captchas --out texts.csv
      find captchas -name '*.png' | kerf solve - --format jsonl --length 4-6
      kerf solve data/samples --format table --check
    """
    with terminal_session(quiet=quiet, streaming=not out and row_format is not RowFormat.TABLE) as terminal:
        from classifier.arguments import to_constraint, to_labels, to_paths
        from classifier.dataset import find_images

        settings = RowSettings(min_confidence, characters, best, check)
        constraint = to_constraint(charset, length, pattern)
        named = to_paths(paths)
        images = find_images(named)[:limit]
        labels = to_labels(named, terminal) if check else {}
        readings = load_recognizer(model, device).read_many(images, constraint, best=best)
        tracked = terminal.track(readings, len(images), "solving")
        rows = report.readings_to_rows(images, tracked, labels, settings)
        tally = Tally()
        with terminal.output(out) as stream:
            report.write_rows(tally.watch(rows), settings, row_format, stream)
        terminal.say(tally.summary())


@command("eval")
def evaluate_folder(
    folder: LabelledFolder,
    model: ModelFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every figure as one JSON object.")] = False,
    min_accuracy: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit with code 13 if whole-text accuracy is below.")
    ] = None,
    ignore_case: Annotated[bool, typer.Option("--ignore-case", help="Take upper and lower as one.")] = False,
    label_pattern: LabelPattern = None,
    device: Device = "auto",
    charset: Charset = None,
    length: Length = None,
    pattern: Pattern = None,
    limit: Limit = None,
    quiet: Quiet = False,
) -> None:
    """Measure how well a model reads a labelled folder. Images that cannot be read count as wrong.

    For example:
      kerf eval captchas/test --model model.safetensors
      kerf eval captchas/test --model model.safetensors --json --min-accuracy 0.95
    """
    with terminal_session(quiet=quiet) as terminal:
        from classifier.arguments import to_constraint, to_samples, unknown_characters
        from classifier.metrics import evaluate

        constraint = to_constraint(charset, length, pattern)
        samples = to_samples(folder, label_pattern, terminal)[:limit]
        recognizer = load_recognizer(model, device)
        if unknown := unknown_characters(samples, recognizer.model.alphabet):
            terminal.problem(unknown)
        found = recognizer.read_many((s.path for s in samples), constraint)
        readings = list(terminal.track(found, len(samples), "reading"))
        evaluation = evaluate([s.text for s in samples], readings, ignore_case=ignore_case)
        render = report.evaluation_to_json if as_json else report.evaluation_to_text
        with terminal.output(None) as stream:
            stream.write(render(evaluation))
        accuracy = evaluation.whole_text.value or 0.0
        if min_accuracy is not None and accuracy < min_accuracy:
            raise BelowMinimumError(f"whole-text accuracy {accuracy:.4f} is below {min_accuracy}, the minimum")


@command("synth")
def synth(
    folder: Annotated[Path, typer.Argument(help="Folder to write to; a new one.")],
    count: Annotated[int, typer.Option(min=1, help="How many.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same images.")],
    look: Annotated[str | None, typer.Option(help="One look, by name; without it, all kinds.")] = None,
    charset: Charset = None,
    length: Length = None,
    fonts: Annotated[Path | None, typer.Option(help="Folder of .ttf and .otf files.")] = None,
    quiet: Quiet = False,
) -> None:
    """Render labelled captchas, with the true box of every character.

    For example:
      kerf synth rendered --count 1000 --seed 1
      kerf synth rendered --count 50 --seed 2 --look wave --length 4-6 --charset 0-9
    """
    with terminal_session(quiet=quiet) as terminal:
        from classifier.arguments import to_constraint
        from classifier.synthesis import find_fonts, synthesize, write_dataset

        texts = to_constraint(charset, length, None)
        captchas = synthesize(count, seed, look, texts.charset, texts.lengths, find_fonts(fonts))
        written = write_dataset(folder, terminal.track(captchas, count, "drawing"))
        terminal.say(f"{written} captchas are in {folder}")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
