"""Needs as what a saved search watches: those of the list, seen by whom their visibility opens them to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from openmap.directory.sourcing.watched import Arguments, Told, Watched, arguments_of, register, search_path
from openmap.extensions import AnySession
from openmap.needs.filtering import as_arguments, filters_asked
from openmap.needs.listing import listed
from openmap.needs.models import Need, NeedChange
from openmap.needs.permissions import open_to
from openmap.needs.services import today_of
from openmap.needs.telling import period_of
from openmap.people.models import Person
from openmap.web.addresses import address_of


def _canonical(arguments: Arguments) -> str:
    return urlencode(as_arguments(filters_asked(arguments, today=today_of(datetime.now(UTC)))))


def _matching(session: AnySession, person: Person, query: str, today: date) -> list[int]:
    """Return the needs of a search; of one that names a quarter that is over, none."""
    filters = filters_asked(arguments_of(query), today=today)
    if not filters.is_narrow or urlencode(as_arguments(filters)) != query:
        return []
    return [line.id for line in listed(session, person, filters, today=today).shown]


def _told(session: AnySession, person: Person, ids: Sequence[int]) -> list[Told]:
    if not ids:
        return []
    asked = select(Need).where(Need.id.in_(ids), open_to(person)).options(joinedload(Need.buyer))
    found = {need.id: need for need in session.scalars(asked)}
    return [
        Told(need.title, f"{need.buyer.name}, {period_of(need)}", address_of("needs.show", need_id=need.id))
        for number in ids
        if (need := found.get(number)) is not None
    ]


def _revision(session: AnySession) -> int:
    """Return the number of the last change that was told of a need: every declaration and change makes one."""
    return session.scalar(select(func.max(NeedChange.id))) or 0


register(
    Watched(
        "needs", _canonical, lambda query: search_path("needs.index", query), _matching, _told, _revision, _revision
    )
)
