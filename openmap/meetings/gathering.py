"""Wishes gathered from what both sides say: one row a pair, worth more the more both want it.

The value of a wish, shown to organisers only (``value_of``):

- « indispensable » gives 12 points to the first of a side's list, 11 to the second … and 8 from the fifth on;
- « souhaité » 7, 6, 5, then 4 from the fourth on; « pourquoi pas » 3, 2, then 1 from the third on;
- what the match score said for a side that stayed silent gives 1 point, whatever its rank;
- 5 points more where both sides have said that they would meet.

A veto of either side makes no wish.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final, NamedTuple

from sqlalchemy import func, insert, or_, select, update

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.holding import hold
from openmap.meetings.models import Choice, Participation, Wish
from openmap.meetings.wish_models import WishSetting
from openmap.people import journal
from openmap.people.models import Person

POINTS: Final = {"must": (12, 8), "want": (7, 4), "open": (3, 1)}
"""Points of the first of a level, and of the last ones."""

COMPLETED: Final = 1
MUTUAL: Final = 5


class Said(NamedTuple):
    """What one side says of the other."""

    level: str
    rank: int
    source: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """How many wishes there are now, and what became of them; those that came back are among the changed ones."""

    standing: int
    made: int
    changed: int
    withdrawn: int
    returned: int = 0


def points_of(said: Said | None) -> int:
    """Return what one side's word gives: nothing where it said nothing, or a veto."""
    if said is None or said.level == "veto":
        return 0
    if said.source == "completed":
        return COMPLETED
    first, last = POINTS[said.level]
    return max(last, first - (said.rank - 1))


def value_of(buyer: Said | None, structure: Said | None) -> int:
    """Return what a meeting is worth from what both sides say; 0 makes no wish. The formula heads this module."""
    said = [one for one in (buyer, structure) if one is not None]
    if any(one.level == "veto" for one in said):
        return 0
    mutual = len(said) == 2 and all(one.source != "completed" for one in said)
    return sum(points_of(one) for one in said) + (MUTUAL if mutual else 0)


def is_required(buyer: Said | None, structure: Said | None, *, both_must: bool) -> bool:
    """Say whether every plan must hold the meeting: both sides must have it, and the organiser's setting says so."""
    return both_must and all(said is not None and said.level == "must" for said in (buyer, structure))


def setting_of(session: AnySession, edition: Edition) -> bool:
    """Return whether meetings that both sides must have are required."""
    return bool(session.scalar(select(WishSetting.both_must).where(WishSetting.edition_id == edition.id)))


