"""``kerf pretrain``: a model to start from, learnt from captchas that are drawn meanwhile."""

from __future__ import annotations

from dataclasses import replace

from kerf.classifier.console.arguments import to_observer
from kerf.classifier.console.option_groups import PretrainOptions
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.synthesis import find_fonts
from kerf.classifier.synthesis.generators import installed, missing


def pretrain_model(terminal: Terminal, chosen: PretrainOptions) -> None:
    """Draw and learn; what a stopped run goes on from lies beside the model until it is whole."""
    from kerf.classifier.learning.deadline import Deadline
    from kerf.classifier.learning.pretraining import PretrainSettings, pretrain
    from kerf.classifier.model_file import load_model, resolve_device, save_model

    check_output_file(chosen.out, [])
    deadline = Deadline.after(60 * chosen.max_minutes if chosen.max_minutes else None)
    device = resolve_device(chosen.device)
    settings = PretrainSettings(images=chosen.images, visits=chosen.visits, workers=chosen.workers)
    settings = replace(settings, fitting=replace(settings.fitting, seed=chosen.seed, size=chosen.size))
    start = load_model(chosen.start, device) if chosen.start else None
    fonts, checkpoint = find_fonts(), chosen.out.with_suffix(".checkpoint")
    terminal.say(f"drawing with {len(fonts)} fonts and {', '.join(g.name for g in installed()) or 'no packages'}")
    if absent := missing():
        terminal.say(f"not installed, and left out: {', '.join(absent)}")
    if checkpoint.exists():
        terminal.say(f"going on from {checkpoint}")
    save_model(pretrain(settings, fonts, checkpoint, device, start, to_observer(terminal), deadline), chosen.out)
    checkpoint.unlink(missing_ok=True)
    terminal.say(f"the model is {chosen.out}")
