"""Who takes part in an edition made in the browser, and how the organiser follows their answers."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from openmap.directory.models import Buyer
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import following, inviting
from openmap.meetings.gathering import gather
from openmap.meetings.models import Choice, Participation
from openmap.meetings.wishing import save_lines
from openmap.people.models import ORGANISER, Person
from tests.applying import make_application
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.signing import client_of, make_person, now, sent
from tests.wishing import Morning, line, make_morning

EXAMINED = {"standing": "eligible", "standing_at": now()}


@pytest.fixture
def bare(app: Flask) -> Edition:
    """Return an edition that nobody takes part in yet, with two tables."""
    del app
    return make_edition("souhaits", buyers=0, structures=0, tables=2)


@pytest.fixture
def organiser(bare: Edition) -> Person:
    """Return who organises it."""
    return make_person("organisation@souhaits.example", ORGANISER, edition_id=bare.id)


def test_eligible_files_that_wish_for_meetings_become_participants(bare: Edition, organiser: Person) -> None:
    taken = make_application(bare, 1, **EXAMINED)
    taken.absent_slots = list(bare.slots[:2])
    other = make_application(bare, 2, **EXAMINED)
    for number, changes in enumerate(
        ({}, {**EXAMINED, "wants_meetings": False}, {"standing": "ineligible", "standing_at": now(),
         "standing_reason": "Hors du territoire."}, {**EXAMINED, "state": "withdrawn"}, {"state": "draft"}), 3,
    ):  # fmt: skip
        make_application(bare, number, **changes)
    assert [one.id for one in inviting.candidates(db.session, bare)] == [taken.id, other.id]
    made = inviting.add_structures(db.session, bare, [taken.id], by=organiser, now=now())
    assert [(one.code, one.side, one.delegates, one.organisation_id) for one in made] == [
        ("S01", "structure", 1, taken.structure_id)
    ]
    assert made[0].absent_slots == bare.slots[:2]
    assert [one.code for one in inviting.add_structures(db.session, bare, None, by=organiser, now=now())] == ["S02"]
    assert inviting.add_structures(db.session, bare, None, by=organiser, now=now()) == []


def test_buyers_come_from_the_directory_or_by_name_and_get_tables(bare: Edition, organiser: Person) -> None:
    known = Buyer(name="Ville d’Écouen (essai)", city="Écouen", is_invented=True)
    db.session.add(known)
    db.session.flush()
    assert inviting.found(db.session, bare, "ecouen") == [known]
    first = inviting.add_organisation(db.session, bare, known, by=organiser, now=now())
    assert inviting.add_organisation(db.session, bare, known, by=organiser, now=now()) is first
    assert inviting.found(db.session, bare, "ecouen") == []
    named = [
        inviting.add_buyer(db.session, bare, name=name, city="", by=organiser, now=now())
        for name in ("Région d’essai", "Hôpital d’essai")
    ]
    assert [one.code for one in (first, *named)] == ["B01", "B02", "B03"]
    tables = [one.table.code if one.table else None for one in (first, *named)]
    assert tables == ["A1", "A2", None]
    listed = inviting.attending(db.session, bare)
    assert (listed.buyers, listed.structures, listed.tableless) == (3, 0, 1)
    inviting.remove(db.session, named[0], by=organiser, now=now())
    again = inviting.add_buyer(db.session, bare, name="Région d’essai", city="", by=organiser, now=now())
    assert (again.code, again.table and again.table.code) == ("B02", "A2")
    assert db.session.scalars(select(Buyer.name).where(Buyer.name == "Région d’essai")).all() == ["Région d’essai"]


def test_whoever_a_plan_holds_meetings_of_stays(app: Flask) -> None:
    morning = make_morning(wishes=True)
    make_plan(morning.edition)
    buyer = morning.buyers[0]
    client = client_of(app, morning.organiser)
    page = "/editions/souhaits/souhaits/participants"
    sent(client, f"{page}/{buyer.id}/retrait")
    assert db.session.get(Participation, buyer.id) is not None
    assert "ne peut pas être retiré" in client.get(page).text
    added = inviting.add_buyer(db.session, morning.edition, name="De passage", city="", by=morning.organiser, now=now())
    own = morning.structures[0]
    save_lines(db.session, own, {added.id: line("must")}, by=morning.selling, now=now())
    db.session.commit()
    number = added.id
    sent(client, f"{page}/{number}/retrait")
    db.session.expire_all()
    assert db.session.get(Participation, number) is None
    assert db.session.scalars(select(Choice)).all() == []


def test_participants_are_found_and_paged(app: Flask) -> None:
    morning = make_morning(buyers=3, structures=60)
    listed = inviting.attending(db.session, morning.edition, page=2)
    assert (listed.total, listed.pages, len(listed.rows)) == (63, 2, 13)
    assert inviting.attending(db.session, morning.edition, side="buyer", page=99).page == 1
    assert [one.code for one in inviting.attending(db.session, morning.edition, words="b02").rows] == ["B02"]


# The follow-up


def test_the_follow_up_counts_who_has_answered_and_who_is_late(app: Flask) -> None:
    morning = make_morning()
    own, buyer = morning.structures[0], morning.buyers[0]
    save_lines(db.session, own, {buyer.id: line("must")}, by=morning.selling, now=now())
    end = morning.phase.closes_at
    assert end is not None
    save_lines(db.session, buyer, {own.id: line("veto")}, by=morning.organiser, now=end)
    db.session.commit()
    followed = following.follow(db.session, morning.edition)
    page = following.page_of(followed)
    assert page.sides == {"buyer": (1, 3), "structure": (1, 4)}
    assert page.counts == {"repondu": 2, "silencieux": 5, "retard": 1, "sans-delegue": 5}
    late = following.page_of(followed, state="retard").rows
    assert [(one.participation.id, dict(one.levels), one.by_organiser) for one in late] == [(buyer.id, {"veto": 1}, 1)]
    assert [one.participation.id for one in following.page_of(followed, side="structure", words="s01").rows] == [own.id]


def test_the_follow_up_leaves_as_a_workbook(app: Flask) -> None:
    morning = make_morning()
    morning.structures[0].note = "=1+1"
    save_lines(db.session, morning.structures[0], {morning.buyers[0].id: line("must")}, by=morning.selling, now=now())
    db.session.commit()
    answer = client_of(app, morning.organiser).get("/editions/souhaits/souhaits/suivi.xlsx")
    rows = list(load_workbook(BytesIO(answer.data)).active.iter_rows(values_only=True))
    assert len(rows) == 1 + 7
    mine = next(row for row in rows if row[0] == "S01")
    told = dict(zip(rows[0], mine, strict=True))
    assert (told["Réponse"], told["Indispensable"], told["Délégués"]) == ("oui", 1, 1)
    assert told["Mot à l’organisation"] == "=1+1"


def test_the_value_of_a_wish_is_told_with_what_it_comes_from(app: Flask) -> None:
    morning = make_morning()
    own, buyer = morning.structures[0], morning.buyers[0]
    save_lines(db.session, own, {buyer.id: line("must")}, by=morning.selling, now=now())
    save_lines(db.session, buyer, {own.id: line("want")}, by=morning.buying, now=now())
    db.session.commit()
    text = client_of(app, morning.organiser).get("/editions/souhaits/souhaits/valeurs").text
    for words in ("<strong>24</strong>", "Indispensable", "Souhaité", "R001"):
        assert words in text


def fill(morning: Morning) -> None:
    """Let every structure choose every buyer."""
    for one in morning.structures:
        for rank, buyer in enumerate(morning.buyers, 1):
            db.session.add(Choice(participation_id=one.id, other_id=buyer.id, level="want", rank=rank, said_at=now()))
        one.answered_at = now()
    db.session.flush()
    gather(db.session, morning.edition, by=morning.organiser, now=now())
    db.session.commit()


PAGES = ("souhaits/suivi", "souhaits/suivi?etat=repondu", "souhaits/valeurs", "souhaits/participants")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("page", PAGES)
def test_lists_send_as_many_statements_for_many_as_for_few(app: Flask, page: str) -> None:
    counts = []
    for slug, size in (("peu", 27), ("beaucoup", 297)):
        morning = make_morning(slug, buyers=3, structures=size)
        fill(morning)
        client = client_of(app, morning.organiser)
        path = f"/editions/{slug}/{page}"
        client.get(path)
        with statements() as seen:
            assert client.get(path).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
