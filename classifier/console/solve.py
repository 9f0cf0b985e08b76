"""``kerf solve``: a row an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, tee
from pathlib import Path
from typing import TYPE_CHECKING

from kerf.classifier.console.arguments import FolderLabels, load_recognizer, to_folder
from kerf.classifier.console.kind import watch_kind
from kerf.classifier.console.named import STDIN, count_images, limit_images, named_to_images, to_named
from kerf.classifier.console.option_groups import SolveOptions
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.output_file import is_stream, refuse_input
from kerf.classifier.console.resume import EarlierRows, Remaining
from kerf.classifier.console.rows import Row, Tally, readings_to_rows, write_rows
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.folders.claims import is_sidecar
from kerf.classifier.folders.images import check_there
from kerf.classifier.folders.labels import find_label_files
from kerf.classifier.streams import Pause, count_cores
from kerf.segmenter.errors import KerfError, SettingsError

if TYPE_CHECKING:
    from kerf.classifier.recognizer import Reading


def solve_images(terminal: Terminal, paths: Sequence[Path], chosen: SolveOptions) -> None:
    """Read images and write a row for each; the parameters are the command's."""
    if chosen.engine == "ray":
        from kerf.classifier.console.ray_solve import solve_on_ray

        solve_on_ray(terminal, paths, chosen)
        return
    if chosen.row_format is RowFormat.PARQUET:
        raise SettingsError("--format parquet is for --engine ray; choose csv, jsonl or table")
    if not chosen.out and chosen.row_format is not RowFormat.TABLE:
        terminal.stream()
    earlier = to_earlier(chosen)
    labels = FolderLabels(terminal) if chosen.rows.check else None
    check_paths([path for path in paths if path != STDIN], chosen.out, chosen.model, labels)
    named = watch_named(to_named(paths), chosen.out, labels, terminal)
    remaining = Remaining(limit_images(named_to_images(named, terminal), chosen.limit), earlier)
    images = iter(remaining)
    first = next((image for image in images if not isinstance(image, Pause)), None)
    if earlier.count:
        terminal.say(remaining.summary())
    elif first is None:
        return  # it is told why there is none
    rows: Iterable[Row] = ()
    if first:
        total = count_images(paths, chosen.limit) if terminal.has_bar else None
        left = None if total is None else total - remaining.done
        readings, shown = read_images(terminal, chain([first], images), left, chosen)
        rows = readings_to_rows(shown, readings, labels.texts if labels else {}, chosen.rows)
    tally = Tally()
    earlier.open_again()
    with terminal.output(chosen.out, further=chosen.resume) as stream:
        write_rows(tally.watch(rows), chosen.rows, chosen.row_format, stream, header=not earlier.size)
    terminal.say(tally.summary())


def to_earlier(chosen: SolveOptions) -> EarlierRows:
    """Find the rows that are gone on with.

    Raises
    ------
    SettingsError
        It is asked to go on with what cannot be gone on with.
    """
    if chosen.resume and (chosen.out is None or is_stream(chosen.out) or chosen.row_format is RowFormat.TABLE):
        raise SettingsError("--resume goes on with a file of rows; give --out FILE, and --format csv or jsonl")
    return EarlierRows(chosen.out if chosen.resume else None, chosen.rows.columns, chosen.row_format)


def check_paths(paths: Sequence[Path], out: Path | None, model: Path | None, labels: FolderLabels | None) -> None:
    """See, before anything is done, that what is named is there, has labels if they are asked for, and stays.

    Raises
    ------
    KerfError
        NotFoundError, OutputError, or as `folder_to_samples`.
    """
    for path in paths:
        check_there(path)
    label_files = [file for path in paths for file in find_label_files(to_folder(path))] if labels else []
    if out:
        label_files += [out] if labels and is_sidecar(out) else []
        check_output_file(out, [*paths, *([model] if model else []), *label_files])
    if labels:
        for path in paths:
            labels.add(path)


def watch_named(
    named: Iterable[Path | Pause], out: Path | None, labels: FolderLabels | None, terminal: Terminal
) -> Iterator[Path | Pause]:
    """Pass on what is named, after its labels were read if they are asked for.

    Raises
    ------
    OutputError
        It is what is written to.
    """
    for path in named:
        if not isinstance(path, Pause):
            if out:
                refuse_input(out, [path])
            try:
                if labels:
                    labels.add(path)
            except KerfError as error:
                terminal.problem(error)
        yield path


def read_images(
    terminal: Terminal, images: Iterable[Path | Pause], total: int | None, chosen: SolveOptions
) -> tuple[Iterator[Reading | KerfError], Iterator[Path]]:
    """Load the recognizer; return the readings, which are made as they are asked for, and the image of each."""
    recognizer = load_recognizer(terminal, chosen.model, chosen.device, chosen.reading, chosen.network)
    recognizer.scorer.begin_thread()  # each of the jobs is one thread, PyTorch's own would only be in their way
    taken, shown = tee(images)
    jobs = chosen.jobs or count_cores()
    readings = recognizer.read_many(taken, chosen.reading.constraint, best=chosen.rows.best, jobs=jobs)
    paths = (image for image in shown if not isinstance(image, Pause))
    return terminal.track(watch_kind(readings, terminal), total, "solving"), paths
