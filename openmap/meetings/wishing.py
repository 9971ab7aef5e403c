"""What a participant says: of each of the other side a level, a rank and a private note; when it can come.

The rule of two devices: what is sent says what its page had shown. Where nothing else was saved meanwhile, or the same
thing, it is kept; where another device has saved something else of the same line, nothing is overwritten and both
versions are told (``Saved.conflicts``). Lines that no other device has touched are kept in any case.

The rule of the phase: what reaches us before ``closes_at`` counts (``web.arrival``). After it only an organiser may
answer, or a participant whom one has allowed to; it is then marked late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select

from openmap.directory.queries import acts_for
from openmap.events.models import Edition, Phase
from openmap.events.phases import state_of
from openmap.extensions import AnySession
from openmap.meetings.completing import take_back
from openmap.meetings.gathering import gather_of
from openmap.meetings.holding import hold
from openmap.meetings.models import LEVELS, Choice, Participation
from openmap.meetings.wish_letters import drop_wish_reminders
from openmap.meetings.wish_models import WishPermit
from openmap.people import journal
from openmap.people.models import Person
from openmap.people.permissions import organises

LONGEST_NOTE: Final = 500


class WishesClosed(Exception):
    """The wishes are not open to this person; the sentence says what to do."""

    def __init__(self, edition: Edition) -> None:
        contact = f" {edition.contact_email}" if edition.contact_email else ""
        super().__init__(
            _(
                "Les souhaits ne sont pas ouverts : rien n’a été enregistré. Demandez à l’organisation%(contact)s si "
                "elle accepte une réponse tardive.",
                contact=contact,
            )
        )


class ChangedElsewhere(Exception):
    """The list was put in another order on another device; it is shown as it is now."""

    def __init__(self) -> None:
        super().__init__(_("Cet ordre a changé sur un autre appareil : le voici. Recommencez si besoin."))


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of another: a level or none, a private note, and ``seen``, a digest of what its page had shown."""

    level: str
    note: str
    seen: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A line that two devices have filled in differently."""

    other: Participation
    here: Line
    level: str
    note: str

    @property
    def seen(self) -> str:
        """A digest of what is held now, for the one who keeps their own."""
        return digest(self.level, self.note)


@dataclass(slots=True)
class Saved:
    """What became of what was sent: how many lines changed, those that conflict, and why some were not kept."""

    changed: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether someone may answer now, whether that would be late, and where the phase stands."""

    may: bool
    late: bool
    phase: Phase | None
    state: str


@dataclass(frozen=True, slots=True)
class _Begun:
    """How what follows counts: whether it is late, who says it (``models.CHOICE_SOURCES``), the organisers' rule."""

    late: bool
    source: str
    both_must: bool


def digest(level: str, note: str) -> str:
    """Return what tells a line from another."""
    return hashlib.sha256(f"{level}|{note}".encode()).hexdigest()[:12]


def standing(session: AnySession, participation: Participation, *, by: Person, now: datetime) -> Standing:
    """Return whether ``by`` may say now what a participant wishes."""
    asked = select(Phase).where(Phase.edition_id == participation.edition_id, Phase.kind == "wishes")
    phase = session.scalars(asked.execution_options(populate_existing=True)).one_or_none()
    state = state_of(phase, now=now)
    if state == "open":
        return Standing(may=True, late=False, phase=phase, state=state)
    allowed = organises(by, participation.edition_id) or (
        state == "closed" and session.get(WishPermit, participation.id) is not None
    )
    return Standing(may=allowed, late=allowed and state == "closed", phase=phase, state=state)


def own_choices(session: AnySession, participation: Participation) -> list[Choice]:
    """Return what a participant has said itself, by level and rank."""
    asked = select(Choice).where(Choice.participation_id == participation.id, Choice.source != "completed")
    return in_order(session.scalars(asked.execution_options(populate_existing=True)))


def in_order(choices: Iterable[Choice]) -> list[Choice]:
    """Return choices by level and rank."""
    return sorted(choices, key=lambda one: (LEVELS.index(one.level), one.rank, one.id))


