"""The minutes of the jury as a tagged PDF: who sat, who was in conflict, what was read, decided, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from openmap.directory.labels import KIND_LABELS
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import JournalEntry, Person
from openmap.pitches.models import Conflict, Jury
from openmap.pitches.queries import conflicts_of, jurors, told_names
from openmap.pitches.ranking import one_decimal
from openmap.pitches.room import Filters, Progress, Room, Row, progress_of, room_of
from openmap.web.french import counted, long_date, moment
from openmap.web.typesetting import typeset


def minutes_pdf(session: AnySession, edition: Edition, jury: Jury, person: Person, *, now: datetime) -> bytes:
    """Return the minutes for ``person``: whole, or without anything of the files that are kept from them.

    The metadata are the title and the edition's; no name of a juror, no score. Raises TypesettingFailed.
    """
    return typeset("minutes", contents(session, edition, jury, person, now=now), jury.released_at or now)


def contents(session: AnySession, edition: Edition, jury: Jury, person: Person, *, now: datetime) -> dict[str, Any]:
    """Return what the minutes say, ready for the typesetter."""
    seen = room_of(session, edition, jury, person, Filters())
    declared = told_names(session, edition.id)
    return {
        "document": _("Procès-verbal du jury"),
        "edition": edition.title,
        "date": long_date(edition.held_on),
        "state": _state(edition, jury, now),
        "withheld": not seen.sees_all,
        "jury": [
            {
                "name": juror.shown_name,
                "chair": juror.id == jury.chair_id,
                "told": _("conflits déclarés") if juror.id in declared else _("n’a pas déclaré"),
            }
            for juror in jurors(session, edition.id)
        ],
        "conflicts": [_conflict(one) for one in _conflicts(session, edition, seen, person)],
        "readings": _readings(progress_of(session, edition, person)),
        "formula": _(
            "Note = somme des (coefficient × médiane des notes des lectures terminées) ÷ somme des coefficients."
        ),
        "criteria": [{"name": one.name, "weight": one.weight} for one in seen.criteria],
        "ranking": [_ranked(row, seen) for row in seen.everything],
        "picks": counted(jury.picks, _("structure à retenir"), _("structures à retenir")),
        "decisions": [
            {"title": title, "rows": [_decided(row, at) for at, row in enumerate(rows, start=1)], "numbered": numbered}
            for title, rows, numbered in _groups(seen)
            if rows
        ],
        "quotas": _quotas(session, edition),
    }


def _state(edition: Edition, jury: Jury, now: datetime) -> str:
    if jury.released_at is not None:
        return str(_("Décisions publiées le %(moment)s", moment=moment(jury.released_at, edition.zone)))
    return str(_("Projet du %(moment)s : décisions non publiées", moment=moment(now, edition.zone)))


def _conflicts(session: AnySession, edition: Edition, seen: Room, person: Person) -> list[Conflict]:
    """Return the conflicts with files that are seen, and the person's own."""
    files = {row.application.id for row in seen.everything}
    told = conflicts_of(session, edition.id)
    return [one for one in told if seen.sees_all or one.application_id in files or one.person_id == person.id]


def _conflict(one: Conflict) -> dict[str, str]:
    return {"juror": one.person.shown_name, "file": one.application.name, "reason": one.reason}


def _readings(progress: Progress) -> dict[str, Any]:
    return {
        "told": _(
            "%(finished)s sur %(asked)s",
            finished=counted(progress.finished, _("lecture terminée"), _("lectures terminées")),
            asked=progress.asked,
        ),
        "jurors": [
            {"name": juror.shown_name, "told": f"{finished} / {given}"} for juror, finished, given in progress.jurors
        ],
    }


def _ranked(row: Row, seen: Room) -> dict[str, Any]:
    line = row.line
    return {
        "rank": "–" if line.rank is None else str(line.rank),
        "tied": line.is_tied,
        "name": row.application.name,
        "about": " · ".join(part for part in (str(KIND_LABELS.get(row.application.kind, "")), row.department) if part),
        "score": line.shown,
        "spread": one_decimal(line.spread) if line.score is not None else "–",
        "medians": [
            one_decimal(line.medians[criterion.id]) if criterion.id in line.medians else "–"
            for criterion in seen.criteria
        ],
        "readings": str(line.finished) + ("" if line.is_complete else "\u00a0*"),
    }


def _groups(seen: Room) -> list[tuple[str, list[Row], bool]]:
    of = {decision: [row for row in seen.everything if row.decision == decision] for decision in ("declined", "")}
    gone = [row for row in seen.everything if row.selection is not None and row.selection.withdrawn_at is not None]
    return [
        (_("Retenues"), seen.picked, False),
        (_("Réserve, dans l’ordre"), seen.reserve, True),
        (_("Retenues, puis désistées"), gone, False),
        (_("Non retenues"), of["declined"], False),
        (_("À décider"), of[""], False),
    ]


def _decided(row: Row, at: int) -> dict[str, Any]:
    selection = row.selection
    promoted = selection is not None and selection.promoted_at is not None
    return {
        "at": f"{at}.",
        "name": row.application.name,
        "title": row.application.pitch_title,
        "reason": selection.reason if selection is not None else "",
        "note": _("venue de la réserve après un désistement") if promoted else "",
    }


def _quotas(session: AnySession, edition: Edition) -> list[str]:
    """Return the quotas of the choice that was adopted last, in words; none where it had none."""
    asked = select(JournalEntry).where(
        JournalEntry.action == "selection.adopted", JournalEntry.edition_id == edition.id
    )
    last = session.scalars(asked.order_by(JournalEntry.id.desc()).limit(1)).one_or_none()
    return [] if last is None else list(last.changes.get("quotas", [None, []])[1] or [])
