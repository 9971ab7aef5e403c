"""An edition too large to be proved in a minute. Everything in it is invented."""

from __future__ import annotations

from typing import Final

from benchmarks.instances import Shape, instance
from openmap.directory.models import Buyer, Structure
from openmap.events.models import Edition, Slot, Table
from openmap.extensions import db
from openmap.meetings.models import Participation, Wish

LARGE: Final = Shape(40, 150, 1_000, 20, blocks=2, cap=6)


def large_edition(shape: Shape = LARGE) -> Edition:
    """Save an edition of 40 buyers, 150 structures, 20 slots and 1,000 wishes, or of another shape."""
    problem = instance(shape, 1)
    edition = Edition(slug="grande", title="Grande édition inventée", held_on=problem.slots[0].start.date())
    db.session.add(edition)
    db.session.flush()
    slots = {
        s.id: Slot(edition_id=edition.id, code=s.id, start=s.start, end=s.end, block=s.block) for s in problem.slots
    }
    tables = {t.id: Table(edition_id=edition.id, code=t.id) for t in problem.tables or ()}
    db.session.add_all([*slots.values(), *tables.values()])
    db.session.flush()
    people = {}
    for person in problem.participants:
        kind = Buyer if person.side == "buyer" else Structure
        available = set(person.available or slots)
        people[person.id] = Participation(
            edition_id=edition.id,
            organisation=kind(name=person.id, is_invented=True),
            code=person.id,
            side=person.side,
            max_meetings=person.max_meetings,
            table_id=tables[person.table].id if person.table else None,
            absent_slots=[slot for code, slot in slots.items() if code not in available],
        )
    db.session.add_all(people.values())
    db.session.flush()
    db.session.add_all(
        Wish(
            edition_id=edition.id,
            code=request.id,
            buyer_id=people[request.buyer].id,
            structure_id=people[request.structure].id,
            value=request.value,
        )
        for request in problem.requests
    )
    db.session.commit()
    return edition