def order_seen(choices: Sequence[Choice], level: str) -> str:
    """Return a digest of the order of one level."""
    listed = ",".join(str(one.other_id) for one in choices if one.level == level)
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def save_lines(
    session: AnySession, participation: Participation, lines: Mapping[int, Line], *, by: Person, now: datetime
) -> Saved:
    """Keep what is said of others, by their ids; those that are not of the other side are left out.

    A new level puts the other last of that level. Raises WishesClosed.
    """
    others = _others(session, participation, lines)
    begun = _begin(session, participation, by=by, now=now)
    held = {one.other_id: one for one in own_choices(session, participation)}
    saved, kept = Saved(), dict[int, Line]()
    for number, line in lines.items():
        if number not in others:
            continue
        present = held.get(number)
        before = (present.level, present.note) if present is not None else ("", "")
        sent = digest(line.level, line.note)
        if sent in (line.seen, digest(*before)):
            continue
        if line.seen != digest(*before):
            saved.conflicts.append(Conflict(others[number], line, *before))
        elif refusal := _refusal(line):
            saved.refused[number] = refusal
        else:
            kept[number] = line
    if kept:
        saved.changed = len(kept)
        if participation.answered_at is None:
            take_back(session, participation)
        for number, line in kept.items():
            _keep(session, participation, held, number, line, source=begun.source, now=now)
        _renumber(held.values())
        _answered(session, participation, begun, by=by, now=now)
    return saved


def save_order(
    session: AnySession, participation: Participation, level: str, ids: Sequence[int], seen: str, *,
    by: Person, now: datetime,
) -> list[Choice]:  # fmt: skip
    """Put the others of a level in this order; those that ``ids`` does not name stay behind. Return all choices.

    Raises WishesClosed or ChangedElsewhere.
    """
    begun = _begin(session, participation, by=by, now=now)
    choices = own_choices(session, participation)
    if seen != order_seen(choices, level):
        raise ChangedElsewhere
    place = {number: rank for rank, number in enumerate(ids)}
    listed = [one for one in choices if one.level == level]
    ordered = sorted(listed, key=lambda one: (place.get(one.other_id, len(place)), one.rank))
    if ordered != listed:
        for rank, one in enumerate(ordered, 1):
            one.rank = rank
        _answered(session, participation, begun, by=by, now=now)
    return own_choices(session, participation)


def moved(choices: Sequence[Choice], number: int, *, down: bool) -> tuple[str, list[int]]:
    """Return a level and the order it would have with one of its others a step up or down."""
    level = next((one.level for one in choices if one.other_id == number), "")
    ids = [one.other_id for one in choices if one.level == level]
    if number in ids:
        at = ids.index(number)
        to = min(len(ids) - 1, at + 1) if down else max(0, at - 1)
        ids.insert(to, ids.pop(at))
    return level, ids


def finish(session: AnySession, participation: Participation, *, by: Person, now: datetime) -> None:
    """Note that a participant has nothing more to say, be it that it wishes for nobody.

    Raises WishesClosed.
    """
    begun = _begin(session, participation, by=by, now=now)
    if participation.answered_at is None:
        take_back(session, participation)
    _answered(session, participation, begun, by=by, now=now)


def limit_digest(value: Any) -> str:
    """Return what tells a limit from another; slots by their ids."""
    told = sorted(slot.id for slot in value) if isinstance(value, list) else value
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def save_limits(
    session: AnySession,
    participation: Participation,
    values: Mapping[str, Any],
    seen: Mapping[str, str],
    *,
    by: Person,
    now: datetime,
) -> list[str]:
    """Keep when a participant comes, how many meet and how much; return the fields that another device has changed.

    ``values`` maps delegates, max_meetings, max_run, note and absent_slots (slots) to what they are to hold, ``seen``
    to digests of what the page had shown. It is no answer to the wishes by itself. Raises WishesClosed.
    """
    _begin(session, participation, by=by, now=now, noted=True)
    conflicts, absent = [], len(participation.absent_slots)
    changes: dict[str, list[Any]] = {}
    for name, value in values.items():
        present, sent = limit_digest(getattr(participation, name)), limit_digest(value)
        if sent in (present, seen.get(name)):
            continue
        if seen.get(name) != present:
            conflicts.append(name)
            continue
        setattr(participation, name, value)
        changes |= {name: [absent, len(value)]} if name == "absent_slots" else journal.changes_of(participation, name)
    if changes:
        participation.version += 1
        journal.record(
            session, "participation.changed", participation, by=by, now=now, edition_id=participation.edition_id,
            changes=changes,
        )  # fmt: skip
    return conflicts


