"""From a frozen plan to everyone's agenda: the organiser publishes by keyboard, a participant reads and subscribes."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from openmap import create_app
from openmap.directory.models import Delegate
from openmap.extensions import db
from openmap.meetings.models import Participation
from openmap.people.models import ORGANISER
from tests.browser.conftest import Site, Visitor, running
from tests.browser.test_registration_journey import tab_to
from tests.browser.test_sweep import violations
from tests.conftest import config_for
from tests.factories import make_edition, make_plan
from tests.signing import cookie_of, make_person, now

WORKER = [str(Path(sys.executable).with_name("openmap")), "worker"]
WRITING_MS = 60_000


@pytest.fixture(params=[390, 1280])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def edition(site: Site, width: int, request: pytest.FixtureRequest) -> str:
    """Add an edition of this test's own: a plan, an organiser, and a person for the first buyer; return its address."""
    slug = "lue-" + str(width) if "without" in request.node.name else f"diffusee-{width}"
    app = create_app(config_for(site.instance, site.environ["DATABASE_URL"]))
    with app.app_context():
        made = make_edition(slug, buyers=3, structures=5, slots=6, held_on=date(2099, 11, 23))
        make_plan(made)
        buyer = db.session.query(Participation).filter_by(edition_id=made.id, code="B01").one()
        reader = make_person(f"lectrice@{slug}.example", name=f"Lectrice de {slug}")
        db.session.add(Delegate(person_id=reader.id, organisation_id=buyer.organisation_id, invited_at=now()))
        db.session.commit()
        site.cookies[f"reader-{width}"] = cookie_of(app, reader)
        organiser = make_person(f"organisatrice@{slug}.example", ORGANISER, edition_id=made.id)
        site.cookies[f"organiser-{width}"] = cookie_of(app, organiser)
        db.session.remove()
        db.engine.dispose()
    return f"/editions/{slug}"


def _level(page: Page) -> None:
    """See that nothing stands out sideways, and that axe finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_a_release_is_published_and_read(visit: Visitor, site: Site, edition: str, width: int) -> None:
    seen = visit(f"{edition}/planning/versions/figer", who=f"organiser-{width}", width=width)
    page = seen.page
    page.get_by_label("Nom", exact=True).fill("Première version")
    tab_to(page, "Figer cette version", role="button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Première version")
    expect(page.get_by_text("les participants ne voient aucun planning")).to_be_visible()
    _level(page)

    tab_to(page, "Préparer la diffusion")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Diffusion des agendas")
    expect(page.get_by_role("cell", name=f"Lectrice de diffusee-{width}", exact=True)).to_be_visible()
    _level(page)
    page.locator("summary").first.press("Enter")
    expect(page.locator("details li").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Diffuser à")).press("Enter")
    with running(WORKER, site.environ, site.instance / f"worker-diffusion-{width}.log"):
        expect(page.get_by_role("heading", level=1)).to_have_text("Diffusion terminée", timeout=WRITING_MS)
    _level(page)
    page.goto(f"{site.url}{edition}/planning/versions/figees/1")
    expect(page.get_by_text("C’est la version que voient les participants.")).to_be_visible()
    assert seen.complaints == []

    _read_and_subscribe(visit, site, edition, width)


def _read_and_subscribe(visit: Visitor, site: Site, edition: str, width: int) -> None:
    """Read the agenda without JavaScript, then ask for the address that a calendar follows."""
    plain = visit(edition, who=f"reader-{width}", width=width, scripts=False).page
    plain.get_by_role("link", name="Votre agenda", exact=True).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Mon agenda")
    expect(plain.locator("tbody tr strong").first).to_be_visible()

    seen = visit("/agenda", who=f"reader-{width}", width=width)
    page = seen.page
    tab_to(page, "Créer mon adresse d’abonnement", role="button")
    page.keyboard.press("Enter")
    address = page.get_by_label("Adresse d’abonnement").input_value()
    _level(page)
    calendar = page.request.get(site.url + urlsplit(address).path)
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert calendar.text().count("BEGIN:VEVENT") > 0
    assert seen.complaints == []


def test_pages_of_publication_are_read_without_javascript(visit: Visitor, site: Site, edition: str, width: int) -> None:
    del site
    for path, heading in (("planning/diffusion", "Diffusion des agendas"), ("planning/versions", "Versions")):
        page = visit(f"{edition}/{path}", who=f"organiser-{width}", width=width, scripts=False).page
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
