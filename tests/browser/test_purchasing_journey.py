"""A purchase plan from its file to its needs and back, and a need's outcome told in one click, without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_registration_journey import tab_to
from tests.house.parts.purchasing import ASKED, BASE, plan_of


@pytest.mark.parametrize(("width", "scripts"), [(390, False), (1280, True)])
def test_a_buyer_imports_a_plan_answers_what_is_asked_and_takes_it_back(
    visit: Visitor, width: int, scripts: bool
) -> None:
    seen = visit(BASE, who="buyer_delegate", width=width, scripts=scripts)
    page = seen.page
    plan = plan_of(f"Tonte de {width};T1 2027;Tonte;Deux hectares", f"Mystère de {width};T1 2027;Mot de {width};")
    file = {"name": "plan.csv", "mimeType": "text/csv", "buffer": plan.getvalue()}
    page.get_by_label("Plan d’achat (.xlsx ou .csv)").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Lire ce fichier").press("Enter")
    heading = page.get_by_role("heading", level=1)
    if "Colonnes" in heading.inner_text():
        expect(page.get_by_label("Ce que contient la colonne « Objet »")).to_have_value("title")
        page.get_by_role("button", name="Continuer").press("Enter")
    expect(heading).to_contain_text("Valeurs de")
    page.get_by_role("button", name="Importer").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Des valeurs restent à confirmer")
    page.get_by_label(f"« Mot de {width} »").select_option(label="Ne rien reprendre")
    page.get_by_role("button", name="Importer").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text(re.compile(r"2.besoins créés"))
    page.get_by_text("Annuler cet import").last.press("Enter")
    page.get_by_role("button", name="Oui, tout annuler").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Cet import a été annulé")
    assert [one for one in seen.complaints if "422" not in one] == []


def test_an_outcome_is_told_with_the_keyboard_and_without_signing_in(visit: Visitor) -> None:
    seen = visit(f"/besoins/suite/{ASKED}", width=390, scripts=False)
    page = seen.page
    tab_to(page, "Attribué à une structure de l’économie sociale et solidaire", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Merci, votre réponse est enregistrée.")
    assert seen.complaints == []
