"""Pages as text: their figures are those of the evaluation, and nothing that is told becomes markup."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kerf.classifier.measuring.metrics import Confusion, evaluate
from kerf.classifier.pages.entries import Entry
from kerf.classifier.pages.pages import confusions_to_matrix, evaluation_to_page, images_to_page
from kerf.segmenter.errors import UnreadableImageError
from tests.pages.conftest import LABEL, SCRIPT, TOLD


def test_a_page_holds_its_data_and_no_other_script(evaluation_page: Path, entries: list[Entry]) -> None:
    page = evaluation_page.read_text(encoding="utf-8")
    assert re.findall("<script[^>]*>", page) == ['<script type="application/json" id="entries">', "<script>"]
    assert SCRIPT not in page
    assert LABEL not in page
    (data,) = re.findall('id="entries">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data) == entries
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)


def test_a_matrix_has_a_row_a_truth_and_a_column_a_reading() -> None:
    matrix = confusions_to_matrix([Confusion("B", "8", 5), Confusion("A", "", 2), Confusion("", "8", 1)])
    assert (matrix.truths, matrix.reads, matrix.most) == (("", "A", "B"), ("", "8"), 5)
    assert [[cell.count for cell in row] for row in matrix.cells] == [[0, 1], [2, 0], [0, 5]]


def test_a_matrix_has_room_for_the_commonest() -> None:
    many = [Confusion(chr(90 - index), "0", 30 - index) for index in range(26)]
    matrix = confusions_to_matrix([*many, Confusion("Z", "1", 2), Confusion("A", "2", 1)])
    assert matrix.truths == tuple("MNOPQRSTUVWXYZ")
    assert matrix.reads == ("0", "1")


@pytest.mark.parametrize("unreadable", [0, 1])
def test_an_evaluation_without_mistakes_or_without_readings_has_a_page(entries: list[Entry], unreadable: int) -> None:
    answers = [UnreadableImageError("x")] if unreadable else [TOLD[0]]
    page = evaluation_to_page("a", "b", evaluate(["ab"], answers), entries[:1])
    assert ("How far the confidence holds" in page) is not bool(unreadable)
    assert "What is taken for what" not in page


def test_a_page_says_how_many_images_it_leaves_out(entries: list[Entry]) -> None:
    assert "Shown are the first 8 images; 12 more were cut." in images_to_page("a", "b", entries, 12)
    assert "Shown are" not in images_to_page("a", "b", entries, 0)
    evaluation = evaluate(["ab"] * 3, [TOLD[0]] * 3)
    page = evaluation_to_page("a", "b", evaluation, entries[:1])
    assert "Shown are the first 1 images; the figures are of all 3." in page
    assert "Shown are" not in evaluation_to_page("a", "b", evaluation, entries[:3])
