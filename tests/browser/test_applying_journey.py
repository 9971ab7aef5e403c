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


def enter(page: Page, label: str, text: str) -> None:
    """Go to a field with Tab and write in it."""
    tab_to(page, label, "textbox")
    page.keyboard.type(text)


def press(page: Page, name: str, key: str = "Enter", role: str = "button") -> None:
    """Go to a control with Tab and press it."""
    tab_to(page, name, role)
    page.keyboard.press(key)


def tab_to_group(page: Page, title: str) -> None:
    """Go with Tab to the line that opens a group of choices, and open it."""
    wanted = page.locator("summary").filter(has_text=title).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"« {title} » is not reached with the keyboard")


@pytest.mark.parametrize(("width", "who"), [(390, "front_desk"), (1280, "juror")])
def test_the_whole_application_with_the_keyboard_alone(visit: Visitor, width: int, who: str) -> None:
    seen = visit("/editions/essai/candidature", who=who, width=width)
    page = seen.page
    enter(page, "SIRET", "123")
    press(page, "Commencer")
    expect(page.get_by_role("alert")).to_contain_text("Un SIRET compte 14 chiffres")
    press(page, "Un SIRET compte 14 chiffres", role="link")
    expect(page.get_by_label("SIRET")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("999 000 003 00189" if width == 390 else "999 000 003 00197")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/identite$"), timeout=15_000)
    enter(page, "Nom de la structure", "Clavier")
    tab_to(page, "Type de structure", "combobox")
    page.keyboard.type("ESAT")
    expect(page.get_by_label("Type de structure")).to_have_value("esat")
    press(page, "Continuer")
    expect(page).to_have_url(re.compile("/activite$"), timeout=15_000)
    tab_to_group(page, "Essai")
    press(page, "Tonte", "Space", "checkbox")
    enter(page, "Ce que vous proposez", OFFERS)
    enter(page, "Personnes au travail", "24")
    enter(page, "Dont en insertion", "70")
    page.keyboard.press("Enter")  # from a field, as on a phone's keyboard
    expect(page).to_have_url(re.compile("/territoires$"), timeout=15_000)
    enter(page, "Rayon", "30")
    press(page, "Continuer")
    expect(page).to_have_url(re.compile("/participants$"), timeout=15_000)
    press(page, "Continuer")
    expect(page).to_have_url(re.compile("/pitch$"), timeout=15_000)
    press(page, "Oui", "Space", "radio")
    for label, text in TEXTS.items():
        enter(page, label, text)
    press(page, "Continuer")
    expect(page).to_have_url(re.compile("/rendez-vous$"), timeout=15_000)
    tab_to(page, "Oui", "radio")
    page.keyboard.press("ArrowDown")  # to « Non »
    press(page, "Continuer")
    expect(page).to_have_url(re.compile("/questions$"), timeout=15_000)
    press(page, "Continuer")
    expect(page).to_have_url(re.compile(r"/candidatures/\d+$"), timeout=15_000)
    expect(page.get_by_text("Tout y est.")).to_be_visible()
    press(page, "Déposer la candidature")
    expect(page.get_by_role("status").first).to_contain_text("Votre candidature est déposée")
    assert [one for one in seen.complaints if "422" not in one] == []


def test_enter_in_a_field_goes_on_and_takes_no_attachment_out(visit: Visitor) -> None:
    page = visit("/editions/essai/candidature", who="organiser", width=390).page
    page.get_by_role("button", name="Commencer").click()
    expect(page).to_have_url(re.compile("/identite$"), timeout=15_000)
    page.goto(page.url.replace("/identite", "/pitch"))
    plan = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 plan"}
    page.get_by_label("Pièces jointes").set_input_files([plan])
    expect(page.get_by_role("button", name="Retirer plan.pdf")).to_be_visible()
    page.get_by_label("Oui").check()
    page.get_by_label("Titre du pitch").press("Enter")
    expect(page).to_have_url(re.compile("/rendez-vous$"), timeout=15_000)
    page.goto(page.url.replace("/rendez-vous", "/pitch"))
    expect(page.get_by_role("link", name="plan.pdf")).to_be_visible()
