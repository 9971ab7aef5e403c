"""What people answered to their invitations, meeting by meeting."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.agendas.invitations import Pair
from openmap.agendas.models import Invitation
from openmap.agendas.queries import Appointment, load_sheet
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.releasing import current_release

PER_PAGE: Final = 100

REPLY_LABELS: Final[Mapping[str, tuple[LazyString, str, str]]] = {
    "accepted": (lazy_gettext("accepté"), "check", "accent"),
    "tentative": (lazy_gettext("peut-être"), "dots", "warm"),
    "declined": (lazy_gettext("refusé"), "cross", "danger"),
}

OUTCOMES: Final[Mapping[str, tuple[LazyString, str, str]]] = {
    "kept": (lazy_gettext("notée"), "check", "accent"),
    "unknown": (lazy_gettext("inconnue"), "alert", "warm"),
    "old": (lazy_gettext("périmée"), "clock", "warm"),
    "earlier": (lazy_gettext("dépassée"), "clock", "plain"),
    "cancelled": (lazy_gettext("entretien annulé"), "cross", "plain"),
    "stranger": (lazy_gettext("autre personne"), "alert", "warm"),
    "not_reply": (lazy_gettext("pas une réponse"), "info", "plain"),
    "unreadable": (lazy_gettext("illisible"), "alert", "danger"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: who, for which organisation; ``is_past`` when the meeting changed since."""

    person: str
    organisation: str
    reply: str
    comment: str
    is_past: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """A page of meetings with what was answered; ``counts`` of present answers over all of them."""

    meetings: Sequence[tuple[Appointment, Sequence[Said]]]
    counts: Mapping[str, int]
    total: int
    page: int
    only: str

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def answers_of(session: AnySession, edition: Edition, *, only: str, page: int) -> Answers:
    """Return the published meetings with their answers; ``only`` those answered so, « silent » those unanswered."""
    release = current_release(session, edition)
    sheet = load_sheet(session, edition, release.plan, whole=False) if release is not None else None
    said = _said(session, edition)
    rows = []
    for meeting in sheet.appointments if sheet is not None else ():
        pair = (meeting.buyer.organisation, meeting.structure.organisation)
        rows.append((meeting, said.get(pair, []) + said.get(pair[::-1], [])))
    counts = Counter(one.reply for _meeting, answers in rows for one in answers if not one.is_past)
    only = only if only in {*REPLY_LABELS, "silent"} else ""
    if only:
        rows = [(meeting, answers) for meeting, answers in rows if _matches(answers, only)]
    page = max(1, min(page, max(1, -(-len(rows) // PER_PAGE))))
    return Answers(rows[(page - 1) * PER_PAGE : page * PER_PAGE], counts, len(rows), page, only)


def _matches(answers: Sequence[Said], only: str) -> bool:
    present = {one.reply for one in answers if not one.is_past}
    return not present if only == "silent" else only in present


def _said(session: AnySession, edition: Edition) -> dict[Pair, list[Said]]:
    rows = session.scalars(
        select(Invitation)
        .where(Invitation.edition_slug == edition.slug, Invitation.reply.is_not(None), ~Invitation.cancelled)
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.replied_at, Invitation.id)
    )
    found: dict[Pair, list[Said]] = defaultdict(list)
    for row in rows:
        found[row.organisation_id, row.other_id].append(
            Said(
                person=row.person.shown_name,
                organisation=row.organisation.name,
                reply=row.reply or "",
                comment=row.reply_comment,
                is_past=row.reply_sequence != row.sequence,
            )
        )
    return found
