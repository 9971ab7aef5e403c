"""The plan as a workbook for the organiser: grid, lists, what is left out, and how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from openmap.agendas.queries import Appointment, Party, Sheet
from openmap.agendas.wording import hour, hours
from openmap.meetings.wording import LEVELS, REASONS
from openmap.web.french import long_date
from openmap.web.tabular import FORMULA_STARTS, LONGEST_CELL, NEVER_GUESS

_STATUSES = {"optimal": "Prouvé optimal", "feasible": "Meilleur planning connu"}


def workbook_of(sheet: Sheet) -> bytes:
    """Return the workbook (.xlsx). The same plan gives the same bytes."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, NEVER_GUESS)
    book.set_properties(
        {
            "title": f"Planning – {sheet.title}",
            "author": "OpenMap ESS",
            "created": sheet.created_at.astimezone(UTC).replace(tzinfo=None),
        }
    )
    writer = _Writer(book, sheet)
    _planning(writer, sheet)
    _meetings(writer, sheet)
    _by_structure(writer, sheet)
    _left_out(writer, sheet)
    _indicators(writer, sheet)
    book.close()
    return buffer.getvalue()


class _Writer:
    """Writes typed cells with the house's formats; a text is never anything but a text."""

    def __init__(self, book: Any, sheet: Sheet) -> None:
        base = {"font_name": "Calibri", "font_size": 10, "font_color": "#1b1f23", "valign": "top", "text_wrap": True}
        grid = base | {"bottom": 1, "bottom_color": "#c9cdc9"}
        self._book = book
        self._footer = f"&L{_plain_footer(sheet)}&RPage &P sur &N"
        self.text = book.add_format(grid)
        self.quoted = book.add_format(grid | {"quote_prefix": True})
        self.head = book.add_format(
            base | {"bold": True, "font_color": "#ffffff", "bg_color": "#0b6e4f", "valign": "vcenter"}
        )
        self.strong = book.add_format(grid | {"bold": True})
        self.held = book.add_format(grid | {"bg_color": "#eef4f0"})
        self.muted = book.add_format(grid | {"font_color": "#555b61", "italic": True})
        self.clock = book.add_format(grid | {"num_format": "hh:mm", "align": "left"})

    def page(self, name: str, heads: Sequence[str], widths: Sequence[float], *, frozen: int) -> Any:
        """Add a sheet with its head row frozen, ready to print in A4 landscape on one page of width."""
        page = self._book.add_worksheet(name)
        for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
            page.set_column(column, column, width)
            self.put(page, 0, column, head, self.head)
        page.set_row(0, 30)
        page.freeze_panes(1, frozen)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer(self._footer)
        return page

    def put(self, page: Any, row: int, column: int, value: str | int | datetime | None, style: Any = None) -> None:
        """Write one cell by its type."""
        style = style or self.text
        if value is None or value == "":
            page.write_blank(row, column, None, style)
        elif isinstance(value, datetime):
            page.write_datetime(row, column, value.replace(tzinfo=None), style)
        elif isinstance(value, int):
            page.write_number(row, column, value, style)
        else:
            risky = value.startswith(FORMULA_STARTS)
            page.write_string(row, column, value[:LONGEST_CELL], self.quoted if risky else style)


def _plain_footer(sheet: Sheet) -> str:
    """Return the footer's text: ``&`` commands a footer, so it is doubled; Excel takes 255 characters."""
    text = f"{sheet.title[:120]} – planning n° {sheet.version}"
    return text.replace("&", "&&")


def _planning(writer: _Writer, sheet: Sheet) -> None:
    heads = ["Code", "Acheteur", "Table", *_slot_heads(sheet), "Entretiens"]
    page = writer.page("Planning", heads, [7, 30, 12, *[20] * len(sheet.slots), 11], frozen=3)
    for row, party in enumerate(sheet.buyers, start=1):
        writer.put(page, row, 0, party.code)
        writer.put(page, row, 1, party.name, writer.strong)
        writer.put(page, row, 2, party.table)
        _grid_row(writer, page, row, party, sheet, first=3)
    page.set_paper(8)


def _by_structure(writer: _Writer, sheet: Sheet) -> None:
    heads = ["Code", "Structure", "Type", *_slot_heads(sheet), "Entretiens"]
    page = writer.page("Par structure", heads, [7, 30, 22, *[20] * len(sheet.slots), 11], frozen=2)
    for row, party in enumerate(sheet.structures, start=1):
        writer.put(page, row, 0, party.code)
        writer.put(page, row, 1, party.name, writer.strong)
        writer.put(page, row, 2, party.kind)
        _grid_row(writer, page, row, party, sheet, first=3)
    page.set_paper(8)


def _slot_heads(sheet: Sheet) -> list[str]:
    return [hours(slot.start, slot.end) for slot in sheet.slots]


