"""The addresses of the search among structures."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from openmap.directory.models import Offer, Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.reference.models import Activity
from tests.house.table import Action, File, Page
from tests.signing import now

PAGES: tuple[Page, ...] = (
    Page("directory.index", "/annuaire"),
    Page("directory.index", "/annuaire?q=tonte&activite=essai.tonte&lieu=ept:T99&livraison=service&label=essai"),
    Page("directory.index", "/annuaire?q=rien-de-tel&type=x&lieu=y&taille=z&page=w"),
)
ACTIONS: tuple[Action, ...] = ()
FILES: tuple[File, ...] = (
    File("directory.export", "/annuaire/liste.csv?lieu=ept:T99", "everyone"),
    File("directory.export", "/annuaire/liste.xlsx?q=essai", "everyone"),
    File("directory.export", "/annuaire/liste.geojson", "everyone"),
    File("directory.places", "/annuaire/lieux?ou=essai", "everyone"),
)
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """List the structures of the edition, so that a search finds some, and one in words only."""
    del people
    structures = db.session.scalars(select(Structure).order_by(Structure.id)).all()
    tonte = db.session.scalars(select(Activity).where(Activity.code == "essai.tonte")).one()
    for one in structures:
        one.listed_at, one.commune_code = now(), "99001"
        one.offers = [Offer(activity=tonte, title="Tonte à essayer", reach="radius", radius_km=20)]
    structures[0].offers.append(Offer(title="En mots seulement", reach="france", is_staff=True))


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    return {}
