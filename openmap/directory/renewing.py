"""A page brought up to date with what its people have said elsewhere: what would change, before anything does.

What a person wrote on the page itself stays (``field_sources``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openmap.directory import field_sources
from openmap.directory.maintaining import fill_offer, hold, write_fields
from openmap.directory.models import Offer, Structure
from openmap.directory.page_words import field_label, held_of_offer, in_words, offer_title, told_reach
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

OFFERS = "offers"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What another room says of a structure: fields by the names of ``Structure``, and offers.

    ``offers`` hold what ``page_words.held_of_offer`` names. ``source`` says where it is from, in words.
    """

    source: str
    values: Mapping[str, Any]
    offers: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """A field that differs: in words before and after; ``is_kept``: someone wrote it by hand, so that it stays."""

    field: str
    label: str
    before: str
    after: str
    is_kept: bool


def steps_of(session: AnySession, structure: Structure, renewal: Renewal) -> list[Step]:
    """Return what would change, field by field; what the other side leaves empty is no change."""
    by_hand = field_sources.written_by_hand(session, structure)
    steps = [
        _step(name, in_words(name, getattr(structure, name)), in_words(name, value), by_hand)
        for name, value in renewal.values.items()
        if value not in (None, "", [])
    ]
    if renewal.offers:
        steps.append(_step(OFFERS, _told(structure, structure.offers), _told(structure, _made(renewal)), by_hand))
    return [step for step in steps if step.before != step.after]


def renew(session: AnySession, structure: Structure, renewal: Renewal, *, by: Person, now: datetime) -> list[Step]:
    """Write what changes on the page, put it in the directory and confirm it; returns what has changed.

    A page that an administrator took off stays off.
    """
    hold(session, structure)
    steps = [step for step in steps_of(session, structure, renewal) if not step.is_kept]
    names = {step.field for step in steps}
    write_fields(structure, {name: value for name, value in renewal.values.items() if name in names})
    if OFFERS in names:
        structure.offers = _made(renewal)
    if names:
        structure.version += 1
        structure.changed_at = now
    structure.listed_at = structure.listed_at or now
    structure.confirmed_at = now
    session.flush()
    columns = ["commune_code" if name == "commune" else name for name in sorted(names)]
    field_sources.note(session, structure, columns, kind="application", source=renewal.source, now=now)
    changes = {step.field: [step.before[:200] or None, step.after[:200]] for step in steps}
    journal.record(session, "structure.applied", structure, by=by, now=now, changes=changes)
    return steps


def _step(name: str, before: str, after: str, by_hand: set[str]) -> Step:
    column = "commune_code" if name == "commune" else name
    return Step(name, field_label(name), before, after, column in by_hand)


def _made(renewal: Renewal) -> list[Offer]:
    offers = []
    for rank, values in enumerate(renewal.offers):
        offer = Offer(position=rank)
        fill_offer(offer, values)
        offers.append(offer)
    return offers


def _told(structure: Structure, offers: Sequence[Offer]) -> str:
    """Return offers in words, one a line."""
    lines = []
    for offer in offers:
        more = in_words("deliveries", held_of_offer(offer)["deliveries"])
        lines.append(f"{offer_title(offer)} ({more}), {told_reach(offer, structure)}")
        if offer.description:
            lines[-1] += f" : {offer.description}"
    return "\n".join(lines)
