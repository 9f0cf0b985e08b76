"""``kerf solve --engine ray``: images shared among the machines of a Ray cluster, or among the cores of this one.

Paths are what travels: each actor reads the files of its own part, and writes the part. A part whose actor died is read
again, under the same name, and this process alone puts parts in place, so that no image has two rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from kerf.classifier.console.arguments import FolderLabels, load_recognizer
from kerf.classifier.console.kind import KindWatch
from kerf.classifier.console.named import STDIN, limit_images, named_to_images, to_named
from kerf.classifier.console.option_groups import SolveOptions
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.part_reader import PartDone, PartReader, Reads
from kerf.classifier.console.parts import Parts, to_utf8
from kerf.classifier.console.ray_session import check_installed, map_on_ray, ray_session
from kerf.classifier.console.rows import Tally
from kerf.classifier.console.solve import check_paths, watch_named
from kerf.classifier.console.terminal import Terminal
from kerf.classifier.folders.remote import place_to_images, to_uri
from kerf.classifier.streams import Pause
from kerf.segmenter.errors import SettingsError, UnforeseenError

if TYPE_CHECKING:
    import pyarrow as pa

LEAST, DOUBLINGS = 64, 6
"""Images of the first parts, and how often that is doubled, so that few images are shared out evenly as well."""
PARTS_OF_A_SIZE = 8
"""Parts an actor before their size is doubled: the last part is then about an eighth of an actor's work, or less."""


def solve_on_ray(terminal: Terminal, paths: Sequence[Path], chosen: SolveOptions) -> None:
    """Read images and write parts of rows to a folder, but for the images that have rows there.

    Raises
    ------
    KerfError
        As `solve_images`.
    """
    parts = to_parts(paths, chosen)
    check_installed()
    labels = FolderLabels(terminal) if chosen.rows.check else None
    check_paths([path for path in paths if path != STDIN and not to_uri(path)], None, chosen.model, labels)
    parts.make_folder()
    named = watch_named(to_named(paths), None, labels, terminal)
    images = limit_images(named_to_images(named, terminal, place_to_images), chosen.limit)
    left = leave_out_done((to_uri(i) or str(i) for i in images if not isinstance(i, Pause)), parts, terminal)
    first = next(left, None)
    if first is None:
        return  # it is told why there is none
    reads, sizes = to_reads(chosen, parts, terminal), dict[str, int]()
    with ray_session() as processors:
        actors = chosen.jobs or processors
        blocks = to_blocks(chain([first], left), labels.texts if labels else {}, actors, sizes)
        terminal.partial = Path(parts.place)
        done = (row["done"] for row in map_on_ray(blocks, PartReader, reads, actors))
        take_parts(terminal, done, parts, sizes)
        terminal.partial = None


def to_parts(paths: Sequence[Path], chosen: SolveOptions) -> Parts:
    """Say where parts go, after a look at the options.

    Raises
    ------
    SettingsError
        An option will not do.
    """
    if chosen.out is None or chosen.row_format is RowFormat.TABLE or chosen.out.is_file():
        raise SettingsError(
            "the engine ray writes parts of rows to a folder; give --out FOLDER, and --format csv, jsonl or parquet"
        )
    if chosen.device not in ("auto", "cpu"):
        raise SettingsError(f"the engine ray reads on processors, not on {chosen.device!r}; leave the device out")
    if chosen.rows.check and any(map(to_uri, paths)):
        raise SettingsError("--check finds labels beside files of this machine alone; leave it out")
    place = to_uri(chosen.out) or str(chosen.out.absolute())
    return Parts(place, chosen.rows, chosen.row_format)


def to_reads(chosen: SolveOptions, parts: Parts, terminal: Terminal) -> Reads:
    """Pack what actors need, after the model and what is known of the texts were looked at here.

    Raises
    ------
    KerfError
        As ``Recognizer.load`` and ``read_many``.
    """
    recognizer = load_recognizer(terminal, chosen.model, "cpu", chosen.reading, chosen.network)
    recognizer.read_many([], chosen.reading.constraint, best=parts.settings.best)
    model = chosen.model.read_bytes() if chosen.model else None
    return Reads(chosen.reading, chosen.network, model, parts, str(Path.cwd()))


def leave_out_done(images: Iterable[str], parts: Parts, terminal: Terminal) -> Iterator[str]:
    """Yield the images that have no row in any part; say how many have."""
    done = set(parts.images())
    found = 0
    for image in images:
        if to_utf8(image) in done:
            found += 1
        else:
            yield image
    if done:
        terminal.say(f"{found} images have a row in {parts.place} already, and are not read again")


def to_blocks(
    images: Iterator[str], labels: Mapping[Path, str], actors: int, sizes: dict[str, int]
) -> Iterator[pa.Table]:
    """Share images out: tables for `PartReader`, whose sizes are kept by the names of the parts."""
    import pyarrow as pa

    run = uuid4().hex[:8]
    for number in count():
        files = list(islice(images, LEAST << min(number // (PARTS_OF_A_SIZE * actors), DOUBLINGS)))
        if not files:
            return
        name = f"{run}-{number:06}"
        sizes[name] = len(files)
        yield pa.table(
            {
                "part": pa.array([name] * len(files)),
                "file": pa.array([os.fsencode(file) for file in files], pa.binary()),
                "label": pa.array([labels.get(Path(file)) for file in files], pa.string()),
            }
        )


def take_parts(terminal: Terminal, found: Iterable[PartDone], parts: Parts, sizes: dict[str, int]) -> None:
    """Put each part in place and tell what came of it, and of those that nothing came of.

    Raises
    ------
    OutputError
        A part could not be written.
    """
    tally, kind, done = Tally(), KindWatch(terminal), 0
    for part in found:
        if part.unwritten:
            raise part.unwritten
        parts.put_in_place(part.name)
        done += sizes.pop(part.name)
        terminal.advance("solving", done, done + sum(sizes.values()))
        for problem in part.problems:
            terminal.problem(problem)
        for reading in part.first:
            kind.add(reading)
        tally.add(part.tally)
    kind.end()
    if sizes:
        terminal.problem(
            UnforeseenError(
                f"{sum(sizes.values())} images have no row, as each process that read them died, of memory perhaps; "
                "start again, which goes on with them"
            )
        )
    terminal.say(tally.summary())
