"""From the ranking to the decisions published, and a coaching booked, with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_registration_journey import tab_to

OPEN = "/editions/delibere/jury/deliberation"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_chair_decides_and_orders_the_reserve_with_the_keyboard(visit: Visitor, width: int) -> None:
    page = visit(OPEN, who="juror", width=width).page
    for name in ("Structure 3", "Structure 4"):
        page.get_by_label(f"Décision pour {name}").focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        tab_to(page, f"Noter {name}", "button")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text(f"« {name} » : réserve.")
    tab_to(page, "Monter Structure 4", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("La réserve est rangée.")
    first = page.get_by_role("region", name=re.compile("^Réserve")).get_by_role("listitem").first
    expect(first).to_contain_text("Structure 4")
    tab_to(page, "Descendre Structure 4", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name=re.compile("^Réserve")).get_by_role("listitem").first).to_contain_text(
        "Structure 3"
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_a_choice_under_quotas_is_sought_and_adopted_with_the_keyboard(visit: Visitor, width: int) -> None:
    page = visit(f"{OPEN}/quotas", who="organiser", width=width).page
    page.get_by_label("Au moins").first.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    page.keyboard.type("Atelier")
    tab_to(page, "Voir le choix", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_contain_text("Le meilleur choix")
    tab_to(page, "Adopter ce choix", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Le choix est adopté")
    tab_to(page, "Vérifier et publier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Publier les décisions")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_structure_changes_its_coaching_with_the_keyboard(visit: Visitor, width: int) -> None:
    page = visit("/editions/choisie/accompagnement", who="structure_delegate", width=width).page
    tab_to(page, "Réserver", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("C’est réservé.")
    summary = page.locator("details.confirm summary").first
    summary.focus()
    page.keyboard.press("Enter")
    tab_to(page, "Oui, annuler", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("La réservation est annulée.")
