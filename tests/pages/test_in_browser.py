"""Pages as people have them: in a browser, by mouse and by key, in both colour schemes, narrow and wide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kerf.classifier.pages.entries import Entry
from kerf.classifier.pages.pages import images_to_page
from tests.pages.conftest import LABEL, SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.process]


@pytest.fixture
def page(chromium: Browser, evaluation_page: Path) -> Iterator[Page]:
    """The evaluation's page, opened; a fault in its script, or a request that leaves it, fails the test."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("request", lambda request: faults.append(request.url) if is_outside(request.url) else None)
    opened.set_default_timeout(60_000)
    opened.goto(evaluation_page.as_uri())
    yield opened
    context.close()
    assert faults == [evaluation_page.as_uri()]


def is_outside(url: str) -> bool:
    return not url.startswith("data:")


def texts(page: Page) -> list[str]:
    """What the list shows as read, from top to bottom."""
    return page.locator(".item .read").all_inner_texts()


def hits(page: Page) -> str:
    return page.locator("#hits").inner_text()


# --- filters and order ---------------------------------------------------------------------------------------


def test_the_least_sure_come_first_unless_another_order_is_asked_for(page: Page) -> None:
    assert [text.replace("␣", "") for text in texts(page)] == ["unreadable", "ba", "b", "ab", "b2", "2a", "a2b", "ab"]
    for order, first in (("sure", "ab"), ("text", "unreadable"), ("name", "ab")):
        page.select_option("[name=sort]", order)
        assert texts(page)[0] == first
    page.select_option("[name=sort]", "text")
    assert [text.replace("␣", "") for text in texts(page)[1:]] == ["2a", "a2b", "ab", "ab", "b", "b2", "ba"]


FILTERS: list[tuple[dict[str, str], set[str]]] = [
    ({"letters": "3"}, {"1.png", "3.png"}),
    ({"from": "0.6"}, {"0.png", "1.png", "2.png", "5.png"}),
    ({"to": "0.2"}, {"4.png", SCRIPT + ".png", "broken.png"}),
    ({"from": "0.3", "to": "0.8"}, {"2.png", "3.png", "5.png"}),
    ({"cause": "cutting"}, {"3.png", "4.png"}),
    ({"cause": "character"}, {"1.png", "2.png"}),
    ({"cause": "unknown character"}, {SCRIPT + ".png"}),
    ({"cause": "unreadable"}, {"broken.png"}),
    ({"confusion": '["1","2"]'}, {"1.png", "2.png"}),
    ({"confusion": '["b",""]'}, {"3.png", "4.png"}),
    ({"confusion": '["b",""]', "letters": "4"}, {"4.png"}),
    ({"find": "A2"}, {"1.png"}),
    ({"find": "broken"}, {"broken.png"}),
    ({"find": "nothing like it"}, set()),
]


def test_filters(page: Page) -> None:
    for filters, names in FILTERS:
        for name, value in filters.items():
            field = page.locator(f"[name={name}]")
            field.select_option(value) if name in {"letters", "cause", "confusion"} else field.fill(value)
        assert hits(page) == f"{len(names)} of 8", filters
        assert set(page.locator(".item").evaluate_all("items => items.map(item => item.title)")) == names, filters
        page.click("[type=reset]")
        page.locator("#hits", has_text="8 of 8").wait_for()


def test_wrong_only_and_right_only(page: Page) -> None:
    page.click("[data-show=wrong]")
    assert hits(page) == "6 of 8"
    page.click("[data-show=right]")
    assert sorted(texts(page)) == ["ab", "b2"]


def test_a_cell_of_the_matrix_shows_its_images(page: Page) -> None:
    page.click('[data-truth="1"][data-read="2"]')
    assert hits(page) == "2 of 8"
    assert sorted(texts(page)) == ["2a", "a2b"]


# --- what is shown, and keys ---------------------------------------------------------------------------------


