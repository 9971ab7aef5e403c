"""Who may read a need, by its state and its visibility: the question, the page and every list say the same."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from openmap.directory.models import Delegate
from openmap.directory.services import remove
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Participation
from openmap.needs.listing import Filters, listed
from openmap.needs.models import Need
from openmap.needs.permissions import may_read_contact, may_read_need, may_state, open_to, takes_part
from openmap.needs.services import today_of
from openmap.people.privacy import forget
from tests.needs.conftest import Town
from tests.signing import make_person, now

EVERYONE = ("nobody", "stranger", "elsewhere", "structure", "buyer", "organiser", "administrator")
OWN = {"buyer", "organiser", "administrator"}
READERS = {
    ("declared", "public"): set(EVERYONE),
    ("declared", "participants"): OWN | {"structure"},
    ("declared", "organisers"): OWN,
    ("withdrawn", "public"): set(EVERYONE),
    ("withdrawn", "participants"): OWN | {"structure"},
    ("withdrawn", "organisers"): OWN,
    ("draft", "public"): OWN,
    ("draft", "participants"): OWN,
    ("draft", "organisers"): OWN,
}
"""Who reads a need of each state and visibility."""


@pytest.mark.parametrize(("state", "visibility"), READERS, ids="-".join)
def test_each_reads_what_its_visibility_opens_to_them(town: Town, state: str, visibility: str) -> None:
    more = {"declared_at": None} if state == "draft" else {}
    need = town.need(state=state, visibility=visibility, contact_email="contact@essai.example", **more)
    for name in EVERYONE:
        reads, person = name in READERS[state, visibility], town.people.get(name)
        assert may_read_need(person, need) == reads, name
        assert may_read_contact(person, need) == (reads and name != "nobody"), name
        answer = town.client(name).get(f"/besoins/{need.id}")
        assert answer.status_code == (200 if reads else 302 if name == "nobody" else 403), name
        assert ("contact@essai.example" in answer.text) == (reads and name != "nobody"), name
        shown = listed(db.session, person, Filters(), today=today_of(now()))
        assert (shown.total == 1) == (reads and state == "declared"), name
        for path in ("/besoins", "/besoins/calendrier", "/besoins/liste.csv", "/besoins/liste.ics"):
            assert (need.title in town.client(name).get(path).text) == (reads and state == "declared"), (name, path)


def test_needs_are_stated_by_the_buyers_people_and_those_who_look_after_it(town: Town) -> None:
    for name in EVERYONE:
        assert may_state(town.people.get(name), town.buyer) == (name in OWN), name


def test_who_no_longer_acts_for_a_structure_no_longer_takes_part(town: Town) -> None:
    need, person = town.need(visibility="participants"), town.people["structure"]
    assert takes_part(person, need)
    acting = db.session.scalars(select(Delegate).where(Delegate.person_id == person.id)).one()
    remove(db.session, acting, by=person, now=now())
    db.session.commit()
    assert not may_read_need(person, need)


def test_to_take_part_elsewhere_is_not_to_take_part_here(town: Town) -> None:
    need = town.need(visibility="participants")
    mine = select(Delegate.organisation_id).where(Delegate.person_id == town.people["structure"].id)
    coming = db.session.scalars(select(Participation).where(Participation.organisation_id.in_(mine))).one()
    coming.edition = db.session.scalars(select(Edition).where(Edition.slug == "ailleurs")).one()
    db.session.commit()
    assert not may_read_need(town.people["structure"], need)
    assert may_read_need(town.people["organiser"], need)


def test_someone_erased_reads_what_the_public_reads(town: Town) -> None:
    town.need("public")
    town.need("réservé", visibility="participants")
    person = make_person("parti@essai.example", "administrator")
    forget(db.session, person, by=None, now=now())
    db.session.commit()
    assert list(db.session.scalars(select(Need.title).where(open_to(person)))) == ["public"]
    assert not may_state(person, town.buyer)


def test_a_need_that_is_not_public_is_stored_by_no_one_between(town: Town) -> None:
    need, public = town.need(visibility="participants"), town.need("public")
    assert town.client("structure").get(f"/besoins/{need.id}").headers["Cache-Control"] == "no-store"
    assert town.client("structure").get("/besoins").headers["Cache-Control"] == "no-store"
    assert town.client("nobody").get(f"/besoins/{public.id}").headers.get("Cache-Control") != "no-store"


def test_the_editions_page_shows_the_public_needs_only(town: Town) -> None:
    for visibility in ("public", "participants", "organisers"):
        town.need(f"besoin {visibility}", visibility=visibility)
    for name in ("nobody", "structure", "organiser"):
        text = town.client(name).get("/editions/essai").text
        assert "besoin public" in text
        assert "besoin participants" not in text
        assert "besoin organisers" not in text


def test_an_organiser_finds_the_needs_of_an_editions_buyers(town: Town) -> None:
    town.need("besoin organisers", visibility="organisers")
    page = town.client("organiser").get(f"/besoins?edition={town.edition.id}")
    assert "besoin organisers" in page.text
    assert f'value="{town.edition.id}" selected' in page.text
    empty = town.edition.id + 1  # the edition that « elsewhere » organises has no buyers
    assert "besoin organisers" not in town.client("administrator").get(f"/besoins?edition={empty}").text
    assert "Acheteurs d’une édition" not in town.client("structure").get("/besoins").text
    preparation = town.client("organiser").get("/editions/essai/preparation").text
    assert f"/besoins?edition={town.edition.id}" in preparation
