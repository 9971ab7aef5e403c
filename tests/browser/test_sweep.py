"""Every page of the list, in a real browser: accessible, quiet, and whole on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Visit, Visitor, resize
from tests.house.addresses import PAGES
from tests.house.table import READER
from tests.house.table import Page as Line

AXE = Axe().axe_script

EVERY_PAGE = pytest.mark.parametrize("line", PAGES, ids=lambda line: line.path)

PASSING_TIME = re.compile("[0-9]\u00a0(s|min|h|jours)\\b")

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input, select')].filter(element => {
  const box = element.getBoundingClientRect();
  const inText = element.tagName === 'A' && getComputedStyle(element).display === 'inline';
  return box.width > 1 && !inText && element.type !== 'hidden' && box.height < 24;
}).map(element => element.outerHTML.slice(0, 120))"""


def opened(turn: Visitor, line: Line, **options: Any) -> Visit:
    """Open a page of the table as the one who has least of those who may."""
    return turn(line.path, who=READER[line.who], status=line.status, **options)


def complaints(seen: Visit, line: Line) -> list[str]:
    """Return what the browser complained about; that a page tells of an error is none."""
    return [words for words in seen.complaints if line.status == 200 or "Failed to load resource" not in words]


def text_of(seen: Visit) -> list[str]:
    """Return what a page says, line by line."""
    return seen.page.locator("main").inner_text().splitlines()


def violations(page: Page) -> list[str]:
    """Return what axe finds, one line a rule with the first element at fault."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(results => results.violations)")
    return [f"{rule['id']}: {rule['help']} {rule['nodes'][0]['html']}" for rule in found]


@EVERY_PAGE
def test_page_is_accessible_quiet_and_whole_on_a_desk_on_a_phone_and_without_javascript(
    turn: Visitor, line: Line
) -> None:
    seen = opened(turn, line, width=1280, scheme="dark")
    page = seen.page
    assert violations(page) == []
    assert page.evaluate(SIDEWAYS) == 0
    resize(page, 390, "light")
    assert violations(page) == []
    assert page.evaluate(SIDEWAYS) == 0
    assert page.evaluate(SMALL_TARGETS) == []
    told = [words for words in text_of(seen) if words.strip() and not PASSING_TIME.search(words)]
    resize(page, 320, "light")
    assert page.evaluate(SIDEWAYS) == 0
    assert complaints(seen, line) == []
    plain = opened(turn, line, width=390, scheme="light", scripts=False)
    without = "\n".join(text_of(plain))
    assert [words for words in told if words not in without] == []
    assert complaints(plain, line) == []
