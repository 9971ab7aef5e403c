"""Verbs of a need: begin, save, declare, withdraw, restore, copy, discard.

What becomes of a declared need is written in its log, which whoever may see the need sees: all are told the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select, update

from openmap.directory.models import Buyer
from openmap.extensions import AnySession
from openmap.needs.labels import FIELD_LABELS
from openmap.needs.models import Need, NeedChange
from openmap.needs.periods import horizon, inside, months_after, moved_forward, quarter_of
from openmap.needs.telling import CHOSEN, COLUMNS, CONTACT, day, held, told
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.french import HERE

TWICE: Final = timedelta(minutes=1)
"""The same need stated again within so long is a button that was pressed twice."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a need lacks to be declared: the form's field, and the sentence for the person."""

    field: str
    sentence: str


class RefusedNeed(Exception):
    """What is asked of a need cannot be done; the message says why and what to do."""


class ChangedElsewhere(RefusedNeed):
    """Another device saved the need since the page was opened."""

    def __init__(self) -> None:
        super().__init__(_("Ce besoin a été modifié ailleurs depuis que vous avez ouvert cette page."))


class Incomplete(RefusedNeed):
    """The need lacks something that a declared one must have."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = list(missing)
        super().__init__(" ".join(one.sentence for one in missing))


class NotNow(RefusedNeed):
    """The need is in another state than this deed is for."""


def start(session: AnySession, buyer: Buyer, values: Mapping[str, Any], *, by: Person, now: datetime) -> Need:
    """Begin a draft that holds ``values`` (names of ``telling.COLUMNS``); pressing the button twice begins one."""
    journal.lock(session)
    asked = select(Need).where(Need.buyer_id == buyer.id, Need.person_id == by.id, Need.created_at > now - TWICE)
    for known in session.scalars(asked.order_by(Need.id.desc())):
        if not _changed(held(known), values):
            return known
    need = Need(buyer=buyer, person=by, created_at=now, changed_at=now, **values)
    session.add(need)
    journal.record(session, "need.started", need, by=by, now=now, changes={})
    return need


def save(
    session: AnySession, need: Need, values: Mapping[str, Any], *, version: int, by: Person, now: datetime
) -> bool:
    """Keep ``values``; false where nothing changes. A change to a declared need goes into its log.

    Raises ChangedElsewhere, Incomplete of a declared need, NotNow of a withdrawn one.
    """
    _hold(session, need)
    if need.state == "withdrawn":
        raise NotNow(_("Ce besoin est retiré : rétablissez-le avant de le modifier."))
    before = held(need)
    changed = _changed(before, values)
    if not changed:
        return False
    if need.version != version:
        raise ChangedElsewhere
    for name in changed:
        setattr(need, name, values[name])
    need.version, need.changed_at = version + 1, now
    if need.state == "declared":
        _require(need, today_of(now), window=not {"starts_on", "ends_on"}.isdisjoint(changed))
        differences = differences_between(before, held(need))
        need.log.append(NeedChange(kind="changed", at=now, changes=differences))
        named = [str(FIELD_LABELS[name]).lower() for name in differences]
        journal.record(session, "need.changed", need, by=by, now=now, changes={"fields": [None, named]})
    session.flush()
    return True


def declare(session: AnySession, need: Need, *, by: Person, now: datetime) -> None:
    """Declare a draft: from then on those whom its visibility names see it. Declaring twice changes nothing.

    Raises Incomplete, NotNow of a withdrawn need.
    """
    _hold(session, need)
    if need.state == "declared":
        return
    if need.state != "draft":
        raise NotNow(_("Ce besoin est retiré : rétablissez-le."))
    _require(need, today_of(now), window=True)
    _become(session, need, "declared", "declared", by=by, now=now)


def withdraw(session: AnySession, need: Need, *, by: Person, now: datetime) -> None:
    """Withdraw a declared need: it leaves the lists, its page says so. Withdrawing twice changes nothing.

    Raises NotNow of a draft.
    """
    _hold(session, need)
    if need.state == "withdrawn":
        return
    if need.state != "declared":
        raise NotNow(_("Ce besoin n’est pas déclaré : un brouillon se supprime."))
    _become(session, need, "withdrawn", "withdrawn", by=by, now=now)


def restore(session: AnySession, need: Need, *, by: Person, now: datetime) -> None:
    """Declare a withdrawn need again. Restoring twice changes nothing.

    Raises NotNow of a draft, Incomplete where its period is over.
    """
    _hold(session, need)
    if need.state == "declared":
        return
    if need.state != "withdrawn":
        raise NotNow(_("Ce besoin est un brouillon : déclarez-le."))
    _require(need, today_of(now), window=True)
    _become(session, need, "declared", "restored", by=by, now=now)


def copy(session: AnySession, need: Need, *, by: Person, now: datetime) -> Need:
    """Return a new draft that says the same; a period that is over moves forward by whole years.

    The end of the contract that it renews moves with it.
    """
    values, today = held(need), today_of(now)
    if need.starts_on is not None and need.ends_on is not None:
        months = 12 * moved_forward(need.ends_on, today)
        for name in ("starts_on", "ends_on", "renewed_ends_on"):
            values[name] = months_after(values[name], months) if values[name] else None
        values["quarter"] = quarter_of(values["starts_on"]) if need.quarter else None
    values["activities"] = [one for one in need.activities if one.retired_at is None]
    made = Need(buyer=need.buyer, person=by, copied_from_id=need.id, created_at=now, changed_at=now, **values)
    session.add(made)
    journal.record(session, "need.started", made, by=by, now=now, changes={"from": [None, need.id]})
    return made


def discard(session: AnySession, need: Need, *, by: Person, now: datetime) -> None:
    """Delete a draft, which nobody else has seen.

    Raises NotNow of a need that was declared: it is withdrawn instead, so that its log stays.
    """
    _hold(session, need)
    if need.state != "draft":
        raise NotNow(_("Un besoin déclaré ne se supprime pas : retirez-le."))
    journal.record(session, "need.discarded", need, by=by, now=now, changes={"title": [need.title, None]})
    session.delete(need)
    session.flush()


def missing_in(values: Mapping[str, Any], today: date, *, window: bool) -> list[Missing]:
    """Return what ``values`` lack to be declared; with ``window``, whether the period is in the eighteen months too."""
    found = []
    if not values["title"]:
        found.append(Missing("title", _("Dites en une ligne ce que vous pensez acheter.")))
    if not values["activities"] and not values["cpv"]:
        found.append(Missing("activities", _("Choisissez au moins une activité ou un code CPV.")))
    if not values["areas"] and not values["communes"]:
        found.append(Missing("areas", _("Dites où ce sera exécuté : un territoire ou une commune.")))
    first, last = values["starts_on"], values["ends_on"]
    if first is None or last is None:
        found.append(Missing("quarter", _("Dites quand : un trimestre, ou des dates.")))
    elif window and not inside(first, last, today):
        found.append(Missing("quarter", outside(last, today)))
    return found


def outside(ends_on: date, today: date) -> str:
    """Return why a period is not in the eighteen months, and what to do."""
    if ends_on < today:
        past = _("Cette période est passée : un besoin porte sur les dix-huit mois à venir, à partir d’aujourd’hui.")
        return str(past)
    late = _(
        "Cette période commence trop tard : les dix-huit mois à venir vont jusqu’au %(day)s. Choisissez une période "
        "plus proche, ou gardez ce besoin pour plus tard.",
        day=day(horizon(today)),
    )
    return str(late)


def differences_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what differs, field by field: before and after in words, personal contents hidden."""
    here, there = told(before), told(after)
    pairs = {name: [here[name], there[name]] for name in here if here[name] != there[name]}
    if any(before[name] != after[name] for name in CONTACT):
        pairs["contact"] = [journal.HIDDEN, journal.HIDDEN]
    return pairs


def today_of(now: datetime) -> date:
    """Return the day in Paris."""
    return now.astimezone(HERE).date()


def _changed(before: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Return the names of ``values`` that are not as before; what is chosen from a list has no order."""
    return [
        name
        for name in COLUMNS
        if name in values
        and (set(values[name]) != set(before[name]) if name in CHOSEN else values[name] != before[name])
    ]


def _require(need: Need, today: date, *, window: bool) -> None:
    missing = missing_in(held(need), today, window=window)
    if missing:
        raise Incomplete(missing)


def _become(session: AnySession, need: Need, state: str, kind: str, *, by: Person, now: datetime) -> None:
    need.log.append(NeedChange(kind=kind, at=now, changes={}))
    if state == "declared":
        need.declared_at = need.declared_at or now
    need.state, need.changed_at = state, now
    need.version += 1
    journal.record(session, f"need.{kind}", need, by=by, now=now, changes={})


def _hold(session: AnySession, need: Need) -> None:
    """Keep every other transaction from this need until ours ends, and read it as it is now."""
    journal.lock(session)
    taken = update(Need).where(Need.id == need.id).values(version=Need.version)
    session.execute(taken.execution_options(synchronize_session=False))
    session.expire(need)
