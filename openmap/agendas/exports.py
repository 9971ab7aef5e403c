"""Single documents for the pages: built on the spot, written nowhere, recorded nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask_babel import lazy_gettext

from openmap.agendas.calendars import CONTENT_TYPE as CALENDAR
from openmap.agendas.calendars import calendar_bytes, entries_of
from openmap.agendas.printing import agendas_pdf, doors_pdf, poster_pdf, tables_pdf
from openmap.agendas.queries import Sheet, load_sheet, published_entries
from openmap.agendas.spreadsheets import workbook_of
from openmap.agendas.wording import file_name
from openmap.extensions import AnySession
from openmap.meetings.exports import Document, Export, register_export
from openmap.meetings.models import Participation, Plan
from openmap.web.tabular import XLSX_TYPE as WORKBOOK

PDF: Final = "application/pdf"


def calendar_of(session: AnySession, plan: Plan, participation: Participation, *, now: datetime) -> bytes:
    """Return the calendar of one participant, with the counters that the next publication of ``plan`` would give.

    Nothing is recorded: readers tell two such files apart by their stamp, ``now`` (RFC 5546, section 2.1.5).
    """
    sheet = _sheet(session, plan)
    party = sheet.party(participation.id)
    published = published_entries(session, plan.edition).get(party.organisation, {})
    return calendar_bytes(sheet, party, entries_of(sheet, party, published, now=now))


def agenda_pdf(session: AnySession, plan: Plan, participation: Participation) -> bytes:
    """Return the printable agenda of one participant."""
    sheet = _sheet(session, plan)
    return agendas_pdf(sheet, [sheet.party(participation.id)])


def all_agendas_pdf(session: AnySession, plan: Plan) -> bytes:
    """Return the agendas of all participants in one document."""
    sheet = _sheet(session, plan)
    return agendas_pdf(sheet, sheet.parties)


def table_cards_pdf(session: AnySession, plan: Plan) -> bytes:
    """Return the cards to stand on the tables."""
    return tables_pdf(_sheet(session, plan))


def door_sheets_pdf(session: AnySession, plan: Plan) -> bytes:
    """Return the sheets to hang at the door, one a slot."""
    return doors_pdf(_sheet(session, plan))


def plan_poster_pdf(session: AnySession, plan: Plan) -> bytes:
    """Return the general plan to hang up."""
    return poster_pdf(_sheet(session, plan))


def plan_workbook(session: AnySession, plan: Plan) -> bytes:
    """Return the plan as a workbook (.xlsx)."""
    return workbook_of(_sheet(session, plan))


def _sheet(session: AnySession, plan: Plan) -> Sheet:
    return load_sheet(session, plan.edition, plan)


def _named(participation: Participation | None, suffix: str) -> str:
    """Return the file name of a participant's document."""
    person = _given(participation)
    return f"{file_name(person.code, person.organisation.name)}.{suffix}"


def _given(participation: Participation | None) -> Participation:
    if participation is None:
        raise ValueError("this document is of one participant")
    return participation


def _stem(plan: Plan) -> str:
    return f"{file_name(plan.edition.slug, '')}-v{plan.version}"


def register() -> None:
    """Offer these documents on the plan's page."""
    for export in (
        Export(
            "classeur", lazy_gettext("Classeur du planning (.xlsx)"), "plan",
            lambda s, plan, _: Document(f"planning-{_stem(plan)}.xlsx", WORKBOOK, plan_workbook(s, plan)),
        ),
        Export(
            "affiche", lazy_gettext("Affiche du planning (PDF, A3)"), "plan",
            lambda s, plan, _: Document(f"planning-{_stem(plan)}.pdf", PDF, plan_poster_pdf(s, plan)),
        ),
        Export(
            "agendas", lazy_gettext("Tous les agendas à imprimer (PDF)"), "plan",
            lambda s, plan, _: Document(f"agendas-{_stem(plan)}.pdf", PDF, all_agendas_pdf(s, plan)),
        ),
        Export(
            "tables", lazy_gettext("Cartons de table (PDF, A5)"), "plan",
            lambda s, plan, _: Document(f"tables-{_stem(plan)}.pdf", PDF, table_cards_pdf(s, plan)),
        ),
        Export(
            "portes", lazy_gettext("Feuilles de porte, une par créneau (PDF, A4)"), "plan",
            lambda s, plan, _: Document(f"portes-{_stem(plan)}.pdf", PDF, door_sheets_pdf(s, plan)),
        ),
        Export(
            "agenda", lazy_gettext("Agenda à imprimer (PDF)"), "person",
            lambda s, plan, who: Document(_named(who, "pdf"), PDF, agenda_pdf(s, plan, _given(who))),
        ),
        Export(
            "calendrier", lazy_gettext("Calendrier (.ics)"), "person",
            lambda s, plan, who: Document(
                _named(who, "ics"), CALENDAR, calendar_of(s, plan, _given(who), now=datetime.now(UTC))
            ),
        ),
    ):  # fmt: skip
        register_export(export)
