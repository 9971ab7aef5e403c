"""The import of an edition: generous with what people type, clear about what is wrong, all or nothing."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from openmap.cli import main
from openmap.directory.models import Organisation
from openmap.events.models import Edition, Slot
from openmap.extensions import db
from openmap.meetings.models import Exclusion, Lock, Participation, Plan, Wish
from openmap.meetings.workbook.importing import AlreadyImported, ReplacementDeclined, import_edition
from openmap.meetings.workbook.layout import SHEETS
from openmap.meetings.workbook.template import write_template
from openmap.web.workbook.layout import LARGEST_ROWS
from openmap.web.workbook.reading import WorkbookUnusable

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "circular-economy-2017"

SMALL = {
    "edition": "Identifiant;Titre;Date\ndemo;Édition d'essai;16/11/2017\n",
    "creneaux": "Code;Début;Fin;Bloc\nT01;9:00;9:15;a\nT02;9h15;9 h 30;a\nT03;10:00;10:15;b\n",
    "tables": "Code;Nom\nA1;Table une\nA2;Table deux\n",
    "acheteurs": "Code;Nom;Table;Indisponible\nB01;Ville inventée;A1;T01-T02\nB02;Région inventée;;\n",
    "structures": "Code;Nom;Type;Fictif\nS01;Atelier inventé;ACI;oui\nS02;Ferme inventée;esat;oui\n",
    "souhaits": "Acheteur;Structure;Valeur;Obligatoire\nB01;S01;5;oui\nB02;S02;3;non\nB02;S01;1;\n",
}


def folder(path: Path, **changes: str | bytes | None) -> Path:
    """Write the small edition as CSV files, with some of them changed, added or (``None``) left out."""
    source = path / "edition"
    source.mkdir()
    for name, text in (SMALL | changes).items():
        if text is not None:
            content = text if isinstance(text, bytes) else text.encode()
            (source / f"{name}.csv").write_bytes(content)
    return source


def bring_in(source: Path, **options: bool) -> str:
    """Import and return what was told."""
    return import_edition(db.session, source, **({"replace": False} | options)).sentence  # type: ignore[arg-type]


def faults_of(source: Path) -> list[str]:
    """Return the faults of a source that must be refused, once nothing of it is seen in the database."""
    with pytest.raises(WorkbookUnusable) as refused:
        bring_in(source)
    for model in (Edition, Slot, Organisation, Participation, Wish):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    return [str(fault) for fault in refused.value.faults]


def count(model: type) -> int:
    """Return how many rows a table has."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.usefixtures("app")
def test_small_edition_comes_in_whole(tmp_path: Path) -> None:
    assert "3 créneaux, 2 tables, 2 acheteurs, 2 structures, 3 souhaits" in bring_in(folder(tmp_path))
    edition = db.session.scalars(select(Edition)).one()
    assert [slot.start.astimezone(edition.zone).time() for slot in edition.slots] == [time(9), time(9, 15), time(10)]
    assert edition.slots[0].start == datetime(2017, 11, 16, 8, 0, tzinfo=UTC)
    buyer = db.session.scalars(select(Participation).where(Participation.code == "B01")).one()
    assert [slot.code for slot in buyer.absent_slots] == ["T01", "T02"]
    assert buyer.table is not None
    assert buyer.table.code == "A1"
    wish = db.session.scalars(select(Wish).where(Wish.code == "R001")).one()
    assert (wish.value, wish.required) == (5, True)


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda text: text.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(lambda text: text.encode("cp1252"), id="Windows-1252"),
        pytest.param(lambda text: text.replace(";", ",").encode(), id="commas"),
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="Windows line ends"),
    ],
)
@pytest.mark.usefixtures("app")
def test_every_usual_csv_is_read_alike(tmp_path: Path, encode: Callable[[str], bytes]) -> None:
    bring_in(folder(tmp_path, **{name: encode(text) for name, text in SMALL.items()}))
    names = set(db.session.scalars(select(Organisation.name)))
    assert names == {"Ville inventée", "Région inventée", "Atelier inventé", "Ferme inventée"}


