"""What sourcing keeps of people: who wrote to structures, who noted what of them, who watches which search."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from openmap.directory.sourcing_models import Inquiry, InquiryRecipient, SavedSearch, Shortlist, ShortlistItem
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, nothing, register, row_of

KEPT: Final = timedelta(days=36 * 365 // 12)
"""Thirty-six months."""


def _gone(session: AnySession, table: type[Any], *which: ColumnElement[bool]) -> int:
    """Delete rows at once; what hangs on them goes by the database's own cascade."""
    deleted = session.execute(delete(table).where(*which).execution_options(synchronize_session=False))
    session.expire_all()
    return int(deleted.rowcount)  # type: ignore[attr-defined]


def _export_inquiries(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Inquiry).where(Inquiry.person_id == person.id).order_by(Inquiry.id))
    return [row_of(row, "subject", "body", "sent_at") for row in rows]


def _erase_inquiries(session: AnySession, person: Person) -> None:
    _gone(session, Inquiry, Inquiry.person_id == person.id)


def _purge_inquiries(session: AnySession, now: datetime) -> int:
    return _gone(session, Inquiry, Inquiry.sent_at < now - KEPT)


def _export_answers(session: AnySession, person: Person) -> Exported:
    asked = select(InquiryRecipient).join(InquiryRecipient.inquiry).where(Inquiry.person_id == person.id)
    rows = session.scalars(asked.options(joinedload(InquiryRecipient.structure)).order_by(InquiryRecipient.id))
    return [{"structure": row.structure.name} | row_of(row, "answer", "answer_text", "answered_at") for row in rows]


def _export_lists(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Shortlist).where(Shortlist.person_id == person.id).order_by(Shortlist.id))
    return [row_of(row, "name", "organisation_id", "created_at") for row in rows]


def _erase_lists(session: AnySession, person: Person) -> None:
    """Forget one's own lists; those that an organisation shares stay its own."""
    _gone(session, Shortlist, and_(Shortlist.person_id == person.id, Shortlist.organisation_id.is_(None)))
    session.execute(update(Shortlist).where(Shortlist.person_id == person.id).values(person_id=None))


def _purge_lists(session: AnySession, now: datetime) -> int:
    """Delete lists of three years ago in which nothing is left."""
    return _gone(session, Shortlist, and_(Shortlist.created_at < now - KEPT, ~Shortlist.items.any()))


def _export_notes(session: AnySession, person: Person) -> Exported:
    mine = or_(ShortlistItem.person_id == person.id, ShortlistItem.noted_by_id == person.id)
    rows = session.scalars(select(ShortlistItem).where(mine).order_by(ShortlistItem.id))
    found = []
    for row in rows:
        wrote = row.noted_by_id == person.id
        told = ("state", "added_at", *(("note", "noted_at") if wrote else ()))
        found.append({"structure_id": row.structure_id} | row_of(row, *told))
    return found


def _erase_notes(session: AnySession, person: Person) -> None:
    for column in ("person_id", "noted_by_id"):
        whose = getattr(ShortlistItem, column) == person.id
        session.execute(update(ShortlistItem).where(whose).values({column: None}))


def _purge_notes(session: AnySession, now: datetime) -> int:
    return _gone(session, ShortlistItem, func.coalesce(ShortlistItem.noted_at, ShortlistItem.added_at) < now - KEPT)


def _export_searches(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(SavedSearch).where(SavedSearch.person_id == person.id).order_by(SavedSearch.id))
    return [row_of(row, "name", "searched", "query", "alerts", "saved_at") for row in rows]


def _erase_searches(session: AnySession, person: Person) -> None:
    _gone(session, SavedSearch, SavedSearch.person_id == person.id)


def _purge_searches(session: AnySession, now: datetime) -> int:
    """Delete searches of three years ago that tell nobody anything; an alert lasts until it is stopped."""
    return _gone(session, SavedSearch, and_(SavedSearch.saved_at < now - KEPT, ~SavedSearch.alerts))


register(
    Holding(
        "inquiries",
        ("person_id", "subject", "body"),
        lazy_gettext("Vos messages aux structures"),
        lazy_gettext("Les remettre aux structures que vous choisissez et vous montrer leurs réponses."),
        lazy_gettext("Trente-six mois après l’envoi, ou jusqu’à l’effacement de votre compte."),
        _export_inquiries,
        _erase_inquiries,
        _purge_inquiries,
    )
)
register(
    Holding(
        "inquiry_recipients",
        ("answer_text",),
        lazy_gettext("Les réponses des structures à vos messages"),
        lazy_gettext("Vous les montrer ; elles ne sont lues que par vous."),
        lazy_gettext("Aussi longtemps que le message auquel elles répondent."),
        _export_answers,
        nothing,
        never,
    )
)
register(
    Holding(
        "shortlist_items",
        ("person_id", "noted_by_id", "note"),
        lazy_gettext("Les structures que vous gardez, et vos notes"),
        lazy_gettext("Retrouver ce que vous savez d’une structure, seul ou avec vos collègues."),
        lazy_gettext("Trente-six mois après la dernière note ; dans une liste partagée, la note reste sans votre nom."),
        _export_notes,
        _erase_notes,
        _purge_notes,
    )
)
register(
    Holding(
        "shortlists",
        ("person_id", "name"),
        lazy_gettext("Vos listes de structures"),
        lazy_gettext("Ranger les structures que vous gardez."),
        lazy_gettext("Trente-six mois après la dernière note ; une liste partagée reste à votre organisation."),
        _export_lists,
        _erase_lists,
        _purge_lists,
    )
)
register(
    Holding(
        "saved_searches",
        ("person_id", "name", "query"),
        lazy_gettext("Vos recherches enregistrées"),
        lazy_gettext("Vous avertir de ce qui répond de nouveau à ce que vous cherchez."),
        lazy_gettext("Jusqu’à ce que vous les supprimiez ; sans alerte, trente-six mois."),
        _export_searches,
        _erase_searches,
        _purge_searches,
    )
)
