"""The addresses of facilitators: who answers where, and the list that administrators keep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select

from openmap.directory.facilitator_models import Facilitator
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.reference.models import Area
from tests.facilitators import make_facilitator
from tests.house.table import Action, File, Page
from tests.signing import now

HOME = "/annuaire/facilitateurs"
FORM = {
    "role": "facilitator", "organisation": "Maison de l’emploi d’essai", "presentation": "Elle aide.",
    "website": "https://essai.example", "areas": "{area}", "communes": "99000", "find_place": "",
    "contact_name": "Camille Essai", "contact_email": "camille@essai.example", "contact_phone": "",
    "active_from": "", "active_until": "", "deputy_id": "", "version": "1",
}  # fmt: skip
PAGES = (
    Page("facilitators.index", HOME),
    Page("facilitators.index", f"{HOME}?q=essai"),
    Page("facilitators.index", f"{HOME}?q=essai-le-grand"),
    Page("facilitators.index", f"{HOME}?q=rien-de-tel"),
    Page("facilitators.index", f"{HOME}?lieu=ept:T99"),
    Page("facilitators.index", f"{HOME}?lieu=commune:99001"),
    Page("facilitators.show", f"{HOME}/{{facilitator}}"),
    Page("facilitators.show", f"{HOME}/{{facilitator_away}}"),
    Page("buyers.show", "/annuaire/acheteurs/{buyer}"),
    Page("facilitators.new", f"{HOME}/nouveau", "administrator"),
    Page("facilitators.edit", f"{HOME}/{{facilitator}}/modifier", "administrator"),
    Page("facilitators.faults", f"{HOME}/anomalies", "administrator"),
)
ACTIONS = (
    Action("facilitators.create", f"{HOME}/nouveau", "administrator", f"{HOME}/{{new_facilitator}}", FORM),
    Action("facilitators.change", f"{HOME}/{{facilitator}}/modifier", "administrator", f"{HOME}/{{facilitator}}", FORM),
    Action("facilitators.confirm", f"{HOME}/{{facilitator}}/confirmation", "administrator", f"{HOME}/{{facilitator}}"),
    Action("facilitators.remove", f"{HOME}/{{facilitator_away}}/suppression", "administrator", HOME),
)
FILES = (
    File("facilitators.faults_sheet", f"{HOME}/anomalies.csv", "administrator"),
    File("facilitators.places", f"{HOME}/lieux?find_place=essai&areas={{area}}&communes=99000", "signed_in"),
)
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, _people: Mapping[str, Person]) -> None:
    """Add a facilitator of a territory, one of a commune who is away, and leave nobody for nowhere."""
    territory = db.session.scalars(select(Area).where(Area.code == "T99")).one()
    there = make_facilitator("Plaine d’Essai Emploi", areas=[territory], published_at=now())
    away = make_facilitator("Mission locale d’Essai", communes=["99001"], deputy=there)
    away.active_until = now().date() - timedelta(days=2)
    db.session.add_all([there, away])


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    named = {name: number for number, name in db.session.execute(select(Facilitator.id, Facilitator.organisation))}
    newest = db.session.scalar(select(func.max(Facilitator.id)))
    return {
        "facilitator": named.get("Plaine d’Essai Emploi", newest),
        "facilitator_away": named.get("Mission locale d’Essai", 0),
        "new_facilitator": newest,
    }
