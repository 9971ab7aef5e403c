"""Why a request is not served, read off the plan without search."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from scheduler.instance import Instance, Placements, bits
from scheduler.plan import Reason, Unserved
from scheduler.timetable import Timetable


def unserved_of(state: Timetable, plan: Placements, *, proved: bool) -> tuple[Unserved, ...]:
    """Return every request that ``plan``, whose timetable is ``state``, leaves out with its reason, in order."""
    instance = state.instance
    slots_with_room = cache(state.slots_with_room)

    def unserved(request: int) -> Unserved:
        reason, sentence = _reason(instance, state, slots_with_room, request, proved=proved)
        return Unserved(instance.problem.requests[request].id, reason, sentence)

    return tuple(unserved(request) for request in instance.requests if request not in plan)


def _reason(
    instance: Instance, state: Timetable, slots_with_room: Callable[[int], int], request: int, *, proved: bool
) -> tuple[Reason, str]:
    """Return the first reason that holds, from what nobody can change to what was weighed."""
    wish = instance.problem.requests[request]
    buyer, structure = instance.sides(request)
    if instance.excluded[request]:
        return "excluded", f"{wish.buyer} et {wish.structure} ne doivent pas se rencontrer."
    open_slots = instance.common[request] >> instance.now << instance.now
    if not open_slots:
        return (
            "no_common_slot",
            f"{wish.buyer} et {wish.structure} n'ont aucun créneau commun" + (" à venir." if instance.now else "."),
        )
    count = open_slots.bit_count()
    of_buyer, of_structure = open_slots & slots_with_room(buyer), open_slots & slots_with_room(structure)
    if not of_buyer:
        return "buyer_full", _full(instance, state, buyer, count)
    if not of_structure:
        return "structure_full", _full(instance, state, structure, count)
    both = list(bits(of_buyer & of_structure))
    if not both:
        return (
            "others_preferred",
            f"{wish.buyer} et {wish.structure} ne sont jamais libres en même temps dans {_common(count)} : "
            "d'autres entretiens y ont été préférés.",
        )
    if not any(state.fits(request, slot) for slot in both):
        names = ", ".join(instance.problem.slots[slot].id for slot in both)
        return "no_table", f"plus aucune table n'est libre quand les deux le sont ({names})."
    if proved:
        return "others_preferred", "le servir ferait perdre sur un objectif prioritaire."
    return "not_proved", "le calcul s'est arrêté avant d'avoir tout essayé : relancez-le avec plus de temps."


def _full(instance: Instance, state: Timetable, person: int, common: int) -> str:
    who = instance.problem.participants[person]
    held = state.count[person]
    if who.max_meetings is not None and held >= who.max_meetings:
        return f"{who.id} est à son maximum de {_meetings(who.max_meetings)} : celui-ci ne peut s'y ajouter."
    return (
        f"{who.id} est déjà en entretien, ou en pause obligatoire, dans {_common(common)} : "
        "d'autres entretiens ont été préférés à celui-ci."
    )


def _meetings(count: int) -> str:
    return f"{count} entretien{'s' if count > 1 else ''}"


def _common(count: int) -> str:
    return "leur seul créneau commun" if count == 1 else f"leurs {count} créneaux communs"
