"""Verbs on the files of a page: a logo, photographs, documents. Their content is judged, never their name."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Final

from flask_babel import gettext as _

from openmap.directory.maintaining import RefusedPage, hold
from openmap.directory.models import Structure, StructureFile
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.uploads import keep

ENDINGS: Final = {"logo": ("png", "jpg"), "photo": ("png", "jpg"), "document": ("pdf",)}
MOST: Final = {"logo": 1, "photo": 8, "document": 8}


def add_file(
    session: AnySession,
    structure: Structure,
    stream: IO[bytes],
    filename: str,
    *,
    use: str,
    words: str,
    by: Person,
    now: datetime,
) -> StructureFile:
    """Keep a file on a page; a new logo replaces the one before, the same photo or document is kept once.

    Raises RefusedFile, RefusedPage where there are too many.
    """
    kept = keep(stream, filename, ENDINGS[use])
    hold(session, structure)
    there = [one for one in structure.files if one.use == use]
    same = next((one for one in there if one.digest == kept.digest), None)
    if same is not None:
        same.words = words
        _end(session, structure, "structure.file", [None, f"{same.filename} : {words}"], by=by, now=now)
        return same
    if use == "logo":
        for old in there:
            structure.files.remove(old)
    elif len(there) >= MOST[use]:
        raise RefusedPage(_("Huit au plus : retirez-en une, puis recommencez."))
    position = max((one.position for one in structure.files), default=-1) + 1
    added = StructureFile(
        use=use, words=words, filename=kept.filename, media_type=kept.media_type, size=kept.size, digest=kept.digest,
        position=position, added_at=now,
    )  # fmt: skip
    structure.files.append(added)
    _end(session, structure, "structure.file", [None, f"{kept.filename} : {words}"], by=by, now=now)
    return added


def remove_file(session: AnySession, structure: Structure, one: StructureFile, *, by: Person, now: datetime) -> None:
    """Take a file off the page; its content goes with the nightly sweep."""
    hold(session, structure)
    if one not in structure.files:
        return
    named = one.filename
    structure.files.remove(one)
    _end(session, structure, "structure.file_removed", [named, None], by=by, now=now)


def _end(
    session: AnySession, structure: Structure, action: str, change: list[str | None], *, by: Person, now: datetime
) -> None:
    structure.version += 1
    structure.changed_at = now
    session.flush()
    journal.record(session, action, structure, by=by, now=now, changes={"filename": change})
