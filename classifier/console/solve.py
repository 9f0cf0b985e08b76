"""``kerf solve``: a row an image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerf.classifier.console.arguments import ReadOptions, to_images, to_labels, to_paths
from kerf.classifier.console.kind import watch_kind
from kerf.classifier.console.rows import RowFormat, RowSettings, Tally, readings_to_rows, write_rows
from kerf.classifier.console.terminal import Terminal, check_output_file


def solve_images(
    terminal: Terminal,
    paths: Sequence[Path],
    settings: RowSettings,
    row_format: RowFormat,
    out: Path | None,
    reading: ReadOptions,
    limit: int | None,
) -> None:
    """Read images and write a row for each; the parameters are the command's options."""
    named = to_paths(paths)
    images = to_images(named, terminal)[:limit]
    if out:
        check_output_file(out, [*images, *([reading.model] if reading.model else [])])
    labels = to_labels(named, terminal) if settings.check else {}
    found = reading.load(terminal).read_many(images, reading.constraint, best=settings.best)
    readings = watch_kind(found, terminal)
    tracked = terminal.track(readings, len(images), "solving")
    rows = readings_to_rows(images, tracked, labels, settings)
    tally = Tally()
    with terminal.output(out) as stream:
        write_rows(tally.watch(rows), settings, row_format, stream)
    terminal.say(tally.summary())
