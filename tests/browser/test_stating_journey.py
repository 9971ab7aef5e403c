"""A buyer states a need on a phone, with JavaScript and without, and everyone reads what became of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.test_registration_journey import tab_to
from tests.browser.test_sweep import SIDEWAYS, SMALL_TARGETS, violations

OWN = "/organisations/{buyer}/besoins"


def sound(page: Page, *, scripts: bool) -> None:
    """Hold a page to what the sweep holds every page to; axe itself is a script, and waits for ever without."""
    if not scripts:
        return
    assert violations(page) == []
    assert page.evaluate(SIDEWAYS) == 0
    assert page.evaluate(SMALL_TARGETS) == []


def find(page: Page, label: str, words: str, result: str, *, scripts: bool) -> None:
    """Search on the form, by the button where no script does it while one types, and tick what was found."""
    place = page.get_by_label(label)
    place.press_sequentially(words)
    if not scripts:
        place.locator("xpath=..").get_by_role("button", name="Chercher").click()
    box = page.get_by_role("checkbox", name=result)
    expect(box).to_be_visible(timeout=15_000)
    box.check()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_need_is_stated_corrected_and_withdrawn_on_a_phone(visit: Visitor, scripts: bool) -> None:
    title = f"Tonte des stades, {'avec' if scripts else 'sans'} script"
    seen = visit(OWN, who="buyer_delegate", width=390, scripts=scripts)
    page = seen.page
    page.get_by_role("link", name="Déclarer un besoin").click()
    page.get_by_label("Objet de l’achat").fill(title)
    find(page, "Chercher une activité", "gazon", "Tonte Filière", scripts=scripts)
    find(page, "Chercher un territoire", "essai-sur", "Essai-sur-Seine", scripts=scripts)
    expect(page.get_by_role("checkbox", name="Tonte Filière")).to_be_checked()
    expect(page.get_by_label("Objet de l’achat")).to_have_value(title)
    page.get_by_label("Tout le monde").check()
    sound(page, scripts=scripts)
    page.get_by_role("button", name="Déclarer ce besoin").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Dites quand")
    sound(page, scripts=scripts)
    summary.get_by_role("link", name="Dites quand").click()
    expect(page.get_by_label("Trimestre")).to_be_in_viewport()
    expect(page.get_by_role("checkbox", name="Essai-sur-Seine")).to_be_checked()
    page.get_by_label("Trimestre").select_option(index=2)
    page.get_by_role("button", name="Déclarer ce besoin").click()
    expect(page.get_by_role("status").first).to_contain_text("Le besoin est déclaré.", timeout=15_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    sound(page, scripts=scripts)
    page.get_by_role("link", name="Modifier").click()
    page.get_by_label("Lots").fill("Nord\nSud")
    page.get_by_role("button", name="Enregistrer la modification").click()
    expect(page.get_by_role("status").first).to_contain_text("datée", timeout=15_000)
    address = page.url
    told = visit(re.sub("^https?://[^/]+", "", address), width=390, scripts=scripts).page
    expect(told.get_by_text("Modifié", exact=True)).to_be_visible()
    expect(told.locator("ins")).to_have_text("Nord\nSud")
    page.locator("summary", has_text="Retirer").click()
    page.get_by_role("button", name="Oui, retirer").click()
    expect(page.get_by_text("L’acheteur a retiré ce besoin")).to_be_visible()
    listed = visit("/besoins?q=stades", width=390, scripts=scripts).page
    expect(listed.get_by_text("Aucun besoin ne répond à ces filtres")).to_be_visible()
    assert [words for words in seen.complaints if "422" not in words] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_and_the_timeline_are_read_with_the_keyboard(visit: Visitor, width: int) -> None:
    page = visit("/besoins", width=width, scripts=False).page
    tab_to(page, "Mots, acheteur ou code CPV", "searchbox")
    page.keyboard.type("parc")
    page.keyboard.press("Enter")
    expect(page.locator(".list-count")).to_contain_text("1")
    tab_to(page, "Par trimestre et filière")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Calendrier des besoins")
    cell = page.get_by_role("link", name=re.compile(r"^1\s+besoin en "))
    expect(cell).to_have_count(1)
    cell.focus()
    page.keyboard.press("Enter")
    tab_to(page, "Entretien du parc d’essai")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Entretien du parc d’essai")
