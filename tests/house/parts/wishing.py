"""The addresses of wishes of both sides and their follow-up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Select, func, select

from openmap.directory.models import Buyer, Delegate
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Choice, Participation
from openmap.meetings.wishing import digest
from openmap.people.models import Person
from tests.house.table import Action, File, Page

NOW = datetime(2026, 11, 8, 9, tzinfo=UTC)
WISHES = "/editions/essai/souhaits"
OWN = f"{WISHES}/{{wisher}}"
BUYING = f"{WISHES}/{{wishing_buyer}}"
BARE = "/editions/vide/souhaits"
NOTHING = digest("", "")

PAGES: tuple[Page, ...] = (
    Page("wishes.index", WISHES, "participant"),
    Page("wishes.show", OWN, "manager"),
    Page("wishes.show", f"{OWN}?q=rien-de-tel", "manager"),
    Page("wishes.show", f"{OWN}?choix=choisis&tri=nom", "manager"),
    Page("wishes.show", BUYING, "buyer"),
    Page("wishes.limits", f"{OWN}/disponibilites", "manager"),
    Page("following.index", f"{WISHES}/suivi", "organiser"),
    Page("following.index", f"{WISHES}/suivi?etat=silencieux&q=rien-de-tel", "organiser"),
    Page("following.index", f"{BARE}/suivi", "organiser"),
    Page("following.values", f"{WISHES}/valeurs", "organiser"),
    Page("following.values", f"{BARE}/valeurs", "organiser"),
    Page("participants.index", f"{WISHES}/participants", "organiser"),
    Page("participants.index", f"{WISHES}/participants?annuaire=acheteur&cote=buyer", "organiser"),
    Page("participants.index", f"{BARE}/participants?q=rien-de-tel", "organiser"),
)
ACTIONS: tuple[Action, ...] = (
    Action("wishes.save", OWN, "manager", OWN, {"niveau-1": "must", "vu-1": NOTHING, "note-1": "Vu en 2025."}),
    Action("wishes.order", f"{OWN}/ordre", "manager", f"{OWN}#choix", {"niveau": "want", "bas": "1", "vu": "faux"}),
    Action("wishes.finish", f"{OWN}/fini", "manager", OWN),
    Action(
        "wishes.save_limits",
        f"{OWN}/disponibilites",
        "manager",
        None,
        {"delegates": "2", "max_meetings": "8", "max_run": "3", "note": "Arrivée à 11 h.", "absent_slots": "1"},
        status=409,
    ),
    Action("following.remind", f"{WISHES}/suivi/rappels", "organiser", f"{WISHES}/suivi"),
    Action("following.complete", f"{WISHES}/suivi/completion", "organiser", f"{WISHES}/suivi"),
    Action("following.gather", f"{WISHES}/suivi/recueil", "organiser", f"{WISHES}/valeurs"),
    Action("following.setting", f"{WISHES}/suivi/obligation", "organiser", f"{WISHES}/suivi", {"obligatoire": "1"}),
    Action("following.allow_all", f"{WISHES}/suivi/retards", "organiser", f"{WISHES}/suivi"),
    Action("following.allow", f"{WISHES}/suivi/{{wisher}}/retard", "organiser", f"{WISHES}/suivi"),
    Action(
        "participants.add_structures",
        f"{WISHES}/participants/structures",
        "organiser",
        f"{WISHES}/participants",
        {"dossier": "1"},
    ),
    Action(
        "participants.add_organisation",
        f"{WISHES}/participants/organisations",
        "organiser",
        f"{WISHES}/participants",
        {"organisation": "{absent_buyer}"},
    ),
    Action(
        "participants.add_buyer",
        f"{WISHES}/participants/acheteurs",
        "organiser",
        None,
        {"name": "Acheteur nouveau", "city": "Essai-sur-Seine"},
    ),
    Action("participants.remove", f"{WISHES}/participants/{{wisher}}/retrait", "organiser", f"{WISHES}/participants"),
)
FILES: tuple[File, ...] = (File("following.export", f"{WISHES}/suivi.xlsx"),)
DOORS: frozenset[str] = frozenset()


def furnish(edition: Edition, people: Mapping[str, Person]) -> None:
    """Open the wishes: the structure's delegate has chosen, another side is completed, an absent buyer is known."""
    del people
    phase = next(one for one in edition.phases if one.kind == "wishes")
    phase.opens_at = NOW
    own = db.session.get_one(Participation, _acting(edition, "structure"))
    buyers = list(db.session.scalars(_side(edition, "buyer").order_by(Participation.id)))
    structures = list(db.session.scalars(_side(edition, "structure").order_by(Participation.id)))
    for rank, (buyer, level) in enumerate(zip(buyers[1:], ("must", "want", "want"), strict=False)):
        note = "Rencontré en 2025 (essai)." if rank == 0 else ""
        db.session.add(
            Choice(participation_id=own.id, other_id=buyer.id, level=level, rank=max(1, rank), note=note, said_at=NOW)
        )
    own.answered_at, own.note, own.max_run = NOW, "Arrivée à 11 h (essai).", 3
    db.session.add(
        Choice(participation_id=structures[0].id, other_id=buyers[0].id, level="open", source="completed", said_at=NOW)
    )
    db.session.add(Buyer(name="Acheteur absent (fictif)", is_invented=True))


def _side(edition: Edition, side: str) -> Select[tuple[Participation]]:
    return select(Participation).where(Participation.edition_id == edition.id, Participation.side == side)


def _acting(edition: Edition, side: str) -> int | None:
    """Return the participation that the visitor of a side acts for."""
    mine = select(func.max(Participation.id)).join(Delegate, Delegate.organisation_id == Participation.organisation_id)
    return db.session.scalar(mine.where(Participation.edition_id == edition.id, Participation.side == side))


def numbers() -> dict[str, object]:
    """Return the numbers that stand in these addresses."""
    edition = db.session.scalars(select(Edition).where(Edition.slug == "essai")).one_or_none()
    if edition is None:
        return {}
    return {
        "wisher": _acting(edition, "structure"),
        "wishing_buyer": _acting(edition, "buyer"),
        "absent_buyer": db.session.scalar(select(Buyer.id).where(Buyer.name == "Acheteur absent (fictif)")),
    }
