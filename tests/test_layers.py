"""Rules of the layout: who may import whom, and what must not be loaded early."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def imported(file: Path) -> set[str]:
    """Top-level names of everything a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_segmenter_imports_neither_classifier_nor_torch() -> None:
    files = sorted((ROOT / "segmenter").rglob("*.py"))
    assert files
    assert {f.name: imported(f) & {"torch", "classifier", "cli"} for f in files} == {f.name: set() for f in files}


def test_no_package_but_two() -> None:
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert packages <= {"segmenter", "classifier", "tests"}


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, cli; print(sorted({'torch', 'skimage', 'PIL'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
