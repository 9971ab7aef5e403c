"""An edition in preparation: both sides take part, some have said whom they wish to meet. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from openmap.applications.models import Application, Attendee
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
from openmap.people.services import welcome
from openmap.reference.models import Activity, Area

BUYERS: Final = (
    # name, city, what it needs: the words, the activity, the département
    ("Ville de Bellerive (fictif)", "Bellerive", (
        ("Mobilier de bureau de réemploi", "dechets.reemploi-mobilier", "94"),
        ("Collecte de cartons et papiers de bureau", "dechets.collecte-bureaux", "94"),
    )),
    ("Département du Val-Joli (fictif)", "Val-Joli", (
        ("Repas et buffets de saison", "restauration.traiteur", "93"),
        ("Entretien des espaces verts des collèges", "espaces-verts.entretien", "93"),
    )),
    ("Office de l’habitat des Trois-Ponts (fictif)", "Trois-Ponts", (
        ("Dépose sélective et réemploi de matériaux", "batiment.deconstruction", "92"),
    )),
    ("Hôpital de Saint-Clair (fictif)", "Saint-Clair", (
        ("Blanchisserie de vêtements de travail", "textile.blanchisserie", "75"),
        ("Tri et collecte des biodéchets", "dechets.biodechets", "75"),
    )),
    ("Syndicat des Deux-Vallées (fictif)", "Deux-Vallées", (
        ("Collecte et compostage de biodéchets", "dechets.biodechets", "77"),
    )),
)  # fmt: skip
STRUCTURES: Final = (
    # name, kind, city, what it does, the activities, the départements, the workforce
    ("Le Bureau Retrouvé, antenne nord (fictif)", "aci", "Bellerive", "Réemploi et revente de mobilier de bureau",
     ("dechets.reemploi-mobilier",), ("94", "75"), 34),
    ("Vélos et Colis (fictif)", "ei", "Trois-Ponts", "Livraison à vélo-cargo, collecte de cartons",
     ("transport.velos", "dechets.collecte-bureaux"), ("75", "92", "94"), 18),
    ("La Table des Saisons (fictif)", "esat", "Val-Joli", "Buffets, repas de saison et plateaux",
     ("restauration.traiteur", "restauration.plateaux"), ("93",), 52),
    ("Démonte et Refait (fictif)", "ei", "Trois-Ponts", "Dépose sélective, réemploi de matériaux",
     ("batiment.deconstruction", "dechets.reemploi-materiaux"), ("92", "93"), 41),
    ("Linge et Compagnie (fictif)", "esat", "Saint-Clair", "Blanchisserie, retouche de vêtements de travail",
     ("textile.blanchisserie", "textile.couture"), ("75", "92"), 60),
    ("Terre de Quartier (fictif)", "aci", "Deux-Vallées", "Collecte de biodéchets et compostage",
     ("dechets.biodechets",), ("75", "77"), 15),
    ("Herbes Folles (fictif)", "aci", "Val-Joli", "Entretien d’espaces verts sans pesticide",
     ("espaces-verts.entretien",), ("93", "95"), 22),
    ("Papier Deuxième Vie (fictif)", "ea", "Bellerive", "Collecte et tri de papiers, archives",
     ("dechets.collecte-bureaux", "numerique.numerisation"), ("94",), 38),
)  # fmt: skip
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
    set_phase(db.session, edition, "call", now - timedelta(days=50), now - timedelta(days=19), by=by, now=now)
    opened, closes = now - timedelta(days=30), now + timedelta(days=20)
    set_phase(db.session, edition, "registration", opened, closes, by=by, now=now)
    set_phase(db.session, edition, "wishes", now - timedelta(days=6), now + timedelta(days=8), by=by, now=now)
    sides = {
        "buyer": [_joined(edition, _buyer(one, now), by, now) for one in BUYERS],
        "structure": [_joined(edition, _structure(edition, one, now), by, now) for one in STRUCTURES],
    }
    for role, side, rank in (("buyer_delegate", "buyer", 0), ("structure_delegate", "structure", 0)):
        invite(db.session, sides[side][rank].organisation, people[role], by=by, now=now)
    for rank, buyer in enumerate(sides["buyer"][1:], start=2):
        mail, told = f"rendez-vous-acheteur-{rank}@demonstration.example", f"Personne fictive, acheteur {rank}"
        person = welcome(db.session, mail, name=told, by=None, now=now)
        invite(db.session, buyer.organisation, person, by=by, now=now)
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


def _buyer(told: tuple[str, str, tuple[tuple[str, str, str], ...]], now: datetime) -> Buyer:
    name, city, needs = told
    buyer = db.session.scalars(select(Buyer).where(Buyer.name == name)).one_or_none()
    if buyer is not None:
        return buyer
    buyer = Buyer(name=name, city=city, activity="", is_invented=True)
    db.session.add(buyer)
    quarters = quarters_from(now.date())
    for rank, (title, activity, departement) in enumerate(needs):
        starts_on, ends_on = bounds(quarters[rank + 1])
        db.session.add(
            Need(
                buyer=buyer, title=title, state="declared", visibility="participants", quarter=quarters[rank + 1],
                starts_on=starts_on, ends_on=ends_on, created_at=now, changed_at=now, declared_at=now,
                amount="40k_90k", activities=_activities((activity,)), areas=_areas((departement,)),
            )
        )  # fmt: skip
    db.session.flush()
    return buyer


def _structure(edition: Edition, told: tuple[Any, ...], now: datetime) -> Structure:
    """Return a structure with the file that it sent: what it does and where is read there by the match score."""
    name, kind, city, activity, activities, departements, workforce = told
    structure = db.session.scalars(select(Structure).where(Structure.name == name)).one_or_none()
    if structure is None:
        structure = Structure(name=name, kind=kind, city=city, activity=activity, is_invented=True)
        db.session.add(structure)
        db.session.flush()
    rank, sent = [one[0] for one in STRUCTURES].index(name), now - timedelta(days=20)
    mail = f"rendez-vous-{rank + 1}@demonstration.example"
    person = welcome(db.session, mail, name=f"Personne fictive, rendez-vous {rank + 1}", by=None, now=now)
    if rank:  # the first is the demonstration's own delegate's
        invite(db.session, structure, person, by=person, now=now)
    file = Application(
        edition=edition, person=person, structure=structure, state="submitted", name=name, kind=kind,
        workforce=workforce, offers=activity, presentation="Structure inventée pour la démonstration.",
        wants_meetings=True, created_at=sent, changed_at=sent, submitted_at=sent, standing="eligible", standing_at=sent,
        activities=_activities(activities), areas=_areas(departements),
        attendees=[Attendee(name=person.name, email=person.email or "")],
    )  # fmt: skip
    db.session.add(file)
    db.session.flush()
    return structure


def _activities(codes: Sequence[str]) -> list[Activity]:
    return list(db.session.scalars(select(Activity).where(Activity.code.in_(codes)).order_by(Activity.id)))


def _areas(codes: Sequence[str]) -> list[Area]:
    asked = select(Area).where(Area.level == "departement", Area.code.in_(codes))
    return list(db.session.scalars(asked.order_by(Area.id)))
