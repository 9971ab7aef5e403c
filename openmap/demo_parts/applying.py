"""Twelve invented applications, in every state, for the coming edition of the demonstration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from openmap.applications.models import Application, Attendee
from openmap.applications.recognising import link_structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.people.services import welcome
from openmap.reference.models import Activity, Area, Commune

FILES: Final = (
    (
        "Le Bureau Retrouvé", "aci", "Vitry-sur-Seine", "dechets",
        "Reprise, réemploi et revente de mobilier de bureau.", 34, 80,
    ),
    (
        "Les Vélos du Canal", "ei", "Pantin", "transport",
        "Livraison à vélo-cargo et entretien de flottes.", 18, 65,
    ),
    (
        "Table Commune", "esat", "Montreuil", "restauration",
        "Buffets et plateaux-repas de saison.", 52, 90,
    ),
    (
        "Chantier Clair", "ei", "Massy", "batiment",
        "Second œuvre et dépose sélective de matériaux.", 41, 60,
    ),
    (
        "Pixels Solidaires", "ea", "Saint-Denis", "numerique",
        "Saisie, numérisation et tri d’archives.", 27, 75,
    ),
    (
        "Compost et Compagnie", "aci", "Créteil", "dechets",
        "Collecte de biodéchets et compostage de quartier.", 15, 85,
    ),
    (
        "L’Atelier du Linge", "esat", "Versailles", "textile",
        "Blanchisserie et retouche de vêtements de travail.", 60, 92,
    ),
    (
        "Jardins de la Boucle", "aci", "Cergy", "espaces-verts",
        "Entretien d’espaces verts sans pesticide.", 22, 78,
    ),
    (
        "Net et Plus", "etti", "Évry-Courcouronnes", "proprete",
        "Mise à disposition d’agents de propreté formés.", 75, 70,
    ),
    (
        "Papiers d’Ici", "ea", "Nanterre", "dechets",
        "Collecte de papiers et destruction confidentielle.", 38, 82,
    ),
    (
        "Seconde Main Informatique", "aci", "Melun", "numerique",
        "Reconditionnement d’ordinateurs et de téléphones.", 19, 79,
    ),
    (
        "La Ressource du Plateau", "association", "Ivry-sur-Seine", "dechets",
        "Matériauthèque et réemploi de décors.", 9, None,
    ),
)  # fmt: skip
STATES: Final = ("submitted",) * 8 + ("draft", "draft", "withdrawn", "submitted")
MARK: Final = " (fictif)"


def demo_applying(edition: Edition, people: Mapping[str, Person], now: datetime) -> list[Application]:
    """Add the applications once; the structure's delegate of the demonstration has a draft and a submitted one."""
    known = select(Application).where(Application.edition_id == edition.id).order_by(Application.id)
    there = list(db.session.scalars(known))
    return there or [_file(edition, people, now, rank) for rank in range(len(FILES))]


def _file(edition: Edition, people: Mapping[str, Person], now: datetime, rank: int) -> Application:
    name, kind, place, trade, offers, workforce, supported = FILES[rank]
    state, at = STATES[rank], now - timedelta(days=12 - rank)
    delegate = people.get("structure_delegate")
    own = delegate if delegate is not None and rank in {0, 8} else None
    person = own or welcome(
        db.session, f"structure-{rank + 1}@demonstration.example", name=f"Personne fictive {rank + 1}", by=None, now=at
    )
    application = Application(
        edition=edition, person=person, state="draft", siret=siret(rank), name=name + MARK, kind=kind,
        legal_form="association", address=f"{rank + 2} rue de l’Exemple", workforce=workforce,
        supported_share=supported,
        offers=offers, presentation="Structure inventée pour la démonstration.", clients="Ville d’exemple, 2025.",
        wants_meetings=True, meeting_wishes="Acheteurs de la petite couronne.", typed={}, created_at=at, changed_at=at,
        attendees=[Attendee(name=person.name, email=person.email or "", position="Direction")],
        **_pitch(rank, offers),
    )  # fmt: skip
    db.session.add(application)
    _choose(application, place, trade, rank)
    db.session.flush()
    if state == "draft":
        application.workforce, application.pitch_impact = None, ""
        return application
    link_structure(db.session, application, by=person, now=at)
    if application.structure is not None:
        application.structure.is_invented = True
    application.state, application.submitted_at = state, at
    if state == "withdrawn":
        application.withdrawn_at = at + timedelta(days=1)
    if rank == 7:
        application.standing, application.standing_at = "ineligible", now
        application.standing_reason = "La structure n’intervient pas dans la filière de cette édition."
    elif rank < 4:
        application.standing, application.standing_at = "eligible", now
    return application


def _pitch(rank: int, offers: str) -> dict[str, Any]:
    if rank == 4:
        return {"wants_pitch": False}
    return {
        "wants_pitch": True,
        "pitch_title": offers.partition(",")[0].partition(" et ")[0],
        "pitch_summary": f"{offers} Nous montrons comment un acheteur public nous confie un premier lot.",
        "pitch_novelty": "Un service mesuré : chaque tonne et chaque heure d’insertion est rendue à l’acheteur.",
        "pitch_impact": f"{10 + rank} parcours d’insertion par an, inventés pour la démonstration.",
    }


def _choose(application: Application, place: str, trade: str, rank: int) -> None:
    """Give the file a commune, a territory and a sector, where the reference data have them."""
    commune = db.session.scalars(select(Commune).where(Commune.name == place, Commune.current_code.is_(None))).first()
    if commune is not None:
        application.commune_code = commune.code
        near = [area for area in commune.areas if area.level == ("region" if rank % 3 else "departement")]
        application.areas = near[:1]
    if not application.areas:
        application.radius_km = 30
    found = list(db.session.scalars(select(Activity).where(Activity.code.like(f"{trade}.%")).order_by(Activity.rank)))
    chosen = found or list(db.session.scalars(select(Activity).order_by(Activity.id).limit(1)))
    application.activities = chosen[:2]
    if not application.areas:
        application.areas = list(db.session.scalars(select(Area).where(Area.level == "region").limit(1)))


def siret(rank: int) -> str:
    """Return a SIRET of no one's: its keys are right, its SIREN is not given out."""
    return _keyed(_keyed(f"998{rank:05d}") + "0001")


def _keyed(body: str) -> str:
    """Return ``body`` with its Luhn key."""
    digits = [int(digit) * (2 - rank % 2) for rank, digit in enumerate(reversed(body))]
    return body + str(-sum(digit - 9 if digit > 9 else digit for digit in digits) % 10)