@pytest.mark.usefixtures("app")
def test_demonstration_edition_comes_in(tmp_path: Path) -> None:
    assert "12 créneaux, 10 tables, 10 acheteurs, 27 structures, 130 souhaits" in bring_in(EXAMPLE)
    assert count(Wish) == 130


@dataclass(frozen=True)
class Bad:
    """Files that make the small edition unusable, and what must be told of it."""

    changes: dict[str, str | bytes | None]
    told: list[str]


def structures(line: str) -> dict[str, str | bytes | None]:
    return {
        "structures": f"Code;Nom;Type;Pitche;Délégués;Maximum;Minimum;Indisponible;Disponible;Table;SIRET\n{line}\n"
    }


def wishes(*lines: str) -> dict[str, str | bytes | None]:
    header = "Acheteur;Structure;Valeur;Obligatoire;Créneaux possibles;Créneau imposé;Table imposée;Exclu"
    return {"souhaits": "\n".join([header, *lines]) + "\n"}


BAD = {
    "a missing file": Bad({"souhaits": None}, ["Il manque la feuille « Souhaits »"]),
    "an empty file": Bad({"souhaits": ""}, ["feuille « souhaits.csv » : la feuille est vide"]),
    "a file of blanks": Bad({"souhaits": "\n;;\n\n"}, ["feuille « souhaits.csv » : la feuille est vide"]),
    "an unknown file": Bad({"souhait-s2": "a;b\n"}, ["nom de feuille inconnu ; vouliez-vous dire « Souhaits » ?"]),
    "two files for one sheet": Bad({"wishes": SMALL["souhaits"]}, ["la feuille « Souhaits » est donnée deux fois"]),
    "an unknown column": Bad(
        {"structures": "Code;Nomm;Type\nS01;Atelier;ACI\n"},
        [
            "ligne 1, colonne « Nomm » : titre de colonne inconnu ; vouliez-vous dire « Nom » ?",
            "colonne « Nom » : cette colonne est obligatoire",
        ],
    ),
    "a doubled column": Bad(
        {"tables": "Code;Nom;nom\nA1;x;y\n"}, ["ligne 1, colonne « nom » : cette colonne est donnée deux fois"]
    ),
    "a value outside the table": Bad(
        {"tables": "Code;Nom\nA1;x;oups\n"}, ["ligne 2 : la valeur « oups » est hors du tableau"]
    ),
    "NUL bytes": Bad({"tables": b"Code;Nom\nA1;x\0y\n"}, ["octets nuls"]),
    "UTF-16": Bad({"tables": "Code;Nom\nA1;x\n".encode("utf-16")}, ["octets nuls"]),
    "an undecodable file": Bad({"tables": b"Code;Nom\nA1;\x81\x8d\n"}, ["l'encodage n'est ni UTF-8 ni Windows-1252"]),
    "a control character": Bad(
        {"tables": "Code;Nom\nA1;Ta\x07ble\n"},
        ["ligne 2, colonne « Nom » : la cellule contient un caractère de contrôle"],
    ),
    "an open quote": Bad(
        {"tables": 'Code;Nom\nA1;"Table\nA2;Table\n'}, ["ligne 2 : des guillemets ne sont pas refermés"]
    ),
    "no edition line": Bad(
        {"edition": "Identifiant;Titre;Date\n"}, ["une seule ligne est attendue sous les titres, et non 0"]
    ),
    "two edition lines": Bad(
        {"edition": SMALL["edition"] + "autre;Autre;17/11/2017\n"},
        ["une seule ligne est attendue sous les titres, et non 2"],
    ),
    "a slug with capitals": Bad(
        {"edition": "Identifiant;Titre;Date\nÉté;X;16/11/2017\n"}, ["« Été » : seulement des minuscules"]
    ),
    "a date in words": Bad(
        {"edition": "Identifiant;Titre;Date\nd;X;jeudi\n"},
        ["colonne « Date » : une date comme 16/11/2017 est attendue, et non « jeudi »"],
    ),
    "a date that does not exist": Bad(
        {"edition": "Identifiant;Titre;Date\nd;X;31/02/2017\n"}, ["et non « 31/02/2017 »"]
    ),
    "an unknown zone": Bad(
        {"edition": "Identifiant;Titre;Date;Fuseau\nd;X;16/11/2017;Paris\n"},
        ["« Paris » n'est pas un fuseau horaire connu"],
    ),
    "a bad address": Bad(
        {"edition": "Identifiant;Titre;Date;Courriel\nd;X;16/11/2017;contact\n"}, ["n'est pas une adresse de courriel"]
    ),
    "no slot": Bad(
        {
            "creneaux": "Code;Début;Fin\n",
            "souhaits": "Acheteur;Structure\n",
            "acheteurs": "Nom\nB\n",
            "structures": "Nom\nS\n",
        },
        ["il faut au moins un créneau"],
    ),
    "an hour in words": Bad(
        {"creneaux": "Code;Début;Fin\nT01;midi;12:15\n"}, ["ligne 2, colonne « Début » : une heure comme 9:30"]
    ),
    "a slot that ends before it starts": Bad(
        {"creneaux": "Code;Début;Fin\nT01;10:00;9:45\n"}, ["la fin (09:45) n'est pas après le début (10:00)"]
    ),
    "overlapping slots": Bad(
        {"creneaux": "Code;Début;Fin\nT01;9:00;9:20\nT02;9:15;9:30\n"},
        ["ligne 3, colonne « Début » : T02 chevauche T01"],
    ),
    "slots out of order": Bad(
        {"creneaux": "Code;Début;Fin\nT01;10:00;10:15\nT02;9:15;9:30\n"}, ["T02 commence avant T01"]
    ),
    "a block that returns": Bad(
        {"creneaux": "Code;Début;Fin;Bloc\nT01;9:00;9:15;a\nT02;9:15;9:30;b\nT03;9:30;9:45;a\n"},
        ["le bloc « a » reprend après un autre"],
    ),
    "a code twice": Bad({"tables": "Code;Nom\nA1;x\nA1;y\n"}, ["ligne 3, colonne « Code » : « A1 » est déjà pris"]),
    "a code with a space": Bad({"tables": "Code;Nom\nA 1;x\n"}, ["« A 1 » ne peut être un code"]),
    "a nameless structure": Bad(structures("S01;;ACI"), ["ligne 2, colonne « Nom » : cette cellule est obligatoire"]),
    "a name twice": Bad(structures("S01;Atelier;ACI\nS02;Atelier;ACI"), ["« Atelier » figure déjà à la ligne 2"]),
    "an unknown kind": Bad(structures("S01;Atelier;SARL"), ["« SARL » n'est pas un type connu"]),
    "a text in a number": Bad(
        structures("S01;Atelier;ACI;;;trois"),
        ["ligne 2, colonne « Maximum » : un nombre entier est attendu, et non « trois »"],
    ),
    "a fraction": Bad(structures("S01;Atelier;ACI;;1,5"), ["un nombre entier est attendu, et non « 1,5 »"]),
    "no delegate": Bad(structures("S01;Atelier;ACI;;0"), ["un nombre entre 1 et 1000000 est attendu, et non 0"]),
    "an endless number": Bad(structures("S01;Atelier;ACI;;;" + "9" * 5000), ["un nombre entier est attendu"]),
    "a maximum under the minimum": Bad(structures("S01;Atelier;ACI;;;2;3"), ["le maximum (2) est sous le minimum (3)"]),
    "maybe": Bad(structures("S01;Atelier;ACI;peut-être"), ["« oui » ou « non » est attendu, et non « peut-être »"]),
    "an unknown slot": Bad(
        structures("S01;Atelier;ACI;;;;;T09"), ["colonne « Indisponible » : « T09 » est inconnu ; vouliez-vous dire"]
    ),
    "a range backwards": Bad(structures("S01;Atelier;ACI;;;;;T03-T01"), ["« T03-T01 » va à rebours : écrivez T01-T03"]),
    "present and absent": Bad(
        structures("S01;Atelier;ACI;;;;;T01;T02"), ["remplissez « Indisponible » ou « Disponible », pas les deux"]
    ),
    "an unknown table": Bad(structures("S01;Atelier;ACI;;;;;;;Z9"), ["colonne « Table » : « Z9 » est inconnu"]),
    "a wrong SIRET": Bad(structures("S01;Atelier;ACI;;;;;;;;12345678901234"), ["n'est pas un SIRET valide"]),
    "a name far too long": Bad(structures("S01;" + "x" * 300), ["300 caractères pour 200 au plus"]),
    "an unknown buyer": Bad(
        wishes("B09;S01;1"), ["ligne 2, colonne « Acheteur » : « B09 » est inconnu ; vouliez-vous dire"]
    ),
    "sides exchanged": Bad(
        wishes("S01;B01;1"),
        ["colonne « Acheteur » : « S01 » est inconnu", "colonne « Structure » : « B01 » est inconnu"],
    ),
    "a pair twice": Bad(wishes("B01;S01;1", "B02;S01;1", "B01;S01;2"), ["ligne 4 : B01 et S01 sont déjà à la ligne 2"]),
    "a value of nothing": Bad(
        wishes("B01;S01;0"), ["colonne « Valeur » : un nombre entre 1 et 1000000 est attendu, et non 0"]
    ),
    "a table imposed without slot": Bad(wishes("B01;S01;1;;;;A1"), ["une table ne s'impose qu'avec un créneau"]),
    "excluded and imposed": Bad(wishes("B01;S01;1;;;T03;;oui"), ["à la fois exclue et placée d'office"]),
    "contradictory locks": Bad(
        wishes("B02;S01;1;;;T03", "B02;S02;1;;;T03"),
        ["feuille « souhaits.csv » : Ces créneaux imposés se contredisent", "R001, R002"],
    ),
    "a lock during an absence": Bad(wishes("B01;S01;1;;;T01"), ["B01 n'est pas disponible"]),
    "more rows than a convention": Bad(
        {"tables": "Code;Nom\n" + "".join(f"A{n};x\n" for n in range(LARGEST_ROWS + 5))},
        [f"plus de {LARGEST_ROWS} lignes"],
    ),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.usefixtures("app")
def test_bad_input_is_told_and_nothing_is_saved(tmp_path: Path, case: str) -> None:
    faults = faults_of(folder(tmp_path, **BAD[case].changes))
    for sentence in BAD[case].told:
        assert any(sentence in fault for fault in faults), faults


@pytest.mark.usefixtures("app")
def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    faults = faults_of(
        folder(tmp_path, tables="Code;Nom\nA 1;x\n", **structures("S01;;ACI;;;trois"), **wishes("B09;S01;zéro"))
    )
    assert {fault.partition(",")[0] for fault in faults} >= {
        "feuille « tables.csv »", "feuille « structures.csv »", "feuille « souhaits.csv »"
    }  # fmt: skip
    assert len(faults) >= 5


@pytest.mark.usefixtures("app")
def test_cells_that_look_like_formulas_are_text_in_csv(tmp_path: Path) -> None:
    bring_in(folder(tmp_path, **structures("S01;=1+1;ACI"), souhaits="Acheteur;Structure\nB01;S01\n"))
    assert "=1+1" in set(db.session.scalars(select(Organisation.name)))


# Workbooks


def workbook(path: Path, fill: Callable[[openpyxl.Workbook], None] = lambda _book: None) -> Path:
    """Write the small edition into the empty template, the way an organiser would, then change it."""
    file = path / "edition.xlsx"
    write_template(file)
    book = openpyxl.load_workbook(file)
    for name, text in SMALL.items():
        header, *lines = [line.split(";") for line in text.strip().split("\n")]
        sheet = next(sheet for sheet in SHEETS if name in sheet.names())
        page = book[sheet.title]
        titles = {str(cell.value).rstrip(" *"): cell.column for cell in page[1]}
        for row, cells in enumerate(lines, start=2):
            for title, cell in zip(header, cells, strict=True):
                page.cell(row, titles[title], cell or None)
    fill(book)
    book.save(file)
    return file


@pytest.mark.usefixtures("app")
def test_filled_template_comes_in_like_the_folder(tmp_path: Path) -> None:
    file = workbook(tmp_path)
    told = bring_in(file)
    assert told == bring_in(folder(tmp_path), replace=True)


@pytest.mark.usefixtures("app")
def test_true_excel_dates_and_times_are_read(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book["Édition"]["C2"] = datetime(2017, 11, 16)  # noqa: DTZ001 - Excel knows no zone
        book["Créneaux"]["B2"] = time(9, 0)
        book["Acheteurs"]["F2"] = 4.0

    bring_in(workbook(tmp_path, fill))
    assert db.session.scalars(select(Slot).where(Slot.code == "T01")).one().start.hour == 8


@pytest.mark.usefixtures("app")
def test_empty_template_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "vide.xlsx"
    write_template(file)
    assert any("feuille « Édition » : une seule ligne est attendue" in fault for fault in faults_of(file))


def formula(book: openpyxl.Workbook) -> None:
    book["Souhaits"]["D2"] = "=2+3"


def broken(book: openpyxl.Workbook) -> None:
    book["Souhaits"]["D2"] = "#REF!"


def misspelt(book: openpyxl.Workbook) -> None:
    book["Souhaits"].title = "Souhait des acheteurs"


def without_slots(book: openpyxl.Workbook) -> None:
    del book["Créneaux"]


@pytest.mark.parametrize(
    ("fill", "told"),
    [
        (
            formula,
            "feuille « Souhaits », ligne 2, colonne « Valeur » : la cellule contient une formule : collez sa valeur",
        ),
        (broken, "la cellule est en erreur (#REF!)"),
        (misspelt, "nom de feuille inconnu"),
        (without_slots, "Il manque la feuille « Créneaux »"),
    ],
)
@pytest.mark.usefixtures("app")
def test_bad_workbook_is_told(tmp_path: Path, fill: Callable[[openpyxl.Workbook], None], told: str) -> None:
    assert any(told in fault for fault in faults_of(workbook(tmp_path, fill)))


def _zip(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("TYPES", "[Content_Types].xml"), content)
    return path


def _huge(path: Path) -> Path:
    return _zip(path, TYPES=b"<x/>", xl__sheet=b"0" * 320_000_000)


def _million(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    page = book.add_worksheet("Tables")
    page.write_row(0, 0, ["Code", "Nom"])
    for row in range(1, LARGEST_ROWS * 3):
        page.write_string(row, 0, f"A{row}")
    book.close()
    return path


@pytest.mark.parametrize(
    ("write", "told"),
    [
        pytest.param(lambda path: path.touch() or path, "est vide", id="nothing"),
        pytest.param(lambda path: path.write_bytes(b"%PDF-1.7") and path, "n'est pas un classeur .xlsx", id="PDF"),
        pytest.param(
            lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9) and path, "mot de passe", id="xls"
        ),
        pytest.param(lambda path: _zip(path, word__document=b"x"), "n'est pas un classeur .xlsx", id="another zip"),
        pytest.param(lambda path: _zip(path, TYPES=b"<x", xl__workbook=b"<"), "abîmé", id="torn"),
        pytest.param(_huge, "démesuré", id="zip bomb"),
        pytest.param(_million, f"plus de {LARGEST_ROWS} lignes", id="too many rows"),
    ],
)
@pytest.mark.usefixtures("app")
def test_what_is_no_workbook_is_told(tmp_path: Path, write: Callable[[Path], Path], told: str) -> None:
    assert any(told in fault for fault in faults_of(write(tmp_path / "classeur.xlsx")))


@pytest.mark.usefixtures("app")
def test_source_that_does_not_exist_is_told(tmp_path: Path) -> None:
    assert "n'existe pas" in faults_of(tmp_path / "rien")[0]
    (tmp_path / "vide").mkdir()
    assert "aucun fichier .csv" in faults_of(tmp_path / "vide")[0]


# Again


@pytest.mark.usefixtures("app")
def test_second_import_is_refused_unless_replacing(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    with pytest.raises(AlreadyImported, match="--replace"):
        bring_in(source)
    bring_in(source, replace=True)
    assert (count(Edition), count(Slot), count(Participation), count(Organisation), count(Wish)) == (1, 3, 4, 4, 3)


@pytest.mark.usefixtures("app")
def test_same_content_changes_nothing(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    before = db.session.scalars(select(Edition.id)).one()
    assert "déjà à jour" in bring_in(source, replace=True, if_changed=True)
    assert db.session.scalars(select(Edition.id)).one() == before
    shutil.copy(source / "souhaits.csv", tmp_path / "souhaits.csv")
    (source / "souhaits.csv").write_text(SMALL["souhaits"].replace("5", "6"))
    assert "importée" in bring_in(source, replace=True, if_changed=True)


@pytest.mark.usefixtures("app")
def test_plans_are_not_lost_without_a_word(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    edition = db.session.scalars(select(Edition)).one()
    row = Plan(
        edition_id=edition.id, version=1, status="feasible", seed=1, problem_digest="x", created_at=datetime.now(UTC)
    )
    db.session.add(row)
    db.session.commit()
    asked: list[str] = []

    def decline(sentence: str) -> bool:
        asked.append(sentence)
        return False

    with pytest.raises(ReplacementDeclined):
        import_edition(db.session, source, replace=True, confirm=decline)
    assert "supprime ses 1 planning(s)" in asked[0]
    assert count(Plan) == 1


@pytest.mark.usefixtures("app")
def test_failed_replacement_leaves_the_old_edition(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    (source / "souhaits.csv").write_text(str(wishes("B02;S01;1;;;T03", "B02;S02;1;;;T03")["souhaits"]))
    with pytest.raises(WorkbookUnusable):
        bring_in(source, replace=True)
    assert (count(Edition), count(Wish), count(Lock)) == (1, 3, 0)


@pytest.mark.usefixtures("app")
def test_exclusions_and_locks_come_in(tmp_path: Path) -> None:
    bring_in(folder(tmp_path, **wishes("B01;S01;5;oui;T03;T03;A1", "B02;S02;3;;T01, T02-T03", "B02;S01;;;;;;oui")))
    assert (count(Wish), count(Lock), count(Exclusion)) == (2, 1, 1)


def run(app: Flask, *arguments: str) -> Result:
    """Run the command line on the test's application."""
    return app.test_cli_runner().invoke(main, list(arguments))


def test_command_line_tells_faults_and_leaves_with_two(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", "edition", str(folder(tmp_path, **structures("S01;;ACI"))))
    assert result.exit_code == 2
    assert "feuille « structures.csv », ligne 2, colonne « Nom »" in result.stderr
    assert "rien n'a été enregistré" in result.stderr


def test_template_does_not_overwrite(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "edition.xlsx"
    assert run(app, "template", str(file)).exit_code == 0
    before = file.read_bytes()
    assert run(app, "template", str(file)).exit_code == 2
    assert file.read_bytes() == before
