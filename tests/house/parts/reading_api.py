"""The addresses for other programs: the API, its page, the map of the site."""

from __future__ import annotations

from collections.abc import Mapping

from openmap.directory.models import Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from tests.house.table import Action, File, Page
from tests.signing import now

V1 = "/api/v1"
PAGES = (Page("api.page", "/api"),)
ACTIONS: tuple[Action, ...] = ()
FILES = (
    File("api.document", f"{V1}/openapi.json", "everyone"),
    File("api.structures", f"{V1}/structures", "everyone"),
    File("api.structure", f"{V1}/structures/{{listed_api}}", "everyone"),
    File("api.structure_by_siret", f"{V1}/structures/siret/73282932000074", "everyone"),
    File("api.needs", f"{V1}/needs", "everyone"),
    File("api.need", f"{V1}/needs/{{need_public}}", "everyone"),
    File("api.facilitators", f"{V1}/facilitators", "everyone"),
    File("api.facilitator", f"{V1}/facilitators/{{facilitator}}", "everyone"),
    File("api.communes", f"{V1}/territories/communes", "everyone"),
    File("api.commune", f"{V1}/territories/communes/99000", "everyone"),
    File("api.commune_facilitators", f"{V1}/territories/communes/99000/facilitators", "everyone"),
    File("api.areas", f"{V1}/territories/areas", "everyone"),
    File("api.area", f"{V1}/territories/areas/ept/T99", "everyone"),
    File("api.activities", f"{V1}/vocabularies/activities", "everyone"),
    File("api.kinds", f"{V1}/vocabularies/kinds", "everyone"),
    File("api.labels", f"{V1}/vocabularies/labels", "everyone"),
    File("sitemaps.index", "/sitemap.xml", "everyone"),
    File("sitemaps.fixed", "/plan-du-site/pages.xml", "everyone"),
    File("sitemaps.page", "/plan-du-site/editions-1.xml", "everyone"),
    File("sitemaps.robots", "/robots.txt", "everyone"),
)
DOORS: frozenset[str] = frozenset()
NAME = "Structure lue par l’API d’essai"


def furnish(_edition: Edition, _people: Mapping[str, Person]) -> None:
    """List a structure in the directory."""
    db.session.add(Structure(name=NAME, kind="ei", siret="73282932000074", listed_at=now(), is_invented=True))


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    listed = db.session.query(Structure).filter_by(name=NAME).one_or_none()
    return {"listed_api": listed.id if listed else 0}
