"""The organiser before a calculation: checks, supposes, compares, adopts, keeps what is found."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from openmap import create_app
from openmap.extensions import db
from openmap.meetings.models import Participation
from tests.browser.conftest import Site, Visitor, running
from tests.conftest import config_for
from tests.factories import make_edition, make_plan

WORKER = [str(Path(sys.executable).with_name("openmap")), "worker"]
SOLVING_MS = 90_000
PLAN = "/editions/essayee/planning"


@pytest.fixture(scope="module")
def edition(site: Site) -> str:
    """Add an edition to come, with a plan and a structure that is never there."""
    app = create_app(config_for(site.instance, site.environ["DATABASE_URL"]))
    with app.app_context():
        made = make_edition("essayee", held_on=date(2099, 11, 23), tables=4)
        make_plan(made)
        person = db.session.query(Participation).filter_by(edition_id=made.id, code="S05").one()
        person.absent_slots = list(made.slots)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return PLAN


def test_check_suppose_compare_adopt_and_keep(visit: Visitor, site: Site, edition: str) -> None:
    seen = visit(f"{edition}/calculs", who="administrator")
    page = seen.page
    page.get_by_role("link", name="Voir le contrôle").click()
    page.get_by_role("link", name=re.compile("Présence et limites de Cyclo-Logis")).click()
    page.get_by_label("11 h", exact=True).uncheck()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("C’est enregistré.")).to_be_visible()
    expect(page.get_by_text("Cyclo-Logis n’est là dans aucun créneau")).to_have_count(0)

    page.goto(f"{site.url}{edition}/hypotheses")
    page.get_by_label("Nom de l’hypothèse").fill("Deux créneaux de plus")
    page.get_by_label("Créneaux en plus").fill("2")
    page.get_by_label("À partir de").fill("14:00")
    page.get_by_label("Durée maximale").select_option("10")
    page.get_by_role("button", name="Calculer cette hypothèse").press("Enter")
    with running(WORKER, site.environ, site.instance / "worker-3.log"):
        expect(page.get_by_role("heading", level=1)).to_have_text("Calcul terminé", timeout=SOLVING_MS)
        page.get_by_role("link", name="Comparer au planning en cours").click()
        row = page.get_by_role("row", name=re.compile(r"^Créneaux \d"))
        expect(row.get_by_role("cell")).to_have_text(["6", "8"])
        page.get_by_role("link", name=re.compile("Adopter…")).press("Enter")
        expect(page.get_by_text("est ajouté (H02)")).to_be_visible()
        page.get_by_role("button", name="Changer l’édition et calculer").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Calcul terminé", timeout=SOLVING_MS)
    expect(page.get_by_role("heading", name=re.compile("Ce qui change"))).to_be_visible()
    page.get_by_role("button", name="Garder la version 2").press("Enter")
    expect(page.get_by_text("Cette version est maintenant le planning en cours.")).to_be_visible()
    assert seen.complaints == []
