"""The whole application in a real browser: counted on a phone, without JavaScript, with the keyboard alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.test_registration_journey import tab_to

SIRET = "999 000 003 00171"
TEXTS = {
    "Titre du pitch": "Le bureau qui revient",
    "Résumé": "Nous reprenons le mobilier de bureau, le réparons en atelier et le rendons au même acheteur.",
    "Ce qui est nouveau": "Un atelier mobile qui répare sur place.",
    "L’effet social": "Douze parcours d’insertion par an.",
}
OFFERS = "Reprise, réparation et revente de mobilier de bureau."
MOST_TAPS, MOST_KEYS = 35, 70
"""What the form may cost besides the sentences that only the structure can write."""


@dataclass(slots=True)
class Thumb:
    """Someone on a phone: counts the taps, the keys of short answers and those of whole sentences."""

    page: Page
    taps: int = 0
    keys: int = 0
    sentences: int = 0

    def tap(self, element: Locator) -> None:
        element.click()
        self.taps += 1

    def type(self, element: Locator, text: str) -> None:
        self.tap(element)
        self.page.keyboard.type(text)
        if len(text) > 20:
            self.sentences += len(text)
        else:
            self.keys += len(text)

    def go_on(self, step: str) -> None:
        self.tap(self.page.get_by_role("button", name="Continuer"))
        expect(self.page).to_have_url(re.compile(f"/{step}(\\?.*)?$"), timeout=15_000)


def fill(thumb: Thumb) -> None:
    """Fill everything that is needed in, from the call to the file."""
    page = thumb.page
    thumb.type(page.get_by_label("SIRET"), SIRET)
    thumb.tap(page.get_by_role("button", name="Commencer"))
    expect(page).to_have_url(re.compile("/identite$"), timeout=15_000)
    thumb.type(page.get_by_label("Nom de la structure"), "Atelier Essai")
    thumb.taps += 2  # a list opens with one tap and closes with another
    page.get_by_label("Type de structure").select_option("esat")
    thumb.go_on("activite")
    thumb.tap(page.locator("#activities summary").first)
    thumb.tap(page.get_by_label("Tonte"))
    thumb.type(page.get_by_label("Ce que vous proposez"), OFFERS)
    thumb.type(page.get_by_label("Personnes au travail"), "24")
    thumb.type(page.get_by_label("Dont en insertion"), "70")
    thumb.go_on("territoires")
    thumb.type(page.get_by_label("Rayon"), "30")
    thumb.go_on("participants")
    thumb.go_on("pitch")
    thumb.tap(page.get_by_label("Oui"))
    for label, text in TEXTS.items():
        thumb.type(page.get_by_label(label), text)
    thumb.go_on("rendez-vous")
    thumb.tap(page.get_by_label("Oui"))
    thumb.go_on("questions")
    thumb.tap(page.get_by_role("button", name="Continuer"))
    expect(page).to_have_url(re.compile(r"/candidatures/\d+$"), timeout=15_000)
    expect(page.get_by_text("Tout y est.")).to_be_visible()
    thumb.tap(page.get_by_role("button", name="Déposer la candidature"))
    expect(page.get_by_role("status").first).to_contain_text("Votre candidature est déposée")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])
def test_stopwatch_of_an_application_on_a_phone(visit: Visitor, scripts: bool) -> None:
    seen = visit("/editions/essai/candidature", who="partner" if scripts else "nobody", width=390, scripts=scripts)
    thumb = Thumb(seen.page)
    fill(thumb)
    print(f"\n{thumb.taps} taps, {thumb.keys} keys for short answers, {thumb.sentences} for sentences")
    assert thumb.taps <= MOST_TAPS
    assert thumb.keys <= MOST_KEYS
    assert seen.complaints == []


def test_it_saves_by_itself_and_comes_back(visit: Visitor) -> None:
    seen = visit("/editions/essai/candidature", who="buyer_delegate", width=390)
    page = seen.page
    page.get_by_role("button", name="Commencer").click()
    page.get_by_label("SIRET").fill("123")
    page.get_by_label("Nom de la structure").fill("Gardée toute seule")
    expect(page.locator("#enregistre")).to_contain_text("Enregistré à")
    page.goto(page.url.rpartition("/")[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Gardée toute seule")
    page.get_by_role("link", name="Un SIRET compte 14 chiffres").click()
    expect(page.get_by_label("SIRET")).to_have_value("123")
    assert seen.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_step_with_the_keyboard_alone(visit: Visitor, width: int) -> None:
    page = visit("/editions/essai/candidature", who="front_desk", width=width).page
    tab_to(page, "SIRET", "textbox")
    page.keyboard.type("123")
    tab_to(page, "Commencer", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Un SIRET compte 14 chiffres")
    page.get_by_label("SIRET").focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/identite$"), timeout=15_000)
    tab_to(page, "Nom de la structure", "textbox")
    page.keyboard.type("Clavier")
    tab_to(page, "Continuer", "button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/activite$"), timeout=15_000)
    page.goto(page.url.replace("/activite", "/rendez-vous"))
    tab_to(page, "Oui", "radio")
    page.keyboard.press("Space")
    tab_to(page, "Continuer", "button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/(candidatures/\d+|questions)$"), timeout=15_000)
