"""The printed documents of a plan: agendas, cards of tables, the poster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final

from openmap.agendas.errors import PrintError
from openmap.agendas.queries import Appointment, Moment, Party, Sheet
from openmap.agendas.timeline import Row, timeline
from openmap.agendas.wording import hour, hours, interviews
from openmap.web.french import long_date, sort_key
from openmap.web.typesetting import TypesettingFailed, typeset

SLOTS_A_PAGE: Final = 14
"""Columns of the poster that stay readable on A3."""

_FREE = {"free": "Temps libre", "absent": "Indisponible", "break": "Pause", "stage": "Passage sur scène"}


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


def doors_pdf(sheet: Sheet) -> bytes:
    """Return the sheets for the room's door: one a slot in A4, who is expected at which table, structures by name."""
    held: dict[int, list[Appointment]] = {}
    for item in sheet.appointments:
        held.setdefault(item.slot.id, []).append(item)
    doors = [
        {
            "hours": hours(slot.start, slot.end),
            "summary": interviews(len(held.get(slot.id, []))),
            "rows": [
                {"structure": item.structure.name, "buyer": item.buyer.name, "table": item.table}
                for item in sorted(held.get(slot.id, []), key=lambda item: sort_key(item.structure.name))
            ],
        }
        for slot in sheet.slots
    ]
    return _compile("doors", _heading(sheet) | {"document": "Feuilles de porte", "doors": doors}, sheet.created_at)


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
        "pitches": party.pitches or party.stage is not None,
        "stage": hours(*party.stage) if party.stage else "",
        "summary": summary,
        "rows": [_row(row, party) for row in timeline(sheet, party)] if meetings else [],
    }


def _row(row: Row, party: Party) -> dict[str, Any]:
    told: dict[str, Any] = {"hours": hours(row.start, row.end), "meeting": row.appointment is not None}
    if row.appointment is None:
        return told | {"name": _FREE[row.kind] + _own_hours(row, party)}
    other = row.appointment.other(party)
    return told | {
        "name": other.name,
        "subtitle": other.subtitle,
        "activity": other.activity,
        "needs": "\u00a0; ".join(other.needs),
        "table": row.appointment.table,
    }


def _own_hours(row: Row, party: Party) -> str:
    """Return the hours of a turn on stage that takes only a part of its slots."""
    if row.kind != "stage" or party.stage is None or party.stage == (row.start, row.end):
        return ""
    return f", {hours(*party.stage)}"


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
    try:
        return typeset(document, data, made)
    except TypesettingFailed as failure:
        raise PrintError(document, failure.reason) from failure
