"""An organiser moves a weight, sees what it changes, keeps it: by keyboard, on a phone and a desk, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_registration_journey import tab_to
from tests.browser.test_sweep import SIDEWAYS, violations

PATH = "/editions/essai/rapprochement"


@pytest.mark.parametrize("width", [390, 1280])
def test_weight_is_moved_tried_and_kept_with_the_keyboard(visit: Visitor, width: int) -> None:
    seen = visit(PATH, who="organiser", width=width)
    page = seen.page
    slider = page.get_by_role("slider", name="Territoire")
    before = page.get_by_label("Territoire").first.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    after = page.get_by_label("Territoire").first.input_value()
    assert int(after) == int(before) + 5
    shares = page.locator("[data-share]").all_inner_texts()
    assert sum(int(one) for one in shares) == 100
    tab_to(page, "Voir l’effet avant d’enregistrer", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ce qui changerait")).to_be_visible()
    assert page.locator("[data-share]").all_inner_texts() == shares  # the server counts as the page did
    assert violations(page) == []
    assert page.evaluate(SIDEWAYS) == 0
    tab_to(page, "Enregistrer ces poids", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Les poids sont enregistrés")
    expect(page.get_by_label("Territoire").first).to_have_value(after)
    assert seen.complaints == []


def test_without_scripts_the_numbers_do(visit: Visitor) -> None:
    page = visit(PATH, who="organiser", scripts=False).page
    assert page.get_by_role("slider").count() == 0
    page.get_by_label("Activités").fill("0")
    page.get_by_role("button", name="Voir l’effet").click()
    expect(page.get_by_text("Rien n’est encore enregistré.")).to_be_visible()
    expect(page.get_by_text("points sur 100").first).to_be_visible()
    page = visit(PATH, who="organiser", scripts=False).page
    second = page.locator(".match").nth(1)
    second.locator("summary").click()
    expect(second.get_by_text("Territoire", exact=True)).to_be_visible()


def test_reasons_open_with_the_keyboard(visit: Visitor) -> None:
    page = visit(f"{PATH}?participant=S01", who="organiser", width=390).page
    second = page.locator(".match summary").nth(1)
    second.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".match").nth(1).get_by_text("Pour le besoin")).to_be_visible()
    assert violations(page) == []
