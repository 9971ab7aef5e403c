"""The slides of those who pitch: handed in until a deadline, every version kept, downloaded together."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from datetime import datetime
from io import BytesIO
from typing import IO

from sqlalchemy import select, update

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.coaching import NotPitching, TooLate
from openmap.pitches.models import Deck, Jury
from openmap.pitches.passage import pitching
from openmap.web.uploads import keep, path_of


def is_late(session: AnySession, edition: Edition, *, now: datetime) -> bool:
    """Say whether structures can no longer hand in their slides; at the deadline itself they no longer can."""
    jury = session.get(Jury, edition.id)
    return jury is not None and jury.decks_until is not None and now >= jury.decks_until


def add(
    session: AnySession,
    application: Application,
    stream: IO[bytes],
    filename: str,
    *,
    by: Person,
    now: datetime,
    late: bool = False,
) -> Deck:
    """Keep the slides of a structure that pitches; the version before stays, dated.

    ``late``: an organiser hands them in after the deadline. Raises NotPitching, TooLate, web.uploads.RefusedFile.
    """
    edition = application.edition
    if application.id not in {one.application_id for one in pitching(session, edition.id)}:
        raise NotPitching
    if not late and is_late(session, edition, now=now):
        raise TooLate
    kept = keep(stream, filename)
    replaced = update(Deck).where(Deck.application_id == application.id, Deck.replaced_at.is_(None))
    session.execute(replaced.values(replaced_at=now))
    deck = Deck(
        application=application,
        filename=kept.filename,
        media_type=kept.media_type,
        size=kept.size,
        digest=kept.digest,
        added_at=now,
    )
    session.add(deck)
    session.flush()
    journal.record(session, "deck.added", deck, by=by, now=now, edition_id=edition.id, changes={})
    return deck


def decks_of(session: AnySession, edition_id: int) -> dict[int, list[Deck]]:
    """Return every version by file, newest first."""
    asked = select(Deck).join(Application, Application.id == Deck.application_id)
    found: dict[int, list[Deck]] = {}
    for deck in session.scalars(asked.where(Application.edition_id == edition_id).order_by(Deck.id.desc())):
        found.setdefault(deck.application_id, []).append(deck)
    return found


def archive(session: AnySession, edition: Edition) -> bytes:
    """Return the present slides of those who pitch as a ZIP, named by the order of passage and the structure."""
    decks = decks_of(session, edition.id)
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as files:
        for number, selection in enumerate(pitching(session, edition.id), start=1):
            present = [deck for deck in decks.get(selection.application_id, []) if deck.replaced_at is None]
            for deck in present:
                ending = deck.filename.rpartition(".")[2]
                name = f"{number:02d}-{_plain(selection.application.name)}.{ending}"
                entry = zipfile.ZipInfo(name, date_time=deck.added_at.astimezone(edition.zone).timetuple()[:6])
                entry.external_attr = 0o644 << 16
                files.writestr(entry, path_of(deck.digest).read_bytes())
    return content.getvalue()


def _plain(name: str) -> str:
    """Return a name of plain letters, fit for any disk."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-")[:60] or "structure"
