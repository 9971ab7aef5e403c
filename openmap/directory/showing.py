"""The page of a structure, as everyone reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from openmap.directory import field_sources, page_words
from openmap.directory.labels import AMOUNT_LABELS, DELIVERY_LABELS, KIND_LABELS, legal_form_label
from openmap.directory.models import Offer, Structure, StructureFile
from openmap.directory.page_parts import parts_of
from openmap.directory.permissions import may_manage
from openmap.directory.standing import held_since, is_stale
from openmap.extensions import AnySession, db
from openmap.people.access import current_person
from openmap.people.models import Person
from openmap.reference.models import Activity, StructureKind
from openmap.web.addresses import address_of
from openmap.web.french import counted
from openmap.web.headers import forbid_storage
from openmap.web.uploads import hand_over
from openmap.web.uploads import show as shown

blueprint = Blueprint("structures", __name__, url_prefix="/annuaire/structures")
blueprint.add_app_template_filter(legal_form_label)
blueprint.add_app_template_filter(lambda code: str(AMOUNT_LABELS.get(code, code)), "band_label")

_LONGEST_SUMMARY: Final = 155
"""What search engines show of a page's description."""


@dataclass(frozen=True, slots=True)
class ToldKind:
    """A kind of structure: what it is called, and the article under which a contract may be reserved to it."""

    label: str
    law: str


@dataclass(frozen=True, slots=True)
class ToldOffer:
    """An offer as the page tells it."""

    offer: Offer
    title: str
    activity: str
    deliveries: Sequence[str]
    reach: str


@dataclass(frozen=True, slots=True)
class ToldSector:
    """The offers of one trade."""

    title: str
    offers: Sequence[ToldOffer]


@blueprint.get("/<int:structure_id>")
def show(structure_id: int) -> ResponseReturnValue:
    """Show a structure: to everyone once it is listed, before that to who may keep its page."""
    structure, person = structure_or_404(structure_id), current_person()
    manages = may_manage(person, structure)
    if not structure.is_listed and not manages:
        if structure.listed_at is not None:
            return _kept_apart(render_template("directory/gone.html"), person, 410)
        abort(404)
    page = render_template("directory/structure.html", **facts_of(db.session, structure, person), manages=manages)
    return _kept_apart(page, person)


@blueprint.get("/<int:structure_id>/fichiers/<int:file_id>")
def file(structure_id: int, file_id: int) -> ResponseReturnValue:
    """Show a picture of the page, or hand a document over, to who may see the page."""
    structure = db.session.get(Structure, structure_id) or abort(404)
    if not structure.is_listed and not may_manage(current_person(), structure):
        abort(404)
    one = db.session.get(StructureFile, file_id)
    if one is None or one.structure_id != structure_id:
        abort(404)
    if one.use == "document":
        return hand_over(one.digest, one.media_type, one.filename)
    return shown(one.digest, one.media_type, one.filename)


def structure_or_404(structure_id: int) -> Structure:
    """Return a structure with all that its page shows; as many queries whatever it offers."""
    asked = select(Structure).where(Structure.id == structure_id)
    asked = asked.options(
        joinedload(Structure.commune),
        selectinload(Structure.labels),
        selectinload(Structure.clients),
        selectinload(Structure.files),
        selectinload(Structure.offers).joinedload(Offer.activity).joinedload(Activity.trade),
        selectinload(Structure.offers).selectinload(Offer.areas),
        selectinload(Structure.offers).selectinload(Offer.communes),
    )
    return db.session.scalars(asked).unique().one_or_none() or abort(404)


def facts_of(session: AnySession, structure: Structure, person: Person | None) -> Mapping[str, Any]:
    """Return what the page says of a structure to this person."""
    now = datetime.now(UTC)
    sources = field_sources.sources_of(session, structure)
    codes = page_words.codes_served(session, structure, structure.offers)
    files = {use: [one for one in structure.files if one.use == use] for use in ("logo", "photo", "document")}
    return {
        "structure": structure,
        "kinds": kinds_of(session, structure),
        "sectors": sectors_of(structure),
        "served": served(codes) if structure.offers else "",
        "networks": [one for one in structure.labels if one.family == "network"],
        "labels": [one for one in structure.labels if one.family == "label"],
        "logo": next(iter(files["logo"]), None),
        "photos": files["photo"],
        "documents": files["document"],
        "sources": {block: field_sources.told(block, sources) for block in field_sources.BLOCKS},
        "is_stale": is_stale(structure, now),
        "since": held_since(structure),
        "actions": parts_of(session, structure, person, "actions"),
        "parts": parts_of(session, structure, person, "main"),
        "canonical": address_of("structures.show", structure_id=structure.id),
        "summary": summary_of(structure),
    }


def kinds_of(session: AnySession, structure: Structure) -> list[ToldKind]:
    """Return the kinds of a structure, the main one first, with what the law says of each."""
    asked = select(StructureKind.code, StructureKind.law).where(StructureKind.code.in_(structure.kinds))
    laws = dict(session.execute(asked).all())
    return [ToldKind(str(KIND_LABELS.get(code, code)), laws.get(code, "")) for code in structure.kinds]


def sectors_of(structure: Structure) -> list[ToldSector]:
    """Return the offers by trade, in the order that the structure gave them; what has no activity comes last."""
    found: dict[str, list[ToldOffer]] = {}
    for offer in structure.offers:
        trade = offer.activity.trade.name if offer.activity is not None else ""
        deliveries = [str(DELIVERY_LABELS[code]) for code in page_words.deliveries_of(offer)]
        activity = offer.activity.name if offer.activity is not None and offer.title else ""
        told = ToldOffer(
            offer, page_words.offer_title(offer), activity, deliveries, page_words.told_reach(offer, structure)
        )
        found.setdefault(trade, []).append(told)
    named = [ToldSector(trade, offers) for trade, offers in found.items() if trade]
    rest = [ToldSector(str(_("Autres offres")), found[""])] if "" in found else []
    return [*named, *rest]


def served(codes: set[str] | None) -> str:
    """Return in how many communes a structure works; nothing where it is not known."""
    if codes is None:
        return str(_("Intervient partout en France."))
    if not codes:
        return ""
    return str(_("Intervient dans %(communes)s.", communes=counted(len(codes), "commune")))


def summary_of(structure: Structure) -> str:
    """Return what a search engine shows of the page."""
    activities = [offer.activity.name if offer.activity else offer.title for offer in structure.offers]
    told = ", ".join(dict.fromkeys(one for one in activities if one)) or structure.activity or structure.description
    where = f" – {structure.city}" if structure.city else ""
    text = " ".join(f"{structure.name}{where}. {told}".split())
    return text if len(text) <= _LONGEST_SUMMARY else f"{text[: _LONGEST_SUMMARY - 1]}…"


def _kept_apart(page: str, person: Person | None, status: int = 200) -> ResponseReturnValue:
    """Let no one store what was answered to someone who has signed in: others see less of the same address."""
    answer = make_response(page, status)
    return answer if person is None else forbid_storage(answer)
