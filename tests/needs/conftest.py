"""A buyer with its person, another buyer, a structure of the same edition, and words to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.directory.models import Buyer, Delegate
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Participation
from openmap.needs.models import Need
from openmap.needs.periods import bounds, quarters_from
from openmap.needs.services import today_of
from openmap.people.models import ORGANISER, Person
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from openmap.reference.words import folded
from tests.factories import make_edition
from tests.needing import make_need
from tests.signing import client_of, make_person, now


@dataclass(slots=True)
class Town:
    """A buyer and the people around it, each with a browser."""

    app: Flask
    edition: Edition
    buyer: Buyer
    people: dict[str, Person]

    def client(self, name: str) -> FlaskClient:
        """Return someone's browser; of whom nobody knows, one that has not signed in."""
        return client_of(self.app, self.people.get(name))

    def need(self, title: str = "Tonte des parcs", *, ahead: int = 1, **more: Any) -> Need:
        """Add a declared need that begins in so many quarters, whole unless ``more`` says otherwise."""
        code = quarters_from(today_of(now()))[ahead]
        first, last = bounds(code)
        given: dict[str, Any] = {"activities": [activity("vert.tonte")], "areas": [area("94")]}
        given |= {"starts_on": first, "ends_on": last, "person": self.people["buyer"]}
        need = make_need(self.buyer, title, **{**given, **more, "quarter": code})
        need.quarter = more.get("quarter", code)
        db.session.add(need)
        db.session.commit()
        return need

    def form(self, **more: Any) -> dict[str, Any]:
        """Return what a browser sends of a whole form."""
        return {
            "title": "Tonte des parcs", "description": "Deux hectares.", "activities": [str(activity("vert.tonte").id)],
            "cpv": ["77310000"], "areas": [str(area("94").id)], "communes": ["94081"],
            "quarter": quarters_from(today_of(now()))[1], "starts_on": "", "ends_on": "", "recurrence": "once",
            "amount": "10k_40k", "lots": "", "delivery": "service", "lever": "clause", "procedure": "",
            "renews": "", "renewed_ends_on": "", "certainty": "certain", "contact_name": "Camille Essai",
            "contact_email": "camille@essai.example", "contact_phone": "", "visibility": "public",
            "geste": "declarer",
        } | more  # fmt: skip


def activity(code: str) -> Activity:
    """Return an activity."""
    return db.session.scalars(select(Activity).where(Activity.code == code)).one()


def area(code: str) -> Area:
    """Return an area."""
    return db.session.scalars(select(Area).where(Area.code == code)).one()


@pytest.fixture
def town(app: Flask) -> Town:
    """Return the buyer of an edition: its own person, a structure's, a stranger's, an organiser, and another's."""
    words()
    edition, other = make_edition("essai", buyers=2, structures=2), make_edition("ailleurs", buyers=0, structures=0)
    buyer = db.session.scalars(select(Buyer).order_by(Buyer.id)).first()
    assert buyer is not None
    for need in db.session.scalars(select(Need)):
        db.session.delete(need)
    people = {name: make_person(f"{name}@essai.example") for name in ("buyer", "structure", "stranger")}
    people["organiser"] = make_person("organiser@essai.example", ORGANISER, edition_id=edition.id)
    people["elsewhere"] = make_person("elsewhere@essai.example", ORGANISER, edition_id=other.id)
    people["administrator"] = make_person("administrator@essai.example", "administrator")
    structure = db.session.scalars(select(Participation).where(Participation.side == "structure")).first()
    assert structure is not None
    for name, organisation in (("buyer", buyer.id), ("structure", structure.organisation_id)):
        db.session.add(Delegate(person_id=people[name].id, organisation_id=organisation, invited_at=now()))
    db.session.commit()
    return Town(app, edition, buyer, people)


def words() -> None:
    """Add two trades, a région, two départements, and a commune in each of them."""
    green, clean = Trade(code="vert", name="Espaces verts"), Trade(code="propre", name="Propreté", rank=1)
    green.activities = [
        Activity(code="vert.tonte", name="Tonte", synonyms=["gazon", "pelouse"], cpv=["77310000", "77311000"]),
        Activity(code="vert.taille", name="Taille des haies", rank=1, synonyms=["élagage"], cpv=["77340000"]),
        Activity(code="vert.fauche", name="Fauche", rank=2, retired_at=now(), replaced_by="vert.tonte"),
    ]
    clean.activities = [
        Activity(code="propre.locaux", name="Nettoyage de locaux", synonyms=["ménage", "bureaux"], cpv=["90911200"]),
        Activity(code="propre.vehicules", name="Nettoyage de véhicules", rank=1, cpv=["50112300"]),
    ]
    region = Area(level="region", code="11", name="Île-de-France")
    places = {"94": ("Val-de-Marne", "94081", "Vitry-sur-Seine"), "93": ("Seine-Saint-Denis", "93066", "Saint-Denis")}
    db.session.add_all([green, clean, region])
    db.session.flush()
    for code, (name, insee, commune) in places.items():
        departement = Area(level="departement", code=code, name=name)
        db.session.add_all([departement, Commune(code=insee, name=commune, folded=folded(commune), postal_codes=[])])
        db.session.flush()
        db.session.add_all([AreaCommune(area_id=one.id, commune_code=insee) for one in (region, departement)])
    db.session.commit()
