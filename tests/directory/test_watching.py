"""Searches that are kept: told once of what newly matches, at most one mail a day, stopped by a link."""

from __future__ import annotations

import re
import signal
import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.directory.models import Structure
from openmap.directory.sourcing import watching
from openmap.directory.sourcing.watched import kinds
from openmap.directory.sourcing_models import FoundBefore, SavedSearch
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.needs import services
from openmap.needs.models import Need
from openmap.needs.periods import bounds, quarters_from
from openmap.people.models import Person
from openmap.reference.models import Area
from tests import killing
from tests.house.counting import statements
from tests.needing import make_need
from tests.signing import client_of, make_person, now, sent
from tests.sourcing import buying, mails, make_buyer, make_structure

SEARCHES = "/annuaire/recherches"


@pytest.fixture
def buyer(app: Flask) -> Person:
    del app
    return buying()


def kept(by: Person, query: str = "q=tonte", name: str = "Tonte", searched: str = "structures") -> SavedSearch:
    search = watching.save(db.session, kinds()[searched], query, name, by=by, now=now())
    db.session.commit()
    return search


def swept(days: float = 1) -> int:
    """Look at what is due some days from now, as the worker does; return how many mails were written."""
    return sum(_told(person_id, now() + timedelta(days=days)) for person_id in _due(days))


def _due(days: float) -> list[int]:
    return watching.due_people(db.session, now=now() + timedelta(days=days))


def _told(person_id: int, at: datetime) -> bool:
    written = watching.write_digest(db.session, person_id, now=at)
    db.session.commit()
    return written


def digests() -> list[Message]:
    return mails("search.digest")


def declared(title: str, *, by: Person, **more: object) -> Need:
    """Declare a need in the coming quarter."""
    code = quarters_from(now().date())[1]
    first, last = bounds(code)
    buyer = make_buyer(f"Acheteur de {title}")
    where = db.session.scalars(select(Area)).first() or Area(level="departement", code="99", name="Essai-et-Marne")
    need = make_need(
        buyer, title, quarter=code, starts_on=first, ends_on=last, state="draft", declared_at=None, lever="clause",
        amount="10k_40k", cpv=["77310000"], areas=[where], certainty="certain", **more,
    )  # fmt: skip
    db.session.add(need)
    db.session.flush()
    services.declare(db.session, need, by=by, now=now())
    db.session.commit()
    return need


def test_what_is_there_when_a_search_is_kept_is_known_and_what_comes_is_told_once(buyer: Person) -> None:
    make_structure("Ancienne")
    kept(buyer)
    assert swept() == 0
    make_structure("Nouvelle")
    make_structure("Autre métier", offer="Imprimerie")
    assert swept() == 1
    [mail] = digests()
    assert mail.recipient == buyer.email
    assert "Nouvelle" in mail.body
    assert "Ancienne" not in mail.body
    assert "Autre métier" not in mail.body
    assert swept(2) == 0
    assert swept(3) == 0


def test_one_mail_a_day_for_all_searches_and_the_next_day_for_what_came_later(buyer: Person) -> None:
    kept(buyer)
    kept(buyer, "q=pelouses", "Pelouses")
    make_structure("Matinale")
    assert swept() == 1
    make_structure("Tardive")
    assert swept(1.0001) == 0
    assert swept(2) == 1
    first, second = digests()
    assert "« Tonte » : 1" in first.body
    assert "« Pelouses » : 1" in first.body
    assert "Tardive" in second.body
    assert "Matinale" not in second.body


def test_nothing_is_searched_while_nothing_has_changed(buyer: Person) -> None:
    for number in range(30):
        kept(buyer, f"q=tonte{number}", f"Recherche {number}")
    with statements() as asked:
        assert _due(1) == []
    assert len(asked) <= 3
    make_structure("Nouvelle")
    assert _due(1) == [buyer.id]
    assert _due(0) == []  # looked at today already


def test_an_unlisted_or_delisted_structure_is_told_to_nobody(buyer: Person) -> None:
    kept(buyer)
    make_structure("Brouillon", listed_at=None)
    make_structure("Partie", delisted_at=now(), delisted_reason="Fermée")
    assert swept() == 0
    draft = db.session.scalars(select(Structure).where(Structure.name == "Brouillon")).one()
    draft.listed_at = now()
    db.session.commit()
    assert swept(2) == 1


def test_new_needs_are_told_to_whom_they_are_visible(buyer: Person) -> None:
    declared("Tonte ancienne", by=buyer, visibility="public")
    kept(buyer, "q=tonte", "Besoins de tonte", "needs")
    declared("Tonte publique", by=buyer, visibility="public")
    declared("Tonte des participants", by=buyer, visibility="participants")
    declared("Tonte interne", by=buyer, visibility="organisers")
    assert swept() == 1
    [mail] = digests()
    assert "Tonte publique" in mail.body
    for hidden in ("ancienne", "participants", "interne"):
        assert hidden not in mail.body
    assert swept(2) == 0


def test_a_search_for_a_quarter_that_is_over_finds_nothing_rather_than_everything(buyer: Person) -> None:
    code = quarters_from(now().date())[0]
    search = kept(buyer, f"trimestre={code}", "Ce trimestre", "needs")
    declared("Plus tard", by=buyer, visibility="public")
    later = now() + timedelta(days=200)
    assert watching.watched_of(search) is not None
    assert kinds()["needs"].matching(db.session, buyer, search.query, later.date()) == []


