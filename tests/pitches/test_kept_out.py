"""Attacks: who must not open, score or learn of a file does not, by any route there is."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.applications.letters import RECEIVED
from openmap.applications.models import Application, Attachment
from openmap.extensions import db
from openmap.mail.services import write
from openmap.people.models import ORGANISER, Person, Role
from openmap.people.services import give_role, take_role
from openmap.pitches.conflicts import add_conflict
from openmap.pitches.jury import keep_jury
from openmap.pitches.models import Reading, Score
from openmap.pitches.queries import visible_applications
from openmap.web.uploads import keep
from tests.factories import make_edition
from tests.pitches.jury_of_three import JURY, Readers, make_readers
from tests.signing import make_person, now, sent


@pytest.fixture
def ready(app: Flask) -> Readers:
    """Return a jury that has declared and been given its readings."""
    world = make_readers(app)
    world.declared(*world.jurors)
    world.shared()
    return world


def attached(file: Application) -> Attachment:
    kept = keep(BytesIO(b"%PDF-1.7 essai"), "essai.pdf")
    one = Attachment(
        application=file, filename=kept.filename, media_type=kept.media_type, size=kept.size, digest=kept.digest,
        added_at=now(),
    )  # fmt: skip
    db.session.add(one)
    db.session.commit()
    return one


def routes(file: Application, attachment: Attachment) -> list[str]:
    return [
        f"{JURY}/lectures/{file.id}",
        f"/candidatures/{file.id}",
        f"/candidatures/{file.id}/pieces/{attachment.id}",
        f"/editions/essai/candidatures/{file.id}",
        f"/editions/essai/candidatures/{file.id}/dossier.pdf",
    ]


def refused_everywhere(client: FlaskClient, file: Application, attachment: Attachment, marks: dict[str, str]) -> None:
    for path in routes(file, attachment):
        with client.get(path) as answer:
            assert answer.status_code in {303, 403, 404}, path
            assert file.pitch_title not in answer.get_data(as_text=True)
    for path in (f"{JURY}/lectures/{file.id}", f"{JURY}/lectures/{file.id}/brouillon", f"{JURY}/lectures/{file.id}/vu"):
        assert sent(client, path, marks).status_code == 403, path
    assert db.session.scalar(select(func.count(Score.id))) == 0


def test_juror_in_conflict_opens_and_scores_the_file_by_no_route(ready: Readers) -> None:
    juror = ready.jurors[0]
    file = ready.own(juror)[0].application
    attachment, client = attached(file), ready.client(juror)
    with client.get(routes(file, attachment)[0]) as open_before:
        assert open_before.status_code == 200
    with client.get(routes(file, attachment)[2]) as open_before:
        assert open_before.status_code == 200
    add_conflict(db.session, file, juror, "Client.", by=juror, now=now())
    db.session.commit()
    refused_everywhere(client, file, attachment, ready.marks())


def test_a_reading_that_was_slipped_in_does_not_open_the_file_either(ready: Readers) -> None:
    juror = ready.jurors[0]
    file = ready.own(juror)[0].application
    add_conflict(db.session, file, juror, "Client.", by=juror, now=now())
    db.session.add(Reading(application=file, person=juror, assigned_at=now()))
    db.session.commit()
    refused_everywhere(ready.client(juror), file, attached(file), ready.marks())


def test_organiser_in_conflict_finds_the_file_in_no_list_export_or_progress(ready: Readers) -> None:
    both, file = ready.jurors[0], ready.own(ready.jurors[0])[0].application
    give_role(db.session, both, ORGANISER, ready.edition.id, by=None, now=now())
    add_conflict(db.session, file, both, "Client.", by=both, now=now())
    db.session.commit()
    client = ready.client(both)
    refused_everywhere(client, file, attached(file), ready.marks())
    for path in ("/editions/essai/candidatures", f"{JURY}/avancement", "/editions/essai/preparation/jury/repartition"):
        assert file.pitch_title not in client.get(path).text
        assert f"{file.name}<" not in client.get(path).text, path
    sheet = openpyxl.load_workbook(BytesIO(client.get("/editions/essai/candidatures.xlsx").data)).active
    assert file.name not in {str(cell.value) for row in sheet.iter_rows() for cell in row}
    with client.get("/editions/essai/candidatures.zip") as answer:
        names = ZipFile(BytesIO(answer.data)).namelist()
    assert len({name.partition("/")[0] for name in names if "/" in name}) <= 5
    assert not any(name.startswith(f"{file.id} ") or f"/{file.id} " in name for name in names)
    assert file not in visible_applications(db.session, both, ready.edition)


def test_organiser_in_conflict_reads_no_mail_to_the_people_of_the_file(ready: Readers) -> None:
    both, file = ready.jurors[0], ready.own(ready.jurors[0])[0].application
    give_role(db.session, both, ORGANISER, ready.edition.id, by=None, now=now())
    person = make_person(file.attendees[0].email)
    mail = write(
        db.session, RECEIVED, person, dict(RECEIVED.sample), key="essai", now=now(), edition_id=ready.edition.id
    )
    assert mail is not None
    db.session.commit()
    client = ready.client(both)
    assert person.name in client.get("/courrier").text
    assert client.get(f"/courrier/{mail.id}").status_code == 200
    add_conflict(db.session, file, both, "Client.", by=both, now=now())
    db.session.commit()
    assert person.name not in client.get("/courrier").text
    assert client.get(f"/courrier/{mail.id}").status_code == 403
    assert sent(client, f"/courrier/{mail.id}/abandon").status_code == 403


def test_who_has_not_declared_opens_nothing_even_as_an_organiser(app: Flask) -> None:
    world = make_readers(app)
    juror, file = world.jurors[0], world.files[0]
    give_role(db.session, juror, ORGANISER, world.edition.id, by=None, now=now())
    db.session.add(Reading(application=file, person=juror, assigned_at=now()))
    db.session.commit()
    attachment = attached(file)
    client = world.client(juror)
    refused_everywhere(client, file, attachment, world.marks())
    names = client.get(f"{JURY}/conflits").text
    assert file.name in names
    assert file.pitch_title not in names
    assert file.presentation not in names


def test_juror_of_another_edition_and_juror_who_left_are_refused(ready: Readers) -> None:
    file = ready.own(ready.jurors[0])[0].application
    attachment = attached(file)
    elsewhere = make_edition("ailleurs", buyers=1, structures=1, slots=1)
    stranger = make_person("ailleurs@essai.example", "juror", edition_id=elsewhere.id)
    refused_everywhere(ready.client(stranger), file, attachment, ready.marks())
    assert ready.client(stranger).get(f"/editions/ailleurs/jury/lectures/{file.id}").status_code in {303, 403}
    held = db.session.scalars(select(Role).where(Role.person_id == ready.jurors[0].id)).one()
    take_role(db.session, held, by=ready.organiser, now=now())
    db.session.commit()
    refused_everywhere(ready.client(ready.jurors[0]), file, attachment, ready.marks())


def test_nobody_marks_a_file_that_was_given_to_another(ready: Readers) -> None:
    juror = ready.jurors[0]
    own = {one.application_id for one in ready.own(juror)}
    other = next(one for one in ready.files if one.id not in own)
    refused_everywhere(ready.client(juror), other, attached(other), ready.marks())
    assert ready.client(juror).get(f"{JURY}/lectures/99999").status_code == 403


def test_nobody_reads_their_own_structures_file(app: Flask) -> None:
    world = make_readers(app)
    juror, file = world.jurors[0], world.files[0]
    file.person_id = juror.id
    db.session.commit()
    world.declared(*world.jurors)
    world.shared()
    assert file.id not in {one.application_id for one in world.own(juror)}
    db.session.add(Reading(application=file, person=juror, assigned_at=now()))
    db.session.commit()
    assert sent(world.client(juror), f"{JURY}/lectures/{file.id}", world.marks()).status_code == 403


def test_a_file_withdrawn_or_found_ineligible_closes(ready: Readers) -> None:
    juror = ready.jurors[0]
    file = ready.own(juror)[0].application
    file.standing, file.standing_reason, file.standing_at = "ineligible", "Hors région.", now()
    db.session.commit()
    assert ready.client(juror).get(f"{JURY}/lectures/{file.id}").status_code == 403
    assert file.name not in ready.client(juror).get(JURY).text


def mark_by(world: Readers, juror: Person, file: Application, value: int, comment: str) -> None:
    extra = {f"commentaire-{one.id}": comment for one in world.criteria}
    assert sent(world.client(juror), f"{JURY}/lectures/{file.id}", world.marks(value, **extra)).status_code == 303


def test_blind_phase_shows_no_juror_the_marks_or_names_of_others(ready: Readers) -> None:
    first = ready.jurors[0]
    keep_jury(db.session, ready.edition).chair_id = first.id
    db.session.commit()
    for one in ready.own(first):
        file = one.application
        other = next(
            row.person
            for row in db.session.scalars(select(Reading).where(Reading.application_id == file.id))
            if row.person_id != first.id
        )
        mark_by(ready, other, file, 0, "Secret de lecteur")
        mark_by(ready, first, file, 5, "À moi")
    client = ready.client(first)
    for path in (JURY, f"{JURY}/conflits", *(f"{JURY}/lectures/{one.application_id}" for one in ready.own(first))):
        page = client.get(path).text
        assert "Secret de lecteur" not in page
        assert "Juré Secret 2" not in page
        assert "Juré Secret 3" not in page
    followed = client.get(f"{JURY}/avancement").text
    assert "Secret de lecteur" not in followed
    assert "avis éloignés</span>" not in followed  # the chair reads these files too
    seen = ready.client(ready.organiser).get(f"{JURY}/avancement").text
    assert seen.count("avis éloignés</span>") == len(ready.own(first))
    assert client.get(f"{JURY}/deliberation").text.count("Secret de lecteur") == 0
    journal = ready.client(ready.organiser).get("/editions/essai/preparation").text
    assert "lecture terminée" not in journal


def test_progress_is_for_organisers_and_the_chair_alone(ready: Readers) -> None:
    keep_jury(db.session, ready.edition).chair_id = ready.jurors[0].id
    db.session.commit()
    answers = [ready.client(one).get(f"{JURY}/avancement").status_code for one in ready.jurors]
    assert answers == [200, 403, 403]
    assert sent(ready.client(ready.jurors[1]), f"{JURY}/avancement/rappels").status_code == 403
