"""Going on with the rows of a run that was stopped, as if it had not been."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.output_file import to_partial, to_target
from kerf.classifier.folders.images import is_there
from kerf.classifier.streams import Pause
from kerf.segmenter.errors import OutputError

MOST_LATE = 10_000
"""Images that may have come among those that have rows; more are another order."""


class EarlierRows:
    """The rows that are in a file, read once from beginning to end.

    Parameters
    ----------
    out
        What ``--out`` names; the rows are in its ``.partial``, or else in itself. None if there are no rows.
    columns
        Those that the rows must have.
    row_format
        CSV or JSONL.

    Attributes
    ----------
    file
        Where the rows are; None if there are none yet.
    count
        How many have been read.
    size
        Where the last of these ends, in bytes; what comes after it is the half of a row.
    """

    def __init__(self, out: Path | None, columns: Sequence[str], row_format: RowFormat) -> None:
        names = (to_partial(to_target(out)), to_target(out)) if out else ()
        self.file = next((path for path in names if path.is_file() and path.stat().st_size), None)
        self.count = 0
        self.size = 0
        self._partial = names[0] if names else None
        self._columns = list(columns)
        self._row_format = row_format

    def images(self) -> Iterator[str]:
        """Yield the image of each row.

        Raises
        ------
        OutputError
            A row is none of a run with these columns.
        """
        if self.file is None:
            return
        read = self._csv_to_images if self._row_format is RowFormat.CSV else self._jsonl_to_images
        try:
            with self.file.open("rb") as stream:
                yield from read(stream)
        except OSError as error:
            raise OutputError(f"{self.file}: cannot be read: {error.strerror}; choose another --out") from error

    def open_again(self) -> None:
        """Make the file a partial one, if it was whole, and cut off what comes after the last row.

        Raises
        ------
        OutputError
            It cannot be done.
        """
        if self.file is None or self._partial is None:
            return
        try:
            self.file = self.file.replace(self._partial)
            os.truncate(self.file, self.size)
        except OSError as error:
            raise OutputError(f"{self.file}: cannot be written: {error.strerror}; choose another --out") from error

    def _csv_to_images(self, stream: BinaryIO) -> Iterator[str]:
        header = ",".join(self._columns).encode()
        if header.startswith(stream.read(len(header) + 1)):
            return  # stopped within the header
        stream.seek(0)
        lengths: list[int] = []  # of the lines of a row, of which there are several where a name has a line break

        def whole_lines() -> Iterator[str]:
            for line in stream:
                if line.endswith(b"\n"):
                    lengths.append(len(line))
                    yield line.decode("utf-8", "surrogateescape")

        rows = csv.reader(whole_lines(), strict=True)
        try:
            for number, row in enumerate(rows):
                if len(row) != len(self._columns) or (number == 0 and row != self._columns):
                    raise self._refusal()
                self.size += sum(lengths)
                lengths.clear()
                if number:
                    self.count = number
                    yield row[0]
        except csv.Error as error:
            if stream.read(1):
                raise self._refusal() from error

    def _jsonl_to_images(self, stream: BinaryIO) -> Iterator[str]:
        for line in stream:
            if not line.endswith(b"\n"):
                return
            try:
                row = json.loads(line)
                if list(row) != [*self._columns, "frames"]:
                    raise ValueError("other columns")
                file = str(row["file"])
            except (ValueError, TypeError) as error:
                raise self._refusal() from error
            self.size += len(line)
            self.count += 1
            yield file

    def _refusal(self) -> OutputError:
        where = f"its row {self.count + 1}" if self.count else "it"
        return OutputError(
            f"{self.file}: {where} is not of a run with these options, whose columns are {','.join(self._columns)}; "
            "give the options of that run, or choose another --out"
        )


class Remaining:
    """The images that have no row yet.

    The rows are in the order of the images, so that each is compared with the next one, and none is held. Rows of
    images that are gone stay. Images that have come among those that have rows are read last.

    Parameters
    ----------
    images
        All of them.
    earlier
        The rows that are there.

    Attributes
    ----------
    done
        How many images have a row.
    gone
        How many rows are of images that are not there any more.
    late
        Images that have come since; they are held.
    """

    def __init__(self, images: Iterable[Path | Pause], earlier: EarlierRows) -> None:
        self.done = 0
        self.gone = 0
        self.late: dict[str, Path] = {}
        self._images = iter(images)
        self._earlier = earlier

    def __iter__(self) -> Iterator[Path | Pause]:
        """Yield them; before the first, all rows are compared.

        Raises
        ------
        OutputError
            The rows are of other images, or in another order.
        """
        image = self._next()
        for file in self._earlier.images():
            if self.late.pop(file, None):  # it came, and was read last, before the run was stopped again
                self.done += 1
                continue
            while image and str(image) != file and is_there(Path(file)):
                self.late[str(image)] = image
                image = self._next() if len(self.late) <= MOST_LATE else None
            if image and str(image) == file:
                self.done += 1
                image = self._next()
            elif is_there(Path(file)):
                raise self._refusal(file)
            else:
                self.gone += 1
        if self.gone and not self.done:
            raise self._refusal(file)
        if image:
            yield image
        yield from self._images
        yield from self.late.values()

    def summary(self) -> str:
        """Say what is gone on with, such as ``going on after 120 rows of texts.csv.partial``."""
        said = f"going on after {self._earlier.count} rows of {self._earlier.file}"
        if self.gone:
            said += f"; {self.gone} of them are of images that are gone, and stay"
        if self.late:
            said += f"; {len(self.late)} images that have come since are read last"
        return said

    def _next(self) -> Path | None:
        return next((image for image in self._images if not isinstance(image, Pause)), None)

    def _refusal(self, file: str) -> OutputError:
        return OutputError(
            f"{self._earlier.file}: its row {self._earlier.count} is of {file}, which is not among the images or not "
            "in their order; name the images of that run, from the same folder, or choose another --out"
        )
