"""Rules of the layout: who may import whom, and what must not be loaded early."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


ROOMS = (
    "segmenter",
    "classifier/streams.py",
    "classifier/texts",
    "classifier/alphabet.py",
    "classifier/kind.py",
    "classifier/measuring",
    "classifier/folders",
    "classifier/synthesis",
    "classifier/lattice",
    "classifier/network",
    "classifier/model_header.py",
    "classifier/model_file.py",
    "classifier/engines",
    "classifier/recognizer.py",
    "classifier/learning",
    "classifier/pages",
    "classifier/labelling",
    "classifier/auditing",
    "classifier/console",
    "cli.py",
)
"""From the ground up: each room imports from those before it, and from itself."""
DOORS = {"__init__.py", "__main__.py", "classifier/__init__.py", "segmenter/__init__.py"}
"""Files that only lead elsewhere; they import nothing until they are asked."""


def imported(file: Path) -> set[str]:
    """Names of the modules that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def sources() -> list[Path]:
    """Every file of the library."""
    files = [*ROOT.glob("*.py"), *(ROOT / "segmenter").rglob("*.py"), *(ROOT / "classifier").rglob("*.py")]
    return sorted(file for file in files if file.relative_to(ROOT).as_posix() not in DOORS)


def to_room(place: str) -> int | None:
    """Rank of the room of a file or of a module written as a path; None if it is in none."""
    ranks = [i for i, room in enumerate(ROOMS) if f"{place}/".startswith(room.removesuffix(".py") + "/")]
    return ranks[0] if ranks else None


def test_every_file_is_in_a_room_and_imports_none_above_it() -> None:
    assert len(sources()) > 40
    upwards = []
    for file in sources():
        room = to_room(file.relative_to(ROOT).as_posix().removesuffix(".py"))
        assert room is not None, f"{file} is in no room"
        ranks = {name: to_room(name.removeprefix("kerf.").replace(".", "/")) for name in imported(file)}
        upwards += [(file.name, name) for name, rank in ranks.items() if rank is not None and rank > room]
    assert upwards == []


def test_the_library_imports_itself_by_its_one_name() -> None:
    inside = {path.stem for path in (ROOT / "segmenter", ROOT / "classifier", ROOT / "cli.py")}
    assert {(f.name, n) for f in sources() for n in imported(f) if n.split(".")[0] in inside} == set()


def test_segmenter_never_imports_torch() -> None:
    files = sorted((ROOT / "segmenter").rglob("*.py"))
    assert files
    assert {(f.name, n) for f in files for n in imported(f) if n.split(".")[0] == "torch"} == set()


def test_the_search_imports_torch_only_for_its_loss() -> None:
    files = sorted((ROOT / "classifier" / "lattice").glob("*.py"))
    assert [f.name for f in files if {n.split(".")[0] for n in imported(f)} & {"torch"}] == ["lattice_loss.py"]


def test_a_newcomer_sees_few_files() -> None:
    assert len(list((ROOT / "classifier").glob("*.py"))) <= 8
    lines = {f: len(f.read_text(encoding="utf-8").splitlines()) for f in sources()}
    assert {f.name: n for f, n in lines.items() if n > 300} == {}
    assert lines[ROOT / "cli.py"] < 200


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    found = [p.parent.relative_to(ROOT).parts for p in (ROOT).glob("*/**/__init__.py")]
    there = {".".join(("kerf", *parts)) for parts in found if parts[0] in {"segmenter", "classifier"}}
    assert set(listed) == {"kerf", *there}


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, kerf.cli; print(sorted({'torch', 'cv2', 'numpy', 'PIL', 'rich'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "build", capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
