"""Every page of the list, in a real browser: accessible, quiet, and whole on a phone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Visitor
from tests.house.world import PAGES

PATHS = [page.path for page in PAGES]

PASSING_TIME = re.compile("[0-9]\u00a0(s|min|h|jours)\\b")

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input, select')].filter(element => {
  const box = element.getBoundingClientRect();
  const inText = element.tagName === 'A' && getComputedStyle(element).display === 'inline';
  return box.width > 1 && !inText && element.type !== 'hidden' && box.height < 24;
}).map(element => element.outerHTML.slice(0, 120))"""


def violations(page: Page) -> list[str]:
    """Return what axe finds, one line a rule with the first element at fault."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {rule['help']} {rule['nodes'][0]['html']}" for rule in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PATHS)
def test_page_is_accessible_and_quiet(visit: Visitor, path: str, width: int, scheme: str) -> None:
    seen = visit(path, width=width, scheme=scheme)
    assert violations(seen.page) == []
    assert seen.complaints == []


@pytest.mark.parametrize("path", PATHS)
def test_page_never_scrolls_sideways_on_a_phone(visit: Visitor, path: str) -> None:
    page = visit(path, width=390).page
    assert page.evaluate(SIDEWAYS) == 0
    assert page.evaluate(SMALL_TARGETS) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate(SIDEWAYS) == 0


@pytest.mark.parametrize("path", PATHS)
def test_page_says_as_much_without_javascript(visit: Visitor, path: str) -> None:
    seen = visit(path, scripts=False)
    with_scripts = visit(path).page.locator("main").inner_text()
    without = seen.page.locator("main").inner_text()
    told = [line for line in with_scripts.splitlines() if line.strip() and not PASSING_TIME.search(line)]
    assert [line for line in told if line not in without] == []
    assert seen.complaints == []
