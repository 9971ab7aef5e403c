"""Lists with notes: shared with colleagues where that is chosen, closed to everyone else, structures included."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select

from openmap.directory.models import Delegate, Structure
from openmap.directory.page_parts import parts_of
from openmap.directory.sourcing import shortlists
from openmap.directory.sourcing_models import Shortlist, ShortlistItem
from openmap.extensions import db
from openmap.people.models import ADMINISTRATOR, JournalEntry, Person
from tests.house.counting import statements
from tests.signing import client_of, make_person, now, sent
from tests.sourcing import acting, buying, listed, make_buyer, make_structure

LISTS = "/annuaire/listes"


@pytest.fixture
def buyer(app: Flask) -> Person:
    del app
    return buying()


@pytest.fixture
def garden(app: Flask) -> Structure:
    del app
    return make_structure("Jardins d’essai")


def items() -> list[ShortlistItem]:
    db.session.expire_all()
    return list(db.session.scalars(select(ShortlistItem).order_by(ShortlistItem.id)))


def test_one_button_keeps_a_structure_and_leads_back(app: Flask, buyer: Person, garden: Structure) -> None:
    client, form = client_of(app, buyer), {"structure_id": str(garden.id), "suite": "/annuaire?q=tonte"}
    for _press in range(2):
        answer = sent(client, f"{LISTS}/ajout", form)
        assert (answer.status_code, answer.location) == (303, "/annuaire?q=tonte")
    [item] = items()
    assert (item.shortlist.name, item.person_id) == ("Ma liste", buyer.id)
    assert sent(client, f"{LISTS}/ajout", form | {"suite": "//ailleurs.example/"}).location.startswith(LISTS)
    out = sent(client, f"{LISTS}/{item.shortlist_id}/structures/{item.id}/retrait", {"suite": "/annuaire"})
    assert out.location == "/annuaire"
    assert items() == []


def test_with_htmx_only_the_button_changes(app: Flask, buyer: Person, garden: Structure) -> None:
    client, asked = client_of(app, buyer), {"HX-Request": "true"}
    kept = sent(client, f"{LISTS}/ajout", {"structure_id": str(garden.id)}, headers=asked)
    assert kept.status_code == 200
    assert f'id="garder-{garden.id}"' in kept.text
    assert "<html" not in kept.text
    assert "Retirer" in kept.text
    [item] = items()
    out = sent(client, f"{LISTS}/{item.shortlist_id}/structures/{item.id}/retrait", headers=asked)
    assert "Garder dans une liste" in out.text


def test_a_structure_that_is_not_in_the_directory_is_not_kept(app: Flask, buyer: Person) -> None:
    draft = make_structure("Pas encore", listed_at=None)
    sent(client_of(app, buyer), f"{LISTS}/ajout", {"structure_id": str(draft.id)})
    assert items() == []


def test_colleagues_share_a_list_and_see_who_wrote_what(app: Flask, garden: Structure) -> None:
    town = make_buyer()
    first, second = buying("une@essai.example", town), buying("deux@essai.example", town)
    shared = listed(first, garden, shared=town)
    [item] = items()
    path = f"{LISTS}/{shared.id}"
    note = {"state": "met", "note": "Très sérieux.", "version": "1"}
    assert sent(client_of(app, second), f"{path}/structures/{item.id}", note).status_code == 303
    page = client_of(app, first).get(path).text
    for told in ("Très sérieux.", "Rencontrée", "par Une", "de Deux"):
        assert told in page, told
    delegate = db.session.scalars(select(Delegate).where(Delegate.person_id == second.id)).one()
    db.session.delete(delegate)
    db.session.commit()
    assert client_of(app, second).get(path).status_code == 403


def test_nobody_else_opens_a_list_and_a_structure_never_learns_of_it(
    app: Flask, buyer: Person, garden: Structure
) -> None:
    own, town = listed(buyer, garden, name="Secrète"), make_buyer("Autre ville")
    [item] = items()
    shortlists.note(db.session, item, "dropped", "Trop chère.", version=1, by=buyer, now=now())
    db.session.commit()
    others = {
        "another buyer": buying("autre@essai.example", town),
        "the structure": acting(make_person("jardins@essai.example"), garden),
        "an administrator": make_person("admin@essai.example", ADMINISTRATOR),
    }
    for who, person in others.items():
        client = client_of(app, person)
        base = f"{LISTS}/{own.id}"
        for path in (base, f"{base}/liste.csv", f"{base}/liste.xlsx"):
            assert client.get(path).status_code == 403, who
        for path in (
            base,
            f"{base}/suppression",
            f"{base}/structures/{item.id}",
            f"{base}/structures/{item.id}/retrait",
        ):
            assert sent(client, path, {"name": "Prise", "state": "met", "note": "x", "version": "2"}).status_code == 403
        into = {"structure_id": str(garden.id), "shortlist_id": str(own.id)}
        assert sent(client, f"{LISTS}/ajout", into).status_code == 403
        assert "Secrète" not in client.get(LISTS).text
        with app.test_request_context():
            shown = "".join(parts_of(db.session, garden, person, "actions"))
        assert "Secrète" not in shown
        assert "Trop chère." not in client.get("/compte/donnees").text
    assert items()[0].note == "Trop chère."
    journaled = db.session.scalars(select(JournalEntry).where(JournalEntry.object_type == "shortlists"))
    assert all("chère" not in str(entry.changes) and "Secrète" not in str(entry.changes) for entry in journaled)


def test_two_people_who_note_at_once_lose_nothing(app: Flask, garden: Structure) -> None:
    town = make_buyer()
    first, second = buying("une@essai.example", town), buying("deux@essai.example", town)
    path = f"{LISTS}/{listed(first, garden, shared=town).id}/structures/{items()[0].id}"
    assert sent(client_of(app, first), path, {"state": "", "note": "Un.", "version": "1"}).status_code == 303
    refused = sent(client_of(app, second), path, {"state": "met", "note": "Deux.", "version": "1"})
    assert refused.status_code == 409
    assert "Un." in refused.text
    assert "Deux." in refused.text  # what was typed is kept in the form
    assert items()[0].note == "Un."
    again = sent(client_of(app, second), path, {"state": "met", "note": "Un. Deux.", "version": "2"})
    assert again.status_code == 303
    assert items()[0].note == "Un. Deux."


def test_a_list_is_renamed_shared_and_deleted_with_what_is_lost_named(
    app: Flask, buyer: Person, garden: Structure
) -> None:
    own = listed(buyer, garden)
    town = db.session.scalars(select(Delegate.organisation_id).where(Delegate.person_id == buyer.id)).one()
    client, path = client_of(app, buyer), f"{LISTS}/{own.id}"
    shortlists.note(db.session, items()[0], "met", "Vue.", version=1, by=buyer, now=now())
    db.session.commit()
    assert sent(client, path, {"name": "", "organisation_id": ""}).status_code == 422
    assert sent(client, path, {"name": "Espaces verts", "organisation_id": str(town)}).status_code == 303
    assert sent(client, path, {"name": "Volée", "organisation_id": str(garden.id)}).status_code == 422
    page = client.get(path).text
    assert "Oui, supprimer la liste, ses 1\u00a0structure et ses 1\u00a0note" in page
    assert sent(client, f"{path}/suppression").location == LISTS
    assert db.session.scalar(select(func.count()).select_from(ShortlistItem)) == 0


def test_a_structure_that_left_the_directory_stays_marked(app: Flask, buyer: Person, garden: Structure) -> None:
    path = f"{LISTS}/{listed(buyer, garden).id}"
    garden.delisted_at, garden.delisted_reason = now(), "Fermée"
    db.session.commit()
    page = client_of(app, buyer).get(path).text
    assert "n’est plus dans l’annuaire" in page
    assert f'href="/annuaire/structures/{garden.id}"' not in page
    assert "retirée de l’annuaire" in client_of(app, buyer).get(f"{path}/liste.csv").data.decode("utf-8-sig")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_an_export_is_a_formula(app: Flask, buyer: Person, start: str) -> None:
    evil = f"{start}cmd|' /C calc'!A0"
    own = listed(buyer, make_structure(evil, contact_email="cachee@essai.example"))
    shortlists.note(db.session, items()[0], "met", evil, version=1, by=buyer, now=now())
    db.session.commit()
    client = client_of(app, buyer)
    text = client.get(f"{LISTS}/{own.id}/liste.csv").data.decode("utf-8-sig")
    [_head, row] = csv.reader(StringIO(text), delimiter=";")
    assert (row[0], row[5]) == (f"'{evil}", f"'{evil}")
    sheet = load_workbook(BytesIO(client.get(f"{LISTS}/{own.id}/liste.xlsx").data)).active
    assert sheet is not None
    assert {(cell.value, cell.data_type) for cell in (sheet["A2"], sheet["F2"])} == {(evil, "s")}
    assert "cachee" not in text


def test_pages_ask_the_database_alike_for_3_and_30(app: Flask, buyer: Person) -> None:
    client, asked = client_of(app, buyer), []
    own = listed(buyer)
    client.get(LISTS)
    for size in (3, 30):
        for number in range(size):
            shortlists.add(db.session, own, make_structure(f"S {size} {number}"), by=buyer, now=now())
            listed(buyer, name=f"Liste {size} {number}")
        db.session.commit()
        counts = []
        for path in (LISTS, f"{LISTS}/{own.id}", f"{LISTS}/{own.id}/liste.csv"):
            client.get(path)
            with statements() as sent_:
                assert client.get(path).status_code == 200
            counts.append(len(sent_))
        asked.append(counts)
    assert asked[0] == asked[1]


def test_two_lists_of_one_name_are_one(app: Flask, buyer: Person) -> None:
    client = client_of(app, buyer)
    for _press in range(2):
        assert sent(client, LISTS, {"name": "Parcs", "organisation_id": ""}).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Shortlist)) == 1
