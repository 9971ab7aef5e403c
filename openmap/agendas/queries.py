"""Everything that leaves a plan, read in a constant number of queries, as values without a database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from openmap.agendas.models import CalendarEntry
from openmap.agendas.wording import one_line
from openmap.directory.labels import KIND_LABELS
from openmap.directory.models import Organisation, Structure
from openmap.events.models import Edition, ProgrammeItem, Slot, Table
from openmap.extensions import AnySession
from openmap.meetings.models import Meeting, Participation, Plan, UnservedWish, Wish, absences
from openmap.needs.models import Need
from openmap.pitches.passage import on_stage

Side = Literal["buyer", "structure"]


@dataclass(frozen=True, slots=True)
class Party:
    """A participant as others may see it: no limit, no wish, no ranking. ``table`` is its own, or empty."""

    id: int
    organisation: int
    code: str
    side: str
    name: str
    kind: str
    city: str
    activity: str
    table: str
    pitches: bool
    invented: bool
    needs: tuple[str, ...]
    absent: frozenset[int]
    delegates: int = 1
    stage: tuple[datetime, datetime] | None = None
    """When it presents its work in public, in the edition's time zone."""

    def is_on_stage(self, moment: Moment) -> bool:
        """Say whether its turn falls, in whole or in part, within a slot."""
        return self.stage is not None and moment.start < self.stage[1] and self.stage[0] < moment.end

    @property
    def subtitle(self) -> str:
        """Return « Entreprise adaptée (EA) · Montreuil »."""
        parts = (self.kind, self.city, "exemple inventé" if self.invented else "")
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Moment:
    """A slot or an item of the programme, in the edition's time zone."""

    id: int
    start: datetime
    end: datetime
    code: str = ""
    block: str = ""
    title: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A meeting of the plan. ``table`` is a label, empty when the edition counts no tables."""

    wish: str
    slot: Moment
    table: str
    buyer: Party
    structure: Party

    def other(self, party: Party) -> Party:
        """Return whom ``party`` meets."""
        return self.structure if party.id == self.buyer.id else self.buyer


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A wish without a meeting, for the organiser only."""

    wish: str
    buyer: Party
    structure: Party
    value: int
    required: bool
    reason: str
    sentence: str
    would_need: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A plan with all that its documents tell. Instants are in the edition's zone, texts are on one line."""

    slug: str
    title: str
    trade: str
    held_on: date
    zone: ZoneInfo
    venue: str
    address: str
    contact: str
    version: int
    status: str
    created_at: datetime
    seconds: float
    objectives: tuple[dict[str, Any], ...]
    slots: tuple[Moment, ...]
    programme: tuple[Moment, ...]
    tables: tuple[str, ...]
    parties: tuple[Party, ...]
    appointments: tuple[Appointment, ...]
    left_out: tuple[LeftOut, ...]
    _by_party: dict[int, tuple[Appointment, ...]] = field(repr=False)

    def of(self, party: Party) -> tuple[Appointment, ...]:
        """Return the meetings of ``party`` by time."""
        return self._by_party.get(party.id, ())

    def party(self, participation_id: int) -> Party:
        """Return one participant. Raises KeyError when it takes no part in this edition."""
        for party in self.parties:
            if party.id == participation_id:
                return party
        raise KeyError(participation_id)

    @property
    def buyers(self) -> tuple[Party, ...]:
        """Return the buyers by code."""
        return tuple(party for party in self.parties if party.side == "buyer")

    @property
    def structures(self) -> tuple[Party, ...]:
        """Return the structures by code."""
        return tuple(party for party in self.parties if party.side == "structure")


def newest_plan(session: AnySession, edition: Edition) -> Plan | None:
    """Return the edition's plan of highest version, or ``None``."""
    return session.scalar(select(Plan).where(Plan.edition_id == edition.id).order_by(Plan.version.desc()).limit(1))


def published_entries(session: AnySession, edition: Edition) -> dict[int, dict[str, CalendarEntry]]:
    """Return what was last told to calendars: organisation id → UID → entry."""
    rows = session.scalars(
        select(CalendarEntry).where(CalendarEntry.edition_slug == edition.slug).order_by(CalendarEntry.id)
    )
    found: dict[int, dict[str, CalendarEntry]] = defaultdict(dict)
    for row in rows:
        found[row.organisation_id][row.uid] = row
    return found


