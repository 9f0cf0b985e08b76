"""What the documents name is there: files, folders, figures, commands of `make`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.running import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), ROOT / "data" / "README.md", *(ROOT / "docs").rglob("*.md")])
IN_THE_REPOSITORY = r"(?:benchmarks|classifier|data|docs|segmenter|tests)/[\w./-]*\w"
GONE = {"benchmarks/results.py"}
"""What a document says was there once."""


def named_paths(text: str) -> set[str]:
    """Files and folders of the repository that a text names: as such, in links, or as modules run by ``-m``."""
    modules = re.findall(r"-m (benchmarks[.\w]+)", text)
    return {*re.findall(rf"(?<![\w/]){IN_THE_REPOSITORY}", text), *(f"{m.replace('.', '/')}.py" for m in modules)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    assert {link for link in links if not (document.parent / link).exists()} == set()
    assert {path for path in named_paths(text) if not (ROOT / path).exists()} - GONE == set()


def test_the_site_has_every_document_and_no_other() -> None:
    named = set(re.findall(r": ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert named == there | {"index.md", "commands.md"}  # the two that `make docs` adds


def test_the_model_card_has_the_figures_of_the_results() -> None:
    results, card = (
        (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").replace("**", "")
        for name in ("results", "model_card")
    )
    rows = re.findall(r"^\| (.+) \| (\d+) \| ([\d.]+ %) \| ([\d.-]+) \|$", card, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\|[^|]+\| 0 \|", results, re.MULTILINE))
    assert [row for row in rows if "| {} | 0 | {} | {} | {} |".format(*row) not in results] == []
    (mean,) = re.findall(r"^With 0 labels, .*$", card, re.MULTILINE)
    assert mean in results


def test_the_documents_name_paths_at_all() -> None:
    assert len(set().union(*(named_paths(path.read_text(encoding="utf-8")) for path in DOCUMENTS))) > 20


def test_every_target_of_make_is_told_by_its_help() -> None:
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    told = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert sorted(line.split()[1] for line in told.splitlines()) == sorted(targets.split())
