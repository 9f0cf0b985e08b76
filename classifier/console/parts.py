"""A folder of parts: the rows of a run that several processes write, each part whole or not there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

from kerf.classifier.console.option_groups import RowSettings
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.rows import Cell, Row, write_rows
from kerf.classifier.folders.remote import to_filesystem, to_reason
from kerf.segmenter.errors import OutputError

if TYPE_CHECKING:
    import pyarrow as pa

BEGINNING = "part-"


@dataclass(frozen=True)
class Parts:
    """Where the parts are, and what is in them.

    Two runs at once may write to one folder, as each gives its parts names of its own.

    Attributes
    ----------
    place
        Path or URI of the folder.
    settings
        Of the rows.
    row_format
        CSV, JSONL or Parquet.
    """

    place: str
    settings: RowSettings
    row_format: RowFormat

    def make_folder(self) -> None:
        """Make the folder if need be.

        Raises
        ------
        OutputError, NotFoundError
            It cannot be made, or not be reached.
        """
        system, folder = to_filesystem(self.place)
        try:
            system.create_dir(folder, recursive=True)
        except OSError as error:
            raise self._unwritten(error) from error

    def write(self, name: str, rows: Sequence[Row]) -> None:
        """Write one part under a name that it has until it is put in place.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        system, folder = to_filesystem(self.place)
        try:
            with system.open_output_stream(to_partial(folder, name)) as stream:
                stream.write(rows_to_bytes(rows, self.settings, self.row_format))
        except OSError as error:
            raise self._unwritten(error) from error

    def put_in_place(self, name: str) -> None:
        """Give a part that was written its name.

        That is for the process alone that was given the command: when it has ended, no other can add a part any more.

        Raises
        ------
        OutputError
            It cannot be done.
        """
        system, folder = to_filesystem(self.place)
        try:
            system.move(to_partial(folder, name), f"{folder}/{BEGINNING}{name}.{self.row_format}")
        except OSError as error:
            raise self._unwritten(error) from error

    def images(self) -> Iterator[str]:
        """Yield the image of each row of every part, as `to_utf8` has it.

        Raises
        ------
        OutputError
            A part cannot be read, or is not of a run with these columns.
        """
        from pyarrow.fs import FileSelector

        system, folder = to_filesystem(self.place)
        columns = list(self.settings.columns)
        try:
            for entry in system.get_file_info(FileSelector(folder)):
                if entry.base_name.startswith(BEGINNING):
                    if entry.extension != self.row_format:
                        raise ValueError(entry.base_name)
                    with system.open_input_file(entry.path) as stream:
                        yield from map(to_utf8, READERS[self.row_format](stream, columns))
        except OSError as error:
            raise OutputError(f"{self.place}: cannot be read: {to_reason(error)}; choose another --out") from error
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise OutputError(
                f"{self.place}: {entry.base_name} is not of a run with these options, which writes {self.row_format} "
                f"with the columns {','.join(columns)}; give the options of that run, or choose another --out"
            ) from error

    def _unwritten(self, error: OSError) -> OutputError:
        return OutputError(f"{self.place}: cannot be written: {to_reason(error)}; choose another --out")


def to_partial(folder: str, name: str) -> str:
    """Return where a part is until it is put in place; readers of a folder pass over names that begin with a dot."""
    return f"{folder}/.{name}.partial"


def to_utf8(text: str) -> str:
    """Return a text that any format can hold: what is not UTF-8 in the name of a file is escaped."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def rows_to_bytes(rows: Sequence[Row], settings: RowSettings, row_format: RowFormat) -> bytes:
    """Return the content of a part; CSV and JSONL as `solve` writes them."""
    if row_format is RowFormat.PARQUET:
        return rows_to_parquet(rows, settings.columns)
    stream = io.StringIO()
    write_rows(rows, settings, row_format, stream)
    return stream.getvalue().encode("utf-8", "surrogateescape")


def rows_to_parquet(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    """Return a Parquet file of one row group; an empty list where there are no characters or alternatives."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = [row.cells(columns) for row in rows]
    arrays = [pa.array([to_value(c[name]) for c in cells], column_to_type(name)) for name in columns]
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(zip(columns, arrays, strict=True))), sink)
    return sink.getvalue()


def to_value(cell: Cell) -> Any:
    """Return a cell as Parquet can hold it."""
    return to_utf8(cell) if isinstance(cell, str) else cell


def column_to_type(name: str) -> pa.DataType:
    """Return the type of a column; most hold text."""
    import pyarrow as pa

    number = pa.float64()
    types = {
        "confidence": number,
        "characters": pa.list_(number),
        "alternatives": pa.list_(pa.struct({"text": pa.string(), "confidence": number})),
        "result": pa.int64(),  # of texts as short as any that is read, which it can hold
        "right": pa.bool_(),
    }
    return types.get(name, pa.string())


def csv_to_images(stream: BinaryIO, columns: Sequence[str]) -> Iterator[str]:
    """Yield the image of each row; ValueError if the columns are others."""
    rows = csv.reader(to_text(stream), strict=True)
    if next(rows, None) != columns:
        raise ValueError("other columns")
    yield from (row[0] for row in rows)


def jsonl_to_images(stream: BinaryIO, columns: Sequence[str]) -> Iterator[str]:
    """Yield the image of each row; ValueError if the columns are others."""
    for line in to_text(stream):
        row = json.loads(line)
        if list(row) != [*columns, "frames"]:
            raise ValueError("other columns")
        yield row["file"]


def parquet_to_images(stream: BinaryIO, columns: Sequence[str]) -> Iterator[str]:
    """Yield the image of each row; ValueError if the columns are others."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(stream)
    if file.schema_arrow.names != columns:
        raise ValueError("other columns")
    yield from file.read(["file"])["file"].to_pylist()


def to_text(stream: BinaryIO) -> TextIO:
    """Read a part as text."""
    return io.TextIOWrapper(cast("Any", stream), "utf-8", "surrogateescape", newline="")


READERS = {RowFormat.CSV: csv_to_images, RowFormat.JSONL: jsonl_to_images, RowFormat.PARQUET: parquet_to_images}
