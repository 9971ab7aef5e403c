"""Jurors declare, then read and mark; what is typed is kept; what is done by whom is right at every step."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.applications.models import Revision
from openmap.events.services import copy
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import JournalEntry, Role
from openmap.people.services import take_role
from openmap.pitches.conflicts import RefusedConflict, add_conflict, lift_conflict
from openmap.pitches.jury import RefusedJury, add_criterion, change_settings, formula
from openmap.pitches.models import Conflict, Declaration, Jury, Reading, Score
from openmap.pitches.progress import lines_of, next_to_read, progress_of
from openmap.pitches.queries import criteria_of
from openmap.pitches.sharing import ChangedMeanwhile, propose, share_out
from tests.applying import make_application
from tests.house.counting import statements
from tests.pitches.jury_of_three import JURY, Readers, make_readers
from tests.signing import now, sent


@pytest.fixture
def readers(app: Flask) -> Readers:
    return make_readers(app)


@pytest.fixture
def ready(readers: Readers) -> Readers:
    """Return the jury once everyone has declared and the readings are shared out."""
    readers.declared(*readers.jurors)
    readers.shared()
    return readers


def test_from_the_declaration_to_the_last_reading_through_the_pages(readers: Readers) -> None:
    juror, organiser = readers.jurors[0], readers.client(readers.organiser)
    client = readers.client(juror)
    assert "6 structures à voir" in client.get(JURY).text.replace("\u00a0", " ")
    names = {"nom": [str(one.id) for one in readers.files], "conflit": str(readers.files[0].id)}
    unsaid = sent(client, f"{JURY}/conflits", names)
    assert unsaid.status_code == 422
    assert "pourquoi" in unsaid.text
    assert db.session.scalar(select(func.count(Conflict.id))) == 0
    told = sent(client, f"{JURY}/conflits", {**names, f"raison-{readers.files[0].id}": "J’y ai travaillé."})
    assert told.location == JURY
    readers.declared(*readers.jurors[1:])
    page = organiser.get("/editions/essai/preparation/jury/repartition").text
    digest = page.split('name="proposition" value="')[1].split('"')[0]
    answer = sent(organiser, "/editions/essai/preparation/jury/repartition", {"proposition": digest})
    assert answer.status_code == 303
    assert [len(readers.own(one)) for one in readers.jurors] == [4, 4, 4]
    assert readers.files[0].id not in {one.application_id for one in readers.own(juror)}
    address = f"{JURY}/lectures/{lines_of(db.session, readers.edition, juror)[0].application.id}"
    for _ in range(4):
        assert client.get(address).status_code == 200
        address = sent(client, address, readers.marks()).location
    assert address == JURY
    assert "Toutes vos lectures sont terminées" in client.get(JURY).text


def test_a_low_mark_needs_a_comment_and_what_was_typed_is_kept_meanwhile(ready: Readers) -> None:
    juror = ready.jurors[0]
    reading = ready.own(juror)[0]
    first = ready.criteria[0]
    client, address = ready.client(juror), f"{JURY}/lectures/{reading.application_id}"
    refused = sent(client, address, ready.marks(4) | {f"note-{first.id}": "1"})
    assert refused.status_code == 422
    assert f'href="#commentaire-{first.id}"' in refused.text
    assert db.session.scalar(select(func.count(Score.id)).where(Score.reading_id == reading.id)) == 5
    assert ready.own(juror)[0].finished_at is None
    done = sent(client, address, {f"commentaire-{first.id}": "Hors sujet."})
    assert done.status_code == 303
    assert ready.own(juror)[0].finished_at is not None


def test_autosave_keeps_only_the_fields_it_is_sent(ready: Readers) -> None:
    juror = ready.jurors[0]
    reading = ready.own(juror)[0]
    one, other = ready.criteria[:2]
    client, address = ready.client(juror), f"{JURY}/lectures/{reading.application_id}/brouillon"
    assert "Enregistré à" in sent(client, address, {f"note-{one.id}": "3", f"commentaire-{one.id}": "Bien."}).text
    assert sent(client, address, {f"note-{other.id}": "0"}).status_code == 200
    assert sent(client, address, {f"note-{one.id}": "5"}).status_code == 200
    kept = {row.criterion_id: (row.mark, row.comment) for row in ready.own(juror)[0].scores}
    assert kept == {one.id: (5, "Bien."), other.id: (0, "")}
    orphan = sent(client, address, {f"commentaire-{ready.criteria[2].id}": "Sans note"})
    assert "Donnez une note" in orphan.text


@pytest.mark.parametrize("mark", ["6", "-1", "99999999999999999999", "3.5", "x", "", "٣"])
def test_a_mark_outside_the_scale_is_refused(ready: Readers, mark: str) -> None:
    juror = ready.jurors[0]
    address = f"{JURY}/lectures/{ready.own(juror)[0].application_id}"
    for path in (address, f"{address}/brouillon"):
        assert sent(ready.client(juror), path, {f"note-{ready.criteria[0].id}": mark}).status_code == 400
    foreign = {f"note-{ready.criteria[-1].id + 999}": "3"}
    assert sent(ready.client(juror), address, foreign).status_code == 400
    assert db.session.scalar(select(func.count(Score.id))) == 0


def test_marks_stay_once_the_deliberation_is_open(ready: Readers) -> None:
    juror = ready.jurors[0]
    address = f"{JURY}/lectures/{ready.own(juror)[0].application_id}"
    db.session.get_one(Jury, ready.edition.id).stage = "open"
    db.session.commit()
    assert sent(ready.client(juror), address, ready.marks()).status_code == 303
    assert sent(ready.client(juror), f"{address}/brouillon", ready.marks()).status_code == 409
    assert "ne changent plus" in ready.client(juror).get(address).text
    assert db.session.scalar(select(func.count(Score.id))) == 0


def test_a_late_change_is_shown_to_who_had_read_the_file_until_they_have_seen_it(ready: Readers) -> None:
    juror = ready.jurors[0]
    reading = ready.own(juror)[0]
    client, address = ready.client(juror), f"{JURY}/lectures/{reading.application_id}"
    change = {"application_id": reading.application_id, "at": now(), "is_late": True}
    db.session.add(Revision(**change, changes={"workforce": [1, 21]}))
    db.session.commit()
    assert "a changé depuis votre lecture" not in client.get(address).text
    first = db.session.scalar(select(func.max(Revision.id)))
    sent(client, address, ready.marks(revision=str(first)))
    db.session.add(Revision(**change, changes={"workforce": [21, 34]}))
    db.session.commit()
    page = client.get(address).text
    assert "a changé depuis votre lecture" in page
    assert "34" in page.split("a changé depuis")[1]
    assert lines_of(db.session, ready.edition, juror)[0].state in {"changed", "todo"}
    assert sent(client, f"{address}/vu", {"revision": str(first + 1)}).status_code == 303
    assert "a changé depuis votre lecture" not in client.get(address).text
    assert ready.own(juror)[0].finished_at is not None


def test_names_that_come_after_the_declaration_are_asked_about_alone(ready: Readers) -> None:
    juror = ready.jurors[0]
    late = make_application(ready.edition, 40)
    db.session.commit()
    page = ready.client(juror).get(f"{JURY}/conflits").text
    assert page.split("Nouveaux noms")[1].split("Noms déjà")[0].count('name="nom"') == 1
    sent(ready.client(juror), f"{JURY}/conflits", {"nom": "999999"})
    assert "Nouveaux noms" in ready.client(juror).get(f"{JURY}/conflits").text  # what was not shown is not told
    sent(ready.client(juror), f"{JURY}/conflits", {"nom": str(late.id)})
    assert "Nouveaux noms" not in ready.client(juror).get(f"{JURY}/conflits").text
    assert db.session.scalar(select(func.count(Declaration.id)).where(Declaration.person_id == juror.id)) == 1


def test_a_conflict_that_comes_later_drops_the_reading_and_the_journal_keeps_its_marks(ready: Readers) -> None:
    juror = ready.jurors[0]
    reading = ready.own(juror)[0]
    file = reading.application
    client = ready.client(juror)
    sent(client, f"{JURY}/lectures/{file.id}", ready.marks(5))
    assert sent(client, f"{JURY}/conflits/{file.id}", {"raison": " "}).status_code == 422
    assert sent(client, f"{JURY}/conflits/{file.id}", {"raison": "Mon frère y entre."}).status_code == 303
    assert file.id not in {one.application_id for one in ready.own(juror)}
    assert db.session.scalar(select(func.count(Score.id))) == 0
    dropped = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "reading.dropped")).one()
    assert len(dropped.changes["marks"][0]) == 5
    assert dropped.edition_id is None  # the edition's page would tell the marks to jurors who organise
    told = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "conflict.told")).one()
    assert "frère" not in str(told.changes)
    ready.shared()
    assert db.session.scalar(select(func.count(Reading.id)).where(Reading.application_id == file.id)) == 2


def test_only_someone_else_lifts_a_conflict_and_says_why(ready: Readers) -> None:
    juror, file = ready.jurors[0], ready.files[0]
    add_conflict(db.session, file, juror, "Client.", by=juror, now=now())
    conflict = db.session.scalars(select(Conflict)).one()
    with pytest.raises(RefusedConflict):
        lift_conflict(db.session, conflict, "Erreur", by=juror, now=now())
    with pytest.raises(RefusedConflict):
        lift_conflict(db.session, conflict, "  ", by=ready.organiser, now=now())
    lift_conflict(db.session, conflict, "Coché par erreur", by=ready.organiser, now=now())
    assert db.session.scalars(select(Conflict)).all() == []
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "conflict.lifted")).one()
    assert entry.changes["why"] == [None, "Coché par erreur"]


def test_a_juror_who_leaves_keeps_what_is_finished_and_gives_the_rest_away(ready: Readers) -> None:
    juror = ready.jurors[0]
    reading = ready.own(juror)[0]
    sent(ready.client(juror), f"{JURY}/lectures/{reading.application_id}", ready.marks())
    before = {(one.application_id, one.person_id) for one in db.session.scalars(select(Reading))}
    held = db.session.scalars(select(Role).where(Role.person_id == juror.id)).one()
    take_role(db.session, held, by=ready.organiser, now=now())
    db.session.commit()
    assert progress_of(db.session, ready.edition, ready.organiser).former == 3
    ready.shared()
    after = {(one.application_id, one.person_id) for one in db.session.scalars(select(Reading))}
    assert {pair for pair in before - after if pair[1] != juror.id} == set()
    assert [one.application_id for one in ready.own(juror)] == [reading.application_id]
    assert propose(db.session, ready.edition).is_nothing


def test_what_has_changed_since_the_preview_is_shown_again_first(readers: Readers) -> None:
    readers.declared(*readers.jurors)
    seen = propose(db.session, readers.edition).digest
    add_conflict(db.session, readers.files[0], readers.jurors[0], "Client.", by=readers.jurors[0], now=now())
    add_conflict(db.session, readers.files[0], readers.jurors[1], "Client.", by=readers.jurors[1], now=now())
    with pytest.raises(ChangedMeanwhile):
        share_out(db.session, readers.edition, expected=seen, by=readers.organiser, now=now())
    short = propose(db.session, readers.edition).short
    assert [one.id for one, _why in short] == [readers.files[0].id]
    assert "2 jurés en conflit" in short[0][1].replace("\u00a0", " ")


def test_criteria_stay_once_a_mark_is_given_and_go_into_a_copy(ready: Readers) -> None:
    juror = ready.jurors[0]
    words = {"name": "Autre", "weight": 1, "help": "", "words": ["x"] * 6}
    sent(ready.client(juror), f"{JURY}/lectures/{ready.own(juror)[0].application_id}", ready.marks())
    with pytest.raises(RefusedJury):
        add_criterion(db.session, ready.edition, words, by=ready.organiser, now=now())
    settings = {"readers": 2, "picks": 6, "comment_under": 4, "chair_id": None}
    with pytest.raises(RefusedJury):
        change_settings(db.session, ready.edition, settings, by=ready.organiser, now=now())
    made = copy(db.session, ready.edition, title="Suite", held_on=ready.edition.held_on, by=ready.organiser, now=now())
    copied = criteria_of(db.session, made.id)
    assert [(one.name, one.weight, one.words) for one in copied] == [
        (one.name, one.weight, one.words) for one in ready.criteria
    ]
    assert db.session.get_one(Jury, made.id).readers == 2
    assert db.session.get_one(Jury, made.id).stage == "blind"
    assert formula(copied).startswith("Note d’un dossier = (3 × Pertinence pour la filière + 2 × Nouveauté")


def test_reminders_go_once_a_day_to_who_is_late_and_name_no_structure(ready: Readers) -> None:
    for one in ready.own(ready.jurors[0]):
        sent(ready.client(ready.jurors[0]), f"{JURY}/lectures/{one.application_id}", ready.marks())
    client = ready.client(ready.organiser)
    for _ in range(2):
        assert sent(client, f"{JURY}/avancement/rappels").status_code == 303
    mails = list(db.session.scalars(select(Message).where(Message.purpose == "jury.late")))
    assert sorted(one.recipient for one in mails) == ["jure2@essai.example", "jure3@essai.example"]
    assert not any(file.name in one.body + one.subject for one in mails for file in ready.files)


def test_the_next_file_is_one_that_is_not_finished(ready: Readers) -> None:
    juror = ready.jurors[0]
    lines = lines_of(db.session, ready.edition, juror)
    assert next_to_read(lines, lines[-1].application.id) == lines[0]
    assert next_to_read([], None) is None
    orders = [[line.application.id for line in lines_of(db.session, ready.edition, one)] for one in ready.jurors]
    assert all(order != sorted(order) for order in orders) or len({tuple(one) for one in orders}) > 1


@pytest.mark.parametrize("path", [JURY, f"{JURY}/conflits", f"{JURY}/avancement"])
def test_pages_ask_the_database_as_often_for_three_files_as_for_thirty(app: Flask, path: str) -> None:
    counts = []
    world = make_readers(app, files=3)
    for step in range(2):
        for number in range(100, 100 + 27 * step):
            make_application(world.edition, number)
        db.session.commit()
        world.declared(*world.jurors)
        world.shared()
        who = world.organiser if path.endswith("avancement") else world.jurors[0]
        client = world.client(who)
        client.get(path)
        db.session.expire_all()
        with statements() as asked:
            assert client.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
