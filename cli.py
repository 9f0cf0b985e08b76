"""The command line: parse, call the library, print, and turn errors into exit codes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if __name__ == "__main__":  # `python cli.py`: the folder of this file is the package, whatever else has its name
    spec = importlib.util.spec_from_file_location("kerf", Path(__file__).with_name("__init__.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules["kerf"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["kerf"])

from kerf.classifier.console import options as opt
from kerf.classifier.console.application import command, new_app, run
from kerf.classifier.console.rows import RowFormat, RowSettings
from kerf.classifier.console.terminal import terminal_session

app = new_app()


@command(app, "segment")
def segment(
    paths: opt.ImagePaths,
    out: opt.OutFolder,
    model: opt.ModelFile = None,
    no_model: opt.NoModel = False,
    device: opt.Device = "auto",
    charset: opt.Charset = None,
    length: opt.Length = None,
    pattern: opt.Pattern = None,
    frames: opt.Frames = None,
    limit: opt.Limit = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Cut images: write the crop of each character, and one picture of how it was cut.

    The model chooses the characters and names their crops. No file is ever overwritten.

    For example:
      kerf segment captchas --out pieces
    """
    with terminal_session(quiet=quiet, debug=debug) as terminal:
        from kerf.classifier.console.arguments import to_read_options
        from kerf.classifier.console.segment import segment_images

        reading = to_read_options(model, device, charset, length, pattern, frames)
        segment_images(terminal, paths, out, no_model, reading, limit)


@command(app, "train-char")
def train_char(
    folder: opt.LabelledFolder,
    out: opt.OutModel,
    limit: opt.Limit = None,
    device: opt.Device = "auto",
    seed: opt.Seed = 0,
    epochs: opt.Epochs = None,
    max_minutes: opt.MaxMinutes = None,
    augment: opt.Augment = True,
    start: opt.Start = None,
    from_scratch: opt.FromScratch = False,
    unlabelled: opt.Unlabelled = None,
    curve: opt.Curve = None,
    charset: opt.LabelCharset = None,
    label_pattern: opt.LabelPattern = None,
    frames: opt.Frames = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Learn a kind of captcha from a folder of images with their texts.

    For example:
      kerf train-char captchas --out model.safetensors
    """
    with terminal_session(quiet=quiet, debug=debug) as terminal:
        from kerf.classifier.console.train import TrainOptions, train_model

        chosen = TrainOptions(
            out, limit, device, seed, epochs, max_minutes, augment, start, from_scratch, charset, label_pattern, frames
        )
        train_model(terminal, folder, chosen, unlabelled or [], curve)


@command(app, "solve")
def solve(
    paths: opt.ImagePaths,
    model: opt.ModelFile = None,
    row_format: opt.Format = RowFormat.CSV,
    out: opt.OutRows = None,
    resume: opt.Resume = False,
    jobs: opt.Jobs = None,
    device: opt.Device = "auto",
    engine: opt.Engine = "torch",
    charset: opt.Charset = None,
    length: opt.Length = None,
    pattern: opt.Pattern = None,
    frames: opt.Frames = None,
    min_confidence: opt.MinConfidence = 0.0,
    characters: opt.Characters = False,
    best: opt.Best = 1,
    check: opt.Check = False,
    limit: opt.Limit = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Read images: one row each, in order, as they are read; of one that cannot be, error says why.

    After Ctrl-C the rows so far are kept; with --out in FILE.partial, and --resume goes on after them.

    For example:
      kerf solve data/samples --format table --check
    """
    streaming = not out and row_format is not RowFormat.TABLE
    with terminal_session(quiet=quiet, streaming=streaming, debug=debug) as terminal:
        from kerf.classifier.console.arguments import to_read_options
        from kerf.classifier.console.solve import SolveOptions, solve_images

        rows = RowSettings(min_confidence, characters, best, check)
        chosen = SolveOptions(rows, row_format, out, resume, jobs, limit)
        solve_images(terminal, paths, chosen, to_read_options(model, device, charset, length, pattern, frames, engine))


@command(app, "eval")
def evaluate(
    folder: opt.LabelledFolder,
    model: opt.ModelFile = None,
    as_json: opt.AsJson = False,
    min_accuracy: opt.MinAccuracy = None,
    ignore_case: opt.IgnoreCase = False,
    label_pattern: opt.LabelPattern = None,
    device: opt.Device = "auto",
    charset: opt.Charset = None,
    length: opt.Length = None,
    pattern: opt.Pattern = None,
    frames: opt.Frames = None,
    limit: opt.Limit = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Measure how well a model reads a labelled folder. Images that cannot be read count as wrong.

    For example:
      kerf eval captchas/test --model model.safetensors --json --min-accuracy 0.95
    """
    with terminal_session(quiet=quiet, debug=debug) as terminal:
        from kerf.classifier.console.arguments import to_read_options
        from kerf.classifier.console.evaluate import EvalOptions, evaluate_folder

        chosen = EvalOptions(as_json, min_accuracy, ignore_case, label_pattern, limit)
        evaluate_folder(terminal, folder, chosen, to_read_options(model, device, charset, length, pattern, frames))


@command(app, "export")
def export(out: opt.OutOnnx, model: opt.ModelFile = None, quiet: opt.Quiet = False, debug: opt.Debug = False) -> None:
    """Write a model as ONNX, which solve --engine onnx reads with, without PyTorch.

    For example:
      kerf export --out model.onnx --model model.safetensors
    """
    with terminal_session(quiet=quiet, debug=debug) as terminal:
        from kerf.classifier.console.export import export_model

        export_model(terminal, out, model)


@command(app, "synth")
def synth(
    folder: opt.NewFolder,
    count: opt.Count,
    seed: opt.DrawSeed,
    look: opt.Look = None,
    charset: opt.Charset = None,
    length: opt.Length = None,
    fonts: opt.Fonts = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Render labelled captchas, with the true box of every character.

    For example:
      kerf synth rendered --count 50 --seed 2 --look wave --charset 0-9
    """
    with terminal_session(quiet=quiet, debug=debug) as terminal:
        from kerf.classifier.console.synth import draw_captchas

        draw_captchas(terminal, folder, count, seed, look, charset, length, fonts)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
