"""One-use links: who gets one, what uses it up, and everything an attacker tries."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.mail.models import Message
from openmap.mail.sending import LOST_AFTER, NOT_KEPT
from openmap.people.models import ADMINISTRATOR, Person
from openmap.people.services import erase
from openmap.signin import postman
from openmap.signin.models import Session, SignInLink, SignInRequest
from openmap.signin.services import LINK_LIFE, LinkUnusable, make_link, open_session, session_of, use_link
from tests.conftest import config_for, opened
from tests.house.counting import statements
from tests.signing import client_of, make_person, now, sent

ADDRESS = "camille@essai.example"


@pytest.fixture
def person(app: Flask) -> Person:
    return make_person(ADDRESS, name="Camille Essai")


def mails(app: Flask) -> list[str]:
    """Return the texts of the mails written so far, oldest first."""
    folder: Path = app.config["OPENMAP"].instance / "outbox"
    texts = []
    for file in sorted(folder.glob("*.eml")):
        part = message_from_bytes(file.read_bytes(), policy=default).get_body(("plain",))
        assert part is not None
        texts.append(part.get_content())
    return texts


def path_in(text: str) -> str:
    """Return the path of the link in a mail."""
    found = re.search(r"http://127\.0\.0\.1:8000(/connexion/lien/\S+)", text)
    assert found is not None
    return found[1]


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/compte").status_code == 200


def test_from_an_address_to_the_account_through_the_pages(app: Flask, person: Person, client: FlaskClient) -> None:
    asked = sent(client, "/connexion", {"email": "  Camille@ESSAI.example "})
    assert asked.location == "/connexion/message"
    assert postman.go_round() == 1
    path = path_in(mails(app)[0])
    page = client.get(path)
    assert page.status_code == 200
    assert ADDRESS in page.text
    assert not is_signed_in(client)
    entered = sent(client, path)
    assert entered.location == "/compte"
    assert is_signed_in(client)


def test_the_page_that_was_wanted_opens_after_signing_in(app: Flask, person: Person, client: FlaskClient) -> None:
    wanted = client.get("/compte/mot-de-passe")
    sent(client, wanted.location, {"email": ADDRESS})
    postman.go_round()
    assert sent(client, path_in(mails(app)[0])).location == "/compte/mot-de-passe"


def test_known_and_unknown_addresses_get_the_same_answer_from_the_same_work(
    client: FlaskClient, person: Person
) -> None:
    answers, work = [], []
    for address in (ADDRESS, "inconnue@essai.example"):
        with statements() as done:
            answers.append(sent(client, "/connexion", {"email": address}))
        work.append([statement.split("VALUES")[0] for statement in done])
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].headers.get("Location") == answers[1].headers.get("Location")
    assert answers[0].data == answers[1].data
    assert work[0] == work[1]


def test_an_unknown_address_gets_no_mail_and_is_forgotten(app: Flask, client: FlaskClient) -> None:
    sent(client, "/connexion", {"email": "inconnue@essai.example"})
    assert postman.go_round() == 0
    assert mails(app) == []
    assert db.session.scalar(select(func.count()).select_from(SignInRequest)) == 0


def test_neither_the_database_nor_the_outbox_keeps_a_link(app: Flask, person: Person, client: FlaskClient) -> None:
    sent(client, "/connexion", {"email": ADDRESS})
    postman.go_round()
    token = path_in(mails(app)[0]).rpartition("/")[2]
    rows = [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
    assert not [row for row in rows if token in row]
    message = db.session.scalars(select(Message)).one()
    assert (message.state, "{lien}" in message.body) == ("sent", True)


def test_a_link_whose_worker_died_is_never_sent_without_its_link(
    app: Flask, person: Person, client: FlaskClient
) -> None:
    sent(client, "/connexion", {"email": ADDRESS})
    postman.go_round()
    message = db.session.scalars(select(Message)).one()
    message.state, message.sent_at, message.handing_at = "sending", None, None
    message.claimed_at = now() - LOST_AFTER - timedelta(seconds=1)
    db.session.commit()
    assert postman.go_round() == 0
    message = db.session.scalars(select(Message)).one()
    assert (message.state, message.error) == ("failed", NOT_KEPT)
    administrator = client_of(app, make_person("admin@essai.example", ADMINISTRATOR))
    assert "Envoyer" not in administrator.get(f"/courrier/{message.id}").text
    assert sent(administrator, f"/courrier/{message.id}/envoi").status_code == 409
    assert postman.go_round() == 0
    assert not any("{lien}" in text for text in mails(app))


def test_links_begin_with_the_configured_name_whatever_the_request_says(app: Flask, person: Person) -> None:
    client = app.test_client()
    forged = {"X-Forwarded-Host": "evil.example"}
    asked = sent(client, "/connexion", {"email": ADDRESS}, base_url="http://evil.example", headers=forged)
    assert asked.status_code == 303
    postman.go_round()
    assert "evil" not in mails(app)[0]
    path_in(mails(app)[0])


def test_a_mail_scanner_that_opens_the_link_uses_nothing_up(app: Flask, person: Person, client: FlaskClient) -> None:
    path = f"/connexion/lien/{make_link(db.session, person, now=now())}"
    for _ in range(3):
        assert app.test_client().get(path).status_code == 200
        assert app.test_client().head(path).status_code == 200
    assert sent(client, path).status_code == 303


def test_a_link_works_once(app: Flask, person: Person) -> None:
    path = f"/connexion/lien/{make_link(db.session, person, now=now())}"
    assert sent(app.test_client(), path).status_code == 303
    thief = app.test_client()
    assert sent(thief, path).status_code == 410
    assert thief.get(path).status_code == 410
    assert not is_signed_in(thief)


def test_of_many_who_use_a_link_at_the_same_instant_one_enters(app: Flask, person: Person) -> None:
    token = make_link(db.session, person, now=now())
    db.session.remove()
    outcomes: list[bool] = []
    start = threading.Barrier(8)

    def attempt() -> None:
        with app.app_context():
            start.wait()
            try:
                use_link(db.session, token, now=now())
            except LinkUnusable:
                outcomes.append(False)
            else:
                outcomes.append(True)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]


def test_a_link_expires(person: Person) -> None:
    token = make_link(db.session, person, now=now())
    with pytest.raises(LinkUnusable):
        use_link(db.session, token, now=now() + LINK_LIFE + timedelta(seconds=1))


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: "A" + t[1:], lambda t: t + "A", lambda _t: "x" * 200])
def test_a_guessed_or_changed_link_opens_nothing(client: FlaskClient, person: Person, change) -> None:  # type: ignore[no-untyped-def]
    token = change(make_link(db.session, person, now=now()))
    assert client.get(f"/connexion/lien/{token}").status_code == 410
    assert sent(client, f"/connexion/lien/{token}").status_code == 410


def test_a_well_signed_link_that_was_never_made_opens_nothing(app: Flask, person: Person, client: FlaskClient) -> None:
    token = make_link(db.session, person, now=now())
    db.session.query(SignInLink).delete()
    db.session.commit()
    assert sent(client, f"/connexion/lien/{token}").status_code == 410


def test_using_a_link_needs_the_form_of_its_page(app: Flask, person: Person) -> None:
    token = make_link(db.session, person, now=now())
    assert app.test_client().post(f"/connexion/lien/{token}").status_code == 400
    use_link(db.session, token, now=now())


def test_signing_in_starts_a_new_session_in_the_browser(app: Flask, person: Person) -> None:
    client = app.test_client()
    with client.session_transaction() as before:
        before["planted"] = "by someone else"
    sent(client, f"/connexion/lien/{make_link(db.session, person, now=now())}")
    with client.session_transaction() as after:
        assert "planted" not in after


def test_leaving_ends_the_session_itself_not_only_its_cookie(app: Flask, person: Person) -> None:
    opened = open_session(db.session, person, browser="Essai", how="link", now=now())
    client = client_of(app, None)
    with client.session_transaction() as session:
        session["_user_id"] = opened.token
    sent(client, "/deconnexion")
    with client.session_transaction() as session:
        session["_user_id"] = opened.token  # the stolen cookie
    assert not is_signed_in(client)


@pytest.mark.parametrize(("days", "lives"), [(6, True), (8, False)])
def test_a_session_ends_after_seven_days_without_a_visit(person: Person, days: int, lives: bool) -> None:
    opened = open_session(db.session, person, browser="", how="link", now=now())
    found = session_of(db.session, opened.token, now=now() + timedelta(days=days))
    assert (found is not None) is lives


def test_a_session_ends_after_thirty_days_even_when_visited(person: Person) -> None:
    opened = open_session(db.session, person, browser="", how="link", now=now())
    for days in range(0, 30, 5):
        assert session_of(db.session, opened.token, now=now() + timedelta(days=days)) is not None
    assert session_of(db.session, opened.token, now=now() + timedelta(days=30, seconds=1)) is None


def test_an_erased_person_is_signed_out_everywhere(app: Flask, person: Person) -> None:
    clients = [client_of(app, person) for _ in range(2)]
    token = make_link(db.session, person, now=now())
    erase(db.session, person, by=person, now=now())
    db.session.commit()
    assert not any(is_signed_in(client) for client in clients)
    with pytest.raises(LinkUnusable):
        use_link(db.session, token, now=now())


def test_the_account_lists_the_sessions_that_still_open_something(app: Flask, person: Person) -> None:
    for browser, days in (("Ancien", 31), ("Oublié", 8), ("Récent", 1)):
        open_session(db.session, person, browser=browser, how="link", now=now() - timedelta(days=days))
    page = client_of(app, person).get("/compte").text
    assert "Récent" in page
    assert "Ancien" not in page
    assert "Oublié" not in page


def test_nobody_ends_the_session_of_someone_else(app: Flask, person: Person) -> None:
    open_session(db.session, person, browser="", how="link", now=now())
    mine = db.session.scalars(select(Session.id)).one()
    other = client_of(app, make_person("autre@essai.example"))
    assert sent(other, f"/compte/sessions/{mine}/fin").status_code == 404
    assert sent(client_of(app, person), f"/compte/sessions/{mine}/fin").status_code == 303


def test_too_many_requests_for_one_address_are_refused(client: FlaskClient) -> None:
    answers = [sent(client, "/connexion", {"email": ADDRESS}).status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]
    assert sent(client, "/connexion", {"email": "autre@essai.example"}).status_code == 303


def test_too_many_requests_of_one_visitor_are_refused(client: FlaskClient) -> None:
    answers = [sent(client, "/connexion", {"email": f"n{n}@essai.example"}).status_code for n in range(12)]
    assert answers == [303] * 10 + [429] * 2


@pytest.mark.parametrize(
    ("addresses", "refused"),
    [
        ([f"2001:db8:1:2::{n:x}" for n in range(11)], True),  # one subscriber's network
        ([f"2001:db8:1:{n:x}::1" for n in range(11)], False),
        ([f"::ffff:198.51.100.{n}" for n in range(11)], False),  # IPv4 in the clothes of IPv6
        (["garbage"] * 11, True),
    ],
)
def test_an_ipv6_visitor_is_its_network(
    app: Flask, tmp_path: Path, database_url: str, addresses: list[str], refused: bool
) -> None:
    with opened(config_for(tmp_path, database_url, proxies=1)) as behind:
        client = behind.test_client()
        for n, address in enumerate(addresses):
            headers = {"X-Forwarded-For": address}
            answer = sent(client, "/connexion", {"email": f"n{n}@essai.example"}, headers=headers)
        assert (answer.status_code == 429) is refused


def test_requests_are_still_counted_when_redis_is_away(tmp_path: Path, database_url: str) -> None:
    with opened(config_for(tmp_path, database_url, redis_url="redis://127.0.0.1:1/0")) as alone:
        client = alone.test_client()
        answers = [sent(client, "/connexion", {"email": ADDRESS}).status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]


@pytest.mark.parametrize(("proxies", "refused"), [(0, True), (1, False)])
def test_addresses_behind_proxies_are_believed_as_far_as_they_are_counted(
    app: Flask, tmp_path: Path, database_url: str, proxies: int, refused: bool
) -> None:
    with opened(config_for(tmp_path, database_url, proxies=proxies)) as behind:
        client = behind.test_client()
        for n in range(11):
            answer = sent(
                client, "/connexion", {"email": f"n{n}@essai.example"}, headers={"X-Forwarded-For": f"198.51.100.{n}"}
            )
        assert (answer.status_code == 429) is refused


def test_a_spoofed_address_before_the_counted_proxy_is_not_believed(tmp_path: Path, database_url: str) -> None:
    with opened(config_for(tmp_path, database_url, proxies=1)) as behind:
        client = behind.test_client()
        for n in range(11):
            forged = {"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.7"}
            answer = sent(client, "/connexion", {"email": f"n{n}@essai.example"}, headers=forged)
        assert answer.status_code == 429
