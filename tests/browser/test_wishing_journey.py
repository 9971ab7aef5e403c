"""A buyer says whom it wishes to meet, on a phone and on a desk: by taps, by keys, by drag, and without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, Visitor

WISHES = "/editions/essai/souhaits"
BUYING = f"{WISHES}/{{wishing_buyer}}"


def card(page: Page, rank: int) -> Locator:
    """Return what is asked of one of the other side."""
    return page.locator("fieldset.wish").nth(rank)


def ranked(page: Page, level: str) -> list[str]:
    """Return the names of a level, in order."""
    form = page.locator(f".ranks-form:has(input[name=niveau][value={level}])")
    return form.locator(".rank__name").all_inner_texts()


def begun(visit: Visitor, **options: Any) -> Visit:
    """Open the page of a buyer that has said nothing: what an earlier visit said is taken back by a plain form."""
    plain = visit(BUYING, who="buyer_delegate", scripts=False).page
    for rank in range(plain.locator("fieldset.wish").count()):
        card(plain, rank).locator("textarea").evaluate("element => { element.value = '' }")
        card(plain, rank).get_by_label("Sans réponse").check()
    plain.get_by_role("button", name="Enregistrer").click()
    expect(plain.locator(".rank")).to_have_count(0)
    return visit(BUYING, who="buyer_delegate", **options)


@pytest.mark.parametrize("width", [390, 1280])
def test_wishes_are_told_by_taps_and_put_in_order_by_keys(visit: Visitor, width: int) -> None:
    seen = begun(visit, width=width)
    page = seen.page
    for rank in range(3):
        card(page, rank).get_by_label("Souhaité").check()
        expect(page.locator("#etat")).to_contain_text("Enregistré à")
        name = card(page, rank).locator("legend").inner_text().removesuffix("donnée fictive").strip()
        expect(page.locator("#choix")).to_contain_text(name)
    before = ranked(page, "want")
    assert len(before) == 3
    down = page.get_by_role("button", name=f"Descendre {before[0]}")
    down.press("Enter")
    after = [before[1], before[0], before[2]]
    expect(page.locator("ol.ranks .rank__name")).to_have_text(after)
    expect(page.get_by_role("button", name=f"Descendre {before[0]}")).to_be_focused()
    page.keyboard.press("ArrowUp")  # the same button's line, the other way
    expect(page.locator("ol.ranks .rank__name")).to_have_text(before)
    expect(page.get_by_role("button", name=f"Monter {before[0]}")).to_be_focused()
    page.reload()
    assert ranked(page, "want") == before
    card(page, 0).get_by_text("Note privée").click()
    card(page, 0).get_by_role("textbox").fill("Vu en 2025 (essai)")
    expect(page.locator("#etat")).to_contain_text("Enregistré à")
    page.reload()
    expect(card(page, 0).get_by_role("textbox")).to_have_value("Vu en 2025 (essai)")
    assert seen.complaints == []


def test_the_list_is_put_in_order_by_drag(visit: Visitor) -> None:
    seen = begun(visit)
    page = seen.page
    for rank in range(3):
        card(page, rank).get_by_label("Pourquoi pas").check()
        expect(page.locator("ol.ranks .rank__name")).to_have_count(rank + 1)
    before = ranked(page, "open")
    page.locator("ol.ranks .rank").nth(2).drag_to(page.locator("ol.ranks .rank").nth(0))
    expect(page.locator("#etat")).to_contain_text("Enregistré à")
    page.reload()
    assert ranked(page, "open") == [before[2], before[0], before[1]]
    assert seen.complaints == []


def test_a_radio_group_answers_to_the_arrow_keys(visit: Visitor) -> None:
    page = begun(visit, width=390).page
    first = card(page, 0)
    first.get_by_label("Sans réponse").focus()
    page.keyboard.press("ArrowLeft")
    expect(first.get_by_label("À éviter")).to_be_checked()
    expect(page.locator("#choix")).to_contain_text("À éviter")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#choix")).not_to_contain_text("À éviter")


def test_two_tabs_show_both_versions(visit: Visitor) -> None:
    one, other = begun(visit).page, visit(BUYING, who="buyer_delegate").page
    card(one, 1).get_by_label("Indispensable").check()
    expect(one.locator("#etat")).to_contain_text("Enregistré à")
    card(other, 1).get_by_label("À éviter").check()
    expect(other.locator("#etat")).to_contain_text("rien n’a été écrasé")
    other.get_by_role("button", name="Enregistrer").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Deux versions")
    expect(other.locator("tbody tr")).to_have_count(1)
    other.get_by_role("button", name="Garder ma saisie").click()
    expect(card(other, 1).get_by_label("À éviter")).to_be_checked()


def test_everything_works_without_javascript(visit: Visitor) -> None:
    page = begun(visit, width=390, scripts=False).page
    for rank in range(2):
        card(page, rank).get_by_label("Souhaité").check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("status").first).to_contain_text("enregistrés")
    before = ranked(page, "want")
    page.get_by_role("button", name=f"Monter {before[1]}").click()
    expect(page).to_have_url(re.compile("#choix"))
    assert ranked(page, "want") == before[::-1]
    page.get_by_role("link", name="Mes disponibilités").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Rendez-vous au plus").fill("8")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("status").first).to_contain_text("disponibilités")
