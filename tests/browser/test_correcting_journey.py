"""The organiser corrects the plan: by drag, with the keyboard alone, on a phone, and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from openmap import create_app
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Meeting, Plan
from openmap.people.models import ORGANISER
from tests.browser.conftest import Site, Visitor
from tests.browser.test_registration_journey import tab_to
from tests.browser.test_sweep import violations
from tests.conftest import config_for
from tests.factories import make_edition, make_plan
from tests.signing import make_person

STATUS = "main [role=status]"


@pytest.fixture
def plan(site: Site, request: pytest.FixtureRequest) -> str:
    """Add an edition of this test's own, with a plan, and return the address of its planning."""
    slug = "corrige-" + re.sub("[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[-40:].strip("-")
    with create_app(config_for(Path(site.instance), site.environ["DATABASE_URL"])).app_context():
        edition = make_edition(slug, buyers=4, structures=7, slots=6)
        plan = make_plan(edition)
        first = plan.meetings[0].wish.buyer
        busy = {meeting.slot_id for meeting in plan.meetings if meeting.wish.buyer_id == first.id}
        first.absent_slots = [next(slot for slot in reversed(edition.slots) if slot.id not in busy)]
        make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)
        db.session.remove()
        db.engine.dispose()
    return f"/editions/{slug}/planning"


def cells_of(page: Page, row: int) -> Locator:
    return page.locator(".grid tbody tr").nth(row).locator("td")


def hours(site: Site, plan: str) -> dict[int, int]:
    """Return the slot of each meeting, from the database."""
    with create_app(config_for(Path(site.instance), site.environ["DATABASE_URL"])).app_context():
        slug = plan.split("/")[2]
        rows = select(Meeting.wish_id, Meeting.slot_id).join(Plan).join(Edition, Edition.id == Plan.edition_id)
        found = {wish: slot for wish, slot in db.session.execute(rows.where(Edition.slug == slug))}  # noqa: C416
        db.session.remove()
        db.engine.dispose()
        return found


def test_a_meeting_is_dragged_where_the_rules_allow_and_refused_elsewhere(
    visit: Visitor, site: Site, plan: str
) -> None:
    seen = visit(plan, who="organiser", width=1440)
    page = seen.page
    before = hours(site, plan)
    link = page.locator("a[data-wish]").first
    wish = int(link.get_attribute("data-wish") or 0)
    told = page.request.get(f"{site.url}{plan}/rendez-vous/{wish}/cibles").json()
    row = link.locator("xpath=ancestor::tr")
    empty = [cell for cell in row.locator("td").all() if not cell.locator("a").count()]
    open_cell = next(cell for cell in empty if not told[cell.get_attribute("data-slot") or ""])
    slot = int(open_cell.get_attribute("data-slot") or 0)
    link.drag_to(open_cell)
    expect(page.locator(STATUS)).to_contain_text(" : de ")
    assert hours(site, plan) == {**before, wish: slot}
    link, cell, rule = _a_refused_drop(page, site, plan)
    link.drag_to(cell)
    expect(page.locator(STATUS)).to_contain_text("Refusé.")
    expect(page.locator(STATUS)).to_contain_text(rule.replace("\u00a0", " "), use_inner_text=True)
    assert hours(site, plan) == {**before, wish: slot}
    page.get_by_role("button", name="Annuler cette correction").click()
    expect(page.locator(STATUS)).to_contain_text("Annulé")
    assert hours(site, plan) == before
    assert seen.complaints == []


def _a_refused_drop(page: Page, site: Site, plan: str) -> tuple[Locator, Locator, str]:
    for link in page.locator("a[data-wish]").all():
        told = page.request.get(f"{site.url}{plan}/rendez-vous/{link.get_attribute('data-wish')}/cibles").json()
        for cell in link.locator("xpath=ancestor::tr").locator("td").all():
            rule = told[cell.get_attribute("data-slot") or ""]
            if rule and not cell.locator("a").count():
                return link, cell, rule
    pytest.fail("no hour is refused")


