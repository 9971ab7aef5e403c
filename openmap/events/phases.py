"""What is open now: the phases of an edition, and the code that lets one structure in after the deadline."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import select, update

from openmap.events.models import PHASES, Edition, LateCode, Phase
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

State = Literal["absent", "coming", "open", "closed"]

_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody mistakes for one another when a code is told by telephone."""
_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase and where it stands; ``phase`` is ``None`` while no dates are set."""

    kind: str
    phase: Phase | None
    state: State


def state_of(phase: Phase | None, *, now: datetime) -> State:
    """Say whether a phase is coming, open or closed."""
    if phase is None:
        return "absent"
    if now < phase.opens_at:
        return "coming"
    return "open" if phase.closes_at is None or now < phase.closes_at else "closed"


def stages(edition: Edition, *, now: datetime) -> list[Stage]:
    """Return every phase in its usual order, with or without dates."""
    known = {phase.kind: phase for phase in edition.phases}
    return [Stage(kind, known.get(kind), state_of(known.get(kind), now=now)) for kind in PHASES]


def is_open(edition: Edition, kind: str, *, now: datetime) -> bool:
    """Say whether a phase is open."""
    return any(stage.kind == kind and stage.state == "open" for stage in stages(edition, now=now))


def set_phase(
    session: AnySession,
    edition: Edition,
    kind: str,
    opens_at: datetime,
    closes_at: datetime | None,
    *,
    by: Person,
    now: datetime,
) -> Phase:
    """Give a phase its dates; a later end reopens it."""
    journal.lock(session)  # of two tabs the second finds what the first has made
    asked = select(Phase).where(Phase.edition_id == edition.id, Phase.kind == kind)
    phase = session.scalars(asked).one_or_none()
    if phase is None:
        phase = Phase(edition=edition, kind=kind)
        session.add(phase)
    phase.opens_at, phase.closes_at = opens_at, closes_at
    changes = journal.changes_of(phase, "opens_at", "closes_at")
    session.flush()
    if changes:
        journal.record(session, "edition.phase", phase, by=by, now=now, edition_id=edition.id, changes=changes)
    return phase


def make_late_code(session: AnySession, edition: Edition, note: str, *, by: Person, now: datetime) -> LateCode:
    """Make a code for one structure."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    row = LateCode(edition_id=edition.id, code=code, note=note, created_at=now)
    session.add(row)
    session.flush()
    journal.record(session, "edition.late_code", row, by=by, now=now, edition_id=edition.id, changes={})
    return row


def use_late_code(session: AnySession, edition: Edition, typed: str, *, by: Person, now: datetime) -> bool:
    """Use a code up; false when there is none, or when someone else has used it. The same person may come back."""
    code = "".join(letter for letter in typed.upper() if letter.isalnum())
    mine = (LateCode.used_at.is_(None)) | (LateCode.person_id == by.id)
    used = update(LateCode).where(LateCode.edition_id == edition.id, LateCode.code == code, mine)
    return session.execute(used.values(used_at=now, person_id=by.id)).rowcount == 1  # type: ignore[attr-defined, no-any-return]
