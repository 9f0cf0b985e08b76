"""``kerf segment``: write how images were cut."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from kerf.classifier.console.arguments import load_recognizer, to_images
from kerf.classifier.console.option_groups import ReadingOptions, SegmentOptions
from kerf.classifier.console.page import to_subtitle, write_page
from kerf.classifier.console.terminal import Terminal, check_output_file
from kerf.classifier.pages.entries import MOST_IMAGES, Entry, inspection_to_entry
from kerf.classifier.pages.inspection import Inspection, Inspector, inspect_without_model
from kerf.classifier.pages.pages import images_to_page
from kerf.classifier.pages.pictures import check_folders, images_to_folders, write_pictures
from kerf.segmenter.errors import KerfError, SettingsError

COLUMNS = ("file", "index", "character", "confidence", "left", "top", "right", "bottom")
"""Of the table of characters: half-open pixels of the image as it was given, and what was read there."""


def segment_images(terminal: Terminal, paths: Sequence[Path], chosen: SegmentOptions) -> None:
    """Write the crops of each image, a page of all, or their boxes; the parameters are the command's.

    Raises
    ------
    SettingsError
        ``--no-model`` contradicts another option, or nothing is to be written.
    """
    check_options(chosen)
    images = to_images(paths, terminal)[: chosen.limit]
    folders = images_to_folders(images, chosen.out) if chosen.out else []
    check_folders(images, folders)
    for file, option in ((chosen.html, "--html"), (chosen.boxes, "--csv")):
        if file:
            check_output_file(file, images, option)
    inspect = to_inspect(terminal, chosen)
    terminal.partial = chosen.out
    entries: list[Entry] = []
    with terminal.output(chosen.boxes) if chosen.boxes else nullcontext() as stream:
        answers = terminal.track(map(inspect, images), len(images), "cutting")
        counts = list(write_answers(images, answers, folders, stream, entries if chosen.out or chosen.html else None))
    terminal.partial = None
    write_pages(terminal, len(images), folders, entries, chosen)
    where = " and ".join(str(path) for path in (chosen.out, chosen.boxes, chosen.html) if path)
    terminal.say(f"{sum(counts)} characters of {len(counts)} images are in {where}")


def check_options(chosen: SegmentOptions) -> None:
    """See that the options ask for something, and do not contradict each other.

    Raises
    ------
    SettingsError
        They do.
    """
    if not (chosen.out or chosen.html or chosen.boxes):
        raise SettingsError("nothing to write: give --out FOLDER for crops, --html FILE for a page, or --csv FILE")
    if chosen.no_model and (chosen.model or chosen.reading != ReadingOptions()):
        raise SettingsError(
            "--no-model has no use for --model, --charset, --length, --pattern and --frames; leave out one or other"
        )


def to_inspect(terminal: Terminal, chosen: SegmentOptions) -> Callable[[Path], Inspection | KerfError]:
    """Return what cuts an image: the model or, without one, contours and projection."""
    if chosen.no_model:
        return inspect_without_model
    recognizer = load_recognizer(terminal, chosen.model, chosen.device, chosen.reading)
    return Inspector(recognizer, chosen.reading.constraint).inspect


def write_answers(
    images: Sequence[Path],
    answers: Iterator[Inspection | KerfError],
    folders: Sequence[Path],
    stream: TextIO | None,
    entries: list[Entry] | None,
) -> Iterator[int]:
    """Write what was asked for of each image as it comes; yield how many characters each has that could be read."""
    table = csv.writer(stream, lineterminator="\n") if stream else None
    if table:
        table.writerow(COLUMNS)
    for index, (image, answer) in enumerate(zip(images, answers, strict=True)):
        if entries is not None and index < MOST_IMAGES:
            entries.append(inspection_to_entry(str(image), answer, len(images)))
        if isinstance(answer, KerfError):
            continue
        if folders:
            write_pictures(answer, folders[index])
        if table:
            table.writerows(inspection_to_rows(image, answer))
        yield len(answer.span_cols)


def inspection_to_rows(image: Path, inspection: Inspection) -> Iterator[tuple[object, ...]]:
    """Yield a row a character, as ``COLUMNS`` names it; without a model it has no name and no confidence."""
    characters = inspection.reading.characters
    for index, box in enumerate(inspection.segmentation.boxes(inspection.span_cols).tolist()):
        told = (characters[index].char, f"{characters[index].confidence:.4f}") if characters else ("", "")
        yield (image, index, *told, *box)


def write_pages(
    terminal: Terminal, images: int, folders: Sequence[Path], entries: Sequence[Entry], chosen: SegmentOptions
) -> None:
    """Write the page that was asked for, and the index beside the crops."""
    title = f"How {images} images were cut" if images != 1 else "How one image was cut"
    subtitle = "by contours and projection alone" if chosen.no_model else to_subtitle(images, chosen.model)
    if chosen.html:
        write_page(terminal, chosen.html, images_to_page(title, subtitle, entries, images - len(entries)))
    if chosen.out:
        out = chosen.out
        places = (f"{folder.relative_to(out).as_posix()}/overlay.png" for folder in folders)
        linked = [e if "error" in e else {**e, "files": quote(p)} for e, p in zip(entries, places, strict=False)]
        write_page(terminal, to_index(out), images_to_page(title, subtitle, linked, images - len(entries)))


def to_index(folder: Path) -> Path:
    """Return the name of a folder's index page that is not taken: of an earlier run, say."""
    names = (folder / f"index{number if number > 1 else ''}.html" for number in count(1))
    return next(name for name in names if not name.exists())
