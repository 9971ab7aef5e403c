"""The mail that tells a person's agenda, and how it changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import render_template
from flask_babel import LazyString, lazy_gettext
from markupsafe import Markup
from sqlalchemy import select

from openmap.agendas.audience import PURPOSE, mailing_id_of
from openmap.agendas.invitations import Change, Told
from openmap.agendas.models import Mailing
from openmap.agendas.queries import Sheet
from openmap.agendas.wording import hours
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.mail.composing import paragraphs
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, filled, register
from openmap.mail.services import words_for
from openmap.meetings.releasing import current_release
from openmap.people.models import Person
from openmap.web.addresses import address_of
from openmap.web.french import counted, long_date

OUTDATED: Final = (
    "Une version plus récente du planning est publiée : ce message aurait donné un agenda périmé. S’il le faut, la "
    "page « Diffusion » écrit de nouveau à cette personne."
)
SUPERSEDED: Final = "Remplacé par un message plus récent, qui dit tout ce que celui-ci, pas encore parti, aurait dit."

_BLOCKS: Final = {"changements": "\ue000", "agenda": "\ue001"}
"""Stand in the HTML body for what is more than paragraphs (private use: nobody types them)."""

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "prenom_nom": lazy_gettext("prénom et nom de la personne"),
    "edition": lazy_gettext("titre de l’édition"),
    "date": lazy_gettext("jour de la rencontre"),
    "lieu": lazy_gettext("lieu et adresse, ou rien"),
    "objet": lazy_gettext("« votre agenda » ou « votre agenda change »"),
    "annonce": lazy_gettext("une phrase : l’agenda est prêt, ou ce qui change"),
    "changements": lazy_gettext("la liste de ce qui change, ou rien"),
    "agenda": lazy_gettext("la liste des entretiens"),
    "page": lazy_gettext("adresse de la page où la personne retrouve son agenda"),
}
SAMPLE: Final = {
    "prenom_nom": "Camille Exemple",
    "edition": "OpenMap ESS – Économie circulaire",
    "date": "jeudi 16 novembre 2017",
    "lieu": "Ressourcerie du Spectacle, Vitry-sur-Seine",
    "objet": "votre agenda",
    "annonce": "Votre agenda est prêt : 2 entretiens.",
    "changements": "",
    "agenda": "11 h – 11 h 15 : Ressourcerie Exemple, table 1\n11 h 15 – 11 h 30 : Atelier Exemple, table 1",
    "page": "https://…/editions/exemple/mon-agenda",
}


def _refusal(session: AnySession, message: Message) -> str:
    """Refuse a mail of an older release than the one published last, or followed by a newer one to the same person."""
    mailing = session.get(Mailing, mailing_id_of(message.key))
    edition = session.get(Edition, message.edition_id) if message.edition_id is not None else None
    current = current_release(session, edition) if edition is not None else None
    if mailing is None or current is None or mailing.release_id != current.id:
        return OUTDATED
    newer = select(Message.id).where(
        Message.purpose == PURPOSE, Message.edition_id == message.edition_id, Message.person_id == message.person_id,
        Message.id > message.id,
    )  # fmt: skip
    return SUPERSEDED if session.scalar(newer.limit(1)) is not None else ""


AGENDA: Final = register(
    Purpose(
        PURPOSE,
        lazy_gettext("Agenda d’une personne, à chaque diffusion du planning"),
        "{edition} : {objet}",
        "Bonjour {prenom_nom},\n\n{annonce}\n\n{changements}\n\n{agenda}\n\n"
        "Les invitations jointes mettent votre calendrier à jour : acceptez-les, ou ouvrez le fichier agenda.ics.\n\n"
        "Votre agenda toujours à jour, à imprimer ou à suivre depuis votre téléphone :\n{page}\n",
        PLACEHOLDERS,
        SAMPLE,
        refusal=_refusal,
    )
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's body as text and as HTML; ``values`` fill its subject and text."""

    words: tuple[str, str]
    values: Mapping[str, str]
    html: str


