"""An edition in preparation: both sides take part, some have said whom they wish to meet. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from openmap.directory.models import Buyer, Organisation, Structure
from openmap.directory.services import invite
from openmap.events.models import Edition
from openmap.events.phases import set_phase
from openmap.extensions import db
from openmap.meetings.inviting import add_organisation
from openmap.meetings.models import Participation
from openmap.meetings.wishing import Line, digest, limit_digest, save_limits, save_lines
from openmap.needs.models import Need
from openmap.needs.periods import bounds, quarters_from
from openmap.people.models import Person

BUYERS: Final = (
    ("Ville de Bellerive (fictif)", "Bellerive", ("Mobilier de bureau de réemploi", "Collecte de cartons et papiers")),
    ("Département du Val-Joli (fictif)", "Val-Joli", ("Repas et buffets de saison", "Entretien des espaces verts")),
    ("Office de l’habitat des Trois-Ponts (fictif)", "Trois-Ponts", ("Dépose sélective et réemploi de matériaux",)),
    ("Hôpital de Saint-Clair (fictif)", "Saint-Clair", ("Blanchisserie de vêtements de travail", "Tri des biodéchets")),
    ("Syndicat des Deux-Vallées (fictif)", "Deux-Vallées", ("Collecte et compostage de biodéchets",)),
)
STRUCTURES: Final = (
    ("Le Bureau Retrouvé, antenne nord (fictif)", "aci", "Bellerive", "Réemploi et revente de mobilier de bureau"),
    ("Vélos et Colis (fictif)", "ei", "Trois-Ponts", "Livraison à vélo-cargo, collecte de cartons"),
    ("La Table des Saisons (fictif)", "esat", "Val-Joli", "Buffets, repas de saison et plateaux"),
    ("Démonte et Refait (fictif)", "ei", "Trois-Ponts", "Dépose sélective, réemploi de matériaux"),
    ("Linge et Compagnie (fictif)", "esat", "Saint-Clair", "Blanchisserie, retouche de vêtements de travail"),
    ("Terre de Quartier (fictif)", "aci", "Deux-Vallées", "Collecte de biodéchets et compostage"),
    ("Herbes Folles (fictif)", "aci", "Val-Joli", "Entretien d’espaces verts sans pesticide"),
    ("Papier Deuxième Vie (fictif)", "ea", "Bellerive", "Collecte et tri de papiers, archives"),
)
SAID: Final = (
    ("buyer", 0, ((0, "must", "Ils ont meublé notre médiathèque."), (7, "want", ""), (1, "open", ""))),
    ("buyer", 2, ((3, "must", ""), (0, "want", ""), (4, "veto", "Marché en cours d’attribution."))),
    ("buyer", 4, ((5, "must", ""), (1, "open", ""))),
    ("structure", 0, ((0, "must", ""), (2, "want", "Nouveau siège en projet."))),
    ("structure", 5, ((4, "must", ""), (3, "want", ""))),
    ("structure", 3, ((2, "must", ""), (0, "open", ""))),
)


def demo_wishing(edition: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Furnish an edition, once: participants, a week left for their wishes, half of them told.

    ``people`` by role: the buyer's and the structure's delegates act for one that has not finished.
    """
    if db.session.scalar(select(Participation.id).where(Participation.edition_id == edition.id).limit(1)):
        return
    by = people["organiser"]
    set_phase(db.session, edition, "wishes", now - timedelta(days=6), now + timedelta(days=8), by=by, now=now)
    sides = {
        "buyer": [_joined(edition, _buyer(one, now), by, now) for one in BUYERS],
        "structure": [_joined(edition, _structure(one), by, now) for one in STRUCTURES],
    }
    for role, side, rank in (("buyer_delegate", "buyer", 0), ("structure_delegate", "structure", 0)):
        invite(db.session, sides[side][rank].organisation, people[role], by=by, now=now)
    acting = {("buyer", 0): people["buyer_delegate"], ("structure", 0): people["structure_delegate"]}
    for side, rank, said in SAID:
        others = sides["structure" if side == "buyer" else "buyer"]
        lines = {others[number].id: Line(level, note, digest("", "")) for number, level, note in said}
        save_lines(db.session, sides[side][rank], lines, by=acting.get((side, rank), by), now=now)
    limits = {"max_run": 4, "note": "Arrivée à 11 h, en transports (fictif)."}
    seen = {name: limit_digest(getattr(sides["structure"][0], name)) for name in limits}
    save_limits(db.session, sides["structure"][0], limits, seen, by=people["structure_delegate"], now=now)


def _joined(edition: Edition, organisation: Organisation, by: Person, now: datetime) -> Participation:
    return add_organisation(db.session, edition, organisation, by=by, now=now)


def _buyer(told: tuple[str, str, tuple[str, ...]], now: datetime) -> Buyer:
    name, city, needs = told
    buyer = db.session.scalars(select(Buyer).where(Buyer.name == name)).one_or_none()
    if buyer is not None:
        return buyer
    buyer = Buyer(name=name, city=city, activity="", is_invented=True)
    db.session.add(buyer)
    quarters = quarters_from(now.date())
    for rank, title in enumerate(needs):
        starts_on, ends_on = bounds(quarters[rank + 1])
        db.session.add(
            Need(
                buyer=buyer, title=title, state="declared", visibility="participants", quarter=quarters[rank + 1],
                starts_on=starts_on, ends_on=ends_on, created_at=now, changed_at=now, declared_at=now,
            )
        )  # fmt: skip
    db.session.flush()
    return buyer


def _structure(told: tuple[str, str, str, str]) -> Structure:
    name, kind, city, activity = told
    structure = db.session.scalars(select(Structure).where(Structure.name == name)).one_or_none()
    if structure is None:
        structure = Structure(name=name, kind=kind, city=city, activity=activity, is_invented=True)
        db.session.add(structure)
        db.session.flush()
    return structure
