"""A file as it is read: its parts, its late changes, its PDF."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from openmap.applications.models import Answer, Application, Attachment, Question, Revision
from openmap.applications.presenting import changes_told, sections
from openmap.applications.printing import file_pdf
from openmap.extensions import db
from openmap.reference.models import Activity, Trade
from tests.applying import SUBMITTED, make_application
from tests.factories import make_edition

NASTY = '#import "x.typ" *gras* $x^2$ `code` \\n // rien \n<script>alert(1)</script>\n= Titre'


@pytest.fixture
def file(app: Flask) -> Application:
    with app.test_request_context():
        edition = make_edition("essai")
        application = make_application(edition, 1, workforce=1, radius_km=15)
        db.session.commit()
        yield application


def told(application: Application, **options: bool) -> dict[str, list[str]]:
    return {row.label: row.told for part in sections(db.session, application, **options) for row in part.rows}


def attach(application: Application, filename: str = "Plan.pdf", **changes: object) -> Attachment:
    values = {"media_type": "application/pdf", "size": 1_234_567, "digest": "0" * 64, "added_at": SUBMITTED}
    attachment = Attachment(application=application, filename=filename, **values | changes)
    db.session.add(attachment)
    db.session.flush()
    return attachment


def test_every_part_is_told_in_french(file: Application) -> None:
    rows = told(file)
    assert rows["SIRET"] == ["999\u00a0000\u00a0003\u00a0" + file.siret[9:]]
    assert rows["Type de structure"] == ["Atelier et chantier d’insertion (ACI)"]
    assert rows["Effectif"] == ["1\u00a0personne"]
    assert rows["Rayon d’intervention"] == ["15\u00a0km"]
    assert rows["Souhaite présenter un pitch"] == ["Oui"]
    assert rows["Site internet"] == ["Non renseigné"]
    assert rows["Créneaux"] == ["Disponible à tous les créneaux d’entretien"]


def test_an_empty_draft_is_told_as_such(app: Flask) -> None:
    edition = make_edition("essai")
    draft = Application(edition=edition, created_at=SUBMITTED, changed_at=SUBMITTED)
    db.session.add(draft)
    db.session.flush()
    rows = told(draft)
    assert rows["Nom"] == rows["SIRET"] == rows["Personnes présentes"] == ["Non renseigné"]


def test_readers_who_need_not_write_get_no_address(file: Application) -> None:
    assert "camille1@essai.example" in told(file)["Contact principal"]
    assert told(file, contacts=False)["Contact principal"] == ["Camille Essai 1"]


def test_absences_are_told_by_their_hours(file: Application) -> None:
    file.absent_slots = file.edition.slots[:1]
    assert "Créneaux" not in told(file)
    assert len(told(file)["Indisponible"]) == 1


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("text", "Deux\nlignes", ["Deux\nlignes"]),
        ("choice", "Oui", ["Oui"]),
        ("choices", ["A", "B"], ["A", "B"]),
        ("number", 1234.5, ["1\u202f234,5"]),
        ("date", "2026-11-01", ["dimanche 1er novembre 2026"]),
        ("date", "autrefois", ["autrefois"]),
        ("boolean", False, ["Non"]),
    ],
)
def test_answers_are_told_by_their_kind(file: Application, kind: str, value: object, words: list[str]) -> None:
    question = Question(edition_id=file.edition_id, kind=kind, label="Votre question")
    db.session.add(question)
    db.session.flush()
    assert told(file)["Votre question"] == ["Non renseigné"]
    file.answers.append(Answer(question_id=question.id, value=value))
    db.session.flush()
    assert told(file)["Votre question"] == words


def test_a_question_that_was_not_asked_is_not_missing(file: Application) -> None:
    first = Question(edition_id=file.edition_id, kind="boolean", label="Avez-vous un véhicule ?")
    db.session.add(first)
    db.session.flush()
    db.session.add(
        Question(edition_id=file.edition_id, kind="text", label="Lequel ?", depends_on_id=first.id, depends_value="oui")
    )
    db.session.flush()
    assert "Lequel ?" not in told(file)


def test_files_are_told_with_their_weight_and_only_those_of_today(file: Application) -> None:
    question = Question(edition_id=file.edition_id, kind="file", label="Vos statuts")
    db.session.add(question)
    db.session.flush()
    attach(file)
    attach(file, "Ancien.pdf", replaced_at=SUBMITTED)
    attach(file, "Statuts.pdf", question_id=question.id, size=2_000)
    db.session.refresh(file)
    rows = told(file)
    assert rows["Plan.pdf"] == ["PDF, 1,2\u00a0Mo"]
    assert rows["Vos statuts : Statuts.pdf"] == ["PDF, 2\u00a0ko"]
    assert "Ancien.pdf" not in rows


def test_late_changes_are_told_before_and_after(file: Application) -> None:
    trade = Trade(code="essai", name="Filière d’essai")
    trade.activities = [Activity(code="essai.tonte", name="Tonte"), Activity(code="essai.tri", name="Tri", rank=1)]
    question = Question(edition_id=file.edition_id, kind="boolean", label="Un véhicule ?")
    db.session.add_all([trade, question])
    db.session.flush()
    changes = {
        "pitch_title": ["Ancien", "Nouveau"],
        "kind": ["ei", "aci"],
        "wants_meetings": [None, True],
        "activities": [["essai.tonte"], ["essai.tonte", "essai.tri"]],
        f"answers.{question.id}": [False, True],
        "workforce": [None, 12],
        "absent_slots": [[], [file.edition.slots[0].start.isoformat()]],
        "attendees": ["•", "•"],
        "attachments": [None, "Plan.pdf"],
    }
    revision = Revision(application=file, at=SUBMITTED + timedelta(days=2), changes=changes)
    db.session.add(revision)
    db.session.flush()
    assert [(row.label, row.value) for row in changes_told(db.session, revision)] == [
        ("Titre du pitch", ["Ancien", "Nouveau"]),
        ("Type de structure", ["Entreprise d’insertion (EI)", "Atelier et chantier d’insertion (ACI)"]),
        ("Souhaite des rendez-vous", ["Non renseigné", "Oui"]),
        ("Activités", ["Tonte", "Tonte\nTri"]),
        ("Un véhicule ?", ["Non", "Oui"]),
        ("Effectif", ["Non renseigné", "12\u00a0personnes"]),
        ("Indisponible", ["Non renseigné", "11\u00a0h"]),
        ("Personnes présentes", ["–", "Modifié"]),
        ("Pièces jointes", ["Non renseigné", "Plan.pdf"]),
    ]


def test_the_pdf_is_tagged_and_its_metadata_name_nobody(file: Application) -> None:
    reader = PdfReader(BytesIO(file_pdf(db.session, file, now=SUBMITTED)))
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"].startswith("fr")
    told = " ".join(str(value) for value in (reader.metadata or {}).values())
    assert told.replace("\u00a0", " ").startswith(f"Dossier n° {file.id} – ")
    assert file.name not in told
    assert "Camille" not in told
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert "Le réemploi n° 1" in text.replace("\u00a0", " ")


def test_what_was_typed_is_never_markup(file: Application) -> None:
    file.name, file.presentation, file.pitch_summary = NASTY[:60], NASTY, "\x01\x07 " + NASTY[:100]
    reader = PdfReader(BytesIO(file_pdf(db.session, file, now=SUBMITTED)))
    text = "".join(page.extract_text() for page in reader.pages)
    assert "*gras* $x^2$ `code`" in text
    assert "<script>alert(1)</script>" in text


def test_long_texts_take_the_pages_that_they_need(file: Application) -> None:
    file.presentation = "\n\n".join(f"Paragraphe {number} " + "mot " * 200 for number in range(60))
    file.offers = "x" * 20_000
    reader = PdfReader(BytesIO(file_pdf(db.session, file, now=SUBMITTED)))
    assert len(reader.pages) > 8
    assert "Paragraphe 59" in "".join(page.extract_text() for page in reader.pages)
