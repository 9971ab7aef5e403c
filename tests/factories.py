"""Rows for tests: an edition of any size, with a plan when asked. Everything in it is invented."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from openmap.directory.models import STRUCTURE_KINDS, Buyer, Organisation, Structure
from openmap.events.models import Category, Edition, ProgrammeItem, Slot, Stand, Table
from openmap.extensions import db
from openmap.meetings.models import Meeting, Participation, Plan, Solve, UnservedWish, Wish
from tests.needing import make_need

BUYER_NAMES = (
    "Ville de Montfleury",
    "Département de la Haute-Vanne",
    "Conseil régional du Val-Clair",
    "Office public de l’habitat des Deux-Rivières",
    "Communauté d’agglomération Plaine et Forêt",
    "Syndicat des déchets du Bassin",
    "Fondation Les Tilleuls",
    "Société d’aménagement du Grand Canal",
    "Direction des achats de la Préfecture",
    "Hôpital de Saint-Aubin",
)
STRUCTURE_NAMES = (
    "Ressourcerie du Pont",
    "Atelier Bois Neuf",
    "Les Jardins du Fort",
    "Textile Solidaire 94",
    "Cyclo-Logis",
    "Réemploi Bâtiment Est",
    "La Table Ronde Traiteur",
    "Éco-Nettoyage Services",
    "Le Petit Plus Vert",
    "Croix-Bleue insertion – APPRO 78",
    "Numérik Entraide",
    "Compost & Cie",
    "ESAT Les Alizés",
    "Mobilier Second Souffle",
)


def make_edition(
    slug: str = "essai",
    *,
    buyers: int = 3,
    structures: int = 5,
    slots: int = 6,
    tables: int | None = None,
    held_on: date = date(2017, 11, 16),
    **changes: Any,
) -> Edition:
    """Add an edition with its people, slots of 15 minutes from 11 h (a break in their middle), and every fourth wish.

    Each buyer sits at its own table.
    """
    start = datetime(held_on.year, held_on.month, held_on.day, 10, tzinfo=UTC)
    half = (slots + 1) // 2
    edition = Edition(
        slug=slug,
        held_on=held_on,
        **{
            "title": f"OpenMap ESS – {slug}",
            "trade": "Économie circulaire et déchets",
            "published_at": datetime(2017, 9, 1, tzinfo=UTC),
            "venue": "Ressourcerie du Spectacle",
            "address": "12 rue des Essais, 94400 Vitry-sur-Seine",
            **changes,
        },
    )
    for rank in range(slots):
        begins = start + timedelta(minutes=15 * rank + (15 if rank >= half else 0))
        edition.slots.append(
            Slot(
                code=f"T{rank + 1:02d}",
                start=begins,
                end=begins + timedelta(minutes=15),
                block="Avant la pause" if rank < half else "Après la pause",
            )
        )
    for rank in range(tables if tables is not None else buyers):
        edition.tables.append(Table(code=f"A{rank + 1}", label=f"Table {rank + 1}", position=rank))
    edition.programme.append(
        ProgrammeItem(start=start - timedelta(hours=2), end=start - timedelta(hours=1), title="Table ronde")
    )
    edition.programme.append(
        ProgrammeItem(
            start=start - timedelta(hours=1), end=start, title="Présentations", description="Six structures en public."
        )
    )
    edition.stands.append(Stand(name="Fédération d’essai", position=1))
    edition.categories += [Category(name=name, position=rank) for rank, name in enumerate(("Acheteur", "Structure"))]
    db.session.add(edition)
    people = {
        "buyer": [_participation(edition, "buyer", rank) for rank in range(buyers)],
        "structure": [_participation(edition, "structure", rank) for rank in range(structures)],
    }
    db.session.add_all([*people["buyer"], *people["structure"]])
    db.session.flush()
    pairs = [(b, s) for b in people["buyer"] for s in people["structure"]]
    for rank, (buyer, structure) in enumerate(pairs, start=1):
        if (rank + people["buyer"].index(buyer)) % 2:
            code, value = f"R{rank:03d}", 1 + rank % 13
            db.session.add(
                Wish(edition_id=edition.id, code=code, buyer_id=buyer.id, structure_id=structure.id, value=value)
            )
    db.session.commit()
    return edition


def _participation(edition: Edition, side: str, rank: int) -> Participation:
    names = BUYER_NAMES if side == "buyer" else STRUCTURE_NAMES
    lap, place = divmod(rank, len(names))
    name = f"{names[place]} {lap + 1}" if lap else names[place]
    return Participation(
        edition=edition,
        organisation=_organisation(side, name, rank),
        code=f"{'B' if side == 'buyer' else 'S'}{rank + 1:02d}",
        side=side,
        table=edition.tables[rank] if side == "buyer" and rank < len(edition.tables) else None,
        pitches=side == "structure" and rank < 2,
    )


def _organisation(side: str, name: str, rank: int) -> Organisation:
    """Return the organisation of this name, the same in every edition."""
    known = db.session.query(Organisation).filter_by(type=side, name=name).one_or_none()
    if known is not None:
        return known
    if side == "structure":
        kind = STRUCTURE_KINDS[rank % len(STRUCTURE_KINDS)]
        return Structure(name=name, kind=kind, activity="Collecte et réemploi de mobilier", is_invented=rank > 1)
    buyer = Buyer(name=name, city="Montfleury", is_invented=True)
    db.session.add(make_need(buyer, f"Reprise du mobilier usagé, lot {rank + 1}"))
    return buyer


def make_plan(edition: Edition, *, proved: bool = True, digest: str = "0" * 64) -> Plan:
    """Add a version of the plan that serves each wish in the first slot that both still have free."""
    wishes = db.session.query(Wish).filter_by(edition_id=edition.id).order_by(Wish.code).all()
    versions = db.session.query(Plan).filter_by(edition_id=edition.id).count()
    busy: set[tuple[int, int]] = set()
    plan = Plan(
        edition=edition,
        version=versions + 1,
        status="optimal" if proved else "feasible",
        seed=1,
        seconds=1.9,
        problem_digest=digest,
        created_at=datetime(2017, 11, 10, 9, 30, tzinfo=UTC),
    )
    for wish in wishes:
        both = (wish.buyer_id, wish.structure_id)
        absent = {slot.id for person in (wish.buyer, wish.structure) for slot in person.absent_slots}
        free = [s for s in edition.slots if s.id not in absent and not any((p, s.id) in busy for p in both)]
        if free:
            busy |= {(person, free[0].id) for person in both}
            plan.meetings.append(Meeting(wish=wish, slot=free[0], table=wish.buyer.table))
        else:
            plan.unserved.append(
                UnservedWish(
                    wish=wish,
                    reason="buyer_full",
                    sentence=f"{wish.buyer.code} est déjà en rendez-vous dans tous les créneaux communs.",
                    would_need=[f"libérer T01 de {wish.buyer.code}", f"placer {wish.code} en T01"],
                )
            )
    value = sum(meeting.wish.value for meeting in plan.meetings)
    plan.objectives = [
        {"name": "coverage", "value": 8, "bound": 8, "proved": True, "seconds": 0.01},
        {"name": "value", "value": value, "bound": value, "proved": True, "seconds": 0.02},
        {"name": "balance", "value": [8, 6, 4], "bound": [8, 6, 4], "proved": True, "seconds": 0.03},
        {"name": "idle", "value": 7, "bound": 7 if proved else 4, "proved": proved, "seconds": 1.2},
    ]
    db.session.add(plan)
    db.session.commit()
    return plan


def make_solve(edition: Edition, state: str, *, plan: Plan | None = None, **changes: Any) -> Solve:
    """Add a run in ``state``, asked for at noon on the tenth of November 2017."""
    asked = datetime(2017, 11, 10, 12, tzinfo=UTC)
    over = state in {"finished", "failed", "lost"}
    settings: dict[str, Any] = {
        "state": state,
        "time_limit": 60.0,
        "seed": 1,
        "requested_at": asked,
        "started_at": None if state == "queued" else asked + timedelta(seconds=1),
        "beat_at": None if state == "queued" else asked + timedelta(seconds=4),
        "ended_at": asked + timedelta(seconds=5) if over else None,
        "message": f"Voici comment le calcul s’est terminé ({state})." if over else "",
        "progress": [],
    }
    solve = Solve(edition=edition, plan=plan, **(settings | changes))
    db.session.add(solve)
    db.session.commit()
    return solve
