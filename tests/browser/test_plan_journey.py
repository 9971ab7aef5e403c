"""The organiser's morning at the screen: calculate again, follow it live, read the plan."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from openmap import create_app
from openmap.extensions import db
from tests.browser.conftest import Site, Visitor, running
from tests.conftest import config_for
from tests.factories import make_edition, make_plan

WORKER = [str(Path(sys.executable).with_name("openmap")), "worker"]
SOLVING_MS = 90_000


@pytest.fixture(scope="module")
def large(site: Site) -> str:
    """Add an edition of 30 buyers and 20 slots with its plan."""
    app = create_app(config_for(site.instance, site.environ["DATABASE_URL"]))
    with app.app_context():
        make_plan(make_edition("grande", buyers=30, structures=60, slots=20, tables=20))
        db.session.remove()
        db.engine.dispose()
    return "/editions/grande/planning"


def test_a_large_grid_fits_a_desk_and_keeps_its_heads(visit: Visitor, large: str) -> None:
    page = visit(large, who="administrator", width=1440).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    region = page.get_by_role("region", name="Grille")
    assert region.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
    expect(region.get_by_role("columnheader")).to_have_count(23)
    page.evaluate("document.querySelector('.grid tbody tr:nth-child(20)').scrollIntoView()")
    for head in (page.locator(".grid thead time").first, page.locator(".grid__corner")):
        box = head.bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 60


def test_solving_again_is_followed_live_to_its_plan(visit: Visitor, site: Site) -> None:
    seen = visit("/editions/essai/planning", who="administrator")
    page = seen.page
    page.get_by_role("link", name="Relancer le calcul").first.click()
    page.get_by_label("Graine").fill("5")
    page.get_by_role("button", name="Lancer le calcul").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Calcul en attente")
    with running(WORKER, site.environ, site.instance / "worker.log"):
        expect(page.get_by_role("heading", level=1)).to_have_text("Calcul terminé", timeout=SOLVING_MS)
    expect(page.get_by_role("row", name=re.compile("Valeur des souhaits"))).to_contain_text("prouvé optimal")
    expect(page.get_by_text("Le planning en cours n’a pas changé.")).to_be_visible()
    page.get_by_role("button", name="Garder la version 3").click()
    page.get_by_role("link", name="Voir le planning, version 3").click()
    expect(page.get_by_text("version 3", exact=True)).to_be_visible()
    assert "Les souhaits ont changé" not in page.content()
    assert seen.complaints == []


def test_the_same_works_without_javascript(visit: Visitor, site: Site) -> None:
    page = visit("/editions/sansplan/planning", who="administrator", scripts=False).page
    page.get_by_role("link", name="Calculer le planning").click()
    page.get_by_role("button", name="Lancer le calcul").click()
    with running(WORKER, site.environ, site.instance / "worker-2.log"):
        for _attempt in range(60):
            if page.get_by_role("heading", level=1).inner_text() == "Calcul terminé":
                break
            page.wait_for_timeout(500)
            refresh = page.get_by_role("link", name="Actualiser l’avancement")
            refresh.click()
    page.get_by_role("link", name=re.compile("Voir le planning, version 1")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Planning des entretiens")


def test_the_page_is_walked_with_the_keyboard_alone(visit: Visitor) -> None:
    page = visit("/editions/essai/planning", who="administrator").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    assert page.locator(".skip-link").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"
    names = []
    for _step in range(30):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px" or page.evaluate("document.activeElement === document.body")
    assert {"Relancer le calcul", "Par acheteur", "q", "Afficher"} <= set(names)
