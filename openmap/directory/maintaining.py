"""Verbs on a structure's page: what its people write on it, publish, withdraw and confirm.

Everything a person writes here is theirs: no later import or file overwrites it (``field_sources``). Each form carries
a mark of what it was opened with, so that of two tabs the second is told what the first has saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select, update

from openmap.directory.field_sources import note
from openmap.directory.models import ClientReference, Offer, Organisation, Structure
from openmap.directory.page_words import (
    FIELD_LABELS,
    held_of_client,
    held_of_offer,
    in_words,
    mark_of,
    offer_title,
)
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

MOST_OFFERS: Final = 40
MOST_CLIENTS: Final = 60
_LONGEST_TOLD: Final = 200
_COLUMNS: Final = {"commune": "commune_code"}


class RefusedPage(Exception):
    """Something cannot be done to a page; says why and what to do."""


class ChangedElsewhere(RefusedPage):
    """Someone has saved the same part since the form was opened."""


def held(structure: Structure, fields: Iterable[str]) -> dict[str, Any]:
    """Return what a structure holds of some fields; lists are copied."""
    values = {name: getattr(structure, name) for name in fields}
    return {name: list(value) if isinstance(value, list) else value for name, value in values.items()}


def save(
    session: AnySession, structure: Structure, values: Mapping[str, Any], *, mark: str, by: Person, now: datetime
) -> bool:
    """Keep what a form says of some fields; false where nothing changes. ``mark`` is that of the form when opened.

    Raises ChangedElsewhere, RefusedPage where another page has the SIRET.
    """
    hold(session, structure)
    before = held(structure, values)
    changed = _changed(before, values)
    if not changed:
        return False
    if mark_of(before) != mark:
        raise ChangedElsewhere
    if "siret" in changed and _is_taken(session, values["siret"], structure):
        raise RefusedPage(_("Une autre page vient de prendre ce SIRET : vérifiez-le."))
    write_fields(structure, {name: values[name] for name in changed})
    told = {name: [_short(name, before[name]), _short(name, values[name])] for name in changed}
    note(session, structure, [_COLUMNS.get(name, name) for name in changed], kind="person", now=now)
    _end(session, structure, "structure.changed", told, by=by, now=now)
    return True


def _is_taken(session: AnySession, siret: str | None, structure: Structure) -> bool:
    asked = select(Organisation.id).where(Organisation.siret == siret, Organisation.id != structure.id)
    return bool(siret) and session.scalar(asked) is not None


def write_fields(structure: Structure, values: Mapping[str, Any]) -> None:
    """Set fields, and what hangs on them: a commune of its own carries the town's name, and moves the point."""
    for name, value in values.items():
        setattr(structure, name, value)
    if "commune" in values:
        commune = values["commune"]
        structure.city = commune.name if commune is not None else ""
        structure.lon = structure.lat = None  # the point of an address that is no longer its own


def save_offer(
    session: AnySession,
    structure: Structure,
    offer: Offer | None,
    values: Mapping[str, Any],
    *,
    mark: str,
    by: Person,
    now: datetime,
) -> Offer:
    """Add an offer, or change one; ``values`` by the names of ``held_of_offer``.

    Raises ChangedElsewhere, RefusedPage where there are too many.
    """
    hold(session, structure)
    before = held_of_offer(offer) if offer is not None else {}
    if offer is None:
        if len(structure.offers) >= MOST_OFFERS:
            raise RefusedPage(_("Quarante offres au plus : réunissez-en, ou supprimez-en une."))
        last = max((one.position for one in structure.offers), default=-1)
        offer = Offer(position=last + 1)
        fill_offer(offer, values)
        structure.offers.append(offer)
        session.flush()
    else:
        if not _changed(before, values):
            return offer
        if mark_of(before) != mark:
            raise ChangedElsewhere
        fill_offer(offer, values)
    told = {"offers": [None if not before else _told_offer(before), _told_offer(held_of_offer(offer))]}
    note(session, structure, ["offers"], kind="person", now=now)
    _end(session, structure, "structure.offer", told, by=by, now=now)
    return offer


def fill_offer(offer: Offer, values: Mapping[str, Any]) -> None:
    """Write an offer: only what its reach needs is kept of areas and radius."""
    for name in ("activity", "title", "description", "capacity", "largest_amount", "reach"):
        setattr(offer, name, values[name])
    chosen = set(values["deliveries"])
    offer.is_service, offer.is_supply, offer.is_staff = ("service" in chosen, "supply" in chosen, "staff" in chosen)
    offer.radius_km = values["radius_km"] if offer.reach == "radius" else None
    offer.areas = list(values["areas"]) if offer.reach == "places" else []
    offer.communes = list(values["communes"]) if offer.reach == "places" else []


