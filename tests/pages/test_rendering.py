"""Pages out of templates: nothing told becomes markup, nothing is fetched, only the page's own script may run."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from kerf.classifier.pages.rendering import render

SCRIPT = "</script><script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A room's templates: one page with a text, data and a script."""
    (tmp_path / "page.html").write_text(
        '{% extends "base.html" %}{% block title %}{{ name }}{% endblock %}{% block content %}<p>{{ name }}</p>'
        '{% endblock %}{% block data %}<script id="data" type="application/json">{{ data | tojson }}</script>'
        "{% endblock %}{% block script %}let a = 1 < 2;{% endblock %}",
        encoding="utf-8",
    )
    return tmp_path


def test_a_text_stays_a_text_wherever_it_stands(folder: Path) -> None:
    page = render("page.html", folder=folder, name=SCRIPT, data={SCRIPT: SCRIPT})
    assert "alert(1)" in page
    assert page.count("<script") == 2
    assert page.count("</script>") == 2


def test_only_the_page_s_own_script_may_run(folder: Path) -> None:
    page = render("page.html", folder=folder, name="a", data=1)
    (script,) = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    assert script == "let a = 1 < 2;"
    policy = html.unescape(re.findall('Content-Security-Policy" content="([^"]*)"', page)[0])
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")


def test_a_value_that_was_forgotten_is_an_error(folder: Path) -> None:
    with pytest.raises(UndefinedError, match="name"):
        render("page.html", folder=folder, data=1)
