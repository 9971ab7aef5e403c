"""People, roles, erasure and the journal."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from openmap.cli import main
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import ADMINISTRATOR, ORGANISER, Person, Role
from openmap.people.queries import administrators, everyone, person_by_email
from openmap.people.services import LastAdministrator, UnusableAddress, erase, give_role, take_role, welcome
from tests.factories import make_edition
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
