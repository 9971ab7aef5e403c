"""Printed documents, typeset by Typst from data: PDF/UA-1, with the fonts that the typesetter brings.

What people typed reaches Typst as JSON values, never as markup.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from math import ceil
from threading import Lock
from typing import Any, Final

import typst

from openmap.agendas.errors import PrintError
from openmap.agendas.queries import Appointment, Moment, Party, Sheet
from openmap.agendas.timeline import Row, timeline
from openmap.agendas.wording import hour, hours, interviews
from openmap.config import TEMPLATES
from openmap.web.french import long_date

PRINT_TEMPLATES: Final = TEMPLATES / "print"

SLOTS_A_PAGE: Final = 14
"""Columns of the poster that stay readable on A3."""

_FREE = {"free": "Temps libre", "absent": "Indisponible", "break": "Pause"}
_LONG_WORD = re.compile(r"\S{25,}")
_PROBE = b'#set document(title: "-")\n#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))\n#sys.inputs.data'
_turn = Lock()


def agendas_pdf(sheet: Sheet, parties: Sequence[Party]) -> bytes:
    """Return the agendas of ``parties`` in A4, each on its own page (or pages, when it is long)."""
    alone = parties[0] if len(parties) == 1 else None
    data = _heading(sheet) | {
        "document": f"Agenda de {alone.name}" if alone else "Agendas des participants",
        "programme": [
            {"hours": hours(item.start, item.end), "title": item.title, "room": item.room} for item in sheet.programme
        ],
        "agendas": [_agenda(sheet, party) for party in parties],
    }
    return _compile("agendas", data, sheet.created_at)


def tables_pdf(sheet: Sheet) -> bytes:
    """Return one A5 landscape card a table; where meetings have no table, one a buyer."""
    owners: dict[str, list[Party]] = {}
    for party in sheet.parties:
        if party.table:
            owners.setdefault(party.table, []).append(party)
    hosted: dict[str, list[Appointment]] = {}
    for appointment in sheet.appointments:
        hosted.setdefault(appointment.table, []).append(appointment)
    cards = [_card(label, owners.get(label, []), hosted.get(label, [])) for label in dict.fromkeys(sheet.tables)]
    for buyer in sheet.buyers:
        homeless = [item for item in hosted.get("", []) if item.buyer.id == buyer.id]
        if homeless or not (buyer.table or sheet.tables):
            cards.append(_card(buyer.name, [buyer], homeless))
    data = _heading(sheet) | {"document": "Cartons de table", "cards": cards}
    return _compile("tables", data, sheet.created_at)


def poster_pdf(sheet: Sheet) -> bytes:
    """Return the general plan in A3 landscape, buyers × slots."""
    cells: dict[tuple[int, int], list[dict[str, str]]] = {}
    for item in sheet.appointments:
        table = "" if item.table == item.buyer.table else item.table
        cells.setdefault((item.buyer.id, item.slot.id), []).append({"name": item.structure.name, "table": table})
    wide = ceil(len(sheet.slots) / max(1, ceil(len(sheet.slots) / SLOTS_A_PAGE))) or 1
    pages = [sheet.slots[at : at + wide] for at in range(0, len(sheet.slots), wide)]
    data = _heading(sheet) | {
        "document": "Planning général",
        "meetings": interviews(len(sheet.appointments)),
        "pages": [
            {
                "slots": _columns(page),
                "rows": [
                    {
                        "name": buyer.name,
                        "table": buyer.table,
                        "cells": [
                            {"meetings": cells.get((buyer.id, slot.id), []), "absent": slot.id in buyer.absent}
                            for slot in page
                        ],
                    }
                    for buyer in sheet.buyers
                ],
            }
            for page in pages
        ],
    }
    return _compile("planning", data, sheet.created_at)


def _heading(sheet: Sheet) -> dict[str, Any]:
    """Return what every document says of the edition and of the plan's version."""
    made = sheet.created_at
    return {
        "edition": sheet.title,
        "trade": sheet.trade,
        "date": long_date(sheet.held_on),
        "venue": sheet.venue,
        "address": sheet.address,
        "contact": sheet.contact,
        "version": f"Planning n°\u00a0{sheet.version} du {long_date(made.date())}, {hour(made)}",
    }


