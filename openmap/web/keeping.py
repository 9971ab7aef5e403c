"""Which kept files something still refers to; the others are swept away."""

from __future__ import annotations

from sqlalchemy import String, cast, select

from openmap.extensions import AnySession, Base


def referred(session: AnySession) -> set[str]:
    """Return the hashes that a row of any table refers to: its ``digest``, or that of a mail's attachments."""
    found: set[str] = set()
    for table in Base.metadata.tables.values():
        if "digest" in table.c:
            found |= set(session.scalars(select(table.c.digest)))
        if "attachments" in table.c:
            held = select(table.c.attachments).where(cast(table.c.attachments, String).like("%digest%"))
            found |= {one["digest"] for listed in session.scalars(held) for one in listed if "digest" in one}
    return found