def test_keys_alone_lead_everywhere(page: Page) -> None:
    page.keyboard.press("w")
    assert hits(page) == "6 of 8"
    page.keyboard.press("j")
    assert page.locator("#detail .name").inner_text() == SCRIPT + ".png"
    page.locator("#list").focus()
    page.keyboard.press("End")
    assert page.locator("#detail .name").inner_text() == "1.png"
    page.keyboard.press("ArrowUp")
    assert page.locator("#detail .name").inner_text() == "2.png"
    page.keyboard.press("c")
    shown = page.locator(".candidates button")
    assert shown.count() > 0
    shown.first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".lit").count() == 2
    page.keyboard.press("Enter")
    assert page.locator(".lit").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("wc")
    assert page.locator("[name=find]").input_value() == "wc"  # in a field, letters are letters
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "list"


def test_an_image_is_shown_with_all_that_was_found(page: Page, entries: list[Entry]) -> None:
    page.locator(".item", has_text="a2b").click()
    entry = entries[1]
    detail = page.locator("#detail")
    assert detail.locator(".verdict mark").all_inner_texts() == ["2"]
    assert detail.locator(".crops li").count() == len(entry["characters"])
    assert detail.locator(".layer").first.locator("rect").count() == len(entry["characters"])
    assert detail.locator(".layer line").count() == len(entry["cuts"])
    assert detail.locator(".texts tr").count() == len(entry["alternatives"]) + 2
    assert detail.locator("img").first.evaluate("e => e.complete && e.naturalWidth > 0")


# --- looks ----------------------------------------------------------------------------------------------------

CONTRAST = """element => {
  const light = colour => {
    const linear = v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.match(/[\\d.]+/g).map(v => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const shown = [light(getComputedStyle(element).color), light(getComputedStyle(document.body).backgroundColor)];
  return (Math.max(...shown) + 0.05) / (Math.min(...shown) + 0.05);
}"""


def test_both_colour_schemes_can_be_read(page: Page) -> None:
    page.locator(".item").last.click()
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        for kind in ("h1", ".soft", ".item mark", "#detail .right"):
            assert page.locator(kind).first.evaluate(CONTRAST) > 4.5, (scheme, kind)
    assert len(grounds) == 2


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.keyboard.press("c")
    page.locator(".item").nth(1).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    detail = page.locator("#detail")
    assert detail.evaluate("e => e.scrollWidth <= e.clientWidth")
    if width == 360:
        page.click("text=Back")
        assert not detail.is_visible()


def test_on_paper_the_list_is_whole(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".item").count() == 8
    assert not page.locator("#filters").is_visible()


# --- hostile names, and many images ------------------------------------------------------------------------


def test_a_script_in_a_name_or_label_is_a_text(page: Page) -> None:
    page.locator(".item", has_text="ba").click()
    assert page.locator("#detail .name").inner_text() == SCRIPT + ".png"
    assert LABEL in page.locator("#detail .verdict").inner_text()
    assert page.locator("h1").inner_text() == SCRIPT
    assert page.evaluate("window.ran") is None


def test_even_a_script_that_got_in_would_not_run(chromium: Browser, evaluation_page: Path, tmp_path: Path) -> None:
    """The policy names the page's own script by its hash, and no other may run or be fetched."""
    infected = evaluation_page.read_text(encoding="utf-8").replace("<h1>", "<script>var ran = 1</script><h1>")
    (tmp_path / "infected.html").write_text(infected, encoding="utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "infected.html").as_uri())
    assert page.locator(".item").count() == 8
    assert page.evaluate("window.ran") is None
    page.close()


def test_of_five_thousand_images_only_those_in_sight_are_built(
    chromium: Browser, entries: list[Entry], tmp_path: Path
) -> None:
    many = [{**entries[0], "name": f"{index}.png", "confidence": index / 5000} for index in range(5000)]
    (tmp_path / "many.html").write_text(images_to_page("Many", "", many, 0), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.goto((tmp_path / "many.html").as_uri())
    page.locator("#list").focus()
    page.keyboard.press("End")
    assert page.locator("#detail .name").inner_text() == "4999.png"
    assert page.locator("[aria-selected=true]").is_visible()
    assert page.locator("*").count() < 1000
    page.close()