def _agenda(sheet: Sheet, party: Party) -> dict[str, Any]:
    meetings = sheet.of(party)
    summary = interviews(len(meetings))
    if meetings:
        summary += f", de {hour(meetings[0].slot.start)} à {hour(meetings[-1].slot.end)}"
    own = bool(party.table) and all(meeting.table == party.table for meeting in meetings)
    return {
        "name": party.name,
        "code": party.code,
        "subtitle": party.subtitle,
        "table": party.table,
        "tables": bool(meetings) and not own and any(meeting.table for meeting in meetings),
        "pitches": party.pitches,
        "summary": summary,
        "rows": [_row(row, party) for row in timeline(sheet, party)] if meetings else [],
    }


def _row(row: Row, party: Party) -> dict[str, Any]:
    told: dict[str, Any] = {"hours": hours(row.start, row.end), "meeting": row.appointment is not None}
    if row.appointment is None:
        return told | {"name": _FREE[row.kind]}
    other = row.appointment.other(party)
    return told | {
        "name": other.name,
        "subtitle": other.subtitle,
        "activity": other.activity,
        "needs": "\u00a0; ".join(other.needs),
        "table": row.appointment.table,
    }


def _card(label: str, owners: list[Party], hosted: list[Appointment]) -> dict[str, Any]:
    names = [owner.name for owner in owners]
    alone = owners[0] if len(owners) == 1 else None
    return {
        "label": label,
        "owner": " · ".join(name for name in names if name != label),
        "rows": [
            {
                "hours": hours(item.slot.start, item.slot.end),
                "name": item.other(alone).name
                if alone and alone.id in {item.buyer.id, item.structure.id}
                else f"{item.buyer.name} – {item.structure.name}",
            }
            for item in hosted
        ],
    }


def _columns(slots: Sequence[Moment]) -> list[dict[str, Any]]:
    """Return the heads of the poster's columns; ``rest`` says that a break comes before."""
    heads = []
    for before, slot in zip((None, *slots), slots, strict=False):
        rest = before is not None and before.block != slot.block
        heads.append({"start": hour(slot.start), "end": hour(slot.end), "rest": rest, "block": slot.block})
    return heads


def _compile(document: str, data: dict[str, Any], made: datetime) -> bytes:
    """Typeset ``data`` with the template called ``document``; ``made`` is the date in its metadata."""
    told = json.dumps(_printable(data), ensure_ascii=False)
    try:
        with _turn:
            pdf = _compiler().compile(
                PRINT_TEMPLATES / f"{document}.typ",
                sys_inputs={"data": told},
                pdf_standards="ua-1",
                timestamp=int(made.timestamp()),
            )
    except RuntimeError as error:  # typst's own errors are of this kind, and so is a template that is not there
        raise PrintError(document, str(error)) from error
    if not isinstance(pdf, bytes):
        raise PrintError(document, "aucun fichier produit")
    return pdf


@cache
def _compiler() -> typst.Compiler:
    """Return the one compiler of this process, blind to the fonts of the machine."""
    return typst.Compiler(root=PRINT_TEMPLATES, font_paths=typst.Fonts(include_system_fonts=False))


def _printable(value: Any) -> Any:
    """Return ``value`` with every text made of characters that the fonts hold."""
    if isinstance(value, str):
        return _printable_text(value)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    return value


@lru_cache(maxsize=4096)
def _printable_text(text: str) -> str:
    """Leave out pictograms, show □ for letters that no font holds, let endless words break."""
    kept = "".join(_glyph(character) for character in text)
    kept = re.sub(r" {2,}", " ", kept).strip() or ("□" if text.strip() else "")
    return _LONG_WORD.sub(lambda word: "\u200b".join(_pieces(word.group())), kept)


def _pieces(word: str) -> Iterable[str]:
    return (word[at : at + 12] for at in range(0, len(word), 12))


@lru_cache(maxsize=4096)
def _glyph(character: str) -> str:
    """Return ``character`` if the fonts hold it, else its substitute. Typst itself is asked, once a process."""
    if character <= "\u00ff":
        return character
    with _turn:
        try:
            _compiler().compile(_PROBE, sys_inputs={"data": character}, pdf_standards="ua-1", timestamp=0)
        except typst.TypstError:
            return "□" if unicodedata.category(character)[0] in "LN" else ""
    return character
