"""From the public page to a place, and from a draft to a public edition, with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor

TABS = 80


def tab_to(page: Page, name: str, role: str = "link") -> None:
    """Press Tab until the element of this name has the focus, and see that the focus is visible."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    pytest.fail(f"« {name} » is not reached with the keyboard")


@pytest.mark.parametrize("width", [390, 1280])
def test_someone_registers_with_the_keyboard(visit: Visitor, width: int) -> None:
    page = visit("/editions/essai", width=width).page
    tab_to(page, "S’inscrire")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("S’inscrire")
    tab_to(page, "Prénom et nom", "textbox")
    page.keyboard.type("Claude Clavier")
    page.keyboard.press("Tab")
    page.keyboard.type("pas une adresse")
    tab_to(page, "S’inscrire", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Cette adresse n’est pas complète")
    tab_to(page, "Cette adresse n’est pas complète")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#email$"))
    page.get_by_label("Adresse électronique").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(f"clavier{width}@essai.example")
    tab_to(page, "Vous venez en tant que", "combobox")
    page.keyboard.press("ArrowDown")
    tab_to(page, "S’inscrire", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre inscription est reçue")


@pytest.mark.parametrize("width", [390, 1280])
def test_an_organiser_creates_and_publishes_with_the_keyboard(visit: Visitor, width: int) -> None:
    page = visit("/", who="organiser", width=width).page
    tab_to(page, "Créer une édition")
    page.keyboard.press("Enter")
    tab_to(page, "Titre", "textbox")
    page.keyboard.type(f"Clavier {width}")
    page.get_by_label("Date").evaluate("element => { element.value = '2031-05-15' }")
    tab_to(page, "Créer l’édition", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Préparation")
    tab_to(page, "Rendre publique", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("L’édition est publique.")
    tab_to(page, "Disposer les tables")
    page.keyboard.press("Enter")
    tab_to(page, "Code", "textbox")
    page.keyboard.type("T1")
    tab_to(page, "Ajouter", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("C’est ajouté.")
    row = page.get_by_role("listitem").filter(has_text="T1")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    tab_to(page, "Oui, supprimer", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("« T1 » est supprimé.")