def load_sheet(
    session: AnySession,
    edition: Edition,
    plan: Plan,
    *,
    whole: bool = True,
    organisations: Collection[int] | None = None,
) -> Sheet:
    """Read ``plan`` with its participants, meetings and, where it is ``whole``, its unserved wishes.

    ``organisations`` limits it to what these few are to know: their meetings, and whom they meet.
    """
    zone = edition.zone
    slots = {
        slot.id: Moment(
            id=slot.id,
            start=slot.start.astimezone(zone),
            end=slot.end.astimezone(zone),
            code=one_line(slot.code),
            block=one_line(slot.block),
        )
        for slot in session.scalars(select(Slot).where(Slot.edition_id == edition.id).order_by(Slot.start))
    }
    tables = {
        table.id: one_line(table.label) or one_line(table.code)
        for table in session.scalars(
            select(Table).where(Table.edition_id == edition.id).order_by(Table.position, Table.id)
        )
    }
    rows = _meeting_rows(session, edition, plan, organisations)
    met = None if organisations is None else {side for row in rows for side in row[1:3]}
    parties = _parties(session, edition, tables, organisations, met)
    appointments = _appointments(rows, slots, tables, parties)
    by_party: dict[int, list[Appointment]] = defaultdict(list)
    for appointment in appointments:
        by_party[appointment.buyer.id].append(appointment)
        by_party[appointment.structure.id].append(appointment)
    return Sheet(
        slug=edition.slug,
        title=one_line(edition.title),
        trade=one_line(edition.trade),
        held_on=edition.held_on,
        zone=zone,
        venue=one_line(edition.venue),
        address=one_line(edition.address),
        contact=one_line(edition.contact_email),
        version=plan.version,
        status=plan.status,
        created_at=plan.created_at.astimezone(zone),
        seconds=plan.seconds,
        objectives=tuple(plan.objectives),
        slots=tuple(slots.values()),
        programme=_programme(session, edition),
        tables=tuple(tables.values()),
        parties=tuple(sorted(parties.values(), key=lambda party: (party.side, _natural(party.code)))),
        appointments=tuple(appointments),
        left_out=tuple(_left_out(session, edition, plan, parties)) if whole and organisations is None else (),
        _by_party={key: tuple(value) for key, value in by_party.items()},
    )


def _parties(
    session: AnySession,
    edition: Edition,
    tables: dict[int, str],
    organisations: Collection[int] | None,
    met: Collection[int] | None,
) -> dict[int, Party]:
    """Read the participants with what others may know of them; where given, these organisations and who is ``met``."""
    wanted = [Participation.edition_id == edition.id]
    if organisations is not None:
        wanted.append(or_(Participation.organisation_id.in_(organisations), Participation.id.in_(met or ())))
    structures = Structure.__table__
    rows = session.execute(
        select(
            Participation,
            Organisation.__table__.c.name,
            Organisation.__table__.c.city,
            Organisation.__table__.c.activity,
            Organisation.__table__.c.is_invented,
            structures.c.kind,
        )
        .join(Organisation.__table__, Organisation.__table__.c.id == Participation.organisation_id)
        .outerjoin(structures, structures.c.id == Participation.organisation_id)
        .where(*wanted)
    ).all()
    absent: dict[int, set[int]] = defaultdict(set)
    for participation_id, slot_id in session.execute(
        select(absences.c.participation_id, absences.c.slot_id)
        .join(Participation, Participation.id == absences.c.participation_id)
        .where(*wanted)
    ):
        absent[participation_id].add(slot_id)
    needs: dict[int, list[str]] = defaultdict(list)
    for buyer_id, title in session.execute(
        select(Need.buyer_id, Need.title)
        .join(Participation, Participation.organisation_id == Need.buyer_id)
        .where(*wanted, Need.state == "declared", Need.visibility != "organisers")
        .order_by(Need.id)
    ):
        needs[buyer_id].append(one_line(title))
    stages = on_stage(session, edition, [(row[0].id, row[0].organisation_id, row[0].pitches) for row in rows])
    return {
        row.id: Party(
            id=row.id,
            organisation=row.organisation_id,
            code=one_line(row.code),
            side=row.side,
            name=one_line(name) or one_line(row.code),
            kind="Acheteur" if row.side == "buyer" else str(KIND_LABELS.get(kind, "")),
            city=one_line(city),
            activity=one_line(activity),
            table=tables.get(row.table_id, "") if row.table_id is not None else "",
            pitches=row.pitches,
            invented=invented,
            needs=tuple(needs[row.organisation_id]),
            delegates=row.delegates,
            absent=frozenset(absent[row.id]),
            stage=_told_here(stages.get(row.id), edition.zone),
        )
        for row, name, city, activity, invented, kind in rows
    }


