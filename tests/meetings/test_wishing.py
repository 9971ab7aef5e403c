"""What participants say: kept line by line, on two devices, up to the end of the phase, never shown to the others."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.directory.models import Delegate
from openmap.events.models import Edition, Phase
from openmap.events.phases import set_phase
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.mail.reminders import write_due
from openmap.meetings.models import Choice, Participation
from openmap.meetings.wish_letters import ask_silent
from openmap.meetings.wishing import (
    ChangedElsewhere,
    WishesClosed,
    allow_late,
    digest,
    finish,
    limit_digest,
    moved,
    order_seen,
    own_choices,
    save_limits,
    save_lines,
    save_order,
)
from openmap.people.models import JournalEntry, Person
from tests.house.counting import statements
from tests.house.linting import faults_of
from tests.signing import client_of, make_person, now, sent
from tests.wishing import NOTHING, Morning, line, make_morning, said_of, wishes_of

SECRET = "Trop cher en 2025 (essai)"


@pytest.fixture
def morning(app: Flask) -> Morning:
    """Return an edition whose wishes are open, and where nothing has been said."""
    del app
    return make_morning()


def path_of(participation: Participation) -> str:
    return f"/editions/souhaits/souhaits/{participation.id}"


# What is said


def test_levels_and_notes_are_kept_and_ranked_in_the_order_of_the_taps(morning: Morning) -> None:
    own, (first, second, third) = morning.structures[0], morning.buyers
    for buyer in (second, first, third):
        save_lines(db.session, own, {buyer.id: line("want", SECRET)}, by=morning.selling, now=now())
    assert [one.other_id for one in own_choices(db.session, own)] == [second.id, first.id, third.id]
    save_lines(db.session, own, {second.id: line("must", "", digest("want", SECRET))}, by=morning.selling, now=now())
    told = {number: (level, rank) for number, (level, rank, _source) in said_of(own).items()}
    assert told == {second.id: ("must", 1), first.id: ("want", 1), third.id: ("want", 2)}
    assert own.answered_at is not None
    assert not own.is_late


def test_whoever_is_not_of_the_other_side_is_left_out(morning: Morning) -> None:
    own = morning.structures[0]
    elsewhere = make_morning("ailleurs").buyers[0]
    lines = {one.id: line("must") for one in (own, morning.structures[1], elsewhere)} | {999_999: line("must")}
    assert save_lines(db.session, own, lines, by=morning.selling, now=now()).changed == 0
    assert own.answered_at is None
    assert said_of(own) == {}


def test_a_note_without_an_answer_is_given_back_and_the_rest_is_kept(app: Flask, morning: Morning) -> None:
    own, (first, second, _third) = morning.structures[0], morning.buyers
    data = {
        f"vu-{first.id}": NOTHING, f"note-{first.id}": SECRET, f"niveau-{first.id}": "",
        f"vu-{second.id}": NOTHING, f"niveau-{second.id}": "open",
    }  # fmt: skip
    answer = sent(client_of(app, morning.selling), path_of(own), data)
    assert answer.status_code == 422
    assert SECRET in answer.text
    assert faults_of(answer) == []
    assert said_of(own) == {second.id: ("open", 1, "person")}


def test_two_devices_lose_nothing(app: Flask, morning: Morning) -> None:
    own, (first, second, _third) = morning.structures[0], morning.buyers
    client = client_of(app, morning.selling)
    for buyer, level in ((first, "must"), (second, "want")):  # on the other device
        sent(client, path_of(own), {f"vu-{buyer.id}": NOTHING, f"niveau-{buyer.id}": level})
    here = {
        f"vu-{first.id}": NOTHING, f"niveau-{first.id}": "veto", f"note-{first.id}": SECRET,
        f"vu-{second.id}": NOTHING, f"niveau-{second.id}": "",
        f"vu-{morning.buyers[2].id}": NOTHING, f"niveau-{morning.buyers[2].id}": "open",
    }  # fmt: skip
    page = sent(client, path_of(own), here)
    assert page.status_code == 409
    assert faults_of(page) == []
    assert SECRET in page.text
    assert "Indispensable" in page.text
    told = {number: level for number, (level, _rank, _source) in said_of(own).items()}
    assert told == {first.id: "must", second.id: "want", morning.buyers[2].id: "open"}  # the untouched line stays
    kept = dict(re.findall(r'name="((?:niveau|note|vu)-\d+)" value="([^"]*)"', page.text))
    assert sent(client, path_of(own), kept).status_code == 303
    assert said_of(own)[first.id][0] == "veto"
    assert next(one for one in own_choices(db.session, own) if one.other_id == first.id).note == SECRET


def test_the_same_save_twice_does_no_harm(morning: Morning) -> None:
    own, buyer = morning.structures[0], morning.buyers[0]
    for _ in range(2):
        saved = save_lines(db.session, own, {buyer.id: line("must", SECRET)}, by=morning.selling, now=now())
        assert saved.conflicts == []
    assert said_of(own) == {buyer.id: ("must", 1, "person")}


def test_order_changes_step_by_step_or_all_at_once_and_never_over_another_device(morning: Morning) -> None:
    own, by = morning.structures[0], morning.selling
    save_lines(db.session, own, {one.id: line("want") for one in morning.buyers}, by=by, now=now())
    choices = own_choices(db.session, own)
    seen, ids = order_seen(choices, "want"), [one.other_id for one in choices]
    level, up = moved(choices, ids[2], down=False)
    assert (level, up) == ("want", [ids[0], ids[2], ids[1]])
    assert moved(choices, ids[0], down=False) == ("want", ids)
    assert moved(choices, 999_999, down=True) == ("", [])
    save_order(db.session, own, level, up, seen, by=by, now=now())
    with pytest.raises(ChangedElsewhere):
        save_order(db.session, own, level, ids[::-1], seen, by=by, now=now())
    seen = order_seen(own_choices(db.session, own), "want")
    after = save_order(db.session, own, "want", [ids[1], 999_999], seen, by=by, now=now())
    assert [(one.other_id, one.rank) for one in after] == [(ids[1], 1), (ids[0], 2), (ids[2], 3)]
    wish = wishes_of(morning.edition)[ids[1], own.id]
    assert wish.value == 7  # the first of « souhaité »


def test_limits_are_kept_and_two_devices_change_different_fields(morning: Morning) -> None:

    own = morning.structures[0]
    names = ("delegates", "max_meetings", "max_run", "note", "absent_slots")
    seen = {name: limit_digest(getattr(own, name)) for name in names}
    before = {name: getattr(own, name) for name in names}
    slots = list(morning.edition.slots[:2])
    for change in ({"absent_slots": slots}, {"max_run": 3, "note": SECRET}, {"max_run": 3}):
        conflicts = save_limits(db.session, own, {**before, **change}, seen, by=morning.selling, now=now())
        assert conflicts == []
    assert save_limits(db.session, own, {**before, "max_run": 5}, seen, by=morning.selling, now=now()) == ["max_run"]
    db.session.commit()
    assert ([slot.id for slot in own.absent_slots], own.max_run, own.note) == ([one.id for one in slots], 3, SECRET)
    told = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "participation.changed")).all()
    assert SECRET not in str([entry.changes for entry in told])


# Until when


def test_after_the_end_only_those_whom_an_organiser_lets_answer_and_they_are_marked(morning: Morning) -> None:
    own, buyer, end = morning.structures[0], morning.buyers[0], morning.phase.closes_at
    assert end is not None
    said = {buyer.id: line("must")}
    with pytest.raises(WishesClosed):
        save_lines(db.session, own, said, by=morning.selling, now=end)
    with pytest.raises(WishesClosed):
        save_lines(db.session, own, said, by=morning.selling, now=morning.phase.opens_at - timedelta(seconds=1))
    with pytest.raises(WishesClosed):
        finish(db.session, own, by=morning.selling, now=end)
    with pytest.raises(WishesClosed):
        save_order(db.session, own, "must", [], "", by=morning.selling, now=end)
    assert said_of(own) == {}
    assert allow_late(db.session, [own], by=morning.organiser, now=end) == 1
    assert allow_late(db.session, [own], by=morning.organiser, now=end) == 0
    save_lines(db.session, own, said, by=morning.selling, now=end)
    assert own.is_late
    assert not buyer.is_late
    save_lines(db.session, buyer, {own.id: line("want")}, by=morning.organiser, now=end)
    assert said_of(buyer) == {own.id: ("want", 1, "organiser")}
    assert buyer.is_late


def test_the_last_moment_counts_and_what_is_typed_after_it_is_given_back(app: Flask, morning: Morning) -> None:
    own, buyer, end = morning.structures[0], morning.buyers[0], morning.phase.closes_at
    assert end is not None
    save_lines(db.session, own, {buyer.id: line("must")}, by=morning.selling, now=end - timedelta(microseconds=1))
    assert not own.is_late
    morning.phase.closes_at = now() - timedelta(seconds=1)
    db.session.commit()
    other = morning.buyers[1]
    data = {f"vu-{other.id}": NOTHING, f"niveau-{other.id}": "want", f"note-{other.id}": SECRET}
    client = client_of(app, morning.selling)
    page = sent(client, path_of(own), data)
    assert page.status_code == 409
    assert SECRET in page.text
    assert faults_of(page) == []
    fragment = sent(client, path_of(own), data, headers={"HX-Request": "true"})
    assert "ne sont pas ouverts" in fragment.text
    assert list(said_of(own)) == [buyer.id]


def test_saves_and_the_end_of_the_phase_at_the_same_instant(app: Flask, morning: Morning) -> None:
    """Whatever comes first: what is acknowledged is there, what is refused is not, and no deadlock."""
    numbers = [(one.id, morning.selling.id) for one in morning.structures for _ in range(3)]
    buyers, edition, organiser = [one.id for one in morning.buyers], morning.edition.id, morning.organiser.id
    for one in morning.structures[1:]:
        db.session.add(Delegate(person_id=morning.selling.id, organisation_id=one.organisation_id, invited_at=now()))
    db.session.commit()
    db.session.remove()
    acknowledged: list[tuple[int, int]] = []
    failures: list[BaseException] = []
    start = threading.Barrier(len(numbers) + 1)

    def at_once(deed: Callable[[], None]) -> None:
        with app.app_context():
            start.wait()
            try:
                deed()
            except BaseException as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    def say(own: int, by: int, buyer: int) -> None:
        participation, person = db.session.get_one(Participation, own), db.session.get_one(Person, by)
        try:
            save_lines(db.session, participation, {buyer: line("want")}, by=person, now=now())
            db.session.commit()
        except WishesClosed:
            db.session.rollback()
        else:
            acknowledged.append((own, buyer))

    def close() -> None:
        one, by = db.session.get_one(Edition, edition), db.session.get_one(Person, organiser)
        set_phase(db.session, one, "wishes", now() - timedelta(days=1), now(), by=by, now=now())
        db.session.commit()

    def saying(own: int, by: int, buyer: int) -> Callable[[], None]:
        return lambda: say(own, by, buyer)

    deeds = [saying(own, by, buyers[rank % 3]) for rank, (own, by) in enumerate(numbers)]
    threads = [threading.Thread(target=at_once, args=(deed,)) for deed in [*deeds, close]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    held = {(one.participation_id, one.other_id) for one in db.session.scalars(select(Choice))}
    assert held == set(acknowledged)
    gathered = wishes_of(db.session.get_one(Edition, edition))
    assert {(structure, buyer) for buyer, structure in gathered} == held
    assert len({wish.code for wish in gathered.values()}) == len(held)


def test_two_devices_at_the_same_instant_leave_one_answer_and_one_conflict(app: Flask, morning: Morning) -> None:
    own, by, buyer = morning.structures[0].id, morning.selling.id, morning.buyers[0].id
    db.session.remove()
    found, start = [], threading.Barrier(2)

    def say(level: str) -> None:
        with app.app_context():
            participation, person = db.session.get_one(Participation, own), db.session.get_one(Person, by)
            start.wait()
            saved = save_lines(db.session, participation, {buyer: line(level)}, by=person, now=now())
            db.session.commit()
            found.append((level, saved.changed, len(saved.conflicts)))
            db.session.remove()

    threads = [threading.Thread(target=say, args=(level,)) for level in ("must", "veto")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((changed, clashes) for _level, changed, clashes in found) == [(0, 1), (1, 0)]
    winner = next(level for level, changed, _clashes in found if changed)
    assert said_of(db.session.get_one(Participation, own)) == {buyer: (winner, 1, "person")}


# Who sees what


def test_the_other_side_sees_nothing_of_what_was_said(app: Flask, morning: Morning) -> None:
    own, buyer = morning.structures[0], morning.buyers[0]
    client = client_of(app, morning.buying)
    pages = [
        path_of(buyer),
        f"{path_of(buyer)}?choix=choisis",
        f"{path_of(buyer)}?tri=nom",
        "/editions/souhaits/souhaits",
    ]
    before = [shown(client, page) for page in pages]
    for level in ("must", "veto"):
        seen = digest("must", SECRET) if level == "veto" else NOTHING
        save_lines(db.session, own, {buyer.id: line(level, SECRET, seen)}, by=morning.selling, now=now())
        db.session.commit()
        assert [shown(client, page) for page in pages] == before
    assert client.get(path_of(own)).status_code == 403
    assert sent(client, path_of(own), {f"vu-{buyer.id}": NOTHING}).status_code == 403
    assert client.get("/editions/souhaits/souhaits/suivi").status_code == 403
    assert client.get("/editions/souhaits/souhaits/valeurs").status_code == 403
    organiser = client_of(app, morning.organiser)
    assert SECRET in organiser.get(path_of(own)).text


def shown(client: FlaskClient, path: str) -> str:
    """Return a page but for what differs at each visit."""
    text = client.get(path).text
    return re.sub(r'nonce="[^"]*"|name="csrf_token" value="[^"]*"|"X-CSRFToken": "[^"]*"', "", text)


def test_who_acts_for_two_participants_chooses_and_a_stranger_does_not_enter(app: Flask, morning: Morning) -> None:
    other = morning.structures[1]
    client = client_of(app, morning.selling)
    assert morning.structures[0].organisation.name in client.get("/editions/souhaits/souhaits").text
    db.session.add(Delegate(person_id=morning.selling.id, organisation_id=other.organisation_id, invited_at=now()))
    db.session.commit()
    page = client.get("/editions/souhaits/souhaits")
    assert "pour lequel répondez-vous" in page.text
    assert path_of(other) in page.text
    stranger = client_of(app, make_person("ailleurs@souhaits.example"))
    assert stranger.get("/editions/souhaits/souhaits").status_code == 403
    assert stranger.get(path_of(other)).status_code == 403


def test_the_account_leads_to_the_wishes(app: Flask, morning: Morning) -> None:
    assert "/editions/souhaits/souhaits" in client_of(app, morning.selling).get("/compte").text
    assert "Mes souhaits" not in client_of(app, make_person("personne@souhaits.example")).get("/compte").text


def test_own_page_sends_as_many_statements_for_many_as_for_few(app: Flask) -> None:
    counts = []
    for slug, size in (("peu", 30), ("beaucoup", 300)):
        morning = make_morning(slug, buyers=2, structures=size)
        own = morning.buyers[0]
        lines = {one.id: line("want") for one in morning.structures}
        save_lines(db.session, own, lines, by=morning.buying, now=now())
        db.session.commit()
        client = client_of(app, morning.buying)
        path = f"/editions/{slug}/souhaits/{own.id}"
        client.get(path)
        with statements() as seen:
            assert client.get(path).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


# Mails


def test_silent_people_are_written_to_once_a_day_and_let_be_once_they_answer(morning: Morning) -> None:
    own = morning.structures[0]
    assert ask_silent(db.session, morning.edition, by=morning.organiser, now=now()) == 2
    assert ask_silent(db.session, morning.edition, by=morning.organiser, now=now()) == 0
    finish(db.session, own, by=morning.selling, now=now())
    states = dict(db.session.execute(select(Message.person_id, Message.state)).all())
    assert states == {morning.selling.id: "dropped", morning.buying.id: "queued"}
    assert ask_silent(db.session, morning.edition, by=morning.organiser, now=now() + timedelta(days=1)) == 1


@pytest.mark.parametrize(("days", "rule"), [(3, "reminder.wishes_three_days"), (1, "reminder.wishes_tomorrow")])
def test_a_reminder_leaves_three_days_and_one_day_before_the_end(morning: Morning, days: int, rule: str) -> None:
    zone = morning.edition.zone
    noon = now().astimezone(zone).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    finish(db.session, morning.buyers[0], by=morning.buying, now=now())
    morning.phase.closes_at = noon + timedelta(days=days, hours=6)
    for early in (timedelta(days=2), timedelta(days=1)):  # what leaves the next morning is written the day before
        write_due(db.session, now=noon - early)
        told = db.session.execute(select(Message.purpose, Message.person_id, Message.due_at)).all()
        mine = [(purpose, person) for purpose, person, _due in told if "wishes" in purpose]
        assert mine == ([] if early.days == 2 else [(rule, morning.selling.id)])
    due = next(at for purpose, _person, at in told if purpose == rule)
    assert (due.astimezone(zone).date(), due.astimezone(zone).hour) == (noon.date(), 9)
    write_due(db.session, now=noon - timedelta(hours=13))
    assert db.session.scalar(select(func.count()).where(Message.purpose == rule)) == 1


def test_no_reminder_without_an_end_or_once_closed(morning: Morning) -> None:
    for closes_at in (None, now() - timedelta(hours=1)):
        db.session.get_one(Phase, morning.phase.id).closes_at = closes_at
        write_due(db.session, now=now())
        assert db.session.scalar(select(func.count()).where(Message.purpose.like("reminder.wishes%"))) == 0