def _grid_row(writer: _Writer, page: Any, row: int, party: Party, sheet: Sheet, *, first: int) -> None:
    """Write whom ``party`` meets in each slot, then how many it meets."""
    by_slot: dict[int, list[Appointment]] = {}
    for appointment in sheet.of(party):
        by_slot.setdefault(appointment.slot.id, []).append(appointment)
    for column, slot in enumerate(sheet.slots, start=first):
        found = by_slot.get(slot.id, [])
        if found:
            writer.put(page, row, column, "\n".join(_told(item, party) for item in found), writer.held)
        elif party.is_on_stage(slot):
            writer.put(page, row, column, "sur scène", writer.muted)
        elif slot.id in party.absent:
            writer.put(page, row, column, "indisponible", writer.muted)
        else:
            writer.put(page, row, column, None)
    writer.put(page, row, first + len(sheet.slots), len(sheet.of(party)))


def _told(appointment: Appointment, party: Party) -> str:
    other = appointment.other(party)
    elsewhere = appointment.table and appointment.table != party.table
    return f"{other.name} ({appointment.table})" if elsewhere else other.name


def _meetings(writer: _Writer, sheet: Sheet) -> None:
    heads = [
        "Début", "Fin", "Créneau", "Partie", "Table", "Code acheteur", "Acheteur", "Code structure", "Structure",
        "Type", "Ville", "Souhait",
    ]  # fmt: skip
    page = writer.page("Entretiens", heads, [8, 8, 9, 12, 14, 10, 34, 10, 34, 30, 18, 10], frozen=0)
    for row, item in enumerate(sheet.appointments, start=1):
        writer.put(page, row, 0, item.slot.start, writer.clock)
        writer.put(page, row, 1, item.slot.end, writer.clock)
        rest = (
            item.slot.code, item.slot.block, item.table, item.buyer.code, item.buyer.name,
            item.structure.code, item.structure.name, item.structure.kind, item.structure.city, item.wish,
        )  # fmt: skip
        _row(writer, page, row, 2, rest)
    page.autofilter(0, 0, max(1, len(sheet.appointments)), len(heads) - 1)


def _left_out(writer: _Writer, sheet: Sheet) -> None:
    heads = [
        "Souhait", "Code acheteur", "Acheteur", "Code structure", "Structure",
        "Valeur", "Obligatoire", "Raison", "Explication", "Ce qu’il faudrait",
    ]  # fmt: skip
    page = writer.page("Souhaits non servis", heads, [10, 10, 30, 10, 30, 8, 11, 24, 50, 50], frozen=0)
    for row, wish in enumerate(sheet.left_out, start=1):
        told = (
            wish.wish, wish.buyer.code, wish.buyer.name, wish.structure.code, wish.structure.name,
            wish.value, "Oui" if wish.required else "Non",
            str(REASONS.get(wish.reason, wish.reason)), wish.sentence, "\n".join(wish.would_need),
        )  # fmt: skip
        _row(writer, page, row, 0, told)
    page.autofilter(0, 0, max(1, len(sheet.left_out)), len(heads) - 1)


def _indicators(writer: _Writer, sheet: Sheet) -> None:
    heads = ["Indicateur", "Valeur", "Borne", "Prouvé", "Ce que c’est"]
    page = writer.page("Indicateurs", heads, [36, 24, 24, 12, 60], frozen=0)
    wishes = len(sheet.appointments) + len(sheet.left_out)
    made = f"{long_date(sheet.created_at.date())}, {hour(sheet.created_at)}"
    facts: list[tuple[str, str | int]] = [
        ("Planning", f"Version {sheet.version} du {made}"),
        ("État", _STATUSES.get(sheet.status, sheet.status)),
        ("Entretiens", len(sheet.appointments)),
        ("Souhaits", wishes),
        ("Souhaits non servis", len(sheet.left_out)),
        ("Acheteurs", len(sheet.buyers)),
        ("Structures", len(sheet.structures)),
    ]
    for row, (label, value) in enumerate(facts, start=1):
        _row(writer, page, row, 0, (label, value, None, None, None))
    for row, level in enumerate(sheet.objectives, start=len(facts) + 2):
        words = LEVELS.get(str(level.get("name")))
        told = (
            str(words.label) if words else str(level.get("name")),
            _figure(level.get("value")),
            _figure(level.get("bound")),
            "Oui" if level.get("proved") else "Non",
            str(words.meaning) if words else "",
        )
        _row(writer, page, row, 0, told)


def _row(writer: _Writer, page: Any, row: int, first: int, values: Iterable[str | int | None]) -> None:
    for column, value in enumerate(values, start=first):
        writer.put(page, row, column, value)


def _figure(value: Any) -> str | int:
    """Return a level's figure: a number, or one a step for the balance."""
    if isinstance(value, list | tuple):
        return " / ".join(str(step) for step in value)
    return int(value) if isinstance(value, int | float) else ""
