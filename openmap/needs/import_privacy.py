"""What imports and answers keep of people: who sent a plan, what its cells hold, what was added to an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, select, update

from openmap.extensions import AnySession
from openmap.needs.bringing import REPORT
from openmap.needs.models import Need, NeedImport, Outcome
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, register, row_of

CELLS_KEPT: Final = timedelta(days=365)
UNFINISHED_KEPT: Final = timedelta(days=30)
NOTES_KEPT: Final = timedelta(days=2 * 365)


def _export(session: AnySession, person: Person) -> Exported:
    found = session.scalars(select(NeedImport).where(NeedImport.person_id == person.id).order_by(NeedImport.id))
    return [{"buyer": one.buyer.name} | row_of(one, "filename", "state", "created_at", "done_at") for one in found]


def _erase(session: AnySession, person: Person) -> None:
    """Forget who sent a plan, and its cells, which may name people; the words it taught stay."""
    for one in session.scalars(select(NeedImport).where(NeedImport.person_id == person.id)).all():
        if one.state in {"done", "undone"}:
            one.person_id = None
            _empty(one)
        else:
            session.delete(one)
    session.flush()


def _purge(session: AnySession, now: datetime) -> int:
    unfinished = NeedImport.state.in_(("columns", "values")), NeedImport.created_at < now - UNFINISHED_KEPT
    gone = session.execute(delete(NeedImport).where(*unfinished).execution_options(synchronize_session=False))
    old = select(NeedImport).where(NeedImport.done_at < now - CELLS_KEPT)
    emptied = [one for one in session.scalars(old) if one.rows]
    for one in emptied:
        _empty(one)
    session.flush()
    return int(gone.rowcount) + len(emptied)  # type: ignore[attr-defined]


def _empty(one: NeedImport) -> None:
    one.rows = []
    one.values = {key: value for key, value in one.values.items() if key != REPORT}


def _export_notes(session: AnySession, person: Person) -> Exported:
    asked = select(Outcome).join(Need).where(Need.person_id == person.id, Outcome.answer.is_not(None))
    return [
        {"need": one.need.title} | row_of(one, "step", "answer", "answered_at", "note")
        for one in session.scalars(asked)
    ]


def _erase_notes(session: AnySession, person: Person) -> None:
    own = Outcome.need_id.in_(select(Need.id).where(Need.person_id == person.id))
    session.execute(update(Outcome).where(own).values(note="").execution_options(synchronize_session=False))
    session.expire_all()


def _purge_notes(session: AnySession, now: datetime) -> int:
    old = update(Outcome).where(Outcome.note != "", Outcome.answered_at < now - NOTES_KEPT)
    return int(session.execute(old.values(note="").execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


register(
    Holding(
        "need_imports",
        ("person_id", "filename", "rows", "values"),
        lazy_gettext("Les plans d’achat que vous importez"),
        lazy_gettext("Dire ligne par ligne ce que votre fichier est devenu, et pouvoir annuler l’import."),
        lazy_gettext("Les cellules, un an ; un import laissé en chemin, trente jours. Les mots confirmés restent."),
        _export,
        _erase,
        _purge,
    )
)
register(
    Holding(
        "need_outcomes",
        ("note",),
        lazy_gettext("Ce que vous dites des suites d’un besoin"),
        lazy_gettext(
            "Savoir ce que les besoins deviennent. La précision n’est lue que de l’acheteur et de l’organisation."
        ),
        lazy_gettext("La précision, deux ans ; la réponse reste avec le besoin."),
        _export_notes,
        _erase_notes,
        _purge_notes,
    )
)
