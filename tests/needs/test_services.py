"""From a draft to a declared need, and what is told of it afterwards."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.needs import services
from openmap.needs.models import Need, NeedChange
from openmap.needs.periods import bounds, horizon, months_after, quarter_of
from openmap.needs.queries import declared_needs
from openmap.needs.telling import held, when
from openmap.people.journal import verify
from openmap.people.models import JournalEntry, Person
from tests.house.counting import statements
from tests.needs.conftest import Town, activity, area
from tests.signing import now

TODAY = services.today_of(now())


def start(town: Town, **more: Any) -> Need:
    values = {
        "title": "Tonte", "activities": [activity("vert.tonte")], "areas": [area("94")], "quarter": quarter_of(TODAY),
        "starts_on": bounds(quarter_of(TODAY))[0], "ends_on": bounds(quarter_of(TODAY))[1],
    } | more  # fmt: skip
    need = services.start(db.session, town.buyer, values, by=town.people["buyer"], now=now())
    db.session.commit()
    return need


def save(town: Town, need: Need, **values: Any) -> bool:
    version = values.pop("version", need.version)
    return services.save(db.session, need, values, version=version, by=town.people["buyer"], now=now())


def declare(town: Town, need: Need) -> None:
    services.declare(db.session, need, by=town.people["buyer"], now=now())


def actions(need: Need) -> list[str]:
    asked = select(JournalEntry.action).where(JournalEntry.object_type == "needs", JournalEntry.object_id == need.id)
    return list(db.session.scalars(asked.order_by(JournalEntry.id)))


def test_a_draft_is_declared_once_and_its_log_begins(town: Town) -> None:
    need = start(town)
    assert (need.state, need.declared_at, need.log) == ("draft", None, [])
    declare(town, need)
    declare(town, need)
    assert need.state == "declared"
    assert [(one.kind, one.at) for one in need.log] == [("declared", need.declared_at)]
    assert actions(need) == ["need.started", "need.declared"]


def test_pressing_twice_begins_one_draft(town: Town) -> None:
    assert start(town).id == start(town).id
    assert start(town, title="Autre").id != start(town).id


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"activities": []}, "activities"),
        ({"areas": []}, "areas"),
        ({"quarter": None, "starts_on": None, "ends_on": None}, "quarter"),
        ({"starts_on": date(2017, 1, 1), "ends_on": date(2017, 3, 31)}, "quarter"),
        ({"starts_on": horizon(TODAY) + timedelta(days=1), "ends_on": horizon(TODAY) + timedelta(days=9)}, "quarter"),
    ],
)
def test_what_lacks_something_stays_a_draft_and_says_what(town: Town, values: dict[str, Any], field: str) -> None:
    need = start(town, **values)
    with pytest.raises(services.Incomplete) as refused:
        declare(town, need)
    db.session.rollback()
    assert [one.field for one in refused.value.missing] == [field]
    assert db.session.get_one(Need, need.id).state == "draft"


def test_a_cpv_code_or_a_commune_is_enough(town: Town) -> None:
    need = start(town, activities=[], cpv=["77310000"])
    declare(town, need)
    assert need.state == "declared"


def test_the_refusal_of_a_period_names_the_last_day_of_the_eighteen_months() -> None:
    assert "passée" in services.outside(TODAY - timedelta(days=1), TODAY)
    assert str(horizon(TODAY).year) in services.outside(TODAY + timedelta(days=900), TODAY)


def test_a_change_after_declaring_is_dated_and_told_in_words_to_all(town: Town) -> None:
    need = start(town)
    save(town, need, amount="10k_40k")
    assert need.log == []
    declare(town, need)
    assert save(town, need, amount="40k_90k", lots="Nord\nSud", activities=[activity("propre.locaux")])
    change = need.log[-1]
    assert change.kind == "changed"
    assert change.changes == {
        "activities": ["Tonte", "Nettoyage de locaux"],
        "amount": ["De 10 000 à 40 000 €", "De 40 000 à 90 000 €"],
        "lots": ["", "Nord\nSud"],
    }
    assert "need.changed" in actions(need)


def test_a_contact_leaves_no_trace_in_the_log_nor_in_the_journal(town: Town) -> None:
    need = start(town)
    declare(town, need)
    save(town, need, contact_name="Dominique Secret", contact_email="secret@essai.example")
    save(town, need, contact_name="Autre Secret")
    db.session.commit()
    kept = [*db.session.scalars(select(NeedChange.changes)), *db.session.scalars(select(JournalEntry.changes))]
    assert "ecret" not in str(kept)
    assert [list(one.changes) for one in need.log[1:]] == [["contact"], ["contact"]]


def test_saving_the_same_changes_nothing_and_needs_no_version(town: Town) -> None:
    need = start(town)
    declare(town, need)
    version = need.version
    assert not save(town, need, **held(need), version=1)
    assert (need.version, len(need.log)) == (version, 1)


def test_an_old_page_overwrites_nothing(town: Town) -> None:
    need = start(town)
    save(town, need, title="Tonte et taille", version=1)
    db.session.commit()
    with pytest.raises(services.ChangedElsewhere):
        save(town, need, title="Tonte seule", version=1)
    db.session.rollback()
    assert need.title == "Tonte et taille"


def test_a_declared_need_stays_whole(town: Town) -> None:
    need = start(town)
    declare(town, need)
    db.session.commit()
    with pytest.raises(services.Incomplete):
        save(town, need, areas=[])
    db.session.rollback()
    assert [one.code for one in need.areas] == ["94"]


def test_an_old_need_can_be_corrected_without_moving_its_dates(town: Town) -> None:
    need = town.need(quarter="2017-T1", starts_on=date(2017, 1, 1), ends_on=date(2017, 3, 31))
    assert save(town, need, lots="Un seul")
    with pytest.raises(services.Incomplete):
        save(town, need, quarter="2017-T2", starts_on=date(2017, 4, 1), ends_on=date(2017, 6, 30))
    db.session.rollback()


def test_withdrawn_and_restored_it_keeps_its_first_date(town: Town) -> None:
    need = start(town)
    declare(town, need)
    first = need.declared_at
    by = town.people["buyer"]
    services.withdraw(db.session, need, by=by, now=now())
    services.withdraw(db.session, need, by=by, now=now())
    with pytest.raises(services.NotNow):
        save(town, need, lots="x")
    with pytest.raises(services.NotNow):
        declare(town, need)
    services.restore(db.session, need, by=by, now=now())
    assert [one.kind for one in need.log] == ["declared", "withdrawn", "restored"]
    assert (need.state, need.declared_at) == ("declared", first)


def test_only_a_draft_is_deleted_and_only_what_is_declared_is_withdrawn(town: Town) -> None:
    draft, declared, by = start(town), town.need(), town.people["buyer"]
    for verb, need in ((services.discard, declared), (services.withdraw, draft), (services.restore, draft)):
        with pytest.raises(services.NotNow):
            verb(db.session, need, by=by, now=now())
        db.session.rollback()
    number = draft.id
    services.discard(db.session, draft, by=by, now=now())
    db.session.commit()
    assert db.session.get(Need, number) is None


def test_a_copy_of_a_former_need_is_a_draft_of_the_next_same_quarter(town: Town) -> None:
    former = town.need(
        quarter="2017-T1", starts_on=date(2017, 1, 1), ends_on=date(2017, 3, 31), lots="Nord", cpv=["77310000"],
        renewed_ends_on=date(2017, 6, 30), activities=[activity("vert.tonte"), activity("vert.fauche")],
    )  # fmt: skip
    copied = services.copy(db.session, former, by=town.people["buyer"], now=now())
    assert (copied.state, copied.copied_from_id, copied.lots, copied.cpv) == ("draft", former.id, "Nord", ["77310000"])
    assert copied.quarter is not None
    assert copied.quarter.endswith("-T1")
    assert (copied.starts_on, copied.ends_on) == bounds(copied.quarter)
    assert copied.ends_on is not None
    assert TODAY <= copied.ends_on < months_after(TODAY, 12)
    assert copied.renewed_ends_on == date(copied.ends_on.year, 6, 30)
    assert [one.code for one in copied.activities] == ["vert.tonte"]  # what is no longer used is not copied
    declare(town, copied)
    coming = services.copy(db.session, copied, by=town.people["buyer"], now=now())
    assert (coming.starts_on, coming.quarter) == (copied.starts_on, copied.quarter)


def test_a_need_without_dates_is_copied_without_dates(town: Town) -> None:
    copied = services.copy(db.session, start(town, quarter=None, starts_on=None, ends_on=None),
                           by=town.people["buyer"], now=now())  # fmt: skip
    assert (copied.quarter, copied.starts_on, copied.ends_on) == (None, None, None)


def test_two_tabs_at_once_make_one_change(town: Town) -> None:
    need = start(town)
    declare(town, need)
    db.session.commit()
    number, version, by = need.id, need.version, town.people["buyer"].id
    db.session.remove()
    ready, refused = threading.Barrier(4), list[BaseException]()

    def tab(rank: int) -> None:
        with town.app.app_context():
            mine, person = db.session.get_one(Need, number), db.session.get_one(Person, by)
            _ = (mine.title, mine.areas, mine.log, person.name)
            db.session.rollback()
            ready.wait()
            try:
                services.save(db.session, mine, {"lots": f"Lot {rank}"}, version=version, by=person, now=now())
                db.session.commit()
            except services.ChangedElsewhere as one:
                refused.append(one)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=tab, args=(rank,)) for rank in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert db.session.scalar(select(func.count()).where(NeedChange.kind == "changed")) == 1
    assert verify(db.session).broken_at is None


def test_declared_needs_come_whole_in_a_fixed_number_of_queries(town: Town) -> None:
    counts = []
    for size in (3, 30):
        while len(list(db.session.scalars(select(Need.id)))) < size:
            town.need(areas=[area("94")], communes=[])
        db.session.expire_all()
        with statements() as sent:
            found = declared_needs(db.session, buyers=[town.buyer.id])
            assert [one.activities[0].trade.name for one in found] == ["Espaces verts"] * size
            assert all(one.areas and not one.communes for one in found)
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_declared_needs_are_those_of_the_visibilities_and_days_asked_for(town: Town) -> None:
    for visibility in ("public", "participants", "organisers"):
        town.need(visibility, visibility=visibility)
    town.need("passé", quarter="2017-T1", starts_on=date(2017, 1, 1), ends_on=date(2017, 3, 31))
    town.need("sans date", quarter=None, starts_on=None, ends_on=None)
    town.need("brouillon", state="draft", declared_at=None)
    assert [one.title for one in declared_needs(db.session, since=TODAY)] == ["participants", "public", "sans date"]
    assert len(declared_needs(db.session)) == 4
    assert [one.title for one in declared_needs(db.session, visible=("organisers",))] == ["organisers"]
    assert declared_needs(db.session, buyers=[]) == []


def test_periods_are_told_as_people_say_them() -> None:
    assert when("2018-T1", *bounds("2018-T1")) == "1er trimestre 2018"
    assert when(None, date(2018, 1, 1), date(2018, 2, 11)) == "du 1er janvier 2018 au 11 février 2018"
    assert when("2018-T1", date(2018, 2, 1), date(2018, 2, 1)) == "1er février 2018"
    assert when(None, None, None) == ""
