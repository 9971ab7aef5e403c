"""The addresses of checks before a calculation, what-if runs and their comparison, and of what is kept or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import adopting, desk, keeping
from openmap.meetings.models import Exclusion, Participation, Solve, Wish
from openmap.meetings.supposing import Assumptions
from openmap.people.models import ORGANISER, Person
from tests.factories import make_edition, make_plan, make_solve
from tests.house.table import Action, File, Page
from tests.meetings.supposing import make_what_if
from tests.signing import make_person, now

HERE = "/editions/calculs/planning"
WHAT_IF = {"name": "Deux créneaux de plus", "more": "2", "start": "18:00", "minutes": "15", "time_limit": "10"}

PAGES: tuple[Page, ...] = (
    Page("checks.show", f"{HERE}/controle", "organiser"),
    Page("checks.show", f"{HERE}/controle?gravite=alertes&page=1", "organiser"),
    Page("checks.show", "/editions/vide/planning/controle", "organiser"),
    Page("checks.limits", f"{HERE}/controle/participants/{{calc_limited}}", "organiser"),
    Page("checks.wish", f"{HERE}/controle/souhaits/{{calc_apart}}", "organiser"),
    Page("suppositions.index", f"{HERE}/hypotheses", "organiser"),
    Page("suppositions.index", f"{HERE}/hypotheses?avec={{calc_what_if}}", "organiser"),
    Page("suppositions.index", "/editions/vide/planning/hypotheses", "organiser"),
    Page("suppositions.adoption", f"{HERE}/hypotheses/{{calc_what_if}}/adoption", "organiser"),
    Page("solves.history", f"{HERE}/calculs", "organiser"),
    Page("solves.show", f"{HERE}/calculs/{{calc_what_if}}", "organiser"),
    Page("solves.show", f"{HERE}/calculs/{{calc_proposed}}", "organiser"),
    Page("solves.show", f"{HERE}/calculs/{{calc_dropped}}", "organiser"),
    Page("solves.show", f"{HERE}/calculs/{{calc_waiting}}", "organiser"),
)
ACTIONS: tuple[Action, ...] = (
    Action("checks.set_limits", f"{HERE}/controle/participants/{{calc_limited}}", "organiser", f"{HERE}/controle",
           {"delegates": "2", "max_meetings": "4", "table_id": "0"}),
    Action("checks.amend", f"{HERE}/controle/souhaits/{{calc_apart}}", "organiser", f"{HERE}/controle", {"allow": "y"}),
    Action("suppositions.suppose", f"{HERE}/hypotheses", "organiser", f"{HERE}/calculs/{{calc_next}}", WHAT_IF),
    Action("suppositions.adopt", f"{HERE}/hypotheses/{{calc_what_if}}/adoption", "organiser",
           f"{HERE}/calculs/{{calc_next}}", {"vu": "{calc_steps}"}),
    Action("solves.keep", f"{HERE}/calculs/{{calc_proposed}}/garder", "organiser", f"{HERE}/calculs/{{calc_proposed}}",
           {"vu": "{calc_working}"}),
    Action("solves.drop", f"{HERE}/calculs/{{calc_proposed}}/abandon", "organiser",
           f"{HERE}/calculs/{{calc_proposed}}"),
)  # fmt: skip
FILES: tuple[File, ...] = ()
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """Add an edition with something to say of every gravity, a what-if run, a plan proposed and one dropped."""
    held = make_edition("calculs", buyers=4, structures=6, slots=6, tables=5, held_on=date(2099, 11, 19))
    make_person("organisation@essai.example", ORGANISER, edition_id=held.id)
    wishes = list(db.session.scalars(select(Wish).where(Wish.edition_id == held.id).order_by(Wish.code)))
    db.session.add(Exclusion(buyer_id=wishes[0].buyer_id, structure_id=wishes[0].structure_id))
    absent = db.session.get_one(Participation, wishes[-1].structure_id)
    absent.absent_slots = list(held.slots)
    working = make_plan(held)
    desk.choose(db.session, held, working, by=people["organiser"], now=now())
    for decision in ("dropped", None):
        plan = make_plan(held, proved=False)
        plan.kind, plan.meetings[0].slot = "repair", held.slots[-1]
        plan.meetings.pop()
        solve = make_solve(
            held, "finished", plan=plan, kind="repair", base_plan_id=working.id, progress=plan.objectives
        )
        if decision:
            keeping.drop(db.session, solve, by=people["organiser"], now=now())
    make_what_if(held, "Une table de plus", Assumptions(tables=1))
    make_solve(held, "queued", name="Trois délégués", kind="what_if")
    make_solve(held, "queued")


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    held = db.session.scalars(select(Edition).where(Edition.slug == "calculs")).one()
    solves = list(db.session.scalars(select(Solve).where(Solve.edition_id == held.id).order_by(Solve.id)))
    working = desk.working_plan(db.session, held)
    steps = adopting.steps_of(db.session, held, Assumptions(tables=1))
    return {
        "calc_limited": db.session.scalar(
            select(func.min(Participation.id)).where(Participation.edition_id == held.id)
        ),
        "calc_apart": db.session.scalar(select(func.min(Wish.id)).where(Wish.edition_id == held.id)),
        "calc_dropped": solves[0].id,
        "calc_proposed": solves[1].id,
        "calc_what_if": solves[2].id,
        "calc_waiting": solves[-1].id,
        "calc_working": keeping.seen_of(working),
        "calc_steps": adopting.fingerprint(steps),
        "calc_next": (db.session.scalar(select(func.max(Solve.id))) or 0) + 1,
    }