def test_the_link_of_the_mail_stops_without_signing_in_and_opening_it_changes_nothing(
    app: Flask, buyer: Person
) -> None:
    search = kept(buyer)
    make_structure("Nouvelle")
    swept()
    [token] = re.findall(rf"{SEARCHES}/arret/(\S+)", digests()[0].body)
    assert search.stop_hash == watching.token_hash(token)
    client, path = app.test_client(), f"{SEARCHES}/arret/{token}"
    for _scan in range(2):
        page = client.get(path)
        assert page.headers["Referrer-Policy"] == "no-referrer"
    db.session.refresh(search)
    assert search.alerts
    assert client.post(path).status_code == 400
    assert sent(client, path).status_code == 303
    assert "L’alerte est arrêtée" in client.get(path).text
    make_structure("Encore une")
    assert swept(2) == 0
    assert client.get(f"{SEARCHES}/arret/faux").status_code == 404


def test_an_alert_started_again_tells_only_what_comes_from_then_on(app: Flask, buyer: Person) -> None:
    search, client = kept(buyer), client_of(app, buyer)
    sent(client, f"{SEARCHES}/{search.id}/alerte", {"alerte": "non"})
    make_structure("Entre-temps")
    sent(client, f"{SEARCHES}/{search.id}/alerte", {"alerte": "oui"})
    make_structure("Après")
    assert swept() == 1
    assert "Entre-temps" not in digests()[0].body


def test_a_search_is_kept_from_its_page_renamed_and_deleted(app: Flask, buyer: Person) -> None:
    client, form = client_of(app, buyer), {"cherche": "structures", "query": "q=tonte", "name": "Tonte"}
    assert 'value="q=tonte"' in client.get(f"{SEARCHES}/nouvelle?q=tonte&page=3").text
    for _press in range(2):
        assert sent(client, f"{SEARCHES}/nouvelle", form).status_code == 303
    search = db.session.scalars(select(SavedSearch)).one()
    assert "/annuaire?q=tonte" in client.get(SEARCHES).text
    assert sent(client, f"{SEARCHES}/{search.id}", {"name": "Pelouses"}).status_code == 303
    other = client_of(app, buying("autre@essai.example", make_buyer("Autre ville")))
    for path in (f"{SEARCHES}/{search.id}", f"{SEARCHES}/{search.id}/alerte", f"{SEARCHES}/{search.id}/suppression"):
        assert sent(other, path, {"name": "Prise"}).status_code == 403
    assert "Pelouses" not in other.get(SEARCHES).text
    assert sent(client, f"{SEARCHES}/{search.id}/suppression").status_code == 303
    assert db.session.scalar(select(func.count()).select_from(FoundBefore)) == 0
    assert sent(client, f"{SEARCHES}/nouvelle", form | {"query": "page=2&x=y"}).status_code == 422
    assert sent(client, f"{SEARCHES}/nouvelle", form | {"cherche": "rien"}).status_code == 404


def test_a_search_that_finds_too_much_is_kept_without_alert(buyer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_KNOWN", 1)
    make_structure("Une")
    make_structure("Deux")
    search = kept(buyer)
    assert not search.alerts
    with pytest.raises(watching.RefusedSearch, match="précisez"):
        watching.switch(db.session, search, on=True, by=buyer, now=now())


KILLED_AT = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from openmap import create_app
from openmap.directory.sourcing import watching
from openmap.extensions import db

stop = sys.argv[1]

def die(moment):
    if moment == stop:
        db.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)

real_know, real_write = watching._know, watching.write

def know(*args):
    real_know(*args)
    die("known")

def write(*args, **options):
    found = real_write(*args, **options)
    die("written")
    return found

watching._know, watching.write = know, write
app = create_app()
with app.app_context():
    at = datetime.now(UTC) + timedelta(days=1)
    for person_id in watching.due_people(db.session, now=at):
        watching.write_digest(db.session, person_id, now=at)
        die("before commit")
        db.session.commit()
        die("after commit")
"""


@pytest.mark.parametrize("stop", ["known", "written", "before commit", "after commit"])
def test_a_digest_that_is_killed_is_written_exactly_once(app: Flask, buyer: Person, stop: str) -> None:
    kept(buyer)
    kept(buyer, "q=pelouses", "Pelouses")
    make_structure("Nouvelle")
    db.session.remove()
    code, errors = killing.run(KILLED_AT, stop, config=app.config["OPENMAP"])
    assert code == -signal.SIGKILL, errors
    swept()
    swept(2)
    [mail] = digests()
    assert mail.body.count("Nouvelle") == 2  # in each of the two searches
    assert db.session.scalar(select(func.count()).select_from(FoundBefore)) == 2


def test_workers_that_look_at_once_write_one_mail(app: Flask, buyer: Person) -> None:
    kept(buyer)
    make_structure("Nouvelle")
    number, at = buyer.id, now() + timedelta(days=1)
    db.session.remove()
    start, failures = threading.Barrier(4), list[BaseException]()

    def look() -> None:
        with app.app_context():
            start.wait()
            try:
                watching.write_digest(db.session, number, now=at)
                db.session.commit()
            except BaseException as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=look) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(digests()) == 1


def test_someone_erased_is_told_nothing(app: Flask, buyer: Person) -> None:
    from openmap.people import privacy

    kept(buyer)
    make_structure("Nouvelle")
    privacy.forget(db.session, buyer, by=None, now=now())
    db.session.commit()
    assert swept() == 0
    assert make_person("acheteur@essai.example").id != buyer.id
