"""Needs of five invented buyers that come to the coming edition: every quarter, state, visibility and lever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from openmap.demo_parts.applying import MARK
from openmap.directory.models import Buyer
from openmap.directory.services import invite
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Participation
from openmap.needs import services
from openmap.needs.models import Need
from openmap.needs.periods import bounds, months_after, quarters_from
from openmap.people.models import Person
from openmap.people.services import welcome
from openmap.reference.models import Activity, Area, Commune

BUYERS: Final = (
    ("Ville de Montclair-sur-Seine", "Montclair-sur-Seine"),
    ("Communauté de communes des Trois-Vallons", "Vallons"),
    ("Lycée Rosa-Exemple", "Exempleville"),
    ("Office de l’habitat du Plateau", "Exempleville"),
    ("Hôpital Saint-Exemple", "Saint-Exemple"),
)
NEEDS: Final = (
    # buyer, object, activity, département or commune, quarters ahead, certainty, lever, amount, visibility, state
    (0, "Entretien des espaces verts des écoles", "espaces-verts.entretien", "94", 1, "certain", "reserved_lot",
     "90k_221k", "public", "declared"),
    (0, "Réemploi du mobilier de l’ancien hôtel de ville", "dechets.reemploi-mobilier", "94", 0, "certain",
     "criterion", "10k_40k", "public", "declared"),
    (0, "Buffets et plateaux-repas des élus", "restauration.plateaux", "Vitry-sur-Seine", 2, "probable",
     "reserved_contract", "40k_90k", "participants", "declared"),
    (0, "Nettoyage des gymnases", "proprete.locaux", "94", 4, "idea", "clause", "unknown", "organisers", "declared"),
    (0, "Impression du journal municipal", "communication.impression", "94", 3, "idea", "none", "", "public", "draft"),
    (0, "Gardiennage de l’exposition d’été", "culture.animation", "94", 2, "idea", "none", "under_10k", "public",
     "withdrawn"),
    (1, "Collecte des encombrants sur rendez-vous", "dechets.encombrants", "77", 1, "certain", "clause", "221k_500k",
     "public", "declared"),
    (1, "Collecte et compostage des biodéchets", "dechets.biodechets", "77", 3, "probable", "reserved_lot",
     "500k_1m", "public", "declared"),
    (1, "Débroussaillage des chemins ruraux", "espaces-verts.naturels", "77", 2, "certain", "reserved_contract",
     "40k_90k", "participants", "declared"),
    (1, "Ressourcerie mobile", "dechets.reemploi-materiaux", "77", 5, "idea", "none", "unknown", "public", "declared"),
    (2, "Denrées de saison pour la cantine", "restauration.maraichage", "91", 1, "certain", "criterion", "90k_221k",
     "public", "declared"),
    (2, "Reprise des ordinateurs en fin de vie", "dechets.reemploi-informatique", "91", 2, "probable",
     "reserved_contract", "under_10k", "public", "declared"),
    (3, "Peinture des halls et des cages d’escalier", "batiment.peinture", "93", 1, "certain", "clause", "500k_1m",
     "public", "declared"),
    (3, "Dépose sélective avant réhabilitation", "batiment.deconstruction", "93", 3, "probable", "clause",
     "221k_500k", "public", "declared"),
    (3, "Accueil et conciergerie de quartier", "administratif.conciergerie", "Saint-Denis", 4, "probable",
     "reserved_lot", "90k_221k", "participants", "declared"),
    (4, "Blanchisserie des tenues de travail", "textile.blanchisserie", "region", 2, "certain", "reserved_lot",
     "over_1m", "public", "declared"),
    (4, "Numérisation des archives médicales", "numerique.numerisation", "region", 5, "probable",
     "reserved_contract", "221k_500k", "public", "declared"),
    (4, "Navettes à vélo entre les bâtiments", "transport.velos", "92", 6, "idea", "none", "unknown", "public",
     "declared"),
)  # fmt: skip


def demo_stating(edition: Edition, people: Mapping[str, Person], now: datetime) -> list[Buyer]:
    """Add the buyers with their needs once; the demonstration's buyer acts for the first, which changed a need."""
    names = [name + MARK for name, _city in BUYERS]
    known = list(db.session.scalars(select(Buyer).where(Buyer.name.in_(names)).order_by(Buyer.id)))
    if known:
        return known
    delegate = people["buyer_delegate"]
    buyers = [_buyer(edition, rank, city, now) for rank, (_name, city) in enumerate(BUYERS)]
    invite(db.session, buyers[0], delegate, by=delegate, now=now)
    made = [_need(buyers[row[0]], row, delegate, now - timedelta(days=21 - rank)) for rank, row in enumerate(NEEDS)]
    changed = {"amount": "221k_500k", "lots": "Écoles du nord\nÉcoles du sud"}
    services.save(db.session, made[0], changed, version=made[0].version, by=delegate, now=now - timedelta(days=2))
    return buyers


def _buyer(edition: Edition, rank: int, city: str, now: datetime) -> Buyer:
    buyer = Buyer(name=BUYERS[rank][0] + MARK, city=city, is_invented=True)
    db.session.add(buyer)
    db.session.add(Participation(edition=edition, organisation=buyer, code=f"F{rank + 1:02d}", side="buyer"))
    if rank:
        mail = f"acheteur-{rank}@demonstration.example"
        person = welcome(db.session, mail, name=f"Acheteur fictif {rank}", by=None, now=now)
        db.session.flush()
        invite(db.session, buyer, person, by=person, now=now)
    return buyer


def _need(buyer: Buyer, row: tuple[Any, ...], by: Person, at: datetime) -> Need:
    _rank, title, activity, place, ahead, certainty, lever, amount, visibility, state = row
    codes = quarters_from(at.date())
    code = codes[min(ahead, len(codes) - 1)]
    first, last = bounds(code)
    found = list(db.session.scalars(select(Activity).where(Activity.code == activity)))
    areas, communes = _where(place)
    values = {
        "title": title,
        "description": f"{title}, pour {buyer.name.removesuffix(MARK)}. Besoin inventé pour la démonstration.",
        "activities": found, "cpv": [code for one in found for code in one.cpv[:1]], "areas": areas,
        "communes": communes, "quarter": code, "starts_on": first, "ends_on": last, "recurrence": "once",
        "amount": amount, "lots": "", "delivery": "service", "lever": lever, "procedure": "", "certainty": certainty,
        "renews": "Marché en cours" if ahead == 1 else "", "renewed_ends_on": _ends(last) if ahead == 1 else None,
        "contact_name": by.name, "contact_email": by.email or "", "contact_phone": "", "visibility": visibility,
    }  # fmt: skip
    need = services.start(db.session, buyer, values, by=by, now=at)
    if state != "draft" and found and (areas or communes):
        services.declare(db.session, need, by=by, now=at + timedelta(minutes=2))
        if state == "withdrawn":
            services.withdraw(db.session, need, by=by, now=at + timedelta(days=3))
    return need


def _ends(last: date) -> date:
    return months_after(last, 3)


def _where(place: str) -> tuple[list[Area], list[Commune]]:
    """Return a département by its number, the région, or a commune by its name, where the reference data have it."""
    if place == "region":
        return list(db.session.scalars(select(Area).where(Area.level == "region"))), []
    if place.isdecimal():
        return list(db.session.scalars(select(Area).where(Area.level == "departement", Area.code == place))), []
    asked = select(Commune).where(Commune.name == place, Commune.current_code.is_(None)).limit(1)
    return [], list(db.session.scalars(asked))
