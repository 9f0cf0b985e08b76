"""``kerf export``: a model as ONNX."""

from __future__ import annotations

from pathlib import Path

from kerf.classifier.console.terminal import Terminal, check_output_file


def export_model(terminal: Terminal, out: Path, model: Path | None) -> None:
    """Write a model, or the bundled one, as ONNX; the parameters are the command's options."""
    check_output_file(out, [model] if model else [])
    from kerf.classifier.engines.onnx_export import export_onnx
    from kerf.classifier.model_file import BUNDLED_MODEL, load_model, resolve_device

    export_onnx(load_model(model or BUNDLED_MODEL, resolve_device("cpu")), out)
    terminal.say(f"the model is {out}; kerf solve --engine onnx --model {out} reads with it")
