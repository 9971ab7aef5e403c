"""An edition from nothing to public, through its pages only; then a copy of it with every date moved."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from openmap.events import services
from openmap.events.models import Edition, Stand, Table
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import entries_of_edition, verify
from openmap.people.models import ADMINISTRATOR, ORGANISER, Person
from tests.factories import make_edition
from tests.signing import administrator_client, client_of, make_person, now, sent

PREP = "/editions/openmap-ess-restauration-2030/preparation"


@pytest.fixture
def organiser(app: Flask) -> FlaskClient:
    return administrator_client(app)


def the(slug: str) -> Edition:
    return db.session.scalars(
        select(Edition).where(Edition.slug == slug).execution_options(populate_existing=True)
    ).one()


def test_from_nothing_to_public(organiser: FlaskClient, client: FlaskClient) -> None:
    assert "Créez la première" in organiser.get("/").text
    made = sent(organiser, "/editions/nouvelle", {"title": "OpenMap ESS Restauration", "held_on": "2030-06-13"})
    assert made.location == PREP
    slug = "openmap-ess-restauration-2030"
    assert "0 sur 13 étapes faites" in organiser.get(PREP).text.replace("\u00a0", " ")
    assert client.get(f"/editions/{slug}").status_code == 404
    assert slug not in client.get("/").text
    steps = [
        (
            "/identite",
            {
                "title": "OpenMap ESS Restauration",
                "held_on": "2030-06-13",
                "area_id": "0",
                "venue": "Les Canaux",
                "address": "6 quai de la Seine, 75019 Paris",
                "contact_email": "c@essai.example",
                "capacity": "150",
                "contact_phone": "01 23 45 67 89",
            },
        ),
        (
            "/etapes/registration",
            {"registration-opens_at": "2020-04-01T09:00", "registration-closes_at": "2030-06-10T18:00"},
        ),
        ("/etapes/call", {"call-opens_at": "2020-04-01T09:00"}),
        (
            "/programme/liste",
            {
                "kind": "plenary",
                "title": "Ouverture",
                "start": "09:00",
                "end": "09:30",
                "speakers": "Camille Exemple, Ville fictive",
            },
        ),
        (
            "/creneaux/generation",
            {
                "rythme-start": "10:00",
                "rythme-end": "12:00",
                "rythme-duration": "15",
                "rythme-transfer": "5",
                "rythme-break_start": "11:00",
                "rythme-break_end": "11:15",
            },
        ),
        ("/tables/liste", {"code": "T1", "label": "Près de l’entrée", "seats": "4"}),
    ]
    for path, data in steps:
        answer = sent(organiser, PREP + path, data)
        assert answer.status_code == 303, (path, answer.text)
    sent(organiser, f"/editions/{slug}/equipe", {"email": "jury@essai.example", "name": "Jo Essai", "role": "juror"})
    sent(organiser, f"{PREP}/publier")
    assert "9 sur 13 étapes faites" in organiser.get(PREP).text.replace("\u00a0", " ")
    page = client.get(f"/editions/{slug}").text
    for told in ("Ouverture", "Camille Exemple", "Les Canaux", "S’inscrire", "+33123456789"):
        assert told in page, told
    edition = the(slug)
    assert [slot.start.astimezone(edition.zone).strftime("%H:%M") for slot in edition.slots] == [
        "10:00",
        "10:20",
        "10:40",
        "11:15",
        "11:35",
    ]
    assert [slot.block for slot in edition.slots] == ["1", "1", "1", "2", "2"]
    calendar = Calendar.from_ical(client.get(f"/editions/{slug}/programme.ics").data)
    assert calendar.walk("VEVENT")[0].decoded("DTSTART") == datetime(2030, 6, 13, 7, tzinfo=UTC)
    assert verify(db.session).broken_at is None
    assert len(entries_of_edition(db.session, edition.id, limit=50)) >= 8


IDENTITY = {"title": "X", "held_on": "2030-01-01", "area_id": "0"}


@pytest.mark.parametrize(
    ("path", "data", "told"),
    [
        ("/editions/nouvelle", {"title": "", "held_on": "31/12/2030"}, "Saisissez un titre."),
        (
            "programme/liste",
            {"title": "X", "kind": "plenary", "start": "10:00", "end": "09:00"},
            "La fin doit venir après",
        ),
        ("tables/liste", {"code": "A1", "seats": "4"}, "déjà pris"),
        ("tables/liste", {"code": "Z", "seats": "beaucoup"}, "nombre de chaises"),
        ("etapes/call", {"call-opens_at": "hier"}, "Donnez une date et une heure"),
        (
            "etapes/call",
            {"call-opens_at": "2030-01-02T09:00", "call-closes_at": "2030-01-01T09:00"},
            "après l’ouverture",
        ),
        ("identite", {**IDENTITY, "capacity": "-3"}, "nombre entier"),
        ("identite", {**IDENTITY, "contact_phone": "12"}, "Ce numéro n’existe pas"),
        (
            "creneaux/generation",
            {"rythme-start": "10:00", "rythme-end": "10:05", "rythme-duration": "15", "rythme-transfer": "0"},
            "Aucun créneau ne tient",
        ),
        (
            "creneaux/generation",
            {
                "rythme-start": "08:00",
                "rythme-end": "18:00",
                "rythme-duration": "15",
                "rythme-transfer": "0",
                "rythme-break_start": "12:00",
            },
            "ou aucun des deux",
        ),
        (
            "creneaux/generation",
            {"rythme-start": "00:00", "rythme-end": "23:00", "rythme-duration": "5", "rythme-transfer": "0"},
            "plus de 60",
        ),
    ],
)
def test_bad_input_is_told_in_french(organiser: FlaskClient, path: str, data: dict[str, str], told: str) -> None:
    make_edition()
    address = path if path.startswith("/") else f"/editions/essai/preparation/{path}"
    answer = sent(organiser, address, data)
    assert answer.status_code in {409, 422}
    assert told in answer.text


def test_same_title_gets_another_address(app: Flask) -> None:
    del app
    by = make_person("o@essai.example", ADMINISTRATOR)
    slugs = [
        services.create(db.session, title=title, held_on=date(2030, 1, 1), by=by, now=now()).slug
        for title in ("Rencontre", "Rencontre", "Rencontre !", "nouvelle", "???")
    ]
    assert slugs == ["rencontre-2030", "rencontre-2030-2", "rencontre-2030-3", "nouvelle-2030", "edition-2030"]


def test_parts_of_another_edition_stay_out_of_reach(app: Flask) -> None:
    edition, other = make_edition(), make_edition("ailleurs")
    client = client_of(app, make_person("o@essai.example", ORGANISER, edition_id=edition.id))
    foreign = other.tables[0].id
    for method, path in (
        ("get", f"tables/{foreign}"),
        ("post", f"tables/{foreign}"),
        ("post", f"tables/{foreign}/suppression"),
    ):
        address = f"/editions/essai/preparation/{path}"
        answer = client.get(address) if method == "get" else sent(client, address, {"code": "X", "seats": "1"})
        assert answer.status_code == 404
    assert client.get("/editions/essai/preparation/inconnu/liste").status_code == 404


def test_partner_asks_organiser_accepts(app: Flask, organiser: FlaskClient) -> None:
    make_edition()
    partner = make_person("partenaire@essai.example", name="Pat Essai")
    visitor = client_of(app, partner)
    asked = {
        "name": "Réseau d’essai",
        "description": "Nous aidons.",
        "website": "javascript:alert(1)",
        "equipment": "Table",
    }
    assert "Donnez l’adresse entière" in sent(visitor, "/editions/essai/stand", asked).text
    assert sent(visitor, "/editions/essai/stand", asked | {"website": "https://essai.example"}).status_code == 303
    stand = db.session.scalars(select(Stand).where(Stand.person_id == partner.id)).one()
    assert "Réseau d’essai" not in app.test_client().get("/editions/essai/partenaires").text
    assert sent(organiser, f"/editions/essai/stands/{stand.id}/accepter").status_code == 303
    assert "Réseau d’essai" in app.test_client().get("/editions/essai/partenaires").text
    assert db.session.get_one(Person, partner.id).holds("partner", stand.edition_id)
    mail = db.session.scalars(select(Message).where(Message.recipient == "partenaire@essai.example")).one()
    assert "acceptée" in mail.body
    sent(visitor, "/editions/essai/stand", asked | {"website": "", "description": "Mieux."})
    assert db.session.get_one(Stand, stand.id, populate_existing=True).state == "accepted"


def test_nothing_gets_into_a_calendar_through_a_text(organiser: FlaskClient, client: FlaskClient) -> None:
    edition = make_edition()
    evil = "Salut\rATTENDEE:mailto:x@evil.example\r\nDTSTART:20300101\n;,\\ \x0bSUMMARY:faux"
    moment = {"title": "Plénière ; virgule, \\n", "kind": "plenary", "start": "09:00", "end": "10:00"}
    path = "/editions/essai/preparation/programme/liste"
    assert sent(organiser, path, moment | {"description": evil, "speakers": evil}).status_code == 303
    content = client.get("/editions/essai/programme.ics").data
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert not [byte for byte in content if byte < 32 and byte not in b"\r\n\t"]
    lines = content.replace(b"\r\n ", b"").split(b"\r\n")
    assert not [line for line in lines if line.startswith((b"ATTENDEE", b"SUMMARY:faux", b"DTSTART:2030"))]
    events = Calendar.from_ical(content).walk("VEVENT")
    assert [str(one["summary"]) for one in events if str(one["summary"]).startswith("Plénière")] == [
        f"Plénière ; virgule, \\n – {edition.title}"
    ]


@pytest.mark.parametrize("held_on", ["0001-01-01", "1999-12-31", "2200-01-01", "9999-12-31"])
def test_no_edition_is_held_out_of_our_time(organiser: FlaskClient, held_on: str) -> None:
    make_edition()
    for path in ("nouvelle", "essai/preparation/copie", "essai/preparation/identite"):
        answer = sent(organiser, f"/editions/{path}", {"title": "Trop loin", "held_on": held_on, "area_id": "0"})
        assert answer.status_code == 422
        assert "Cette date est trop lointaine" in answer.text


def test_an_organiser_reads_what_was_done_to_each_object(app: Flask, organiser: FlaskClient) -> None:
    edition, other = make_edition(), make_edition("ailleurs")
    del app
    prep = "/editions/essai/preparation"
    sent(organiser, f"{prep}/tables/liste", {"code": "T77", "seats": "4", "label": "Fond"})
    number = db.session.scalars(select(Table.id).where(Table.code == "T77")).one()
    sent(organiser, f"{prep}/tables/{number}", {"code": "T77", "seats": "6", "label": "Fond"})
    assert "chaises" in organiser.get(f"{prep}/tables/{number}").text
    sent(organiser, f"{prep}/tables/{number}/suppression")
    sent(organiser, f"{prep}/etapes/call", {"call-opens_at": "2017-10-01T09:00"})
    whole = organiser.get("/editions/essai/journal").text
    assert f"table n° {number}" in whole
    assert "étape n°" in whole
    one = organiser.get(f"/editions/essai/journal?sur=tables&numero={number}").text
    for action in ("élément ajouté", "élément modifié", "élément supprimé"):
        assert action in one
    assert "dates d’une étape modifiées" not in one
    assert f"/editions/ailleurs/journal?sur=tables&amp;numero={number}" not in whole
    assert "Rien n’a encore été fait ici" in organiser.get(f"/editions/{other.slug}/journal?sur=tables").text
    assert edition.id != other.id


TEXTS = "<script>alert(1)</script>"


def test_script_in_every_text_field_is_shown_as_text(organiser: FlaskClient, client: FlaskClient) -> None:
    edition = make_edition()
    everything = {
        "title": TEXTS,
        "trade": TEXTS,
        "venue": TEXTS,
        "address": TEXTS,
        "access": TEXTS,
        "description": TEXTS,
        "contact_name": TEXTS,
        "held_on": "2017-11-16",
        "area_id": "0",
    }
    assert sent(organiser, "/editions/essai/preparation/identite", everything).status_code == 303
    moment = {
        "title": TEXTS,
        "room": TEXTS,
        "description": TEXTS,
        "speakers": TEXTS,
        "kind": "plenary",
        "start": "09:00",
        "end": "10:00",
    }
    sent(organiser, "/editions/essai/preparation/programme/liste", moment)
    sent(
        organiser,
        "/editions/essai/preparation/stands/liste",
        {"name": TEXTS, "description": TEXTS, "state": "accepted"},
    )
    sent(organiser, "/editions/essai/preparation/categories/liste", {"name": TEXTS})
    paths = [
        "",
        "/partenaires",
        "/inscription",
        "/preparation",
        "/preparation/identite",
        "/preparation/programme/liste",
        "/preparation/stands/liste",
        "/preparation/categories/liste",
        "/inscrits",
        "/equipe",
    ]
    for path in paths:
        page = organiser.get(f"/editions/{edition.slug}{path}").text
        assert "alert(1)" in page, path
        assert "<script>alert" not in page, path
    assert "<script>alert" not in client.get("/").text
