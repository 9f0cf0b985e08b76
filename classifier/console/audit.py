"""``kerf audit``: how weak a captcha is, or which of two designs is the weaker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.console.arguments import to_images, to_samples
from kerf.classifier.console.option_groups import AuditOptions
from kerf.classifier.console.page import write_page
from kerf.classifier.console.report import FIGURES, line_to_text, sentence_to_text
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.folders.dataset import Sample, sample_by_hash
from kerf.classifier.learning.deadline import Deadline
from kerf.segmenter.errors import AboveMaximumError, NoLabelsError, NotFoundError, SettingsError

if TYPE_CHECKING:
    from kerf.classifier.auditing.audit import Audit, Folder
    from kerf.classifier.pages.entries import Entry


def audit_folders(terminal: Terminal, paths: Sequence[Path], chosen: AuditOptions) -> None:
    """Audit one folder, or an old design and a new one; the parameters are the command's.

    Raises
    ------
    AboveMaximumError
        If the only one, or the new one, is read more often than was asked for at most.
    """
    deadline = Deadline.after(60 * chosen.max_minutes)
    if len(paths) > 2:
        raise SettingsError(f"{len(paths)} folders are named; audit takes one, or the old design and the new one")
    if missing := [path for path in paths if not path.is_dir()]:
        raise NotFoundError(f"{missing[0]}: is not a folder; name the folder that has the images")
    found = [find_captchas(path, chosen, terminal) for path in paths]
    if chosen.html:
        check_output_file(chosen.html, [image for images, _ in found for image in images], "--html")
    from kerf.classifier.auditing.page import audit_to_page
    from kerf.classifier.auditing.report import audits_to_dict, audits_to_lines
    from kerf.classifier.auditing.sources import THRESHOLD

    threshold = THRESHOLD if chosen.fail_above is None else chosen.fail_above
    audits: list[Audit] = []
    entries: list[Entry] = []
    for index, (path, (images, samples)) in enumerate(zip(paths, found, strict=True)):
        part = deadline.share(1 / (len(paths) - index))
        made, entries = audit_captchas(terminal, path, images, samples, chosen, part)
        audits.append(made)
    with terminal.output(None) as stream:
        if chosen.as_json:
            stream.write(json.dumps(audits_to_dict(audits, threshold), ensure_ascii=False) + "\n")
        else:
            for name, text in audits_to_lines(audits, threshold):
                stream.write(line_to_text(f"{name:<{FIGURES}}{text}") if name else sentence_to_text(text))
    if chosen.html:
        write_page(terminal, chosen.html, audit_to_page(audits[-1], entries, threshold, *audits[:-1]))
    success = audits[-1].success
    if chosen.fail_above is not None and success.value > chosen.fail_above:
        raise AboveMaximumError(f"a program reads {success.value:.4f} of them, {chosen.fail_above} is the maximum")


def find_captchas(path: Path, chosen: AuditOptions, terminal: Terminal) -> tuple[Sequence[Path], Sequence[Sample]]:
    """List a folder's images and, where it has labels, these; where it has none, say why."""
    images = to_images([path], terminal)
    try:
        samples: Sequence[Sample] = to_samples(path, chosen.label_pattern, terminal)
    except NoLabelsError as error:
        terminal.say(f"no labels are used, and success is estimated: {error}")
        samples = ()
    if chosen.limit is None:
        return images, samples
    if not samples:
        return images[: chosen.limit], ()
    some = set(sample_by_hash(samples, chosen.limit))
    kept = [sample for sample in samples if sample in some]
    return [sample.path for sample in kept], kept


def audit_captchas(
    terminal: Terminal,
    path: Path,
    images: Sequence[Path],
    samples: Sequence[Sample],
    chosen: AuditOptions,
    deadline: Deadline,
) -> tuple[Audit, list[Entry]]:
    """Audit one folder, saying what each attack came to as it is over."""
    # As late as can be: what is wrong with the other arguments is then said at once.
    from kerf.classifier.auditing.attacker import Attacker
    from kerf.classifier.auditing.audit import Folder, audit
    from kerf.classifier.auditing.target import constraint_to_text, to_target
    from kerf.classifier.auditing.verdict import attack_to_text
    from kerf.classifier.learning.fitting import TrainSettings
    from kerf.classifier.learning.observer import Observer
    from kerf.classifier.model_file import BUNDLED_MODEL, load_model, resolve_device

    reading, device = chosen.reading, resolve_device(chosen.device)
    target = to_target(images, samples, reading.constraint, ignore_case=chosen.ignore_case)
    folder: Folder = Folder(path, images, samples, constraint_to_text(target.constraint))
    settings = TrainSettings(seed=chosen.seed, frames=reading.frames, ink_colour=reading.ink_colour)
    observer = Observer(on_step=lambda done, total: terminal.advance("attacking", done, total))
    start = load_model(chosen.start or BUNDLED_MODEL, device)
    attacker = Attacker(
        target, start, settings, device, observer, on_attack=lambda attack: terminal.say(attack_to_text(attack))
    )
    return audit(folder, attacker, deadline, pictured=chosen.html is not None)
