"""Small editions built with rows: two buyers, three structures, two blocks of three slots, a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from openmap.directory.models import Buyer, Organisation, Structure
from openmap.events.models import Edition, Slot, Table
from openmap.meetings.models import Meeting, Participation, Plan, UnservedWish, Wish
from tests.needing import make_need

Row = TypeVar("Row", bound=Organisation)

NOW = datetime(2017, 11, 14, 9, 0, tzinfo=UTC)

FIRST_PLAN = (
    ("B01", "S01", "T01", "A1"),
    ("B01", "S02", "T02", "A1"),
    ("B02", "S02", "T01", "A2"),
    ("B02", "S03", "T05", "A2"),
)


@dataclass
class Morning:
    """An edition with its rows by code."""

    session: Session
    edition: Edition
    slots: dict[str, Slot] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    people: dict[str, Participation] = field(default_factory=dict)
    wishes: dict[tuple[str, str], Wish] = field(default_factory=dict)

    def plan(self, meetings: Iterable[tuple[str, str, str, str | None]] = FIRST_PLAN, version: int = 1) -> Plan:
        """Add a plan version that holds ``meetings``: buyer, structure, slot, table."""
        plan = Plan(
            edition=self.edition,
            version=version,
            status="optimal",
            objectives=[
                {"name": "value", "value": 40, "bound": 40, "proved": True, "seconds": 0.1},
                {"name": "balance", "value": [5, 3], "bound": [5, 4], "proved": False, "seconds": 0.2},
            ],
            seed=1,
            seconds=0.3,
            problem_digest="0" * 64,
            created_at=NOW + timedelta(hours=version),
        )
        held = set()
        for buyer, structure, slot, table in meetings:
            wish = self.wishes[buyer, structure]
            held.add(wish.code)
            plan.meetings.append(Meeting(wish=wish, slot=self.slots[slot], table=self.tables[table] if table else None))
        plan.unserved = [
            UnservedWish(
                wish=wish,
                reason="structure_full",
                sentence="La structure est déjà prise sur tous ses créneaux.",
                would_need=["libérer T03 de S01"],
            )
            for wish in self.wishes.values()
            if wish.code not in held
        ]
        self.session.add(plan)
        self.session.commit()
        return plan


def build(
    session: Session,
    *,
    slug: str = "matin",
    held_on: date = date(2017, 11, 16),
    timezone: str = "Europe/Paris",
    buyers: Iterable[str] = ("Ville de Paris", "Département du Val-de-Marne"),
    structures: Iterable[str] = ("ARES Services", "Extramuros", "Lemon Aide"),
    slots: int = 6,
    title: str = "OpenMap ESS Économie circulaire",
    venue: str = "Ressourcerie du Spectacle",
    contact: str = "contact@example.org",
) -> Morning:
    """Build an edition from 11 h local time, a slot each quarter, a break of 30 minutes at half."""
    edition = Edition(
        slug=slug, title=title, trade="Économie circulaire, déchets", held_on=held_on, timezone=timezone,
        venue=venue, address="Vitry-sur-Seine", contact_email=contact,
    )  # fmt: skip
    morning = Morning(session, edition)
    start = datetime.combine(held_on, time(11), ZoneInfo(timezone)).astimezone(UTC)
    for number in range(slots):
        begin = start + timedelta(minutes=15 * number + (30 if number >= slots // 2 else 0))
        code = f"T{number + 1:02}"
        morning.slots[code] = Slot(
            edition=edition, code=code, start=begin, end=begin + timedelta(minutes=15),
            block="matin" if number < slots // 2 else "midi",
        )  # fmt: skip
    for number, name in enumerate(buyers, start=1):
        code = f"A{number}"
        table = Table(edition=edition, code=code, label=f"Table {number}", position=number)
        morning.tables[code] = table
        buyer_row = _known(session, Buyer, name)
        if buyer_row is None:
            buyer_row = Buyer(name=name, city="Paris", activity="Services urbains")
            session.add(make_need(buyer_row, f"Réemploi de mobilier {number}"))
        _join(morning, f"B{number:02}", "buyer", buyer_row, table)
    for number, name in enumerate(structures, start=1):
        structure_row = _known(session, Structure, name) or Structure(
            name=name, kind="ei", city="Montreuil", activity="Collecte et tri", is_invented=True
        )
        _join(morning, f"S{number:02}", "structure", structure_row, None)
    for buyer in [person for person in morning.people.values() if person.side == "buyer"]:
        for structure in [person for person in morning.people.values() if person.side == "structure"]:
            morning.wishes[buyer.code, structure.code] = Wish(
                edition_id=None, code=f"W{len(morning.wishes) + 1:03}", buyer=buyer, structure=structure, value=7919
            )
    session.add(edition)
    session.add_all(morning.people.values())
    session.flush()
    for wish in morning.wishes.values():
        wish.edition_id = edition.id
    session.add_all(morning.wishes.values())
    session.commit()
    return morning


def _known(session: Session, kind: type[Row], name: str) -> Row | None:
    """Return the organisation of that name, which an earlier edition may have brought."""
    return session.scalars(select(kind).where(kind.name == name)).one_or_none()


def _join(morning: Morning, code: str, side: str, organisation: Organisation, table: Table | None) -> None:
    morning.people[code] = Participation(
        edition=morning.edition, code=code, side=side, organisation=organisation, table=table
    )