def test_while_dragging_the_hours_are_marked_by_sign_and_not_by_colour_alone(visit: Visitor, plan: str) -> None:
    page = visit(plan, who="organiser", width=1440).page
    link = page.locator("a[data-wish]").first
    link.dispatch_event("dragstart", {"dataTransfer": page.evaluate_handle("new DataTransfer()")})
    expect(page.locator("td[data-drop=open]").first).to_be_attached()
    assert (
        page.locator("td[data-drop=open]").first.evaluate("cell => getComputedStyle(cell, '::after').content") == '"✓"'
    )
    link.dispatch_event("dragend")
    expect(page.locator("td[data-drop]")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_is_done_with_the_keyboard_alone(visit: Visitor, site: Site, plan: str, width: int) -> None:
    seen = visit(plan, who="organiser", width=width)
    page = seen.page
    before = hours(site, plan)
    first = page.locator("a[data-wish]").first
    name = first.inner_text()
    tab_to(page, name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    assert violations(page) == []
    button = page.get_by_role("button", name=re.compile("^Déplacer à")).first.inner_text()
    tab_to(page, button, "button")
    page.keyboard.press("Enter")
    expect(page.locator(STATUS)).to_contain_text(" : de ")
    assert hours(site, plan) != before
    tab_to(page, "Annuler cette correction", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Planning des entretiens")
    assert hours(site, plan) == before
    tab_to(page, name)
    page.keyboard.press("Enter")
    tab_to(page, "Verrouiller", "button")
    page.keyboard.press("Enter")
    expect(page.locator(STATUS)).to_contain_text("verrouillé")
    tab_to(page, "Déverrouiller", "button")
    page.keyboard.press("Enter")
    tab_to(page, "Retirer du planning", "button")
    page.keyboard.press("Enter")
    expect(page.locator(STATUS)).to_contain_text("retiré")
    place = page.get_by_role("button", name=re.compile("^Placer à")).first.inner_text()
    tab_to(page, place, "button")
    page.keyboard.press("Enter")
    expect(page.locator(STATUS)).to_contain_text("ajouté")
    assert set(hours(site, plan)) == set(before)
    assert violations(page) == []
    assert seen.complaints == []


def test_the_same_works_without_javascript_up_to_a_release(visit: Visitor, site: Site, plan: str) -> None:
    page = visit(plan, who="organiser", scripts=False).page
    page.get_by_role("link", name="Figer une version").click()
    page.get_by_label("Nom").fill("Première version")
    page.get_by_role("button", name="Figer cette version").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Première version")
    page.goto(site.url + plan)
    page.locator("a[data-wish]").first.click()
    page.get_by_role("button", name="Retirer du planning").click()
    page.get_by_role("link", name="Revenir au planning").click()
    page.get_by_role("link", name="Versions et différences").click()
    page.get_by_label("Avant").select_option(index=0)
    page.get_by_label("Après").select_option(index=1)
    page.get_by_role("button", name="Comparer").click()
    expect(page.get_by_text("2 personnes concernées")).to_be_visible()
    page.get_by_role("link", name="Revenir aux versions").click()
    page.locator("summary", has_text="Reprendre").click()
    page.get_by_role("button", name="Oui, en faire le planning en cours").click()
    expect(page.locator(STATUS)).to_contain_text("est reprise")


def test_two_organisers_see_each_others_changes(visit: Visitor, plan: str) -> None:
    one, other = (visit(plan, who=who).page for who in ("organiser", "administrator"))
    for page in (one, other):
        page.locator("a[data-wish]").nth(1).click()
    one.get_by_role("button", name="Retirer du planning").click()
    other.get_by_role("button", name="Verrouiller").click()
    expect(other.locator(STATUS)).to_contain_text("Dominique d’Essai a changé le planning entre-temps")
    expect(other.get_by_text("Cet entretien n’est pas dans le planning en cours.")).to_be_visible()
