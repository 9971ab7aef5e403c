"""The addresses of match scores and their weights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select

from openmap.directory.models import Buyer
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import MatchSetting, Participation
from openmap.people.models import Person
from openmap.reference.models import Activity, Area
from tests.house.table import Action, File, Page
from tests.needing import make_need

NOW: Final = datetime(2026, 11, 5, 21, tzinfo=UTC)

RANK = "/editions/essai/rapprochement"
WEIGHTS = {
    "version": "1", "sector": "50", "territory": "20", "text": "20", "capacity": "5", "past": "5", "prefers": "met",
    "completes": "4", "enregistrer": "1",
}  # fmt: skip

PAGES: tuple[Page, ...] = (
    Page("matching.weights", RANK, "organiser"),
    Page("matching.weights", f"{RANK}?participant=S01", "organiser"),
    Page("matching.weights", f"{RANK}?participant=rien-de-tel", "organiser"),
    Page("matching.weights", "/editions/vide/rapprochement", "organiser"),
    Page("matching.weights", "/editions/sansplan/rapprochement", "organiser"),
)
ACTIONS: tuple[Action, ...] = (
    Action("matching.set", RANK, "organiser", RANK, WEIGHTS),
    Action("matching.reset", f"{RANK}/maison", "organiser", RANK, {"version": "1"}),
)
FILES: tuple[File, ...] = ()
DOORS: frozenset[str] = frozenset()


def furnish(edition: Edition, _people: Mapping[str, Person]) -> None:
    """Let buyers of the edition need something in its time, and an edition weigh in a way of its own."""
    buyers = select(Buyer).join(Participation, Participation.organisation_id == Buyer.id)
    mowing = db.session.scalars(select(Activity).where(Activity.code == "essai.tonte")).one()
    for number, buyer in enumerate(db.session.scalars(buyers.where(Participation.edition_id == edition.id)).unique()):
        need = make_need(buyer, f"Tonte et reprise de mobilier, lot {number + 1}", quarter="2100-T1", amount="40k_90k")
        need.activities, need.areas = [mowing], list(db.session.scalars(select(Area).where(Area.code == "T99")))
        db.session.add(need)
    other = db.session.scalars(select(Edition).where(Edition.slug == "sansplan")).one()
    db.session.add(MatchSetting(edition_id=other.id, weights={"sector": 10, "text": 30}, changed_at=NOW))


def numbers() -> dict[str, int]:
    """Return the numbers that stand in these addresses."""
    return {}
