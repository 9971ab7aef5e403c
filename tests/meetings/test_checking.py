"""The check before a calculation: each rule with an edition that has what it looks for, and one that has not."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from benchmarks.instances import Shape
from openmap.events.models import Edition, ProgrammeItem, Table
from openmap.extensions import db
from openmap.meetings.check_page import check_page
from openmap.meetings.checking import BLOCKING, NOTE, WARNING, counts_of, facts_of, findings_of
from openmap.meetings.models import Choice, Exclusion, Lock, Participation, Wish
from tests.factories import make_edition
from tests.house.counting import statements
from tests.meetings.large import large_edition
from tests.signing import now, sent

CHECK = "/editions/essai/planning/controle"
Change = Callable[[Edition], object]


def sound() -> Edition:
    """Return an edition of which the check says nothing: each structure has one wish, everyone is there."""
    edition = make_edition("essai", buyers=2, structures=4, slots=6, tables=2)
    for wish in wishes(edition):
        db.session.delete(wish)
    for person in people(edition):
        person.pitches = False
    edition.programme.clear()
    db.session.flush()
    buyers, structures = (people(edition, side) for side in ("buyer", "structure"))
    for rank, structure in enumerate(structures):
        buyer = buyers[rank % 2]
        db.session.add(Wish(edition_id=edition.id, code=f"R{rank + 1}", buyer=buyer, structure=structure, value=3))
    db.session.commit()
    return edition


def people(edition: Edition, side: str = "") -> list[Participation]:
    """Return the participants, by code."""
    asked = select(Participation).where(Participation.edition_id == edition.id).order_by(Participation.code)
    return [one for one in db.session.scalars(asked) if side in {"", one.side}]


def wishes(edition: Edition) -> list[Wish]:
    """Return the wishes, by code."""
    return list(db.session.scalars(select(Wish).where(Wish.edition_id == edition.id).order_by(Wish.code)))


def _no_slots(edition: Edition) -> None:
    edition.slots.clear()


def _no_wishes(edition: Edition) -> None:
    for wish in wishes(edition):
        wish.withdrawn_at = now()


def _overlap(edition: Edition) -> None:
    edition.slots[0].end += timedelta(minutes=5)


def _locks_in_conflict(edition: Edition) -> None:
    for wish in wishes(edition):
        wish.lock = Lock(slot_id=edition.slots[0].id)


def _never_there(edition: Edition) -> None:
    people(edition, "structure")[0].absent_slots = list(edition.slots)


def _max_zero(edition: Edition) -> None:
    people(edition, "structure")[0].max_meetings = 0


def _without_wish(edition: Edition) -> None:
    wishes(edition)[0].withdrawn_at = now()


def _min_over_slots(edition: Edition) -> None:
    people(edition, "buyer")[0].min_meetings = 7


def _min_over_wishes(edition: Edition) -> None:
    people(edition, "buyer")[0].min_meetings = 3


def _required_over_room(edition: Edition) -> None:
    people(edition, "buyer")[0].max_meetings = 1
    for wish in wishes(edition):
        wish.required = True


def _wishes_over_room(edition: Edition) -> None:
    people(edition, "buyer")[0].max_meetings = 1


def _excluded(edition: Edition) -> None:
    wish = wishes(edition)[0]
    db.session.add(Exclusion(buyer_id=wish.buyer_id, structure_id=wish.structure_id))


def _vetoed(edition: Edition) -> None:
    wish = wishes(edition)[0]
    db.session.add(Choice(participation_id=wish.structure_id, other_id=wish.buyer_id, level="veto", said_at=now()))


def _apart_in_time(edition: Edition) -> None:
    wish = wishes(edition)[0]
    wish.buyer.absent_slots, wish.structure.absent_slots = list(edition.slots[:3]), list(edition.slots[3:])


def _own_slots(edition: Edition) -> None:
    wish = wishes(edition)[0]
    wish.slots, wish.structure.absent_slots = [edition.slots[0]], [edition.slots[0]]


def _on_stage(edition: Edition) -> None:
    wish, slots = wishes(edition)[0], edition.slots
    wish.structure.pitches, wish.buyer.absent_slots = True, list(slots[1:])
    edition.programme.append(ProgrammeItem(kind="pitches", title="Pitchs", start=slots[0].start, end=slots[0].end))


def _few_tables(edition: Edition) -> None:
    for buyer in people(edition, "buyer"):
        buyer.table, buyer.absent_slots = None, list(edition.slots[1:3])
    for structure in people(edition, "structure"):
        structure.absent_slots = list(edition.slots[1:])
    edition.tables = [Table(code="Z1", label="Seule")]


def _shared_table(edition: Edition) -> None:
    for buyer in people(edition, "buyer"):
        buyer.table = edition.tables[0]


CASES: list[tuple[str, str, Change, str, str]] = [
    ("no_slots", BLOCKING, _no_slots, "aucun créneau", "/preparation/creneaux/liste"),
    ("no_wishes", BLOCKING, _no_wishes, "aucun souhait", "/souhaits/suivi"),
    ("unusable", BLOCKING, _overlap, "chevauche", "/preparation/creneaux/liste"),
    ("locks", BLOCKING, _locks_in_conflict, "se contredisent", "/controle/souhaits/"),
    ("no_slot", WARNING, _never_there, "n’est là dans aucun créneau", "/controle/participants/"),
    ("max_zero", WARNING, _max_zero, "maximum de 0", "/controle/participants/"),
    ("no_wish", NOTE, _without_wish, "n’a aucun souhait", "/controle/participants/"),
    ("min_over_slots", WARNING, _min_over_slots, "n’a de place que pour 6", "/controle/participants/"),
    ("min_over_wishes", WARNING, _min_over_wishes, "seulement 2 souhaits", "/controle/participants/"),
    ("required_over_room", WARNING, _required_over_room, "2 entretiens obligatoires", "/controle/participants/"),
    ("wishes_over_room", NOTE, _wishes_over_room, "2 souhaits pour 1 entretien", "/controle/participants/"),
    ("excluded", WARNING, _excluded, "paire est exclue", "/controle/souhaits/"),
    ("vetoed", WARNING, _vetoed, "ne veut pas de cet entretien", "/controle/souhaits/"),
    ("no_common_slot", WARNING, _apart_in_time, "aucun créneau commun", "/controle/participants/"),
    ("own_slots", WARNING, _own_slots, "créneaux imposés", "/controle/souhaits/"),
    ("stage", WARNING, _on_stage, "passage sur scène", "/preparation/programme/liste"),
    ("few_tables", WARNING, _few_tables, "1 table sans titulaire pour 4 souhaits", "/preparation/tables/liste"),
    ("shared_table", NOTE, _shared_table, "attitrée à 2 participants", "/preparation/tables/liste"),
]


@pytest.mark.usefixtures("app")
def test_check_of_a_sound_edition_says_nothing() -> None:
    assert findings_of(facts_of(db.session, sound())) == []


@pytest.mark.parametrize(("rule", "severity", "change", "sentence", "cure"), CASES, ids=[case[0] for case in CASES])
def test_check_tells_it_with_its_cure(
    client: FlaskClient, rule: str, severity: str, change: Change, sentence: str, cure: str
) -> None:
    edition = sound()
    change(edition)
    db.session.commit()
    found = [one for one in findings_of(facts_of(db.session, edition)) if one.rule == rule]
    assert found
    assert {one.severity for one in found} == {severity}
    assert sentence in found[0].sentence.replace("\u00a0", " ")
    page = client.get(CHECK)
    assert page.status_code == 200
    assert f'href="/editions/essai{"/planning" if cure.startswith("/controle") else ""}{cure}' in page.text


def test_check_is_told_beside_the_button(client: FlaskClient) -> None:
    edition = sound()
    assert "contrôle sans alerte" in client.get("/editions/essai/planning/calculs").text
    _never_there(edition)
    db.session.commit()
    assert "1 demande ne pourra pas être satisfaite" in client.get("/editions/essai/planning/calculs").text
    _locks_in_conflict(edition)
    db.session.commit()
    assert "à corriger" in client.get("/editions/essai/planning/calculs").text


def test_filter_shows_one_gravity(client: FlaskClient) -> None:
    edition = sound()
    _never_there(edition)
    _wishes_over_room(edition)
    db.session.commit()
    assert "aucun créneau" in client.get(f"{CHECK}?gravite=alertes").text
    assert "aucun créneau" not in client.get(f"{CHECK}?gravite=remarques").text
    assert client.get(f"{CHECK}?gravite=autre&page=x").status_code == 200


def test_cure_of_limits_is_saved_once(client: FlaskClient) -> None:
    edition = sound()
    person = people(edition, "structure")[0]
    path, seen = f"{CHECK}/participants/{person.id}", str(person.version)
    data = {"version": seen, "delegates": "2", "max_meetings": "5", "table_id": "0", "absent": str(edition.slots[1].id)}
    assert sent(client, path, data).status_code == 303
    db.session.refresh(person)
    assert (person.delegates, person.max_meetings, [slot.code for slot in person.absent_slots]) == (2, 5, ["T02"])
    refused = sent(client, path, {**data, "delegates": "9"})
    assert (refused.status_code, "rien n’a été fait" in refused.text) == (409, True)
    wrong = sent(
        client, path, {"version": "2", "delegates": "1", "min_meetings": "3", "max_meetings": "2", "table_id": "0"}
    )
    assert (wrong.status_code, "Le maximum est sous le minimum" in wrong.text) == (422, True)


def test_cures_of_a_wish_are_saved(client: FlaskClient) -> None:
    edition = sound()
    wish = wishes(edition)[0]
    _excluded(edition)
    _own_slots(edition)
    wish.lock = Lock(slot_id=edition.slots[1].id)
    db.session.commit()
    path = f"{CHECK}/souhaits/{wish.id}"
    assert sent(client, path, {"allow": "y", "any_slot": "y", "unlock": "y", "required": "y"}).status_code == 303
    db.session.refresh(wish)
    assert (wish.required, wish.slots, wish.lock) == (True, [], None)
    assert db.session.get(Exclusion, (wish.buyer_id, wish.structure_id)) is None
    sent(client, path, {"withdraw": "y"})
    db.session.refresh(wish)
    assert wish.withdrawn_at is not None


def test_check_asks_the_same_number_of_times_at_every_size(app: Flask) -> None:
    counts = []
    for buyers, structures in ((3, 5), (30, 50)):
        edition_id = make_edition(f"avec-{buyers}", buyers=buyers, structures=structures).id
        db.session.expire_all()
        with app.test_request_context(), statements() as asked:
            page = check_page(db.session, db.session.get_one(Edition, edition_id))
        assert page.shown
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_check_of_a_thousand_participants_is_quick(app: Flask) -> None:
    edition = large_edition(Shape(200, 800, 3_000, 24, blocks=2, cap=8))
    edition.held_on = date(2099, 1, 1)
    db.session.commit()
    with app.test_request_context():
        began = time.monotonic()
        page = check_page(db.session, edition)
        assert time.monotonic() - began < 5
    assert sum(counts_of(findings_of(facts_of(db.session, edition))).values()) == page.total
