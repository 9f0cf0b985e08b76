"""``kerf pretrain``: a model to start from, learnt from captchas that are drawn meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kerf.classifier.console.arguments import to_observer
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.synthesis import find_fonts
from kerf.classifier.synthesis.generators import installed, missing


def pretrain_model(
    terminal: Terminal,
    out: Path,
    images: int,
    visits: int,
    workers: int,
    start: Path | None,
    device_name: str,
    seed: int,
    max_minutes: float | None,
) -> None:
    """Draw and learn; the parameters are the command's options. What it goes on from lies beside the model."""
    from kerf.classifier.learning.deadline import Deadline
    from kerf.classifier.learning.pretraining import PretrainSettings, pretrain
    from kerf.classifier.model_file import load_model, resolve_device, save_model

    check_output_file(out, [])
    deadline = Deadline.after(60 * max_minutes if max_minutes else None)
    checkpoint = out.with_suffix(".checkpoint")
    device = resolve_device(device_name)
    settings = PretrainSettings(images=images, visits=visits, workers=workers)
    settings = replace(settings, fitting=replace(settings.fitting, seed=seed))
    fonts = find_fonts()
    terminal.say(f"drawing with {len(fonts)} fonts and {', '.join(g.name for g in installed()) or 'no packages'}")
    if absent := missing():
        terminal.say(f"not installed, and left out: {', '.join(absent)}")
    if checkpoint.exists():
        terminal.say(f"going on from {checkpoint}")
    begun = load_model(start, device) if start else None
    model = pretrain(settings, fonts, checkpoint, device, begun, to_observer(terminal), deadline)
    save_model(model, out)
    checkpoint.unlink(missing_ok=True)
    terminal.say(f"the model is {out}")
