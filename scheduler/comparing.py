"""What changes between two plans, and for whom."""

from __future__ import annotations

from scheduler.plan import Comparison, Meeting, Move, Plan
from scheduler.problem import Problem


def compare(problem: Problem, before: Plan, after: Plan) -> Comparison:
    """Return the meetings added, moved and cancelled from ``before`` to ``after``.

    ``participants`` gives each participant concerned its sentences, in the order of the problem: the list of
    people to tell.
    """
    old = {_identity(meeting): meeting for meeting in before.meetings}
    new = {_identity(meeting): meeting for meeting in after.meetings}
    added = tuple(meeting for who, meeting in new.items() if who not in old)
    cancelled = tuple(meeting for who, meeting in old.items() if who not in new)
    moved = tuple(Move(meeting, new[who]) for who, meeting in old.items() if who in new and meeting != new[who])
    told: dict[str, list[str]] = {}
    for meeting, sentence in (
        *((m, f"ajouté en {_place(m)}") for m in added),
        *((move.before, f"déplacé de {_place(move.before)} à {_place(move.after)}") for move in moved),
        *((m, f"annulé en {_place(m)}") for m in cancelled),
    ):
        told.setdefault(meeting.buyer, []).append(f"entretien avec {meeting.structure} {sentence}")
        told.setdefault(meeting.structure, []).append(f"entretien avec {meeting.buyer} {sentence}")
    order = [person.id for person in problem.participants]
    order += sorted(name for name in told if name not in set(order))
    participants = {name: tuple(told[name]) for name in order if name in told}
    return Comparison(added=added, cancelled=cancelled, moved=moved, participants=participants)


def _identity(meeting: Meeting) -> tuple[str, str, str]:
    """Return what stays when a meeting moves. A plan made for other data may give a request to another pair."""
    return meeting.request, meeting.buyer, meeting.structure


def _place(meeting: Meeting) -> str:
    return meeting.slot if meeting.table is None else f"{meeting.slot} (table {meeting.table})"
