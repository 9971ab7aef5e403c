"""From the list of files to a decision, a message and a question, with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_registration_journey import tab_to

FILES = "/editions/essai/candidatures"


@pytest.mark.parametrize("width", [390, 1280])
def test_an_organiser_finds_judges_and_goes_on_with_the_keyboard(visit: Visitor, width: int) -> None:
    page = visit(FILES, who="organiser", width=width).page
    tab_to(page, "Nom, SIRET ou personne", "searchbox")
    page.keyboard.type("essai 3")
    page.keyboard.press("Enter")
    expect(page.locator(".list-count")).to_contain_text("1")
    tab_to(page, "Structure d’essai n° 3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Structure d’essai n° 3")
    page.get_by_role("radio", name="Non recevable").focus()
    page.keyboard.press("Space")
    tab_to(page, "Enregistrer", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Dites pourquoi")
    tab_to(page, "Dites pourquoi la candidature n’est pas recevable.")
    page.keyboard.press("Enter")
    page.get_by_label("Motif").focus()
    page.keyboard.type("Hors de la région.")
    tab_to(page, "Enregistrer", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("non recevable")
    page.get_by_role("radio", name="À examiner").focus()
    page.keyboard.press("Space")
    tab_to(page, "Enregistrer", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("à examiner")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_message_is_written_to_those_who_are_ticked(visit: Visitor, width: int) -> None:
    page = visit(f"{FILES}?etat=submitted&tri=nom", who="organiser", width=width).page
    for name in ("Structure d’essai n° 4", "Structure d’essai n° 5"):
        tab_to(page, f"Choisir {name}", "checkbox")
        page.keyboard.press("Space")
    tab_to(page, "Écrire un message", "button")
    page.keyboard.press("Enter")
    expect(page.locator(".lead")).to_contain_text("2")
    tab_to(page, "Préparer 2", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("rien ne part avant")
    tab_to(page, "Ne rien envoyer", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("2")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_question_is_added_moved_and_removed(visit: Visitor, width: int) -> None:
    label = f"Combien de véhicules, à {width} points ?"
    page = visit("/editions/vide/preparation/questions", who="organiser", width=width).page
    tab_to(page, "Question", "textbox")
    page.keyboard.type(label)
    page.get_by_label("Nature de la réponse").select_option("number")
    tab_to(page, "Ajouter", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("La question est ajoutée.")
    entry = page.locator(".question-list > li").filter(has_text=label)
    entry.locator("summary").focus()
    page.keyboard.press("Enter")
    tab_to(page, f"Oui, supprimer {label}", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("La question est supprimée.")
