"""Quotas in words: what an organiser or a juror may ask of the choice, and what the answer means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from werkzeug.datastructures import MultiDict

from openmap.directory.labels import KIND_LABELS
from openmap.pitches.choosing import Choice, Impossible, Quota, choose
from openmap.pitches.room import Option, Room, activities_in, kinds_in, outside, places_in
from openmap.web.french import counted, lower_first

MOST: Final = 4
"""Quotas asked for at once."""


def options_in(room: Room) -> list[tuple[str, list[Option]]]:
    """Return what a quota may count, in groups, each with its value and its words."""
    places = places_in(room)
    groups = [
        ("Hors d’un territoire", [(f"out:{area.id}", f"hors de {area.name}") for area in places]),
        ("D’un territoire", [(f"in:{area.id}", f"de {area.name}") for area in places]),
        ("Type de structure", [(f"kind:{kind}", _kind(kind)) for kind in kinds_in(room)]),
        ("Activité", [(f"activity:{one.id}", lower_first(one.name)) for one in activities_in(room)]),
    ]
    return [(title, choices) for title, choices in groups if choices]


def asked_in(room: Room, args: MultiDict[str, str]) -> list[Quota]:
    """Return the quotas that an address asks for; what the room does not know is left out."""
    known = {value for _title, choices in options_in(room) for value, _words in choices}
    pairs = zip(args.getlist("trait"), args.getlist("least"), strict=False)
    wanted = [Quota(trait, int(least)) for trait, least in pairs if trait in known and least.isdecimal()]
    return [quota for quota in dict.fromkeys(wanted) if 0 < quota.least <= 99][:MOST]


def answer(room: Room, quotas: Sequence[Quota]) -> Choice | Impossible:
    """Return the best choice of the files that have a score."""
    areas = [str(area.id) for area in places_in(room)]
    return choose([outside(row.candidate, areas) for row in room.scored], room.jury.picks, quotas)


def in_words(room: Room, quota: Quota) -> str:
    """Write ``au moins 2 structures : hors de Paris``."""
    words = {value: words for _title, choices in options_in(room) for value, words in choices}
    return f"au moins {counted(quota.least, 'structure')} : {words[quota.trait]}"


def why_not(room: Room, impossible: Impossible) -> list[str]:
    """Say, in French, why no choice keeps the quotas."""
    if impossible.available is not None:
        return [
            f"Il faut {counted(room.jury.picks, 'dossier')}, et {impossible.available} seulement ont une note : "
            "attendez des lectures, ou retenez moins de dossiers."
        ]
    if impossible.lacking:
        return [
            f"« {in_words(room, quota).capitalize()} » : "
            + ("aucun dossier noté ne convient." if not most else f"{most} au plus est possible.")
            for quota, most in impossible.lacking
        ]
    listed = " ; ".join(in_words(room, quota) for quota in impossible.clashing)
    return [f"Ces quotas ne tiennent pas ensemble en {counted(room.jury.picks, 'dossier')} : {listed}. Baissez-en un."]


def _kind(kind: str) -> str:
    return str(KIND_LABELS.get(kind, kind))
