"""What a file holds, by name: how each field is set, and how it reads before and after a change.

Names: the plain columns; ``activities``, ``areas``, ``labels`` and ``absent_slots`` (lists of ids); ``attendees``
(a list of name, email, phone and position); ``question_<id>`` (an answer); ``typed`` (field → text and reason, or
``None`` to forget it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from openmap.applications.models import Answer, Application, Attendee
from openmap.events.models import Slot
from openmap.extensions import AnySession
from openmap.reference.models import Activity, Area, Label

COLUMNS: Final = (
    "siret", "name", "kind", "legal_form", "address", "commune_code", "website",
    "presentation", "offers", "clients", "workforce", "supported_share", "radius_km",
    "wants_pitch", "pitch_title", "pitch_summary", "pitch_novelty", "pitch_impact", "wants_meetings", "meeting_wishes",
)  # fmt: skip
LISTS: Final[Mapping[str, type[Activity] | type[Area] | type[Label] | type[Slot]]] = {
    "activities": Activity, "areas": Area, "labels": Label, "absent_slots": Slot,
}  # fmt: skip
ROWS: Final = frozenset({"attendees"})
"""What is about people: a revision says that it changed, not how."""

ATTENDEE: Final = ("name", "email", "phone", "position")
QUESTION: Final = "question_"


def apply(session: AnySession, application: Application, values: Mapping[str, Any]) -> None:
    """Give the named fields their values; all others stay as they are."""
    for name, value in values.items():
        if name in LISTS:
            _choose(session, application, name, value)
        elif name == "attendees":
            _bring(application, value)
        elif name == "typed":
            kept = {**(application.typed or {}), **value}
            application.typed = {field: said for field, said in kept.items() if said is not None}
        elif name.startswith(QUESTION):
            _answer(application, int(name.removeprefix(QUESTION)), value)
        elif name in COLUMNS:
            setattr(application, name, value)
        else:
            raise KeyError(name)


def snapshot(session: AnySession, application: Application) -> dict[str, Any]:
    """Return what the file holds, ready for JSON; what was chosen by its name, slots by their code."""
    del session
    return {
        **{name: getattr(application, name) for name in COLUMNS},
        **{name: [one.name for one in getattr(application, name)] for name in ("activities", "areas", "labels")},
        "absent_slots": [slot.code for slot in application.absent_slots],
        "attendees": [[getattr(one, name) for name in ATTENDEE] for one in application.attendees],
        "typed": dict(application.typed or {}),
        **{f"{QUESTION}{answer.question_id}": answer.value for answer in application.answers},
    }


def _choose(session: AnySession, application: Application, name: str, ids: Sequence[int]) -> None:
    if sorted(one.id for one in getattr(application, name)) == sorted(set(ids)):
        return
    model = LISTS[name]
    asked = select(model).where(model.id.in_(list(ids)))
    if model is Slot:
        asked = asked.where(Slot.edition_id == application.edition_id)
    order = Slot.start if model is Slot else model.id
    setattr(application, name, list(session.scalars(asked.order_by(order))))


def _bring(application: Application, people: Sequence[Mapping[str, str]]) -> None:
    rows = [person for person in people if any(person.get(name) for name in ATTENDEE)]
    for rank, person in enumerate(rows):
        if rank == len(application.attendees):
            application.attendees.append(Attendee(rank=rank, **dict.fromkeys(ATTENDEE, "")))
        for name in ATTENDEE:
            setattr(application.attendees[rank], name, person.get(name, ""))
    del application.attendees[len(rows) :]


def _answer(application: Application, question_id: int, value: Any) -> None:
    known = next((one for one in application.answers if one.question_id == question_id), None)
    if value is None or value in ("", []):
        if known is not None:
            application.answers.remove(known)
    elif known is None:
        application.answers.append(Answer(question_id=question_id, value=value))
    elif known.value != value:
        known.value = value
