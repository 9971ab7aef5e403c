"""Forty invented structures of the directory over the région and the trades; some are kept by people of the demo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from openmap.demo_parts.applying import MARK, siret
from openmap.directory.models import Claim, ClientReference, Delegate, FieldSource, Offer, Structure
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.services import welcome
from openmap.reference.models import Activity, Area, Commune, Label

STRUCTURES: Final = (
    # name, kind, commune, activities, reach (km, areas or france), workforce, share of supported people, labels
    ("Les Haies Vives", "aci", "Montreuil", "espaces-verts.entretien espaces-verts.creation", "20", 24, 75, "cocagne"),
    ("Jardiniers des Deux Rives", "esat", "Évry-Courcouronnes", "espaces-verts.entretien", "91", 48, 92, "gesat"),
    ("Sève et Sentiers", "aci", "Fontainebleau", "espaces-verts.naturels espaces-verts.foret", "77", 18, 80, ""),
    ("Paysage Partagé", "ea", "Saint-Germain-en-Laye", "espaces-verts.entretien", "30", 35, 78, "unea"),
    ("Horti-Lien", "esat", "Meaux", "espaces-verts.horticulture espaces-verts.entretien", "40", 55, 90, "gesat"),
    ("Netteté Solidaire", "ei", "Saint-Denis", "proprete.locaux proprete.specifique", "93 ept:T6", 62, 60, "fei"),
    ("Bureaux Clairs", "ea", "Nanterre", "proprete.locaux", "25", 80, 82, "unea iso-9001"),
    ("La Brigade du Propre", "ai", "Argenteuil", "proprete.locaux personne.menage", "95", 120, 100, "coorace"),
    ("Rues et Squares", "aci", "Vitry-sur-Seine", "proprete.urbain", "ept:T12", 28, 85, "chantier-ecole"),
    ("Écolavage Itinérant", "ei", "Créteil", "proprete.vehicules", "35", 14, 70, "iso-14001"),
    ("Archives Vivantes", "ea", "Cergy", "numerique.numerisation administratif.courrier", "france", 44, 80, "unea"),
    ("Clavier et Compagnie", "esat", "Versailles", "administratif.secretariat numerique.donnees", "region", 38, 95, ""),
    ("Deuxième Écran", "ei", "Bagnolet", "dechets.reemploi-informatique numerique.parc", "region", 21, 65, "envie"),
    ("Code pour Toutes", "ess", "Paris", "numerique.sites numerique.logiciels", "france", 16, None, "esus"),
    ("Hotline Douce", "ea", "Massy", "numerique.assistance administratif.accueil", "france", 70, 85, "rsei"),
    ("La Table de Ronsard", "aci", "Pantin", "restauration.traiteur restauration.plateaux", "15", 19, 78, "bio"),
    ("Saveurs d’Ici", "esat", "Melun", "restauration.collective restauration.plateaux", "30", 60, 94, "gesat"),
    ("Le Fournil Commun", "aci", "Ivry-sur-Seine", "restauration.boulangerie", "ept:T12 94", 12, 80, ""),
    ("Légumes de la Plaine", "aci", "Saint-Ouen-l’Aumône", "restauration.maraichage restauration.legumerie",
     "45", 33, 85, "cocagne bio"),
    ("Cantine des Possibles", "ei", "Aubervilliers", "restauration.restaurant restauration.traiteur",
     "93", 26, 68, "fei"),
    ("Vaisselle en Boucle", "ess", "Gennevilliers", "restauration.materiel", "region", 9, 50, "esus"),
    ("Murs Neufs", "ei", "Bobigny", "batiment.peinture batiment.sols", "93 75", 40, 62, "rge fei"),
    ("Second Œuvre Solidaire", "ei", "Corbeil-Essonnes", "batiment.second-oeuvre batiment.menuiserie",
     "91 77", 52, 58, "rge"),
    ("Dépose et Réemploi", "aci", "Stains", "batiment.deconstruction dechets.reemploi-materiaux",
     "region", 23, 82, "ressourceries"),
    ("Watts et Gestes", "ess", "Poissy", "batiment.energie batiment.electricite", "78", 11, None, "rge"),
    ("Bâtir Intérim", "etti", "Noisy-le-Grand", "batiment.gros-oeuvre batiment.second-oeuvre",
     "region", 210, 100, "coorace"),
    ("Le Tri du Bureau", "ea", "Courbevoie", "dechets.collecte-bureaux", "region", 46, 84, "unea iso-14001"),
    ("Encombrants du Coin", "aci", "Clichy-sous-Bois", "dechets.encombrants dechets.reemploi-mobilier",
     "ept:T9 93", 30, 88, "emmaus"),
    ("Tissus d’Avenir", "aci", "Sarcelles", "dechets.textiles dechets.reemploi-textile", "95 93", 27, 83, "emmaus"),
    ("Compost Urbain", "ess", "Paris", "dechets.biodechets", "75 92 94", 8, None, "esus"),
    ("Chantiers Propres", "ei", "Mantes-la-Jolie", "dechets.chantier", "60", 31, 64, ""),
    ("La Belle Blanchisserie", "esat", "Antony", "textile.blanchisserie", "92 94", 75, 95, "gesat"),
    ("Fil et Aiguille", "aci", "Épinay-sur-Seine", "textile.couture textile.confection", "region", 22, 86, ""),
    ("Roues Libres", "ei", "Paris", "transport.velos transport.livraison", "12", 29, 66, "b-corp"),
    ("Déménageurs Solidaires", "aci", "Champigny-sur-Marne", "transport.demenagement", "region", 25, 79, ""),
    ("Conditionnement Alliance", "esat", "Chelles", "transport.conditionnement industrie.montage",
     "france", 90, 93, "gesat iso-9001"),
    ("Imprimerie des Quais", "ea", "Alfortville", "communication.impression communication.signaletique",
     "france", 36, 81, "unea"),
    ("Mobilier Recomposé", "ei", "Ris-Orangis", "artisanat.mobilier artisanat.bois", "region", 17, 61, "ressourceries"),
    ("Accueil et Conciergerie", "ai", "Colombes", "administratif.conciergerie administratif.accueil",
     "92 95", 64, 100, "coorace"),
    ("Passeurs de Savoirs", "cooperative", "Montreuil", "conseil.formation conseil.conseil",
     "region", 13, None, "qualiopi"),
)  # fmt: skip
CLIENTS: Final = ("Ville de Montclair-sur-Seine", "Office de l’habitat du Plateau", "Lycée Rosa-Exemple")
LARGEST: Final = ("under_10k", "10k_40k", "40k_90k", "90k_221k", "221k_500k")
LIST: Final = "liste fictive de la démonstration"


def demo_sourcing(session: AnySession, people: Mapping[str, Person], now: datetime) -> int:
    """Add the structures once, each with its offers, areas, references and labels; return how many are new."""
    names = [row[0] + MARK for row in STRUCTURES]
    if session.scalar(select(Structure.id).where(Structure.name.in_(names)).limit(1)) is not None:
        return 0
    words = _Words(session)
    made = [_structure(words, row, rank, now) for rank, row in enumerate(STRUCTURES)]
    session.add_all(made)
    session.flush()
    _kept(session, made, people, now)
    for structure in made:
        for field in ("name", "kind", "commune_code", "offers"):
            session.add(FieldSource(structure_id=structure.id, field=field, kind="import", source=LIST, at=now))
    session.flush()
    return len(made)


class _Words:
    """The reference data by the words of the table above; what a loaded reference lacks is left out."""

    def __init__(self, session: AnySession) -> None:
        wanted = [row[2] for row in STRUCTURES]
        today = select(Commune).where(Commune.name.in_(wanted), Commune.current_code.is_(None))
        self.communes = {one.name: one for one in session.scalars(today)}
        self.activities = {one.code: one for one in session.scalars(select(Activity))}
        self.labels = {one.code: one for one in session.scalars(select(Label))}
        self.areas = {f"{one.level}:{one.code}": one for one in session.scalars(select(Area))}
        self.region = [one for one in self.areas.values() if one.level == "region"][:1]


def _structure(words: _Words, row: tuple[Any, ...], rank: int, now: datetime) -> Structure:
    name, kind, place, activities, reach, workforce, share, labels = row
    commune, listed = words.communes.get(place), now - timedelta(days=20 * rank + 3)
    offers = [
        Offer(position=at, activity=words.activities[code], **_how(kind, rank + at), **_where(words, reach))
        for at, code in enumerate(activities.split())
        if code in words.activities
    ]
    return Structure(
        name=name + MARK,
        siret=siret(100 + rank),
        kind=kind,
        legal_form=("association", "sas", "scop")[rank % 3],
        is_invented=True,
        city=commune.name if commune else place,
        commune=commune,
        postal_code=(commune.postal_codes or [""])[0] if commune else "",
        address=f"{rank + 1} rue de l’Exemple",
        activity=", ".join(offer.activity.name for offer in offers if offer.activity)[:500],
        description=f"{name} est une structure inventée pour la démonstration.",
        workforce=workforce,
        supported_share=share,
        website=f"https://structure-{rank + 1}.example" if rank % 4 else "",
        joint_bids="A répondu à deux en 2024 avec une structure voisine, sur un lot d’espaces publics."
        if rank % 5 == 0
        else "",
        certifications="Document unique à jour, assurance décennale." if rank % 7 == 0 else "",
        listed_at=listed,
        # One in nine says what nobody has confirmed for two years.
        confirmed_at=now - timedelta(days=760) if rank % 9 == 4 else listed,
        changed_at=listed,
        labels=[words.labels[code] for code in labels.split() if code in words.labels],
        offers=offers,
        clients=[
            ClientReference(
                client=CLIENTS[(rank + at) % 3] + MARK, is_public=True, year=2023 + at, subject=offers[0].activity.name
                if offers and offers[0].activity else "", amount=LARGEST[(rank + at) % 5],
            )
            for at in range(rank % 3)
        ],
    )  # fmt: skip


def _how(kind: str, rank: int) -> dict[str, Any]:
    """Return how an offer is delivered: temporary work and associations intermédiaires send people."""
    sends = kind in {"etti", "ai"}
    return {
        "is_service": not sends,
        "is_staff": sends,
        "is_supply": rank % 6 == 0,
        "capacity": f"{4 + rank % 9} équipes de {3 + rank % 4} personnes" if rank % 2 else "",
        "largest_amount": LARGEST[rank % 5] if rank % 3 else "",
    }


def _where(words: _Words, reach: str) -> dict[str, Any]:
    if reach == "france":
        return {"reach": "france"}
    if reach == "region":
        return {"reach": "places", "areas": list(words.region)}
    named = [one if ":" in one else f"departement:{one}" for one in reach.split()]
    areas = [words.areas[one] for one in named if one in words.areas]
    if areas:
        return {"reach": "places", "areas": areas}
    return {"reach": "radius", "radius_km": int(reach) if reach.isdecimal() else 20}


def _kept(session: AnySession, made: list[Structure], people: Mapping[str, Person], now: datetime) -> None:
    """Let people of the demonstration keep three pages; someone asks to keep a fourth, which nobody has."""
    keepers = [people["structure_delegate"]]
    for number in (1, 2):
        mail = f"annuaire-{number}@demonstration.example"
        keepers.append(welcome(session, mail, name=f"Personne fictive de l’annuaire {number}", by=None, now=now))
    session.flush()
    for structure, person in zip(made, keepers, strict=False):
        session.add(Delegate(person_id=person.id, organisation_id=structure.id, invited_at=now))
    session.add(Claim(structure=made[5], person=keepers[2], reason="chargée de développement (fictif)", asked_at=now))
