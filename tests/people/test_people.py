"""People, roles, erasure and the journal."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import String, Text, func, insert, select, update

from openmap.cli import main
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people import journal, privacy
from openmap.people.models import ADMINISTRATOR, ORGANISER, JournalEntry, JournalHead, Person, Role
from openmap.people.queries import administrators, everyone, person_by_email
from openmap.people.services import LastAdministrator, UnusableAddress, erase, give_role, take_role, welcome
from openmap.signin import postman
from tests.factories import make_edition
from tests.house.world import furnish
from tests.signing import administrator_client, client_of, make_person, now, sent


@pytest.fixture
def edition(app: Flask) -> Edition:
    return make_edition("essai")


def test_an_address_is_one_person_however_it_is_typed(app: Flask) -> None:
    first = welcome(db.session, "Camille@Essai.example", by=None, now=now())
    assert welcome(db.session, "  camille@essai.EXAMPLE ", name="Autre", by=None, now=now()) is first
    assert person_by_email(db.session, "CAMILLE@essai.example") is first


def test_an_address_of_an_accented_domain_is_kept_as_mail_servers_read_it(app: Flask) -> None:
    person = welcome(db.session, "camille@É.example", by=None, now=now())
    assert person.email == "camille@xn--9ca.example"
    assert person_by_email(db.session, "Camille@é.example") is person


@pytest.mark.parametrize("words", ["élodie", "ÉLODIE", "e_lodie@", "100 %", "élodie d"])
def test_people_are_found_with_accents_and_signs_as_they_are_typed(app: Flask, words: str) -> None:
    found = make_person("e_lodie@essai.example", name="Élodie Dupont 100 %")
    make_person("eblodie@essai.example", name="Elodée 100 x")
    assert everyone(db.session, words=words).people == [found]


@pytest.mark.parametrize(
    "name", ["Gagnez sur http://evil.example", "www evil", "evil.example", "a@evil.example", "A\\b"]
)
def test_no_address_of_a_stranger_gets_into_a_mail_through_a_name(app: Flask, edition: Edition, name: str) -> None:
    organiser = make_person("o@essai.example", ORGANISER, edition_id=edition.id)
    data = {"email": "x@essai.example", "name": name, "role": "juror"}
    refused = sent(client_of(app, organiser), "/editions/essai/equipe", data)
    assert refused.status_code == 422
    assert "Un nom ne contient pas d’adresse" in refused.text
    assert sent(client_of(app, organiser), "/compte", {"name": name}).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(Message)) == 0


@pytest.mark.parametrize("name", ["J.-P. Dupont", "Anne d’Été (Mme)", "Dr.Martin", "M. Le Goff, DGA", "Zoë"])
def test_names_as_people_have_them_are_taken(app: Flask, name: str) -> None:
    person = make_person("x@essai.example")
    assert sent(client_of(app, person), "/compte", {"name": name}).status_code == 303
    assert person.name == name


@pytest.mark.parametrize(
    "email", ["", "camille", "a@b", "a@b.example\nBcc: x@y.example", "a b@c.example", "é@c.example"]
)
def test_what_is_no_address_is_refused(app: Flask, email: str) -> None:
    with pytest.raises(UnusableAddress):
        welcome(db.session, email, by=None, now=now())


def test_a_role_given_twice_is_held_once(edition: Edition) -> None:
    person = make_person("camille@essai.example")
    assert give_role(db.session, person, ORGANISER, edition.id, by=None, now=now())
    assert not give_role(db.session, person, ORGANISER, edition.id, by=None, now=now())
    assert len(person.roles) == 1


def test_the_last_administrator_stays(app: Flask) -> None:
    only = make_person("a@essai.example", ADMINISTRATOR)
    with pytest.raises(LastAdministrator):
        take_role(db.session, only.roles[0], by=only, now=now())
    db.session.rollback()
    with pytest.raises(LastAdministrator):
        erase(db.session, only, by=only, now=now())
    db.session.rollback()
    second = make_person("b@essai.example", ADMINISTRATOR)
    erase(db.session, only, by=only, now=now())
    db.session.commit()
    assert administrators(db.session) == 1
    assert second.is_administrator


def test_two_administrators_who_remove_each_other_at_once_leave_one(app: Flask) -> None:
    for email in ("a@essai.example", "b@essai.example"):
        make_person(email, ADMINISTRATOR)
    roles = list(db.session.scalars(select(Role.id)))
    db.session.remove()
    start = threading.Barrier(2)
    refused: list[int] = []

    def remove(role_id: int) -> None:
        with app.app_context():
            start.wait()
            try:
                take_role(db.session, db.session.get(Role, role_id), by=None, now=now())  # type: ignore[arg-type]
                db.session.commit()
            except LastAdministrator:
                refused.append(role_id)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=remove, args=(role_id,)) for role_id in roles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert administrators(db.session) == 1


def test_a_role_that_is_taken_away_closes_its_pages_at_once(app: Flask, edition: Edition) -> None:
    person = make_person("camille@essai.example", ORGANISER, edition_id=edition.id)
    client = client_of(app, person)
    assert client.get("/editions/essai/equipe").status_code == 200
    take_role(db.session, db.session.scalars(select(Role)).one(), by=None, now=now())
    db.session.commit()
    assert client.get("/editions/essai/equipe").status_code == 403


def test_inviting_someone_writes_one_mail_and_one_only(app: Flask, edition: Edition) -> None:
    client = client_of(app, make_person("camille@essai.example", ORGANISER, edition_id=edition.id))
    data = {"email": "Jury@essai.example", "name": "Dominique", "role": "juror"}
    for _ in range(2):
        assert sent(client, "/editions/essai/equipe", data).status_code == 303
    message = db.session.scalars(select(Message)).one()
    assert (message.recipient, message.state) == ("jury@essai.example", "queued")
    assert edition.title in message.body


def test_an_organiser_gives_no_role_elsewhere_and_makes_no_administrator(app: Flask, edition: Edition) -> None:
    make_edition("ailleurs")
    client = client_of(app, make_person("camille@essai.example", ORGANISER, edition_id=edition.id))
    data = {"email": "x@essai.example", "role": "juror"}
    assert sent(client, "/editions/ailleurs/equipe", data).status_code == 403
    assert sent(client, "/editions/essai/equipe", data | {"role": "administrator"}).status_code == 422
    assert sent(client, "/personnes", data | {"role": "administrator"}).status_code == 403
    assert administrators(db.session) == 0


def test_an_organiser_takes_no_role_of_another_edition(app: Flask, edition: Edition) -> None:
    other = make_edition("ailleurs")
    make_person("dominique@essai.example", ORGANISER, edition_id=other.id)
    theirs = db.session.scalars(select(Role.id)).one()
    client = client_of(app, make_person("camille@essai.example", ORGANISER, edition_id=edition.id))
    assert sent(client, f"/editions/essai/equipe/{theirs}/retrait").status_code == 404
    assert db.session.get(Role, theirs) is not None


def test_a_form_that_is_refused_shows_what_was_typed(app: Flask, edition: Edition) -> None:
    client = client_of(app, make_person("camille@essai.example", ORGANISER, edition_id=edition.id))
    answer = sent(client, "/editions/essai/equipe", {"email": "pas une adresse", "name": "Dominique", "role": "juror"})
    assert answer.status_code == 422
    assert 'value="pas une adresse"' in answer.text
    assert 'value="Dominique"' in answer.text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7*7 }}", '"><img src=x onerror=alert(1)>'])
def test_names_are_shown_as_text_everywhere(app: Flask, edition: Edition, text: str) -> None:
    make_person("camille@essai.example", ADMINISTRATOR, name=text)
    person = person_by_email(db.session, "camille@essai.example")
    client = client_of(app, person)
    give_role(db.session, person, "juror", edition.id, by=None, now=now())  # type: ignore[arg-type]
    db.session.commit()
    for path in ("/compte", "/personnes", "/personnes/1", "/editions/essai/equipe"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_an_edition_imported_again_keeps_its_people(app: Flask) -> None:
    from openmap.demo import EXAMPLE
    from openmap.meetings.workbook.importing import import_edition

    report = import_edition(db.session, EXAMPLE, replace=True)
    edition = db.session.scalars(select(Edition).where(Edition.slug == report.slug)).one()
    make_person("camille@essai.example", ORGANISER, edition_id=edition.id)
    import_edition(db.session, EXAMPLE, replace=True)
    again = db.session.scalars(select(Edition).where(Edition.slug == report.slug)).one()
    person = person_by_email(db.session, "camille@essai.example")
    assert person is not None
    assert person.holds(ORGANISER, again.id)
    assert len(again.slots) == 12


# Privacy


def test_every_column_that_could_hold_personal_data_is_told(app: Flask) -> None:
    told = {(holding.table, column) for holding in privacy.holdings() for column in holding.columns}
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == "people":
                assert (table.name, key.parent.name) in told, (table.name, key.parent.name)
        for column in table.columns:
            looks_personal = column.name in {"email", "phone", "recipient", "recipient_name", "browser"}
            if looks_personal and isinstance(column.type, String | Text):
                assert (table.name, column.name) in told, (table.name, column.name)


def test_what_is_told_exists(app: Flask) -> None:
    for holding in privacy.holdings():
        assert set(holding.columns) <= set(db.metadata.tables[holding.table].columns.keys()), holding.table


def test_people_take_their_data_with_them(app: Flask) -> None:
    people = furnish()
    answer = client_of(app, people["juror"]).get("/compte/donnees")
    data = json.loads(answer.data)
    assert set(data) == {holding.table for holding in privacy.holdings()}
    assert data["people"][0]["email"] == "juror@essai.example"
    assert data["roles"][0]["role"] == "juror"
    assert len(data["messages"]) == 3
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_erasing_leaves_no_trace_of_the_person_but_a_number(app: Flask) -> None:
    people = furnish()
    person = people["juror"]
    name, email = person.name, person.email or ""
    client = client_of(app, person)
    client.get("/connexion")
    mails = set(db.session.scalars(select(Message.id)))
    assert sent(client, "/compte/effacement", {"sure": "y"}).status_code == 303
    rows = [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
    assert not [row for row in rows if name in row or email in row]
    left = set(db.session.scalars(select(Message.id)))
    assert left > mails  # the rows stay, and the place that is left goes to who waits, by mail
    assert journal.verify(db.session).broken_at is None
    assert client_of(app, people["administrator"]).get(f"/personnes/{person.id}").status_code == 404


def test_erasing_needs_its_box_ticked(app: Flask) -> None:
    person = make_person("camille@essai.example")
    assert sent(client_of(app, person), "/compte/effacement").status_code == 422
    assert person.email is not None


def test_an_erased_address_can_be_invited_anew(app: Flask) -> None:
    person = make_person("camille@essai.example")
    erase(db.session, person, by=person, now=now())
    db.session.commit()
    assert make_person("camille@essai.example").id != person.id


def test_people_without_role_are_forgotten_after_three_years(app: Flask, edition: Edition) -> None:
    long_ago = now() - privacy.INACTIVE - timedelta(days=1)
    gone = welcome(db.session, "partie@essai.example", by=None, now=long_ago)
    stays = welcome(db.session, "roles@essai.example", by=None, now=long_ago)
    give_role(db.session, stays, ORGANISER, edition.id, by=None, now=now())
    recent = welcome(db.session, "recente@essai.example", by=None, now=long_ago)
    recent.seen_at = now()
    db.session.commit()
    assert privacy.purge(db.session, now=now())["people"] == 1
    db.session.commit()
    assert (gone.erased_at is None, stays.erased_at is None, recent.erased_at is None) == (False, True, True)


def test_the_nightly_purge_runs_once_a_day_and_again_after_a_failure(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[datetime] = []
    present = now()

    def purge(_session: object, *, now: datetime) -> dict[str, int]:
        done.append(now)
        if len(done) == 1:
            raise OSError("the database is away")
        return {}

    monkeypatch.setattr(privacy, "purge", purge)
    monkeypatch.setattr(postman, "_purged", {})
    monkeypatch.setattr(postman, "clock", lambda: present)
    with pytest.raises(OSError, match="away"):
        postman.purge_nightly()
    for hours in (0, 1, 23, 24, 25):
        present = done[0] + timedelta(hours=hours)
        postman.purge_nightly()
    assert [(at - done[0]) // timedelta(hours=1) for at in done] == [0, 0, 24]


def test_a_mail_that_was_leaving_while_its_reader_was_erased_is_emptied_afterwards(app: Flask) -> None:
    people = furnish()
    message = db.session.scalars(select(Message).where(Message.person_id == people["juror"].id)).first()
    assert message is not None
    message.state, message.sent_at, message.claimed_at = "sending", None, now()
    erase(db.session, people["juror"], by=None, now=now())
    message.state, message.sent_at, message.claimed_at = "sent", now(), None
    db.session.commit()
    privacy.purge(db.session, now=now())
    db.session.refresh(message)
    assert "juror" not in message.recipient
    assert message.body == ""


# The journal


def test_the_journal_tells_who_changed_what_without_personal_contents(app: Flask) -> None:
    person = make_person("camille@essai.example", name="Camille")
    sent(client_of(app, person), "/compte", {"name": "Camille Essai", "phone": "01 23 45 67 89"})
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "person.changed")).one()
    assert entry.actor_id == person.id
    assert entry.changes == {"name": ["•", "•"], "phone": [None, "•"]}
    assert person.phone == "+33123456789"


@pytest.mark.parametrize("field", ["action", "actor_id", "object_id", "changes", "at", "hash"])
def test_a_changed_entry_breaks_the_chain(app: Flask, field: str) -> None:
    for n in range(4):
        make_person(f"n{n}@essai.example", ADMINISTRATOR)
    assert journal.verify(db.session).broken_at is None
    value = {"at": now() - timedelta(days=1), "changes": {"x": [1, 2]}, "actor_id": 99, "object_id": 99}.get(
        field, "autre"
    )
    db.session.execute(update(JournalEntry).where(JournalEntry.id == 3).values({field: value}))
    db.session.commit()
    assert journal.verify(db.session).broken_at == 3


def test_a_removed_entry_breaks_the_chain_and_so_does_a_cut_off_end(app: Flask) -> None:
    for n in range(3):
        make_person(f"n{n}@essai.example")
    db.session.query(JournalEntry).filter_by(id=3).delete()
    db.session.commit()
    assert journal.verify(db.session).broken_at == 0
    db.session.query(JournalEntry).filter_by(id=1).delete()
    db.session.commit()
    assert journal.verify(db.session).broken_at == 2


def test_many_who_write_at_once_make_one_chain(app: Flask) -> None:
    make_person("premiere@essai.example")
    db.session.remove()
    start = threading.Barrier(6)

    def write(rank: int) -> None:
        with app.app_context():
            start.wait()
            for n in range(5):
                make_person(f"p{rank}-{n}@essai.example")
            db.session.remove()

    threads = [threading.Thread(target=write, args=(rank,)) for rank in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = journal.verify(db.session)
    assert (verdict.entries, verdict.broken_at) == (31, None)
    assert db.session.get(JournalHead, 1).entries == 31  # type: ignore[union-attr]


def test_a_command_verifies_the_journal(app: Flask) -> None:
    make_person("camille@essai.example")
    runner = app.test_cli_runner()
    whole = runner.invoke(main, ["journal", "verify"])
    assert (whole.exit_code, "entier : 1 entrée" in whole.output) == (0, True)
    db.session.execute(update(JournalEntry).values(action="autre"))
    db.session.commit()
    broken = runner.invoke(main, ["journal", "verify"])
    assert (broken.exit_code, "modifié à l’entrée 1" in broken.output) == (1, True)


def test_the_first_administrator_is_named_from_the_command_line_and_gets_a_link(app: Flask) -> None:
    runner = app.test_cli_runner()
    named = runner.invoke(main, ["people", "administrator", "camille@essai.example", "--name", "Camille"])
    assert (named.exit_code, "administre désormais" in named.output) == (0, True)
    link = runner.invoke(main, ["signin", "link", "camille@essai.example"]).output.strip()
    client = app.test_client()
    assert sent(client, link.removeprefix("http://127.0.0.1:8000")).status_code == 303
    assert client.get("/personnes").status_code == 200
    unknown = runner.invoke(main, ["signin", "link", "inconnue@essai.example"])
    assert unknown.exit_code == 2
    assert isinstance(person_by_email(db.session, "camille@essai.example"), Person)


def test_three_thousand_people_are_shown_by_the_hundred(app: Flask) -> None:
    client = administrator_client(app)
    rows = [{"email": f"p{n}@essai.example", "name": f"Personne {n:04}", "created_at": now()} for n in range(3_000)]
    db.session.execute(insert(Person), rows)
    db.session.commit()
    page = client.get("/personnes?page=2").text
    assert page.count("@essai.example") == 100
    assert "Page 2 sur 31" in page.replace("</span>", "")
    assert "3\u202f001" in page
    found = client.get("/personnes?q=p2999@").text
    assert "Personne 2999" in found
    assert "Personne 2998" not in found
