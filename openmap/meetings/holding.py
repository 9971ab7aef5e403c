"""The order in which those who change an edition's wishes wait for each other.

The journal's head is one row for the whole installation: who holds it keeps everybody waiting. Whoever changes what
participants say, their limits or the wishes made of it holds the edition's row here instead; the head is taken as well
only by what is written to the journal, and always before this row. One order for all: nobody waits in a circle.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal_column
from sqlalchemy.dialects import postgresql, sqlite

from openmap.extensions import AnySession
from openmap.meetings.wish_models import WishSetting


def hold(session: AnySession, edition_id: int) -> bool:
    """Wait until nobody else changes the wishes of an edition; return whether what both sides must have is required.

    It lasts until the transaction ends. The row is made where an edition has none.
    """
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(WishSetting).values(edition_id=edition_id, both_must=False)
    as_it_is: dict[str, Any] = {"both_must": literal_column("wish_settings.both_must")}
    taking = statement.on_conflict_do_update(index_elements=[WishSetting.edition_id], set_=as_it_is)
    return bool(session.execute(taking.returning(WishSetting.both_must)).scalar_one())
