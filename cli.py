"""The command line: parse, call the library, print, and turn errors into exit codes."""

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ in {"__main__", "__mp_main__"}:  # `python cli.py` and its processes: this folder is the package
    spec = importlib.util.spec_from_file_location("kerf", Path(__file__).with_name("__init__.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules["kerf"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["kerf"])

from kerf.classifier.console import option_groups as groups
from kerf.classifier.console import options as opt
from kerf.classifier.console.application import command, new_app, run

if TYPE_CHECKING:
    from kerf.classifier.console.terminal import Terminal

app = new_app()


@command(app, "segment")
def segment(terminal: "Terminal", paths: opt.ImagePaths, chosen: groups.SegmentOptions) -> None:
    """Cut images: write the crop of each character and a page of how each was cut, or a table of boxes.

    The model chooses the characters and names their crops. Among the crops no file is ever overwritten.

    For example:
      kerf segment captchas --out pieces
      kerf segment captchas --html cut.html --csv boxes.csv
    """
    from kerf.classifier.console.segment import segment_images

    segment_images(terminal, paths, chosen)


@command(app, "train-char")
def train_char(terminal: "Terminal", folder: opt.LabelledFolder, chosen: groups.TrainOptions) -> None:
    """Learn a kind of captcha from a folder of images with their texts.

    For example:
      kerf train-char captchas --out model.safetensors
    """
    from kerf.classifier.console.train import train_model

    train_model(terminal, folder, chosen)


@command(app, "adapt")
def adapt(terminal: "Terminal", paths: opt.ImagePaths, chosen: groups.AdaptOptions) -> None:
    """Learn a kind of captcha from images without their texts, told what is known of these; a few labels help.

    For example:
      kerf adapt captchas --out model.safetensors --charset a-z0-9 --length 5
    """
    from kerf.classifier.console.adapt import adapt_model

    adapt_model(terminal, paths, chosen)


@command(app, "pretrain")
def pretrain(terminal: "Terminal", chosen: groups.PretrainOptions) -> None:
    """Learn a model to start from, from captchas that are drawn meanwhile. Stopped and run again, it goes on.

    For example:
      kerf pretrain --out start.safetensors --images 1000000
    """
    from kerf.classifier.console.pretrain import pretrain_model

    pretrain_model(terminal, chosen)


@command(app, "solve")
def solve(terminal: "Terminal", paths: opt.ImagePaths, chosen: groups.SolveOptions) -> None:
    """Read images: one row each, in order, as they are read; of one that cannot be, error says why.

    After Ctrl-C the rows so far are kept; with --out in FILE.partial, and --resume goes on after them.

    For example:
      kerf solve data/samples --format table --check
    """
    from kerf.classifier.console.solve import solve_images

    solve_images(terminal, paths, chosen)


@command(app, "eval")
def evaluate(terminal: "Terminal", folder: opt.LabelledFolder, chosen: groups.EvalOptions) -> None:
    """Measure how well a model reads a labelled folder. Images that cannot be read count as wrong.

    For example:
      kerf eval captchas/test --model model.safetensors --json --min-accuracy 0.95
      kerf eval captchas/test --html eval.html
    """
    from kerf.classifier.console.evaluate import evaluate_folder

    evaluate_folder(terminal, folder, chosen)


@command(app, "export")
def export(terminal: "Terminal", out: opt.OutOnnx, model: opt.ModelFile = None) -> None:
    """Write a model as ONNX, which solve --engine onnx reads with, without PyTorch.

    For example:
      kerf export --out model.onnx --model model.safetensors
    """
    from kerf.classifier.console.export import export_model

    export_model(terminal, out, model)


@command(app, "synth")
def synth(terminal: "Terminal", folder: opt.NewFolder, chosen: groups.SynthOptions) -> None:
    """Render labelled captchas, with the true box of every character.

    For example:
      kerf synth rendered --count 50 --seed 2 --look wave --charset 0-9
    """
    from kerf.classifier.console.synth import draw_captchas

    draw_captchas(terminal, folder, chosen)


@command(app, "label")
def label(terminal: "Terminal", folder: opt.FolderToLabel, chosen: groups.LabelOptions) -> None:
    """Label a folder on a page in the browser: check what was read, and correct it; a model learns meanwhile.

    Every answer is in the folder's labels.csv before the next image is shown. Ctrl-C ends; run again, it goes on.

    For example:
      kerf label captchas
      kerf label captchas --export kraken
    """
    from kerf.classifier.console.label import label_folder

    label_folder(terminal, folder, chosen)


@command(app, "audit")
def audit(terminal: "Terminal", paths: opt.FoldersToAudit, chosen: groups.AuditOptions) -> None:
    """Say how weak a captcha is: attack a folder of it, and see what that takes and what stands in the way.

    For example:
      kerf audit captchas --html audit.html
      kerf audit captchas --fail-above 0.01 --json
      kerf audit old-design new-design
    """
    from kerf.classifier.console.audit import audit_folders

    audit_folders(terminal, paths, chosen)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
