"""The addresses of the plan corrected by hand, its releases and differences."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import editing, releasing
from openmap.meetings.models import Lock, Meeting, Participation, Plan, Wish
from openmap.people.models import ORGANISER, Person
from tests.factories import make_edition, make_plan
from tests.house.table import Action, File, Page
from tests.signing import make_person, now

PLAN = "/editions/corrige/planning"
MEETING = f"{PLAN}/rendez-vous/{{meeting}}"
VERSIONS = f"{PLAN}/versions"
FORMER = "/editions/pool/planning"

PAGES: tuple[Page, ...] = (
    Page("meetings.plan", PLAN, "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=creneaux", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=chiffres", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=souhaits", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=creneaux&q=rien-de-tel", "organiser"),
    Page("meetings.plan", f"{PLAN}?version=2", "organiser"),
    Page("correcting.show", MEETING, "organiser"),
    Page("correcting.show", f"{PLAN}/rendez-vous/{{locked}}", "organiser"),
    Page("correcting.show", f"{PLAN}/rendez-vous/{{left_out}}", "organiser"),
    Page("correcting.show", f"{FORMER}/rendez-vous/{{pooled}}", "organiser"),
    Page("correcting.adding", f"{PLAN}/ajout", "organiser"),
    Page("correcting.adding", f"{PLAN}/ajout?acheteur=rien-de-tel", "organiser"),
    Page("correcting.corrections", f"{PLAN}/corrections", "organiser"),
    Page("correcting.corrections", f"{FORMER}/corrections", "organiser"),
    Page("versions.index", VERSIONS, "organiser"),
    Page("versions.index", "/editions/vide/planning/versions", "organiser"),
    Page("versions.compare", f"{VERSIONS}/differences?avant=2&apres=1", "organiser"),
    Page("versions.compare", f"{VERSIONS}/differences?avant=1&apres=1", "organiser"),
    Page("versions.releasing_page", f"{VERSIONS}/figer", "organiser"),
    Page("versions.releasing_page", f"{FORMER}/versions/figer", "organiser"),
    Page("versions.show", f"{VERSIONS}/figees/1", "organiser"),
    Page("versions.show", f"{VERSIONS}/figees/2", "organiser"),
)
ACTIONS: tuple[Action, ...] = (
    Action("correcting.place", f"{MEETING}/place", "organiser", MEETING, {"slot": "{open_slot}", "vu": "{seen}"}),
    Action("correcting.swap", f"{MEETING}/echange", "organiser", MEETING, {"autre": "{locked}", "vu": "{seen}"}),
    Action("correcting.remove", f"{MEETING}/retrait", "organiser", MEETING, {"vu": "{seen}"}),
    Action("correcting.lock", f"{MEETING}/verrou", "organiser", MEETING, {"vu": "{seen}"}),
    Action("correcting.undo", f"{PLAN}/annulation", "organiser", f"{PLAN}#vue", {"vu": "{seen}"}),
    Action("correcting.add_pair", f"{PLAN}/ajout", "organiser", f"{PLAN}/rendez-vous/{{left_out}}",
           {"buyer": "{left_buyer}", "structure": "{left_structure}"}),
    Action("correcting.withdraw", f"{MEETING}/abandon", "organiser", MEETING),
    Action("versions.choose", f"{VERSIONS}/1/choix", "organiser", VERSIONS),
    Action("versions.release", f"{VERSIONS}/figer", "organiser", f"{VERSIONS}/figees/3",
           {"name": "Troisième", "vu": "{seen}"}),
    Action("versions.restore", f"{VERSIONS}/figees/1/reprise", "organiser", VERSIONS),
)  # fmt: skip
FILES: tuple[File, ...] = (File("correcting.targets", f"{MEETING}/cibles"),)
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """Add an edition whose plan was corrected, locked and released twice, and one whose tables are common."""
    by = people["organiser"]
    edition = make_edition("corrige", buyers=4, structures=7, slots=6)
    plan = make_plan(edition)
    held = list(db.session.scalars(select(Meeting).where(Meeting.plan_id == plan.id).order_by(Meeting.id)))
    releasing.release(db.session, edition, plan, "Première version", "À relire.", by=by, now=now())
    locked = held[1]
    locked.wish.lock = Lock(slot_id=locked.slot_id, table_id=locked.table_id)
    db.session.flush()
    editing.remove(db.session, plan, held[2].wish, seen=plan.revision, by=by, now=now())
    editing.lock(db.session, plan, held[3].wish, seen=plan.revision, by=by, now=now())
    releasing.release(db.session, edition, plan, "Deuxième version", by=by, now=now()).published_at = now()
    pool = make_edition("pool", buyers=3, structures=5, slots=4)
    make_plan(pool)
    for person in db.session.scalars(select(Participation).where(Participation.edition_id == pool.id)):
        person.table_id = None
    for one in (edition, pool):
        make_person("organisation@essai.example", ORGANISER, edition_id=one.id)


def numbers() -> dict[str, object]:
    """Return the numbers that stand in these addresses."""
    plan = db.session.scalars(
        select(Plan).join(Edition, Edition.id == Plan.edition_id).where(Edition.slug == "corrige", Plan.version == 1)
    ).one_or_none()
    if plan is None:
        return {}
    held = select(Meeting.wish_id).where(Meeting.plan_id == plan.id)
    free = db.session.scalar(held.where(Meeting.wish_id.not_in(select(Lock.wish_id))).order_by(Meeting.id).limit(1))
    left = db.session.scalars(
        select(Wish).where(Wish.edition_id == plan.edition_id, Wish.id.not_in(held)).order_by(Wish.id).limit(1)
    ).one_or_none()
    pool = select(func.min(Meeting.wish_id)).join(Plan).join(Edition, Edition.id == Plan.edition_id)
    return {
        "meeting": free,
        "locked": db.session.scalar(select(func.min(Lock.wish_id))),
        "left_out": left.id if left is not None else 0,
        "left_buyer": left.buyer_id if left is not None else 0,
        "left_structure": left.structure_id if left is not None else 0,
        "pooled": db.session.scalar(pool.where(Edition.slug == "pool")),
        "open_slot": max(slot.id for slot in plan.edition.slots),
        "seen": f"{plan.version}.{plan.revision}",
    }