def require_both_must(session: AnySession, edition: Edition, *, on: bool, by: Person, now: datetime) -> Gathered:
    """Change that setting, and gather anew."""
    journal.lock(session)
    before = hold(session, edition.id)
    session.get_one(WishSetting, edition.id, populate_existing=True).both_must = on
    session.flush()
    if before != on:
        changes: dict[str, list[Any]] = {"both_must": [before, on]}
        journal.record(session, "wishes.setting", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return gather(session, edition, by=by, now=now)


def gather(session: AnySession, edition: Edition, *, by: Person | None, now: datetime) -> Gathered:
    """Turn what both sides say into wishes, keeping the ids of those that stay; a fixed number of queries.

    Wishes made of choices follow them: their value, whether they are required, and since when they are withdrawn.
    Those of a workbook or of an organiser are never withdrawn here, nor made less: only raised to what the choices are
    worth. What has changed is noted in the journal.
    """
    journal.lock(session)
    found = gather_of(session, edition, None, both_must=hold(session, edition.id), now=now)
    if found.made or found.changed or found.withdrawn:
        before = found.standing - found.made - found.returned + found.withdrawn
        told: dict[str, list[Any]] = {"wishes": [before, found.standing]}
        journal.record(session, "wishes.gathered", edition, by=by, now=now, edition_id=edition.id, changes=told)
    return found


def gather_of(
    session: AnySession, edition: Edition, only: Participation | None, *, both_must: bool, now: datetime
) -> Gathered:
    """Do so for one participant's pairs, as it speaks; ``both_must`` is what ``hold`` told, which is still held."""
    said, side = _said(session, edition, only)
    known = _known(session, edition, only)
    made: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    withdrawn = 0
    for pair in dict.fromkeys([*_pairs(said, side), *known]):
        buyer, structure = said.get(pair), said.get(pair[::-1])
        value = value_of(buyer, structure)
        required = is_required(buyer, structure, both_must=both_must)
        row = known.get(pair)
        if row is None:
            if value:
                made.append({"buyer_id": pair[0], "structure_id": pair[1], "value": value, "required": required})
            continue
        change = _change(row, value, required=required, now=now)
        if change:
            changes.append({"id": row["id"], **change})
            withdrawn += change.get("withdrawn_at") is not None
    if made:
        codes = _free_codes(session, edition)
        rows = [{"edition_id": edition.id, "code": next(codes), "source": "choices", **one} for one in made]
        session.execute(insert(Wish), rows)
    _write(session, changes)
    standing = sum(row["withdrawn_at"] is None for row in known.values())
    back = sum("withdrawn_at" in change for change in changes) - withdrawn
    now_standing = standing - withdrawn + back + len(made)
    return Gathered(now_standing, len(made), len(changes) - withdrawn, withdrawn, back)


def _write(session: AnySession, changes: Iterable[dict[str, Any]]) -> None:
    """Change wishes, all those of the same columns in one go."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        alike[tuple(sorted(change))].append(change)
    for rows in alike.values():
        session.execute(update(Wish), rows)


def _change(row: Any, value: int, *, required: bool, now: datetime) -> dict[str, Any]:
    """Return what is to change of a wish that is there."""
    if row["source"] != "choices":
        return {"value": value} if value > row["value"] else {}
    if not value:
        return {"withdrawn_at": now} if row["withdrawn_at"] is None else {}
    wanted = {"value": value, "required": required, "withdrawn_at": None}
    return {name: one for name, one in wanted.items() if row[name] != one}


def _said(
    session: AnySession, edition: Edition, only: Participation | None
) -> tuple[dict[tuple[int, int], Said], dict[int, str]]:
    """Return what each says of each other, by who speaks and of whom, and the side of those who speak."""
    asked = select(
        Choice.participation_id, Choice.other_id, Choice.level, Choice.rank, Choice.source, Participation.side
    ).join(Participation, Participation.id == Choice.participation_id)
    asked = asked.where(Participation.edition_id == edition.id)
    if only is not None:
        asked = asked.where(or_(Choice.participation_id == only.id, Choice.other_id == only.id))
    said: dict[tuple[int, int], Said] = {}
    side: dict[int, str] = {}
    for one, other, level, rank, source, its in session.execute(asked):
        said[one, other] = Said(level, rank, source)
        side[one] = its
    return said, side


def _pairs(said: Iterable[tuple[int, int]], side: dict[int, str]) -> Iterator[tuple[int, int]]:
    for one, other in said:
        yield (one, other) if side[one] == "buyer" else (other, one)


def _known(session: AnySession, edition: Edition, only: Participation | None) -> dict[tuple[int, int], Any]:
    """Return the wishes that there are, by buyer and structure."""
    columns = (Wish.id, Wish.buyer_id, Wish.structure_id, Wish.value, Wish.required, Wish.source, Wish.withdrawn_at)
    asked = select(*columns).where(Wish.edition_id == edition.id)
    if only is not None:
        own = Wish.buyer_id if only.side == "buyer" else Wish.structure_id
        asked = asked.where(own == only.id)
    return {(row["buyer_id"], row["structure_id"]): row for row in session.execute(asked).mappings()}


def _free_codes(session: AnySession, edition: Edition) -> Iterator[str]:
    """Yield codes R001, R002 … after the last one of the edition."""
    here = select(Wish.code).where(Wish.edition_id == edition.id, Wish.code.startswith("R"))
    last = session.scalar(here.order_by(func.length(Wish.code).desc(), Wish.code.desc()).limit(1)) or "R0"
    if last[1:].isascii() and last[1:].isdigit() and len(last) < 12:
        return (f"R{number:03d}" for number in count(int(last[1:]) + 1))
    taken = set(session.scalars(select(Wish.code).where(Wish.edition_id == edition.id)))
    return (code for number in count(1) if (code := f"R{number:03d}") not in taken)
