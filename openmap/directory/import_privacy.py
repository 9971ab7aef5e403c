"""What imported lists keep of people: who sent one, and what its cells hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, select, update

from openmap.directory.import_models import DirectoryImport, ImportDoubt, ImportFault
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, register, row_of

KEPT: Final = timedelta(days=90)
SWEPT: Final = ""
"""Stands for the hash of a file that is kept no more: what nothing refers to is swept away."""


def _export(session: AnySession, person: Person) -> Exported:
    asked = select(DirectoryImport).where(DirectoryImport.person_id == person.id).order_by(DirectoryImport.id)
    return [row_of(one, "filename", "source", "state", "created_at", "done_at") for one in session.scalars(asked)]


def _erase(session: AnySession, person: Person) -> None:
    """Forget who sent a list; what it brought stays, it is of organisations."""
    sent = update(DirectoryImport).where(DirectoryImport.person_id == person.id).values(person_id=None)
    session.execute(sent.execution_options(synchronize_session=False))
    session.expire_all()


def _purge(session: AnySession, now: datetime) -> int:
    """Forget the file, the faults and the doubts of old imports; what each did stays, as the origin of fields."""
    old = select(DirectoryImport).where(DirectoryImport.created_at < now - KEPT, DirectoryImport.digest != SWEPT)
    found = session.scalars(old).all()
    for one in found:
        for table in (ImportFault, ImportDoubt):
            session.execute(delete(table).where(table.import_id == one.id))
        one.digest = SWEPT
        if one.state not in {"done", "failed"}:
            one.state = "abandoned"
    session.flush()
    session.expire_all()
    return len(found)


register(
    Holding(
        "directory_imports",
        ("person_id", "filename"),
        lazy_gettext("Les listes de structures que vous importez"),
        lazy_gettext("Dire d’où vient chaque information de l’annuaire, et ce que devient chaque ligne."),
        lazy_gettext("Le fichier et ses remarques, quatre-vingt-dix jours ; le nom de la liste reste."),
        _export,
        _erase,
        _purge,
    )
)