def allow_late(session: AnySession, participations: Sequence[Participation], *, by: Person, now: datetime) -> int:
    """Let participants answer after the phase; return for how many this is new."""
    journal.lock(session)
    known = set(session.scalars(select(WishPermit.participation_id)))
    new = [one for one in participations if one.id not in known]
    session.add_all(WishPermit(participation_id=one.id, allowed_at=now) for one in new)
    if new:
        about = new[0] if len(new) == 1 else new[0].edition
        changes: dict[str, list[Any]] = {"participants": [None, len(new)]}
        journal.record(session, "wishes.allowed", about, by=by, now=now, edition_id=new[0].edition_id, changes=changes)
    return len(new)


def _begin(
    session: AnySession, participation: Participation, *, by: Person, now: datetime, noted: bool = False
) -> _Begun:
    """Hold what we are about to change; the journal too, and first, where this is ``noted`` in it.

    A first answer is, and whatever is said for someone; that one has answered is never taken back.
    """
    allowed = standing(session, participation, by=by, now=now)
    if not allowed.may:
        raise WishesClosed(participation.edition)
    source = "person" if acts_for(session, by, participation.organisation) else "organiser"
    if noted or participation.answered_at is None or source == "organiser":
        journal.lock(session)
    both_must = hold(session, participation.edition_id)
    session.refresh(participation)
    return _Begun(allowed.late, source, both_must)


def _others(session: AnySession, participation: Participation, numbers: Mapping[int, Line]) -> dict[int, Participation]:
    asked = select(Participation).where(
        Participation.id.in_(numbers),
        Participation.edition_id == participation.edition_id,
        Participation.side != participation.side,
    )
    return {one.id: one for one in session.scalars(asked)}


def _refusal(line: Line) -> str:
    if line.note and not line.level:
        return str(_("Choisissez une réponse pour que la note soit gardée."))
    if len(line.note) > LONGEST_NOTE:
        return str(_("Cette note est trop longue : %(most)d caractères au plus.", most=LONGEST_NOTE))
    return ""


def _keep(
    session: AnySession, participation: Participation, held: dict[int, Choice], number: int, line: Line, *,
    source: str, now: datetime,
) -> None:  # fmt: skip
    present = held.get(number)
    if not line.level:
        if present is not None:
            session.delete(held.pop(number))
        return
    if present is None:
        present = held[number] = Choice(participation_id=participation.id, other_id=number, level="", rank=1)
        session.add(present)
    if present.level != line.level:
        present.level, present.rank = line.level, len(held) + 1
    present.note, present.said_at, present.source = line.note, now, source


def _renumber(choices: Any) -> None:
    """Let the ranks of each level count from 1 without a gap."""
    for level in LEVELS:
        listed = [one for one in choices if one.level == level]
        for rank, one in enumerate(sorted(listed, key=lambda one: (one.rank, one.id or 0)), 1):
            one.rank = rank


def _answered(session: AnySession, participation: Participation, begun: _Begun, *, by: Person, now: datetime) -> None:
    """Note that a participant has spoken, and gather its wishes."""
    first = participation.answered_at is None
    if first:
        participation.answered_at = now
    participation.is_late = participation.is_late or begun.late
    participation.version += 1
    session.flush()
    if first or begun.source == "organiser":
        deed = "wishes.filled" if begun.source == "organiser" else "wishes.answered"
        said = select(func.count()).select_from(Choice).where(Choice.participation_id == participation.id)
        changes: dict[str, list[Any]] = {"wishes": [None, session.scalar(said)]}
        journal.record(session, deed, participation, by=by, now=now, edition_id=participation.edition_id,
                       changes=changes)  # fmt: skip
    if first:
        drop_wish_reminders(session, participation)
    gather_of(session, participation.edition, participation, both_must=begun.both_must, now=now)
