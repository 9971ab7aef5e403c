"""The import of an edition: generous with what people type, clear about what is wrong, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import select

from openmap.directory.models import Organisation
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Participation, Wish
from openmap.web.workbook.layout import LARGEST_ROWS
from tests.meetings.folders import EXAMPLE, SMALL, bring_in, count, faults_of, folder, structures, wishes


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
