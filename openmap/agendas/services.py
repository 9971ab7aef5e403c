"""The verb of this room: put everything that leaves a plan into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openmap.agendas.calendars import Entry, calendar_bytes, entries_of
from openmap.agendas.errors import ForeignPlanError, NoPlanError
from openmap.agendas.folders import Changes, Publication
from openmap.agendas.models import CalendarEntry
from openmap.agendas.printing import agendas_pdf, doors_pdf, poster_pdf, tables_pdf
from openmap.agendas.queries import Party, Sheet, load_sheet, newest_plan, published_entries
from openmap.agendas.spreadsheets import workbook_of
from openmap.agendas.wording import file_name, interviews
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Plan
from openmap.web.french import counted


@dataclass(frozen=True, slots=True)
class AgendasReport:
    """What was written, by relative names, and what calendars now say differently."""

    version: int
    participants: int
    meetings: int
    changes: Changes
    updated: int
    cancelled: int

    @property
    def sentence(self) -> str:
        """Return the report in one French sentence."""
        done = [f"{counted(len(self.changes.written), 'fichier écrit', 'fichiers écrits')}"]
        if self.changes.unchanged:
            done.append(f"{counted(len(self.changes.unchanged), 'inchangé')}")
        if self.changes.removed:
            done.append(f"{counted(len(self.changes.removed), 'périmé retiré', 'périmés retirés')}")
        if self.updated:
            done.append(f"{counted(self.updated, 'entretien modifié', 'entretiens modifiés')} dans les calendriers")
        if self.cancelled:
            done.append(f"{counted(self.cancelled, 'annulé')}")
        return (
            f"planning n°\u00a0{self.version}, {interviews(self.meetings)} pour "
            f"{counted(self.participants, 'participant')}\u00a0: {', '.join(done)}."
        )


def write_agendas(
    session: AnySession, edition: Edition, out: Path, *, now: datetime, plan: Plan | None = None
) -> AgendasReport:
    """Write the calendars, agendas, table cards, poster and workbook of ``plan`` (the newest one) into ``out``.

    The folder changes as a whole or not at all, keeps foreign files and loses those of a former plan. What the
    calendars were told is recorded and committed. With the same plan a second run changes nothing.
    Raises NoPlanError, ForeignPlanError, or what ``Publication`` raises; each with a sentence for its reader.
    """
    plan = plan or newest_plan(session, edition)
    if plan is None:
        raise NoPlanError(edition.slug)
    if plan.edition_id != edition.id:
        raise ForeignPlanError(edition.slug)
    with Publication(out, edition.slug) as publication:
        try:
            sheet = load_sheet(session, edition, plan)
            before = published_entries(session, edition)
            told = {
                party: entries_of(sheet, party, before.get(party.organisation, {}), now=now) for party in sheet.parties
            }
            publication.stage(_files(sheet, told))
            updated, cancelled = _record(session, edition, before, told)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        changes = publication.swap()
    return AgendasReport(
        version=sheet.version,
        participants=len(sheet.parties),
        meetings=len(sheet.appointments),
        changes=changes,
        updated=updated,
        cancelled=cancelled,
    )


def _files(sheet: Sheet, told: dict[Party, list[Entry]]) -> dict[str, bytes]:
    """Return every file by its relative name."""
    files = {
        "agendas.pdf": agendas_pdf(sheet, sheet.parties),
        "tables.pdf": tables_pdf(sheet),
        "portes.pdf": doors_pdf(sheet),
        "planning.pdf": poster_pdf(sheet),
        "planning.xlsx": workbook_of(sheet),
    }
    for party, name in zip(sheet.parties, _names(sheet.parties), strict=True):
        files[f"calendriers/{name}.ics"] = calendar_bytes(sheet, party, told[party])
        files[f"agendas/{name}.pdf"] = agendas_pdf(sheet, [party])
    return files


def _names(parties: Sequence[Party]) -> list[str]:
    """Return one file name a participant, different even where a file system ignores case."""
    names: list[str] = []
    taken: set[str] = set()
    for party in parties:
        base = name = file_name(party.code, party.name)
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _record(
    session: AnySession,
    edition: Edition,
    before: dict[int, dict[str, CalendarEntry]],
    told: dict[Party, list[Entry]],
) -> tuple[int, int]:
    """Keep what the calendars are told now; return how many known meetings changed and how many were cancelled."""
    updated: set[str] = set()
    cancelled: set[str] = set()
    for party, entries in told.items():
        known = before.get(party.organisation, {})
        for entry in entries:
            row = known.get(entry.uid)
            if row is None:
                row = CalendarEntry(uid=entry.uid, edition_slug=edition.slug, organisation_id=party.organisation)
                session.add(row)
            elif row.sequence == entry.sequence:
                continue
            elif party.side == "buyer":
                (cancelled if entry.cancelled else updated).add(entry.uid)
            row.sequence = entry.sequence
            row.fingerprint = entry.fingerprint
            row.cancelled = entry.cancelled
            row.stamped_at = entry.stamped_at
            row.start = entry.start
            row.end = entry.end
            row.summary = entry.summary
            row.place = entry.place
    return len(updated), len(cancelled)
