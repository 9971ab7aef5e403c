"""Two files of one SIRET made one: the organiser chooses field by field, nothing is deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.applications.completeness import missing
from openmap.applications.fields import ATTENDEE, COLUMNS, LISTS, QUESTION, apply, snapshot
from openmap.applications.models import Application, Attachment, Attendee
from openmap.applications.permissions import is_applicant
from openmap.applications.presenting import label_of, questions_of, value_told
from openmap.applications.services import hold, note_revision
from openmap.extensions import AnySession
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people import journal
from openmap.people.models import Person
from openmap.reference.words import folded
from openmap.web.addresses import address_of

KEPT: Final = "garde"
OTHER: Final = "autre"

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "prenom_nom": lazy_gettext("prénom et nom de la personne"),
    "structure": lazy_gettext("nom de la structure"),
    "edition": lazy_gettext("titre de l’édition"),
    "dossier": lazy_gettext("adresse de la candidature gardée"),
    "contact": lazy_gettext("adresse de l’organisation"),
}
MERGED: Final = register(
    Purpose(
        "application.merged",
        lazy_gettext("Candidatures réunies"),
        "{edition} : vos deux candidatures sont réunies",
        "Bonjour {prenom_nom},\n\nDeux candidatures ont été faites pour {structure} à la rencontre « {edition} ». "
        "L’organisation les a réunies en une seule, avec les pièces jointes et les personnes des deux :\n{dossier}\n\n"
        "Si ce n’est pas ce que vous attendiez, écrivez à l’organisation : {contact}\n",
        PLACEHOLDERS,
        {
            "prenom_nom": "Camille Exemple",
            "structure": "Ressourcerie d’exemple",
            "edition": "OpenMap ESS – Économie circulaire",
            "dossier": "https://…/candidatures/1",
            "contact": "rencontres@exemple.fr",
        },
    )
)

Followed = Callable[[AnySession, Application, Application], None]
_followed: list[Followed] = []


def register_follow(followed: Followed) -> None:
    """Let a room below carry over what hangs on a file that is merged into another, or raise RefusedMerge."""
    _followed.append(followed)


class RefusedMerge(Exception):
    """These two files cannot be made one; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which two files differ, told of both; ``default`` is the newest that says something."""

    name: str
    label: str
    kept: str
    other: str
    default: str


def differences(session: AnySession, kept: Application, other: Application) -> list[Difference]:
    """Return the fields in which two files differ, in the order in which a file is read."""
    questions = {f"{QUESTION}{one.id}": one for one in questions_of(session, kept.edition_id)}
    newest = KEPT if kept.changed_at >= other.changed_at else OTHER
    found = []
    ours, theirs = _held(kept), _held(other)
    for name in (*COLUMNS, *LISTS, *questions):
        mine, yours = ours.get(name), theirs.get(name)
        if mine == yours or (_is_empty(mine) and _is_empty(yours)):
            continue
        default = OTHER if _is_empty(mine) else KEPT if _is_empty(yours) else newest
        question = questions.get(name)
        first, second = (_told(session, one, name, question.kind if question else "") for one in (kept, other))
        found.append(Difference(name, question.label if question else label_of(name), first, second, default))
    return found


def merge(
    session: AnySession,
    kept: Application,
    other: Application,
    choices: Mapping[str, str],
    *,
    by: Person,
    now: datetime,
) -> None:
    """Make ``other`` part of ``kept``: chosen fields, and the attachments and people of both.

    ``choices`` maps fields to KEPT or OTHER; what it does not name takes its default. Raises RefusedMerge.
    """
    journal.lock(session)
    hold(session, kept)
    hold(session, other)
    _require_mergeable(kept, other)
    before, theirs = snapshot(session, kept), _held(other)
    questions = questions_of(session, kept.edition_id)
    lacked = {one.field for one in missing(kept, questions)}
    chosen = {one.name: choices.get(one.name, one.default) for one in differences(session, kept, other)}
    with session.no_autoflush:
        apply(session, kept, {name: theirs.get(name) for name, side in chosen.items() if side == OTHER})
        _unite(kept, other)
    lacking = [one for one in missing(kept, questions) if one.field not in lacked]
    if lacking and kept.state == "submitted":
        raise RefusedMerge(_("Le dossier gardé ne serait plus complet : %(what)s", what=lacking[0].sentence))
    for followed in _followed:
        followed(session, kept, other)
    state = other.state
    other.state, other.merged_into_id, other.version = "merged", kept.id, other.version + 1
    kept.version, kept.changed_at = kept.version + 1, now
    session.flush()
    _note(session, kept, before, by=by, now=now)
    changes: dict[str, list[Any]] = {"state": [state, "merged"], "merged_into_id": [None, kept.id]}
    journal.record(session, "application.merged", other, by=by, now=now, edition_id=other.edition_id, changes=changes)
    _tell(session, kept, other, now=now)


def _require_mergeable(kept: Application, other: Application) -> None:
    if kept.id == other.id or kept.edition_id != other.edition_id or not kept.siret or kept.siret != other.siret:
        raise RefusedMerge(_("On ne réunit que deux candidatures d’une même édition qui ont le même SIRET."))
    if {kept.state, other.state} - {"draft", "submitted"}:
        raise RefusedMerge(_("L’une des deux est retirée, ou déjà réunie à une autre : rien n’a été changé."))
    if other.state == "submitted" and kept.state == "draft":
        raise RefusedMerge(_("Gardez celle qui est déposée : l’autre n’est qu’un brouillon."))


def _unite(kept: Application, other: Application) -> None:
    """Give ``kept`` the people and the attachments that only ``other`` has; those of ``other`` stay where they are."""
    known = {_who(one) for one in kept.attendees}
    for person in other.attendees:
        if _who(person) not in known and any(getattr(person, name) for name in ATTENDEE):
            values = {name: getattr(person, name) for name in ATTENDEE}
            kept.attendees.append(Attendee(rank=len(kept.attendees), **values))
    current = [one for one in kept.attachments if one.replaced_at is None]
    there = {(one.digest, one.filename) for one in current}
    answered = {one.question_id for one in current if one.question_id is not None}
    for one in other.attachments:
        if one.replaced_at is None and (one.digest, one.filename) not in there and one.question_id not in answered:
            kept.attachments.append(
                Attachment(
                    question_id=one.question_id, filename=one.filename, media_type=one.media_type, size=one.size,
                    digest=one.digest, added_at=one.added_at,
                )
            )  # fmt: skip


def _note(session: AnySession, kept: Application, before: Mapping[str, Any], *, by: Person, now: datetime) -> None:
    """Write down what the merge changed in the file that stays: for the jurors too, where it is submitted."""
    after = snapshot(session, kept)
    changes = {name: [before.get(name), after.get(name)] for name in after if before.get(name) != after.get(name)}
    if "attendees" in changes:
        changes["attendees"] = [journal.HIDDEN, journal.HIDDEN]
    if changes and kept.state == "submitted":
        note_revision(session, kept, changes, late=False, by=by, now=now)


def _tell(session: AnySession, kept: Application, other: Application, *, now: datetime) -> None:
    people = {one.id: one for one in (kept.person, other.person) if one is not None}
    for person in people.values():
        values = {
            "prenom_nom": person.name,
            "structure": kept.name,
            "edition": kept.edition.title,
            "dossier": address_of("applying.show", application_id=kept.id if is_applicant(person, kept) else other.id),
            "contact": kept.edition.contact_email,
        }
        key = f"{other.id}:{person.id}"
        write(session, MERGED, person, values, key=key, now=now, edition_id=kept.edition_id)


def _held(application: Application) -> dict[str, Any]:
    """Return what a file holds, as ``fields.apply`` takes it."""
    return {
        **{name: getattr(application, name) for name in COLUMNS},
        **{name: sorted(one.id for one in getattr(application, name)) for name in LISTS},
        **{f"{QUESTION}{one.question_id}": one.value for one in application.answers},
    }


def _told(session: AnySession, application: Application, name: str, kind: str) -> str:
    value = _held(application).get(name)
    if name == "absent_slots":
        return "\n".join(
            f"{slot.start.astimezone(application.edition.zone):%H:%M}" for slot in application.absent_slots
        )
    return value_told(session, name, kind, value)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _who(person: Attendee) -> str:
    return person.email.casefold() or folded(person.name)