def _told_here(span: tuple[datetime, datetime] | None, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    return None if span is None else (span[0].astimezone(zone), span[1].astimezone(zone))


_MeetingRow = tuple[str, int, int, int, int | None]


def _meeting_rows(
    session: AnySession, edition: Edition, plan: Plan, organisations: Collection[int] | None
) -> list[_MeetingRow]:
    """Read the plan's meetings as numbers: wish code, buyer, structure, slot, table."""
    asked = (
        select(Wish.code, Wish.buyer_id, Wish.structure_id, Meeting.slot_id, Meeting.table_id)
        .join(Wish, Wish.id == Meeting.wish_id)
        .where(Meeting.plan_id == plan.id)
    )
    if organisations is not None:
        own = select(Participation.id).where(
            Participation.edition_id == edition.id, Participation.organisation_id.in_(organisations)
        )
        asked = asked.where(or_(Wish.buyer_id.in_(own), Wish.structure_id.in_(own)))
    return [tuple(row) for row in session.execute(asked)]  # type: ignore[misc]


def _appointments(
    rows: list[_MeetingRow], slots: dict[int, Moment], tables: dict[int, str], parties: dict[int, Party]
) -> list[Appointment]:
    """Return the plan's meetings by time, then by buyer."""
    found = [
        Appointment(
            one_line(code), slots[slot], tables.get(table, "") if table else "", parties[buyer], parties[structure]
        )
        for code, buyer, structure, slot, table in rows
    ]
    return sorted(found, key=lambda a: (a.slot.start, _natural(a.buyer.code), _natural(a.structure.code)))


def _left_out(session: AnySession, edition: Edition, plan: Plan, parties: dict[int, Party]) -> Iterable[LeftOut]:
    """Read the wishes that the plan holds no meeting for, with the reason where it was told."""
    held = select(Meeting.wish_id).where(Meeting.plan_id == plan.id)
    rows = session.execute(
        select(
            Wish.code, Wish.buyer_id, Wish.structure_id, Wish.value, Wish.required,
            UnservedWish.reason, UnservedWish.sentence, UnservedWish.would_need,
        )
        .outerjoin(
            UnservedWish, (UnservedWish.wish_id == Wish.id) & (UnservedWish.plan_id == plan.id)
        )
        .where(Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None), Wish.id.not_in(held))
    ).all()  # fmt: skip
    for code, buyer, structure, value, required, reason, sentence, would_need in sorted(
        rows, key=lambda row: _natural(row[0])
    ):
        yield LeftOut(
            wish=one_line(code),
            buyer=parties[buyer],
            structure=parties[structure],
            value=value,
            required=required,
            reason=reason or "",
            sentence=one_line(sentence or ""),
            would_need=tuple(one_line(change) for change in would_need or ()),
        )


def _programme(session: AnySession, edition: Edition) -> tuple[Moment, ...]:
    rows = session.scalars(
        select(ProgrammeItem)
        .where(ProgrammeItem.edition_id == edition.id)
        .order_by(ProgrammeItem.start, ProgrammeItem.id)
    )
    return tuple(
        Moment(
            id=item.id,
            start=item.start.astimezone(edition.zone),
            end=item.end.astimezone(edition.zone),
            title=one_line(item.title),
            room=one_line(item.room),
        )
        for item in rows
    )


def _natural(code: str) -> tuple[tuple[int, str], ...]:
    """Order B2 before B10."""
    return tuple(
        (int(part), "") if part.isdigit() and part.isascii() else (-1, part) for part in re.split(r"([0-9]+)", code)
    )
