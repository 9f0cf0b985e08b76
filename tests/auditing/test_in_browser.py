"""An audit's page in a browser: narrow and wide, light and dark, and its images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from kerf.classifier.alphabet import Constraint
from kerf.classifier.auditing.attacker import Target
from kerf.classifier.auditing.page import audit_to_page
from kerf.classifier.auditing.survey import survey
from kerf.classifier.folders.dataset import folder_to_samples
from kerf.classifier.learning.deadline import Deadline
from kerf.classifier.synthesis import BUILT_IN_FONT, synthesize, write_dataset
from tests.auditing.making import to_audit
from tests.tiny import tiny_model

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.process]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images, read by a tiny model, under figures made up and a long name."""
    folder = tmp_path_factory.mktemp("images")
    write_dataset(folder, synthesize(5, 5, "clean", "ab12", (2, 3), [BUILT_IN_FONT]))
    target = Target((), folder_to_samples(folder).samples, (), Constraint("ab12"))
    audit = to_audit("captchas-of-a-very-long-name-" * 4, 20, 40, 60, 80, 90)
    _, entries = survey((audit.strongest, tiny_model()), target, folder, Deadline.after(60), pictured=True)
    (folder / "audit.html").write_text(audit_to_page(audit, entries, 0.01, to_audit("old", 30)), encoding="utf-8")
    return folder / "audit.html"


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1400, "light")])
def test_it_fits_and_fetches_nothing(
    chromium: Browser, page: Path, width: int, scheme: Literal["dark", "light"]
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("request", lambda request: None if request.url.startswith("data:") else faults.append(request.url))
    opened.set_default_timeout(60_000)
    opened.goto(page.as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    assert opened.locator(".item").count() == 5
    opened.get_by_role("button", name="Right").click()
    assert opened.locator("#hits").inner_text().endswith("of 5")
    context.close()
    assert faults == [page.as_uri()]
