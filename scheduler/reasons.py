"""Why a request is not served, read off the plan without search."""

from __future__ import annotations

from scheduler.instance import Instance, Placements, bits
from scheduler.plan import Reason, Unserved
from scheduler.timetable import Timetable


def unserved_of(instance: Instance, plan: Placements, *, proved: bool) -> tuple[Unserved, ...]:
    """Return every request that ``plan`` leaves out with its reason, in the order of the problem."""
    state = Timetable(instance, plan)
    return tuple(
        _unserved(instance, state, request, proved=proved) for request in instance.requests if request not in plan
    )


def _unserved(instance: Instance, state: Timetable, request: int, *, proved: bool) -> Unserved:
    reason, sentence = reason_of(instance, state, request, proved=proved)
    return Unserved(instance.problem.requests[request].id, reason, sentence)


def reason_of(instance: Instance, state: Timetable, request: int, *, proved: bool) -> tuple[Reason, str]:
    """Return the first reason that holds, from what nobody can change to what was weighed."""
    wish = instance.problem.requests[request]
    buyer, structure = instance.sides(request)
    if instance.excluded[request]:
        return "excluded", f"{wish.buyer} et {wish.structure} ne doivent pas se rencontrer."
    open_slots = instance.own_slots(request) >> instance.now << instance.now
    if not open_slots:
        return (
            "no_common_slot",
            f"{wish.buyer} et {wish.structure} n'ont aucun créneau commun" + (" à venir." if instance.now else "."),
        )
    count = open_slots.bit_count()
    room = {person: open_slots & state.slots_with_room(person) for person in (buyer, structure)}
    for person, reason in ((buyer, "buyer_full"), (structure, "structure_full")):
        if not room[person]:
            return reason, _full(instance, state, person, count)  # type: ignore[return-value]
    both = list(bits(room[buyer] & room[structure]))
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
