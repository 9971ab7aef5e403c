"""Importing a purchase plan: what is read, asked, learned, made, told, undone; and what is refused."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.directory.models import Buyer, Delegate
from openmap.extensions import db
from openmap.needs import bringing
from openmap.needs.models import LearnedWord, Need, NeedImport
from openmap.needs.services import save
from openmap.needs.sheets import MOST_ROWS, Grid, read_plan
from openmap.people import journal, privacy
from openmap.people.models import JournalEntry, Person
from openmap.reference.cli import load_packaged
from openmap.reference.models import Activity
from openmap.web.inspecting import RefusedFile
from tests.house.counting import statements
from tests.signing import client_of, make_person, sent

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "purchase-plan" / "plan-achat-fictif.csv"
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
FILE = "multipart/form-data"


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    """Return a buyer for whom « acheteur@essai.example » acts, in a world with our words and places."""
    load_packaged()
    return _buyer("Ville d’Essai (fictif)", make_person("acheteur@essai.example"))


def _buyer(name: str, person: Person) -> Buyer:
    buyer = Buyer(name=name, city="Essai", is_invented=True)
    db.session.add(buyer)
    db.session.flush()
    db.session.add(Delegate(person_id=person.id, organisation_id=buyer.id, invited_at=NOW))
    db.session.commit()
    return buyer


def _who() -> Person:
    return db.session.scalars(select(Person).where(Person.email == "acheteur@essai.example")).one()


def _grid(*lines: str) -> Grid:
    return read_plan(BytesIO("\n".join(lines).encode()), "plan.csv")


def _brought(buyer: Buyer, *lines: str, answers: dict[str, str] | None = None, **options: str) -> NeedImport:
    """Bring a plan in, its columns as they are guessed."""
    brought = bringing.begin(db.session, buyer, _grid(*lines), "plan.csv", by=_who(), now=NOW)
    bringing.confirm_columns(db.session, brought, {int(rank): name for rank, name in brought.columns.items()})
    told = {f"option:{name}": value for name, value in options.items()}
    bringing.keep_values(db.session, brought, told | (answers or {}))
    bringing.bring_in(db.session, brought, by=_who(), now=NOW)
    db.session.commit()
    return brought


def _needs(brought: NeedImport) -> list[Need]:
    return list(db.session.scalars(select(Need).where(Need.import_id == brought.id).order_by(Need.id)))


# By the pages


def _selects(page: str, name: str) -> dict[str, str]:
    """Return what a browser would send for the lists of a page whose names begin so."""
    found = re.finditer(rf'name="({name}-[^"]*)".*?</select>', page, re.DOTALL)
    return {one[1]: (re.findall(r'value="([^"]*)" selected', one[0]) or [""])[0] for one in found}


def _posted(client: FlaskClient, buyer_id: int, content: bytes, name: str = "plan.csv") -> str:
    answer = sent(
        client, f"/organisations/{buyer_id}/besoins/import", {"file": (BytesIO(content), name)}, content_type=FILE
    )
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_a_second_import_of_a_similar_file_asks_nothing_any_more(app: Flask, buyer: Buyer) -> None:
    client, content = client_of(app, _who()), EXAMPLE.read_bytes()
    place = _posted(client, buyer.id, content)
    page = client.get(place).text
    columns = _selects(page, "colonne")
    assert columns["colonne-1"] == "title"
    assert sent(client, f"{place}/colonnes", columns).status_code == 303

    page = client.get(place).text
    words = _selects(page, "mot")
    assert "« selon l’avis du facilitateur »" in page
    assert sent(client, f"{place}/valeurs", {**words, "etat": "draft", "geste": "importer"}).status_code == 422
    told = {**words, "reste": "1", "etat": "declared", "contact": "1", "geste": "importer"}
    assert sent(client, f"{place}/valeurs", told).status_code == 303
    page = client.get(place).text
    assert "8 besoins créés" in page.replace("\xa0", " ")
    assert "mots sont retenus" in page

    similar = content.replace("Nettoyage des écoles".encode(), "Nettoyage des crèches".encode())
    place = _posted(client, buyer.id, similar)
    page = client.get(place).text
    assert not _selects(page, "colonne")  # straight to the words
    assert "il n’y a rien à confirmer" in page
    assert sent(client, f"{place}/valeurs", {"etat": "draft", "geste": "importer"}).status_code == 303
    made = db.session.scalars(select(Need.title).where(Need.import_id == int(place.rpartition("/")[2]))).all()
    assert made == ["Nettoyage des crèches et des gymnases"]  # the seven others are there already


def test_what_was_answered_is_kept_when_the_page_is_refused(app: Flask, buyer: Buyer) -> None:
    client = client_of(app, _who())
    head = "Objet;Trimestre;Activité\nUn;T1 2027;Chose obscure\nDeux;T1 2027;Machin obscur"
    place = _posted(client, buyer.id, head.encode())
    sent(client, f"{place}/colonnes", _selects(client.get(place).text, "colonne"))
    words = _selects(client.get(place).text, "mot")
    first = next(iter(words))
    told = {**words, first: _code("Nettoyage de locaux"), "etat": "declared", "geste": "importer"}
    page = sent(client, f"{place}/valeurs", told)
    assert page.status_code == 422
    assert _selects(page.text, "mot")[first] == _code("Nettoyage de locaux")
    assert db.session.scalar(select(Need.id)) is None
    assert 'value="declared" checked' in page.text


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("plan.csv", b"", "est vide"),
        ("plan.xlsx", b"%PDF-1.7 rien", "ni un classeur"),
        ("plan.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "ni un classeur"),
        ("plan.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 99, "ancien classeur"),
        ("plan.csv", b'Objet;Trimestre\n"ouvert;T1 2027\n', "guillemets"),
        ("plan.csv", b"Objet\0;Trimestre\nUn;T1 2027\n", "ni un classeur"),
        ("plan.csv", b"Objet;Trimestre\n" + b"Un;T1 2027\n" * (MOST_ROWS + 1), "plus de 2"),
        ("plan.csv", b"un seul mot", "Aucun tableau"),
        ("plan.xlsx", b"PK\x03\x04 faux", "ni un classeur"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_a_sentence(
    app: Flask, buyer: Buyer, name: str, content: bytes, sentence: str
) -> None:
    address = f"/organisations/{buyer.id}/besoins/import"
    answer = sent(client_of(app, _who()), address, {"file": (BytesIO(content), name)}, content_type=FILE)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.scalar(select(NeedImport.id)) is None


def test_a_file_beyond_five_megabytes_is_refused_unread(app: Flask) -> None:
    with pytest.raises(RefusedFile, match="5 Mo"):
        read_plan(BytesIO(b"Objet;Trimestre\n" + b"x" * (5 * 1024 * 1024)), "plan.csv")


def test_a_bomb_and_a_workbook_with_macros_are_refused(app: Flask) -> None:
    book = BytesIO()
    openpyxl.Workbook().save(book)
    for name, content in (("xl/bomb.xml", b"0" * 30_000_000), ("xl/vbaProject.bin", b"macro")):
        bad = BytesIO(book.getvalue())
        with zipfile.ZipFile(bad, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        bad.seek(0)
        with pytest.raises(RefusedFile):
            read_plan(bad, "plan.xlsx")


# What is read


def _workbook() -> BytesIO:
    book = openpyxl.Workbook()
    note, plan = book.active, book.create_sheet("Plan 2027")
    assert note is not None
    note.append(["Lisez-moi", "ne rien changer"])
    note.append(["Version", 2])
    for row in (
        ["Ville d’Essai"], [], ["Objet du marché", "Montant annuel en € HT", "Date prévisionnelle de lancement", "CPV"],
        ["Nettoyage", 45000.0, date(2027, 2, 3), 90911200], [], ["Tonte", "12 k€", "T2 2027", "77310000-6"],
    ):  # fmt: skip
        plan.append(row)
    content = BytesIO()
    book.save(content)
    content.seek(0)
    return content


def test_the_sheet_and_the_line_of_titles_are_found_where_they_are(app: Flask) -> None:
    grid = read_plan(_workbook(), "plan.xlsx")
    assert (grid.sheet, grid.first_line) == ("Plan 2027", 3)
    assert grid.rows[1] == ["Nettoyage", "45000", "2027-02-03", "90911200"]
    assert grid.rows[2] == []
    assert grid.rows[3][0] == "Tonte"  # line 6 of the file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_csv_is_read_in_any_usual_encoding_and_separator(app: Flask, encoding: str, separator: str) -> None:
    text = f'Objet{separator}Échéance\n"Élagage{separator} tonte"{separator}T1 2027\n'
    grid = read_plan(BytesIO(text.encode(encoding)), "plan.csv")
    assert grid.rows == [["Objet", "Échéance"], [f"Élagage{separator} tonte".replace("\t", " "), "T1 2027"]]


def test_a_line_makes_a_need_with_all_that_it_says(buyer: Buyer) -> None:
    [need] = _needs(
        _brought(
            buyer,
            "Objet;Montant annuel;Durée;Lancement;CPV;Lieu;Clause sociale ?;Procédure;Courriel",
            "Nettoyage des écoles;45 k€;4 ans;mars 2027;90911200-8;Montreuil, 93;oui;MAPA;a@ville.example",
            state="declared",
        )
    )
    assert (need.title, need.state, need.quarter, need.amount) == (
        "Nettoyage des écoles",
        "declared",
        "2027-T1",
        "90k_221k",
    )
    assert (need.lever, need.procedure, need.cpv) == ("clause", "adapted", ["90911200"])
    assert [one.name for one in need.activities] == ["Nettoyage de locaux"]
    assert [one.code for one in need.areas] == ["93"]
    assert [one.name for one in need.communes] == ["Montreuil"]
    assert (need.contact_email, need.contact_name) == ("a@ville.example", "")
    assert [change.kind for change in need.log] == ["declared"]


def test_lines_that_make_no_need_are_told_with_line_column_and_value(buyer: Buyer) -> None:
    brought = _brought(
        buyer, "Objet;Trimestre;CPV", "Ancien;T1 2020;", "Lointain;T1 2031;", ";T1 2027;", "Total;T1 2027;",
        "Bon;T1 2027;9091", "Intertitre;;",
    )  # fmt: skip
    left = [
        (fault["line"], fault["column"], fault["value"])
        for fault in bringing.report_of(brought)["faults"]
        if fault["is_left"]
    ]
    assert left == [
        (2, "Trimestre", "T1 2020"),
        (3, "Trimestre", "T1 2031"),
        (4, "Objet", ""),
        (5, "Objet", "Total"),
        (7, "Objet", "Intertitre"),
    ]
    assert [need.title for need in _needs(brought)] == ["Bon"]
    told = [(fault["line"], fault["column"]) for fault in bringing.report_of(brought)["faults"] if not fault["is_left"]]
    assert told == [(6, "CPV")]


def test_a_line_that_lacks_something_stays_a_draft(buyer: Buyer) -> None:
    brought = _brought(
        buyer,
        "Objet;Trimestre;CPV;Lieu",
        "Complet;T1 2027;90911200;93",
        "Sans lieu;T1 2027;90911200;",
        state="declared",
    )
    assert [(need.title, need.state) for need in _needs(brought)] == [("Complet", "declared"), ("Sans lieu", "draft")]


def test_what_is_still_asked_keeps_the_plan_from_coming_in(buyer: Buyer) -> None:
    with pytest.raises(bringing.RefusedPlan, match="restent à confirmer"):
        _brought(buyer, "Objet;Trimestre;Activité", "Chose;T1 2027;Incompréhensible")
    assert db.session.scalar(select(Need.id)) is None


def test_the_same_title_and_period_is_not_imported_twice_unless_wanted(buyer: Buyer) -> None:
    lines = ("Objet;Trimestre", "Tonte du parc;T1 2027")
    answers = {"activity:tonte du parc": ""}
    first = _brought(buyer, *lines, answers=answers)
    again = _brought(buyer, "Trimestre;Objet", "mars 2027;TONTE du parc", answers=answers)
    assert (len(_needs(first)), len(_needs(again))) == (1, 0)
    assert bringing.report_of(again)["there"] == [[2, _needs(first)[0].id, "TONTE du parc"]]
    assert len(_needs(_brought(buyer, *lines, answers=answers, doubles="1"))) == 1


# Learning


def test_what_a_buyer_confirmed_is_its_own_and_others_learn_it_by_majority(buyer: Buyer) -> None:
    plan = ("Objet;Trimestre;Activité", "Un;T1 2027;Bidulage")
    for _lap in range(2):
        _brought(buyer, *plan, answers={"activity:bidulage": _code("Nettoyage de locaux")})
    other = _buyer("Autre (fictif)", _who())
    memory = bringing.memory_of(db.session, other.id)
    assert (memory.own, memory.learned["activity:bidulage"]) == ({}, _code("Nettoyage de locaux"))
    _brought(other, *plan, answers={"activity:bidulage": _code("Blanchisserie et pressing")})
    memory = bringing.memory_of(db.session, other.id)
    assert memory.own["activity:bidulage"] == _code("Blanchisserie et pressing")
    assert memory.learned["activity:bidulage"] == _code("Nettoyage de locaux")  # two said so, one otherwise
    assert db.session.scalars(select(LearnedWord.confirmed).where(LearnedWord.text == "bidulage")).one() == 1


def _code(name: str) -> str:
    return str(db.session.scalars(select(Activity.code).where(Activity.name == name)).one())


# Undoing


def test_undo_removes_drafts_withdraws_what_was_declared_and_keeps_what_changed(buyer: Buyer) -> None:
    brought = _brought(
        buyer, "Objet;Trimestre;CPV;Lieu", "Brouillon;T1 2027;90911200;", "Déclaré;T1 2027;90911200;93",
        "Touché;T1 2027;90911200;",
        state="declared",
    )  # fmt: skip
    draft, declared, touched = _needs(brought)
    save(db.session, touched, {"description": "Relu."}, version=1, by=_who(), now=NOW)
    undone = bringing.undo(db.session, brought, by=_who(), now=NOW)
    db.session.commit()
    assert (undone.removed, undone.withdrawn, undone.kept) == (1, 1, [touched])
    assert db.session.get(Need, draft.id) is None
    assert (declared.state, [change.kind for change in declared.log]) == ("withdrawn", ["declared", "withdrawn"])
    assert touched.state == "draft"
    assert bringing.undo(db.session, brought, by=_who(), now=NOW).kept == [touched]  # twice changes nothing
    actions = db.session.scalars(select(JournalEntry.action).where(JournalEntry.object_type == "need_imports")).all()
    assert actions == ["import.begun", "import.done", "import.undone"]
    assert journal.verify(db.session).broken_at is None


def test_an_import_that_is_done_is_done_once(buyer: Buyer) -> None:
    brought = _brought(buyer, "Objet;Trimestre;CPV", "Un;T1 2027;90911200")
    with pytest.raises(bringing.RefusedPlan, match="déjà terminé"):
        bringing.bring_in(db.session, brought, by=_who(), now=NOW)
    assert len(_needs(brought)) == 1


# Rights, privacy, cost


def test_an_import_is_its_buyers_own(app: Flask, buyer: Buyer) -> None:
    brought = _brought(buyer, "Objet;Trimestre;CPV", "Un;T1 2027;90911200")
    other = _buyer("Autre (fictif)", make_person("autre@essai.example"))
    person = db.session.scalars(select(Person).where(Person.email == "autre@essai.example")).one()
    client = client_of(app, person)
    assert client.get(f"/organisations/{buyer.id}/besoins/import/{brought.id}").status_code == 403
    assert client.get(f"/organisations/{other.id}/besoins/import/{brought.id}").status_code == 404


def test_cells_are_forgotten_and_the_words_stay(buyer: Buyer) -> None:
    brought = _brought(buyer, "Objet;Trimestre;CPV", "Un;T1 2027;90911200")
    begun = bringing.begin(db.session, buyer, _grid("Objet;Trimestre", "Deux;T1 2027"), "b.csv", by=_who(), now=NOW)
    db.session.commit()
    number = begun.id
    privacy.purge(db.session, now=NOW + timedelta(days=31))
    db.session.expire_all()
    assert db.session.get(NeedImport, number) is None
    assert brought.rows
    privacy.purge(db.session, now=NOW + timedelta(days=366))
    db.session.expire_all()
    assert (brought.rows, bringing.report_of(brought)) == ([], {})
    assert "column:objet" in brought.values


def test_pages_send_as_many_statements_for_300_lines_as_for_3(app: Flask, buyer: Buyer) -> None:
    client, counts = client_of(app, _who()), []
    for size in (3, 300):
        lines = [f"Achat {size}-{rank};T1 2027;90911200;9310{rank % 10};Mot {size} {rank % 9}" for rank in range(size)]
        grid = _grid("Objet;Trimestre;CPV;Lieu;Notes", *lines)
        brought = bringing.begin(db.session, buyer, grid, "plan.csv", by=_who(), now=NOW)
        bringing.confirm_columns(db.session, brought, {0: "title", 1: "period", 2: "cpv", 3: "", 4: "description"})
        db.session.commit()
        place = f"/organisations/{buyer.id}/besoins/import/{brought.id}"
        with statements() as before:
            assert client.get(place).status_code == 200
        with statements() as making:
            assert sent(client, f"{place}/valeurs", {"etat": "draft", "geste": "importer"}).status_code == 303
        with statements() as after:
            assert client.get(place).status_code == 200
        with statements() as listed:
            assert client.get(place.rpartition("/")[0]).status_code == 200
        counts.append((len(before), len(after), len(listed)))
        assert len(making) < size + 60  # SQLite inserts the needs one by one; nothing else grows
    assert counts[0] == counts[1]
