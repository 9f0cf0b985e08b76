"""Parts of rows: whole or not there, and read again as they were written, whatever is in a name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kerf.classifier.console.option_groups import RowSettings
from kerf.classifier.console.options import RowFormat
from kerf.classifier.console.parts import Parts, to_utf8
from kerf.classifier.console.rows import Row, Status
from kerf.segmenter.errors import OutputError

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'kerf-captcha[ray]'")

ROW = Row("", "A7", 0.91234, Status.READ, "", (0.5, 0.25), (("AT", 0.125),), "", None)
NAMES = ["a.png", 'b "1",2.png', "c\nd\n.png", "e\r.png", "\udcff é 字.png", "f.png"]
FORMATS = (RowFormat.CSV, RowFormat.JSONL, RowFormat.PARQUET)


def add(parts: Parts, name: str, rows: list[Row]) -> None:
    parts.write(name, rows)
    parts.put_in_place(name)


def to_parts(folder: Path, row_format: RowFormat, **settings: bool | int) -> Parts:
    parts = Parts(str(folder), RowSettings(**settings), row_format)  # type: ignore[arg-type]
    parts.make_folder()
    return parts


@pytest.mark.parametrize("row_format", FORMATS)
def test_images_of_all_parts_are_read_again(row_format: RowFormat, tmp_path: Path) -> None:
    parts = to_parts(tmp_path / "new" / "parts", row_format)
    assert list(parts.images()) == []
    add(parts, "1", [replace(ROW, file=name) for name in NAMES[:4]])
    parts.write("2", [])
    parts.write("2", [replace(ROW, file=name) for name in NAMES[4:]])
    assert sorted(parts.images()) == sorted(map(to_utf8, NAMES[:4]))
    parts.put_in_place("2")
    assert sorted(parts.images()) == sorted(map(to_utf8, NAMES))
    names = {path.name for path in (tmp_path / "new" / "parts").iterdir()}
    assert names == {f"part-1.{row_format}", f"part-2.{row_format}"}
    (tmp_path / "new" / "parts" / ".3.partial").write_bytes(b"file")
    assert len(list(parts.images())) == len(NAMES)


def test_to_utf8_escapes_what_is_not() -> None:
    assert to_utf8("\udcff é 字") == "\\xff é 字"


def test_parquet_has_the_columns_with_their_types(tmp_path: Path) -> None:
    from pyarrow import parquet

    parts = to_parts(tmp_path, RowFormat.PARQUET, characters=True, best=2, check=True)
    failed = replace(ROW, file="b", text="", confidence=None, error="b: no", characters=(), alternatives=())
    add(parts, "1", [replace(ROW, file="a", label="A7", right=True), failed])
    table = parquet.read_table(tmp_path / "part-1.parquet")
    assert table.schema.names == list(parts.settings.columns)
    assert [str(table.schema.field(n).type) for n in ("file", "confidence", "right")] == ["string", "double", "bool"]
    first, second = table.to_pylist()
    assert (first["confidence"], first["characters"], first["right"], first["label"]) == (
        0.9123,
        [0.5, 0.25],
        True,
        "A7",
    )
    assert (first["alternatives"], second["alternatives"]) == ([{"text": "AT", "confidence": 0.125}], [])
    assert (second["confidence"], second["right"], second["error"]) == (None, None, "b: no")


def test_parquet_has_results_as_numbers(tmp_path: Path) -> None:
    from pyarrow import parquet

    parts = to_parts(tmp_path, RowFormat.PARQUET, arithmetic=True)
    add(parts, "1", [replace(ROW, file="a", text="9999999x9999999="), ROW])
    results = parquet.read_table(tmp_path / "part-1.parquet")["result"]
    assert (str(results.type), results.to_pylist()) == ("int64", [9999999**2, None])


@pytest.mark.parametrize("row_format", FORMATS)
def test_parts_of_another_run_are_refused(row_format: RowFormat, tmp_path: Path) -> None:
    add(to_parts(tmp_path, row_format), "1", [replace(ROW, file="a")])
    for other in (to_parts(tmp_path, row_format, best=2), *(to_parts(tmp_path, f) for f in FORMATS if f != row_format)):
        with pytest.raises(OutputError, match=f"part-1.{row_format} is not of a run with these options, which writes "):
            list(other.images())


@pytest.mark.parametrize("row_format", FORMATS)
def test_what_is_no_part_is_refused(row_format: RowFormat, tmp_path: Path) -> None:
    parts = to_parts(tmp_path, row_format)
    (tmp_path / f"part-1.{row_format}").write_bytes(b"[1]\n")
    with pytest.raises(OutputError, match="give the options of that run, or choose another --out"):
        list(parts.images())


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/parts: cannot be written: .*; choose another --out"):
        to_parts(tmp_path / "file" / "parts", RowFormat.CSV)
    with pytest.raises(OutputError, match=r"none: cannot be written: .*; choose another --out"):
        Parts(str(tmp_path / "none"), RowSettings(), RowFormat.CSV).write("1", [ROW])
    with pytest.raises(OutputError, match=r"none: cannot be written: .*; choose another --out"):
        Parts(str(tmp_path / "none"), RowSettings(), RowFormat.CSV).put_in_place("1")
    with pytest.raises(OutputError, match=r"none: cannot be read: .*; choose another --out"):
        list(Parts(str(tmp_path / "none"), RowSettings(), RowFormat.CSV).images())
