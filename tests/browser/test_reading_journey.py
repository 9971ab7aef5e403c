"""A juror reads and marks with the keyboard alone, at both widths; typing a comment is only typing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

READ = "/editions/essai/jury/lectures/{to_read}"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_juror_marks_a_file_with_the_keys(visit: Visitor, width: int) -> None:
    seen = visit("/editions/essai/jury", who="juror", width=width)
    page = seen.page
    page.get_by_role("listitem").filter(has_text="à lire").first.get_by_role("link").click()
    name = page.get_by_role("heading", level=1).inner_text()
    expect(page.locator("fieldset").first).to_be_focused()
    assert page.evaluate("scrollY") == 0  # the focus is among the marks, the file is what is seen first
    page.keyboard.press("1")  # a low mark leads to its comment
    expect(page.get_by_label("Commentaire").first).to_be_focused()
    page.keyboard.type("n p 5 : rien de tout cela n’est un ordre")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("status")).to_contain_text("Enregistré à")
    page.locator("fieldset").nth(1).focus()
    for key in "4352":
        page.keyboard.press(key)
    checked = [page.locator("fieldset").nth(rank).locator("input:checked").get_attribute("value") for rank in range(5)]
    assert checked == ["1", "4", "3", "5", "2"]
    expect(page.get_by_role("status")).to_contain_text("Lecture terminée")
    expect(page.get_by_role("button", name="Enregistrer et passer au suivant")).to_be_focused()
    page.reload()
    expect(page.get_by_label("Commentaire").first).to_have_value("n p 5 : rien de tout cela n’est un ordre")
    page.locator("fieldset").first.focus()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(name)
    page.locator("fieldset").first.focus()
    page.keyboard.press("p")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_role("button", name="Enregistrer et passer au suivant").press("Enter")
    expect(page).not_to_have_url(re.compile("brouillon"))
    expect(page.get_by_role("heading", level=1)).not_to_have_text(name)
    assert seen.complaints == []


def test_marks_are_kept_without_javascript(visit: Visitor) -> None:
    page = visit(READ, who="juror", scripts=False).page
    for rank in range(5):
        page.locator("fieldset").nth(rank).locator("input").nth(3).check()
    page.get_by_role("button", name="Enregistrer et passer au suivant").click()
    expect(page.get_by_role("status").first).to_contain_text("enregistrée")
