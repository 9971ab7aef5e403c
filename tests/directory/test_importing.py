"""Lists brought into the directory: dirty cells, what is known already, provenance, a worker that dies."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.directory import revising
from openmap.directory.cli import directory_group
from openmap.directory.import_models import DirectoryImport, ImportFault
from openmap.directory.import_privacy import KEPT, _purge
from openmap.directory.lists import running
from openmap.directory.lists.kinds import kinds_in
from openmap.directory.models import Buyer, FieldSource, Structure
from openmap.extensions import db
from openmap.people.journal import verify
from openmap.reference.fulltext import SearchDocument
from tests import killing
from tests.directory.listed import HEAD, NOW, bring, check, line, make_communes, now, sent, siret, workbook

SIAE = Path(__file__).resolve().parents[3] / "shared/data/structures/siae_idf_2020.csv"


@pytest.fixture(autouse=True)
def communes(app: Flask) -> None:
    make_communes()


def faults(brought: DirectoryImport) -> list[tuple[int, str, str]]:
    return [(one.line, one.level, one.message) for one in brought.faults]


def told(brought: DirectoryImport, number: int) -> str:
    return " ".join(one.message for one in brought.faults if one.line == number)


def structure(number: str) -> Structure:
    return db.session.scalars(select(Structure).where(Structure.siret == number)).one()


def test_a_clean_list_makes_pages_that_are_listed_searched_and_sourced() -> None:
    assert bring([line(1), line(2, type="ESAT")]) == {"new": 2}
    made = structure(siret(1))
    assert (made.kind, made.city, made.commune_code, made.postal_code) == ("ei", "Romainville", "93063", "93230")
    assert (made.website, made.contact_email, made.lon) == (
        "https://www.atelier.example",
        "contact@atelier.example",
        2.43,
    )
    assert made.listed_at == NOW
    assert made.offers == []
    assert 0 < made.revision == revising.current(db.session)
    searched = select(SearchDocument.strong).where(
        SearchDocument.kind == "organisation", SearchDocument.object_id == made.id
    )
    assert "inv" in (db.session.scalar(searched) or "")
    sources = db.session.scalars(select(FieldSource).where(FieldSource.structure_id == made.id)).all()
    assert {one.field for one in sources} >= {"name", "siret", "kind", "address", "lon", "website", "commune_code"}
    assert {(one.kind, one.source, one.at) for one in sources} == {("import", "Liste inventée", NOW)}
    assert verify(db.session).broken_at is None


def test_the_same_list_twice_changes_nothing_with_siret_or_without() -> None:
    lines = [line(1), line(2, siret=""), line(3, type="EI"), line(3, type="ACI")]
    assert bring(lines) == {"new": 3}
    assert structure(siret(3)).kinds == ["ei", "aci"]
    before = revising.current(db.session)
    again = check(lines)
    assert (again.counts["unchanged"], again.counts.get("new"), again.counts.get("doubtful")) == (3, None, None)
    assert bring(again) == {"unchanged": 3}
    assert revising.current(db.session) == before


def test_what_a_person_wrote_is_kept_and_what_a_list_wrote_is_renewed() -> None:
    bring([line(1)])
    made = structure(siret(1))
    source = select(FieldSource).where(FieldSource.structure_id == made.id, FieldSource.field == "website")
    db.session.scalars(source).one().kind = "person"
    made.website = "https://ecrit-a-la-main.example"
    db.session.commit()
    brought = check([line(1, site="autre.example", adresse="2 rue inventée")])
    assert (brought.counts["changed"], brought.counts["kept"], brought.counts["fields"]) == (1, 1, {"address": 1})
    assert bring(brought) == {"changed": 1}
    db.session.expire_all()
    assert (made.website, made.address) == ("https://ecrit-a-la-main.example", "2 rue inventée")


def test_an_empty_cell_and_a_page_from_before_lists_lose_nothing() -> None:
    db.session.add(Structure(name="Écrite avant", siret=siret(1), kind="ess", address="3 rue ancienne"))
    db.session.commit()
    assert bring([line(1, "Autre nom", adresse="9 rue neuve", site="")]) == {"changed": 1}
    made = structure(siret(1))
    assert (made.name, made.address, made.website, made.kinds) == ("Écrite avant", "3 rue ancienne", "", ["ess", "ei"])
    assert made.postal_code == "93230"


@pytest.mark.parametrize(
    ("written", "kept", "says"),
    [
        ("{0}.0", "{0}", ""),
        ("{1} {2}", "{0}", ""),
        ('="{0}"', "{0}", ""),
        ("{3}", "{0}", ""),
        ("9,90001E+13", None, "arrondi"),
        ("990001234", None, "SIREN"),
        ("99000112300012", None, "clé"),
        ("abc", None, "14 chiffres"),
    ],
)
def test_a_siret_in_any_dress_is_read_or_refused_with_what_to_do(written: str, kept: str | None, says: str) -> None:
    number = siret(1)
    power = f"{number[0]}.{number[1:]}E+13"
    text = written.format(number, number[:9], number[9:], power)
    brought = check([line(1, siret=text.replace('"', '""').join('""') if '"' in text else text)])
    if kept is None:
        assert brought.counts["refused"] == 1
        assert says in told(brought, 2)
        assert bring(brought) == {}
    else:
        assert bring(brought) == {"new": 1}
        assert structure(number)


def test_zeros_old_codes_names_and_points_are_mended_and_told() -> None:
    brought = check(
        [
            line(1, cp="1230", insee=""),
            line(2, insee="93059", commune="Pierrefitte", cp="93380", lon="", lat=""),
            line(3, insee="", commune="ST DENIS CEDEX", cp="93210", lon="", lat=""),
            line(4, lon="48.88", lat="2.43"),
            line(5, lon="-74", lat="40.7"),
            line(6, lon="5.05", lat="47.3"),
            line(7, insee="13055", commune="Marseille", cp="13001", lon="5.37", lat="43.3"),
            line(8, insee="", commune="Rommainville", cp="93230"),
        ]
    )
    assert "zéro du début" in told(brought, 2)
    assert "aujourd’hui Saint-Denis (93066)" in told(brought, 3)
    assert "échangées" in told(brought, 5)
    assert "pas en France" in told(brought, 6)
    assert "km de Romainville" in told(brought, 7)
    assert brought.counts["outside"] == 2  # 01230 and Marseille
    assert "à une faute près" in told(brought, 9)
    assert bring(brought) == {"new": 8}
    assert [structure(siret(rank)).commune_code for rank in (2, 3, 8)] == ["93066", "93066", "93063"]
    assert [structure(siret(rank)).lon for rank in (4, 5, 6)] == [2.43, None, None]
    assert (structure(siret(7)).commune_code, structure(siret(7)).city) == (None, "Marseille")


def test_lines_that_repeat_are_told_and_left_out() -> None:
    brought = check([line(1), line(1), line(1, adresse="autre"), line(2, siret=""), line(2, siret="")])
    assert brought.counts["repeated"] == 3
    assert "en double de la ligne 2" in told(brought, 3)
    assert "d’autres valeurs" in told(brought, 4)
    assert bring(brought) == {"new": 2}


def test_a_buyers_siret_a_line_without_name_and_an_unknown_kind_are_refused() -> None:
    db.session.add(Buyer(name="Ville inventée", siret=siret(1)))
    db.session.commit()
    brought = check([line(1), line(2, nom=""), line(3, type="Franchise de pizzas"), line(4, type="")])
    assert brought.counts["refused"] == 3
    assert [number for number, level, _message in faults(brought) if level == "error"] == [2, 3, 4]
    assert bring(brought) == {"new": 1, "left_out": 1}
    assert structure(siret(4)).kind == "ess"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("EI", ("ei",)),
        ("Entreprise d’insertion (EI)", ("ei",)),
        ("ESAT", ("esat",)),
        ("Atelier et chantier d'insertion", ("aci",)),
        ("EI / ETTI", ("ei", "etti")),
        ("Établissement et service d’aide par le travail", ("esat",)),
        ("EA;EATT", ("ea", "eatt")),
        ("ACI PHC", ("aci",)),
        ("Mairie", ()),
        ("EI et mairie", ()),
    ],
)
def test_kinds_in_any_wording(text: str, kinds: tuple[str, ...]) -> None:
    assert kinds_in(text) == kinds


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "Windows-1252"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")]
)
def test_the_encoding_is_found_and_told(encoding: str, name: str) -> None:
    brought = check("\n".join([HEAD, line(1, "Régie de l’été")]).encode(encoding))
    assert brought.encoding == name
    assert bring(brought) == {"new": 1}
    assert structure(siret(1)).name == "Régie de l’été"


def test_letters_spoilt_before_they_came_are_told() -> None:
    assert "abîmées" in told(check([line(1, "RÃ©gie dâ€™Ã©tÃ©")]), 2)


def test_a_workbook_with_titles_floats_and_merged_cells() -> None:
    rows = [
        ["Structures inclusives du territoire"], [], ["SIRET", "Raison sociale", "Type", "CP", "Ville", "Notes"],
        [float(siret(1)), "Atelier A", "EI", 93230.0, "Romainville", "x"],
        [float(siret(2)), "Atelier B", None, None, None, "=1+1"],
    ]  # fmt: skip
    brought = check(workbook(rows, "A1:F1", "C4:C5", "D4:D5", "E4:E5"), "liste.xlsx")
    assert "fusionnées" in told(brought, 5)
    assert brought.counts["ignored"] == ["Notes"]
    assert bring(brought) == {"new": 2}
    other = structure(siret(2))
    assert (other.kind, other.postal_code, other.commune_code) == ("ei", "93230", "93063")


def test_the_national_schema_as_json() -> None:
    one = {
        "id": "1", "siret": siret(1), "nom": "Chantier inventé", "commune": "Montreuil", "code_postal": "93100",
        "code_insee": "93048", "adresse": "4 rue inventée", "longitude": 2.44, "latitude": 48.86, "typologie": "ACI",
        "presentation_resume": "Court.", "presentation_detail": "Long.", "courriel": "a@b.example", "telephone": "01",
        "site_web": "https://exemple.example", "date_maj": "2026-05-01", "source": "invention",
    }  # fmt: skip
    brought = check(json.dumps([one]), "structures.json")
    assert (brought.format, brought.counts["telephones"]) == ("data_inclusion", True)
    assert bring(brought) == {"new": 1}
    made = structure(siret(1))
    assert (made.kind, made.description, made.commune_code) == ("aci", "Long.", "93048")


def test_a_doubt_waits_for_a_person_and_is_never_merged_silently() -> None:
    bring([line(1, "Régie de quartier des Lilas inventés", siret="")])
    lines = [line(5, "Regie de quartier des lilas inventes"), line(6, "Rien à voir")]
    brought = check(lines)
    assert (brought.counts["doubtful"], brought.counts["new"]) == (1, 1)
    doubt = brought.doubts[0]
    assert (doubt.line, doubt.structure.name) == (2, "Régie de quartier des Lilas inventés")
    assert "contact_email" not in doubt.values
    assert bring(brought) == {"new": 1, "left_out": 1}
    again = check(lines)
    again.doubts[0].decision = "same"
    db.session.commit()
    assert bring(again) == {"changed": 1, "unchanged": 1}
    assert structure(siret(5)).id == doubt.structure_id
    assert bring(lines) == {"unchanged": 2}


def test_a_doubt_that_is_another_structure_makes_its_own_page() -> None:
    bring([line(1, "Régie des Lilas inventés", siret="")])
    brought = check([line(5, "Regie des lilas inventes")])
    brought.doubts[0].decision = "different"
    db.session.commit()
    assert bring(brought) == {"new": 1}
    assert db.session.scalar(select(func.count()).select_from(Structure)) == 2


def test_formulas_and_scripts_are_text_or_nothing() -> None:
    brought = check([line(1, "=cmd|'/c calc'!A1"), line(2, "<script>alert(1)</script>", site="javascript:alert(1)")])
    assert "formule" in told(brought, 2)
    assert "n’en est pas une" in told(brought, 3)
    assert bring(brought) == {"new": 1}
    assert structure(siret(2)).website == ""


KILLED_AT = """
import os, signal, sys
from datetime import UTC, datetime
from openmap import create_app
from openmap.directory.lists import running
from openmap.extensions import db

