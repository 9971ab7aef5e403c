"""Questions about needs. The room of the meetings tells who takes part with whom, and who organises it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from openmap.directory.models import Buyer, Delegate
from openmap.directory.permissions import may_manage
from openmap.extensions import db
from openmap.needs.models import Need
from openmap.people.models import Person

Question = Callable[[Person], Select[int]]
"""Selects, for a person, the ids of the buyers of whom something is true."""

_met: dict[str, Question] = {}
_organised: dict[str, Question] = {}
_edition_buyers: dict[str, Callable[[int], Select[int]]] = {}


def register_participant(question: Question, name: str = "meetings") -> None:
    """Let a room below say with which buyers a person takes part: ``question`` selects these buyers' ids."""
    _met[name] = question


def register_organiser(question: Question, name: str = "meetings") -> None:
    """Let a room below say which buyers take part in what a person organises."""
    _organised[name] = question


def register_edition_buyers(buyers: Callable[[int], Select[int]], name: str = "meetings") -> None:
    """Let a room below say which buyers take part in an edition."""
    _edition_buyers[name] = buyers


def buyers_of_edition(edition_id: int) -> list[Select[int]]:
    """Return what selects the ids of the buyers of an edition."""
    return [buyers(edition_id) for buyers in _edition_buyers.values()]


def may_state(person: Person | None, buyer: Buyer) -> bool:
    """Say whether ``person`` states needs for a buyer: its own people, who looks after it, an administrator."""
    return may_manage(person, buyer)


def takes_part(person: Person | None, need: Need) -> bool:
    """Say whether ``person`` takes part in an edition with the need's buyer, or organises one."""
    if person is None or person.erased_at is not None:
        return False
    asked = (question(person) for question in (*_met.values(), *_organised.values()))
    return any(db.session.scalar(one.where(_buyer_of(one) == need.buyer_id).limit(1)) is not None for one in asked)


def may_read_need(person: Person | None, need: Need) -> bool:
    """Say whether ``person`` may read a need: a draft is its buyer's own; what was declared follows its visibility.

    A need that was withdrawn stays readable to those who could read it: they see that it was, and when.
    """
    if need.state != "draft":
        if need.visibility == "public":
            return True
        if need.visibility == "participants" and takes_part(person, need):
            return True
    return may_state(person, need.buyer)


def may_read_contact(person: Person | None, need: Need) -> bool:
    """Say whether ``person`` may see whom to write to: whoever may read the need and has signed in."""
    return person is not None and person.erased_at is None and may_read_need(person, need)


def open_to(person: Person | None) -> ColumnElement[bool]:
    """Return the condition on needs that leaves those that ``person`` may read, for lists: declared ones only."""
    declared = Need.state == "declared"
    if person is None or person.erased_at is not None:
        return and_(declared, Need.visibility == "public")
    if person.is_administrator:
        return and_(declared, true())
    own = Need.buyer_id.in_(select(Delegate.organisation_id).where(Delegate.person_id == person.id))
    cared = or_(false(), *(Need.buyer_id.in_(question(person)) for question in _organised.values()))
    met = or_(false(), *(Need.buyer_id.in_(question(person)) for question in _met.values()))
    shared = and_(Need.visibility == "participants", met)
    return and_(declared, or_(Need.visibility == "public", own, cared, shared))


def _buyer_of(asked: Select[int]) -> ColumnElement[int]:
    return asked.selected_columns[0]