def letter_of(session: AnySession, sheet: Sheet, edition_id: int, person: Person, told: Told) -> Letter:
    """Return the mail that tells ``person`` an agenda."""
    subject, body = words_for(session, AGENDA, edition_id)
    seen = block_of(sheet, told)
    values = {
        "prenom_nom": person.shown_name,
        "edition": sheet.title,
        "date": long_date(sheet.held_on),
        "lieu": ", ".join(part for part in (sheet.venue, sheet.address) if part),
        "objet": "votre agenda" if seen["is_first"] else "votre agenda change",
        "annonce": announcement(sheet, told),
        "changements": "" if seen["is_first"] else render_template("mail/agenda_changes.txt", **seen).strip(),
        "agenda": render_template("mail/agenda.txt", **seen).strip(),
        "page": page_of(sheet.slug),
    }
    html = Markup("").join(Markup("<p>{}</p>").format(part) for part in paragraphs(filled(body, values | _BLOCKS)))
    blocks = {
        "changements": "" if seen["is_first"] else render_template("mail/agenda_changes.html", **seen),
        "agenda": render_template("mail/agenda.html", **seen),
    }
    told_html = str(html)
    for name, mark in _BLOCKS.items():
        told_html = told_html.replace(f"<p>{mark}</p>", blocks[name]).replace(mark, f"</p>{blocks[name]}<p>")
    text = re.sub(r"\n{3,}", "\n\n", filled(body, values))
    return Letter((subject, text), values, told_html)


def page_of(slug: str) -> str:
    """Return the address of the page where people find their agenda once signed in: no secret is in it."""
    return address_of("own_agenda.show", slug=slug)


def block_of(sheet: Sheet, told: Told) -> dict[str, Any]:
    """Return what the templates of an agenda show: whether it is the first one, its meetings, what changed."""
    names = {party.organisation: party.name for party in sheet.parties}
    owners = list(dict.fromkeys(one.own.name for one in told.wanted))
    return {
        "is_first": is_first(told),
        "sheet": sheet,
        "day": long_date(sheet.held_on),
        "meetings": [
            {
                "hours": hours(one.appointment.slot.start, one.appointment.slot.end),
                "name": one.other.name,
                "subtitle": one.other.subtitle,
                "table": one.appointment.table,
                "number": one.number,
                "own": one.own.name if len(owners) > 1 else "",
                "activity": one.other.activity,
                "needs": one.other.needs,
            }
            for one in told.wanted
        ],
        "changes": [_changed(change, names) for change in told.changes],
    }


def is_first(told: Told) -> bool:
    """Say whether nothing was told before: every meeting is new, and all of them are."""
    return all(change.kind == "new" for change in told.changes) and len(told.changes) == len(told.entries)


def announcement(sheet: Sheet, told: Told) -> str:
    """Return the sentence that a mail begins with."""
    day = long_date(sheet.held_on)
    count = counted(len(told.wanted), "entretien")
    if is_first(told):
        return f"Votre agenda du {day} est prêt : {count}."
    if not told.wanted:
        return f"Vous n’avez plus d’entretien le {day}."
    return f"Votre agenda du {day} change. Il compte à présent {count}."


def _changed(change: Change, names: Mapping[int, str]) -> dict[str, str]:
    """Return a change in words: its kind, whom it is about, the hours, and what was before."""
    entry = change.entry
    name = names.get(change.other) or entry.summary.removeprefix("Entretien avec ")
    told = {"kind": change.kind, "name": name, "hours": hours(entry.start, entry.end), "place": entry.place}
    return told | {"word": KINDS[change.kind], "was": _before(change)}


KINDS: Final = {"new": "ajouté", "moved": "modifié", "cancelled": "annulé"}


def _before(change: Change) -> str:
    """Return what changed of a meeting that moved: « au lieu de 11 h – 11 h 15, table 2 »."""
    if change.kind != "moved" or change.was is None:
        return ""
    entry, was = change.entry, change.was
    parts = []
    if was.start != entry.start or was.end != entry.end:
        parts.append(hours(_in_zone(was.start, entry.start), _in_zone(was.end, entry.end)))
    if was.place != entry.place:
        parts.append(was.place.partition(", ")[0] or "sans table")
    if was.number != change.number and was.number:
        parts.append(f"personne\u00a0{was.number}")
    return f"au lieu de {', '.join(parts)}" if parts else ""


def _in_zone(instant: datetime, like: datetime) -> datetime:
    return instant.astimezone(like.tzinfo)