number, stop = int(sys.argv[1]), sys.argv[2]
running.STRETCH, saved, real = 10, 0, running.save

def save(*arguments, **options):
    global saved
    made = real(*arguments, **options)
    saved += 1
    if saved == 2 and stop == "saving":
        db.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    if saved == 3 and stop == "between":
        os.kill(os.getpid(), signal.SIGKILL)
    return made

running.save = save
with create_app().app_context():
    running.bring_in(db.session, number, now=lambda: datetime.now(UTC))
"""


@pytest.mark.parametrize(("stop", "there"), [("saving", 10), ("between", 20)])
def test_a_worker_killed_half_way_leaves_whole_stretches_and_the_rest_is_taken_up(
    app: Flask, stop: str, there: int
) -> None:
    brought = check([line(rank, siret=siret(rank) if rank % 3 else "") for rank in range(35)])
    running.start(db.session, brought, listing=True, by=None, now=NOW)
    db.session.commit()
    db.session.remove()
    code, errors = killing.run(KILLED_AT, str(1), stop, config=app.config["OPENMAP"])
    assert code == -signal.SIGKILL, errors
    counted = select(func.count()).select_from(Structure)
    assert db.session.scalar(counted) == there
    assert db.session.get_one(DirectoryImport, 1).done_lines == there
    running.bring_in(db.session, 1, now=now)
    done = db.session.get_one(DirectoryImport, 1)
    assert (done.state, done.counts["result"], db.session.scalar(counted)) == ("done", {"new": 35}, 35)
    assert verify(db.session).broken_at is None


def test_two_workers_given_the_same_import_save_nothing_twice() -> None:
    brought = sent([line(1)])
    running.check(db.session, brought.id, now=now)
    bring(brought)
    running.bring_in(db.session, brought.id, now=now)
    assert db.session.scalar(select(func.count()).select_from(Structure)) == 1


def test_an_import_that_is_stopped_is_over() -> None:
    brought = check([line(1)])
    running.start(db.session, brought, listing=True, by=None, now=NOW)
    running.abandon(db.session, brought, by=None, now=NOW)
    db.session.commit()
    running.bring_in(db.session, brought.id, now=now)
    assert (brought.state, db.session.scalar(select(func.count()).select_from(Structure))) == ("abandoned", 0)


def test_old_imports_forget_their_file_and_their_lines() -> None:
    brought = check([line(1, cp="1230")])
    assert _purge(db.session, NOW + KEPT) == 0
    assert _purge(db.session, NOW + KEPT * 2) == 1
    assert (brought.digest, brought.state, db.session.scalar(select(func.count()).select_from(ImportFault))) == (
        "", "abandoned", 0,
    )  # fmt: skip


@pytest.mark.skipif(not SIAE.exists(), reason="the shared data is not beside this checkout")
def test_the_real_siae_of_ile_de_france_in_one_command(app: Flask) -> None:
    result = app.test_cli_runner().invoke(directory_group, ["import", str(SIAE), "--source", "ASP 2020"])
    assert result.exit_code == 0, result.output
    assert "Importé : 370 nouvelle(s)." in result.output
    assert db.session.scalar(select(func.count()).select_from(Structure)) == 370
    several = [one for one in db.session.scalars(select(Structure)) if one.also_kinds]
    assert len(several) == 3
    dry = app.test_cli_runner().invoke(directory_group, ["import", str(SIAE), "--dry-run"])
    assert "370 inchangée(s)" in dry.output
    assert "Importé" not in dry.output


def test_a_thousand_lines_in_the_small_form() -> None:
    assert bring([line(rank) for rank in range(1_500)]) == {"new": 1_500}
