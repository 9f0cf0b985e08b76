"""An audit as a page: what it says, and that nothing it is told becomes markup."""

from __future__ import annotations

import re
from html import unescape

import pytest

from kerf.classifier.auditing.page import CELL, DRAWN_FONTS, audit_to_page, draw_pair
from kerf.classifier.auditing.sources import SOURCES
from kerf.classifier.auditing.verdict import audit_to_verdict, percent
from tests.auditing.making import to_audit, to_estimated_audit


def to_text(page: str) -> str:
    """What is read on a page."""
    body = page[page.index("<main>") : page.index("</main>")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_the_page_says_the_verdict_and_every_attack() -> None:
    audit = to_audit("captchas", 20, 40, 60)
    text = to_text(audit_to_page(audit, [], 0.01))
    assert re.sub(r"\s", " ", audit_to_verdict(audit, 0.01).sentence) in text
    assert "widened as this attack was chosen among 3" in text
    for attack in audit.attacks:
        assert f"{attack.cost.name} {attack.cost.labels}" in text
        assert percent(attack.success.value) in text
    assert "Left out: 200 labels: no time." in text
    assert "0 read as O , 3 times" in text
    assert "people cannot tell either : 10 of 48 drawings" in text
    assert "< read as b , 2 times" in text
    assert "90 right" in text


def test_every_source_that_is_cited_is_listed() -> None:
    page = audit_to_page(to_audit("captchas", 20), [], 0.01)
    cited, listed = set(re.findall(r'href="#(source-[^"]+)"', page)), set(re.findall(r'id="(source-[^"]+)"', page))
    assert cited == listed
    assert len(listed) == len(SOURCES)


def test_a_threshold_of_one_s_own_is_not_laid_to_the_paper() -> None:
    assert "A scheme counts as broken from 1 % on" in to_text(audit_to_page(to_audit("captchas", 20), [], 0.01))
    assert "The threshold was given by whoever asked" in to_text(audit_to_page(to_audit("captchas", 20), [], 0.2))


def test_an_estimate_is_said_to_be_one() -> None:
    text = to_text(audit_to_page(to_estimated_audit(0.8, 0.3, 0.9), [], 0.01))
    assert "Probably broken: an estimate without labels" in text
    assert "The range is the doubt of the estimate." in text
    assert "cannot be told without labels" in text
    assert "7 with strokes of several hues" in text
    assert "95 % interval" not in text


def test_two_designs_are_side_by_side() -> None:
    text = to_text(audit_to_page(to_audit("new", 30), [], 0.01, to_audit("old", 80)))
    assert "Against old" in text
    assert "new is the stronger" in text
    assert "difference, in points -50.0" in text


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", '"><img src=x>'])
def test_no_name_becomes_markup(name: str) -> None:
    page = audit_to_page(to_audit(name, 20), [], 0.01, to_audit(name, 30))
    assert name not in page


def test_a_pair_is_drawn_one_above_the_other() -> None:
    picture = draw_pair("I-")
    assert picture.shape[0] == 2 * CELL
    assert CELL <= picture.shape[1] <= DRAWN_FONTS * CELL
    assert (picture[:CELL] < 128).sum() > (picture[CELL:] < 128).sum() > 0