def remove_offer(session: AnySession, structure: Structure, offer: Offer, *, by: Person, now: datetime) -> None:
    """Take an offer off the page."""
    hold(session, structure)
    if offer not in structure.offers:
        return
    told = {"offers": [_told_offer(held_of_offer(offer)), None]}
    structure.offers.remove(offer)
    note(session, structure, ["offers"], kind="person", now=now)
    _end(session, structure, "structure.offer_removed", told, by=by, now=now)


def move_offer(
    session: AnySession, structure: Structure, offer: Offer, step: int, *, by: Person, now: datetime
) -> None:
    """Move an offer one place up (-1) or down (1); at the end of the list nothing changes."""
    hold(session, structure)
    listed = list(structure.offers)
    if offer not in listed:
        return
    here = listed.index(offer)
    there = here + step
    if not 0 <= there < len(listed):
        return
    listed[here], listed[there] = listed[there], listed[here]
    for rank, one in enumerate(listed):
        one.position = rank
    told = {"offers": [None, _("« %(offer)s » en %(place)d", offer=offer_title(offer), place=there + 1)]}
    _end(session, structure, "structure.offers_ordered", told, by=by, now=now)
    session.expire(structure, ["offers"])


def save_client(
    session: AnySession,
    structure: Structure,
    client: ClientReference | None,
    values: Mapping[str, Any],
    *,
    mark: str,
    by: Person,
    now: datetime,
) -> ClientReference:
    """Add a reference, or change one; ``values`` by the names of ``held_of_client``.

    Raises ChangedElsewhere, RefusedPage where there are too many.
    """
    hold(session, structure)
    before = held_of_client(client) if client is not None else {}
    if client is None:
        if len(structure.clients) >= MOST_CLIENTS:
            raise RefusedPage(_("Soixante références au plus : gardez les plus parlantes."))
        client = ClientReference(**values)
        structure.clients.append(client)
    else:
        if not _changed(before, values):
            return client
        if mark_of(before) != mark:
            raise ChangedElsewhere
        for name, value in values.items():
            setattr(client, name, value)
    told = {"clients": [_told_client(before) if before else None, _told_client(values)]}
    note(session, structure, ["clients"], kind="person", now=now)
    _end(session, structure, "structure.client", told, by=by, now=now)
    return client


def remove_client(
    session: AnySession, structure: Structure, client: ClientReference, *, by: Person, now: datetime
) -> None:
    """Take a reference off the page."""
    hold(session, structure)
    if client not in structure.clients:
        return
    told = {"clients": [_told_client(held_of_client(client)), None]}
    structure.clients.remove(client)
    note(session, structure, ["clients"], kind="person", now=now)
    _end(session, structure, "structure.client_removed", told, by=by, now=now)


def hold(session: AnySession, structure: Structure) -> None:
    """Keep every other transaction from this page until ours ends, and read it as it is now."""
    journal.lock(session)
    table = Structure.__table__
    session.execute(update(table).where(table.c.id == structure.id).values(version=table.c.version))  # type: ignore[arg-type]
    session.expire(structure)


def _end(
    session: AnySession, structure: Structure, action: str, told: dict[str, list[Any]], *, by: Person, now: datetime
) -> None:
    structure.version += 1
    structure.changed_at = now
    session.flush()
    journal.record(session, action, structure, by=by, now=now, changes=told)


def _changed(before: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Return the names of ``values`` that are not as before; what is chosen from a list has no order."""
    return [name for name in values if not _same(before.get(name), values[name])]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, map(_key, one))) == sorted(map(str, map(_key, other)))
    return bool(one == other)


def _key(value: Any) -> Any:
    return getattr(value, "id", None) or getattr(value, "code", value)


def _short(name: str, value: Any) -> str | None:
    """Return what the journal keeps of a value: its words, cut where they are long."""
    text = in_words(name, value)
    return (text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…") or None


def _told_offer(values: Mapping[str, Any]) -> str:
    names = ("activity", "title", "deliveries", "capacity", "largest_amount", "reach", "radius_km", "areas", "communes")
    told = [f"{FIELD_LABELS[name]} : {words}" for name in names if (words := in_words(name, values[name]))]
    return " ; ".join(told)[: 2 * _LONGEST_TOLD]


def _told_client(values: Mapping[str, Any]) -> str:
    told = [in_words(name, values[name]) for name in ("client", "subject", "year", "amount")]
    return ", ".join(one for one in told if one)[:_LONGEST_TOLD]
