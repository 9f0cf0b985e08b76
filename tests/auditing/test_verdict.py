"""An audit in words, of figures made up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kerf.classifier.auditing.report import audits_to_dict, audits_to_lines
from kerf.classifier.auditing.sources import THRESHOLD
from kerf.classifier.auditing.verdict import Finding, attempts_to_text, audit_to_verdict, coverage_to_text, percent
from kerf.classifier.measuring.rates import count_to_rate, rates_to_difference
from tests.auditing.making import to_audit, to_estimated_audit


def test_success_is_that_of_the_strongest_and_its_interval_allows_for_the_choice() -> None:
    audit = to_audit("captchas", 20, 40, 60)
    assert audit.strongest.cost.labels == 100
    assert audit.success == count_to_rate(60, 100, 3)
    assert audit.success.low < count_to_rate(60, 100).low
    assert to_audit("captchas", 60, 60, 60).strongest.cost.labels == 0  # of equal ones the cheapest


@pytest.mark.parametrize(
    ("threshold", "finding"),
    [(0.40, Finding.BROKEN), (0.405, Finding.OPEN), (0.5, Finding.OPEN), (0.59, Finding.OPEN), (0.6, Finding.HOLDS)],
)
def test_the_whole_interval_must_be_on_one_side(threshold: float, finding: Finding) -> None:
    audit = to_audit("captchas", 50)  # 40.4 to 59.6
    assert audit_to_verdict(audit, threshold).finding is finding


def test_an_end_of_the_interval_that_meets_the_threshold_is_not_above_it() -> None:
    audit = to_audit("captchas", 0)
    assert audit_to_verdict(audit, audit.success.low).finding is Finding.OPEN
    assert audit_to_verdict(audit, audit.success.high).finding is Finding.HOLDS


def test_the_verdict_is_one_sentence_with_its_figures() -> None:
    assert audit_to_verdict(to_audit("captchas", 20, 50), 0.01).sentence == (
        "Broken: a program reads 50.0 % (50 of 100; 39.1 to 60.9) of these captchas at the first try, after 50 labels, "
        "2.0 minutes of typing and 30 seconds of computing; the threshold is 1 %."
    )
    assert audit_to_verdict(to_audit("captchas", 0), 0.05).sentence == (
        "Not broken by this reader: a program reads 0 % (0 of 100; 0.0 to 3.7) of these captchas at the first try, "
        "as it comes, before it has seen one of them; the threshold is 5 %."
    )
    assert audit_to_verdict(to_estimated_audit(0.8, 0.3, 0.9), 0.01).sentence == (
        "Probably broken: an estimate without labels is that a program reads 80.0 % (30.0 to 90.0) of these captchas "
        "at the first try, after 40 seconds of computing on images without labels; the threshold is 1 %."
    )


def test_there_are_six_lines_and_a_verdict() -> None:
    lines = list(audits_to_lines([to_audit("captchas", 20, 40, 60)], THRESHOLD))
    assert [name for name, _ in lines] == [
        "captchas",
        "read without labels",
        "read after labels",
        "within 1, 2, 3 tries",
        "skipping the unsure",
        "what goes wrong",
        "left out",
        "",
    ]
    told = dict(lines)
    assert told["captchas"] == (
        "400 images, 400 labels; success measured on 100 held back; attacks are told that texts have 4 characters"
    )
    assert told["read without labels"] == "as it comes 20.0 % (13.3 to 28.9)"
    assert told["read after labels"].startswith("50 labels 40.0 % (30.9 to 49.8, 2.5 minutes), 100 labels 60.0 %")
    assert told["skipping the unsure"] == "answers 30.0 % (30 of 100; 21.9 to 39.6), at least 99 % of them right"
    assert told["what goes wrong"].startswith(
        "100 looked at: 10 are wrong: 4 by cutting, 5 by a character taken for another, "
        "1 by a character that it does not know; "
    )
    assert told[""].endswith("the threshold is 1 %, as Bursztein 2011 has it.")
    assert dict(audits_to_lines([to_audit("captchas", 20)], 0.5))[""].endswith("the threshold is 50.0 %.")


def test_attempts_are_the_inverse_of_success() -> None:
    assert attempts_to_text(to_audit("captchas", 50).strongest) == (
        "2 captchas for a success (1.68 to 2.48), 0.04 seconds of computing"
    )
    assert attempts_to_text(to_audit("captchas", 100).strongest).startswith("1 captcha for a success (1 to 1.04)")
    assert attempts_to_text(to_audit("captchas", 0).strongest) == "no success yet, 27 captchas or more for one"


def test_few_captchas_tell_nothing_of_skipping() -> None:
    assert coverage_to_text(count_to_rate(29, 29)) == "29 captchas are too few to tell"
    assert coverage_to_text(count_to_rate(30, 30)).startswith("answers 100.0 %")


def test_two_designs_are_compared_with_an_interval() -> None:
    old, new = to_audit("old", 80), to_audit("new", 30)
    difference = rates_to_difference(new.success, old.success)
    lines = [text for name, text in audits_to_lines([old, new], THRESHOLD) if not name]
    assert len(lines) == 3
    assert lines[2] == (
        f"new is the stronger: it is read less often, by -50.0 points ({100 * difference.low:+.1f} to "
        f"{100 * difference.high:+.1f}): new 30.0 %, old 80.0 %."
    )
    back = [text for name, text in audits_to_lines([new, old], THRESHOLD) if not name][2]
    assert back.startswith("old is the weaker: it is read more often, by +50.0 points")
    same = [text for name, text in audits_to_lines([old, replace(old, name="new")], THRESHOLD) if not name][2]
    assert same.startswith("Which is stronger cannot be told: the difference is +0.0 points (-")


def test_json_has_every_figure_under_its_name() -> None:
    told = json.loads(json.dumps(audits_to_dict([to_audit("captchas", 20, 50)], 0.01)))
    assert told["verdict"]["finding"] == "broken"
    assert told["success"]["count"] == 50
    assert told["strongest"] == "50 labels"
    assert [one["name"] for one in told["attacks"]] == ["as it comes", "50 labels"]
    assert told["attacks"][1]["cost"] == {"means": "labelled images", "labels": 50, "seconds": 30.0, "hurried": False}
    both = audits_to_dict([to_audit("old", 80), to_audit("new", 30)], 0.01)
    assert both["old"]["name"] == "old"
    assert both["difference"]["value"] == pytest.approx(-0.5)


def test_a_small_share_has_its_digits() -> None:
    assert [percent(share) for share in (0.012, 0.0005, 0.1, 1.0, 0.0)] == [
        "1.2 %",
        "0.05 %",
        "10.0 %",
        "100.0 %",
        "0 %",
    ]
