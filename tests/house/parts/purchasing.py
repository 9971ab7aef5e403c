"""The addresses of purchase plans brought in, and what came of needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO

from sqlalchemy import select

from openmap.directory.models import Buyer, Delegate
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.needs import bringing
from openmap.needs.models import Need, NeedImport, Outcome
from openmap.needs.outcomes import answer, token_hash
from openmap.needs.periods import quarters_from
from openmap.needs.sheets import read_plan
from openmap.people.models import Person
from tests.house.table import Action, File, Page
from tests.needing import make_need
from tests.signing import now

BASE = "/organisations/{buyer}/besoins/import"
ASKED, ANSWERED, LATE = "jeton-pose", "jeton-repondu", "jeton-ancien"
STATES = ("columns", "values", "done", "undone")
TOLD = {"etat": "draft", "visibilite": "public", "lieu": "area:ept:T99", "contact": "1", "reste": "1"}

PAGES: tuple[Page, ...] = (
    Page("plans.index", BASE, "buyer"),
    *(Page("plans.show", f"{BASE}/{{import_{state}}}", "buyer") for state in STATES),
    Page("plans.show", f"{BASE}/{{import_values}}?etape=colonnes", "buyer"),
    Page("outcomes.show", f"/besoins/suite/{ASKED}"),
    Page("outcomes.show", f"/besoins/suite/{ANSWERED}"),
    Page("outcomes.show", f"/besoins/suite/{LATE}"),
    Page("needs.show", "/besoins/{need_answered}"),
    Page("outcomes.index", "/besoins/suites", "some_organiser"),
)
ACTIONS: tuple[Action, ...] = (
    Action("plans.send", BASE, "buyer", None, {}, 422),
    Action(
        "plans.columns", f"{BASE}/{{import_columns}}/colonnes", "buyer", f"{BASE}/{{import_columns}}",
        {"colonne-0": "title", "colonne-1": "period", "colonne-2": "", "colonne-3": "description"},
    ),
    Action(
        "plans.columns", f"{BASE}/{{import_columns}}/colonnes", "buyer", None, {"colonne-0": "period"}, 422
    ),
    Action("plans.values", f"{BASE}/{{import_values}}/valeurs", "buyer", f"{BASE}/{{import_values}}", TOLD),
    Action(
        "plans.values", f"{BASE}/{{import_values}}/valeurs", "buyer", None, {**TOLD, "geste": "importer"}, 422
    ),
    Action("plans.undo", f"{BASE}/{{import_done}}/annulation", "buyer", f"{BASE}/{{import_done}}"),
    Action("plans.abandon", f"{BASE}/{{import_values}}/abandon", "buyer", BASE),
    Action(
        "outcomes.answer", f"/besoins/suite/{ASKED}", "everyone", f"/besoins/suite/{ASKED}",
        {"answer": "inclusive", "note": "Un chantier d’insertion."},
    ),
    Action("outcomes.answer", f"/besoins/suite/{LATE}", "everyone", None, {"answer": "inclusive"}, 422),
)  # fmt: skip
FILES: tuple[File, ...] = ()
DOORS: frozenset[str] = frozenset()


def plan_of(*lines: str, head: str = "Objet;Trimestre;Famille d’achat;Notes") -> BytesIO:
    """Return a purchase plan as a CSV file."""
    return BytesIO("\n".join((head, *lines)).encode())


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """Add an import in every state, and needs that were asked about, with and without an answer."""
    by, at = people["buyer_delegate"], now()
    buyer = db.session.get_one(
        Buyer, db.session.scalars(select(Delegate.organisation_id).where(Delegate.person_id == by.id)).one()
    )
    soon = quarters_from(at.date())[1].replace("-", " ")
    for state in STATES:
        plan = plan_of(
            f"Plan {state};{soon};Tonte;Deux hectares",
            f"Autre {state};{soon};Inconnue {state};",
            "Vieux;T1 2001;Tonte;",
        )
        brought = bringing.begin(db.session, buyer, read_plan(plan, "plan.csv"), f"plan-{state}.csv", by=by, now=at)
        if state == "columns":
            brought.state = "columns"
            continue
        bringing.confirm_columns(db.session, brought, {0: "title", 1: "period", 2: "activity", 3: "description"})
        if state == "values":
            continue
        bringing.keep_values(db.session, brought, {f"activity:inconnue {state}": ""})
        bringing.bring_in(db.session, brought, by=by, now=at)
        if state == "undone":
            bringing.undo(db.session, brought, by=by, now=at)
    for token, asked_at in ((ASKED, at), (ANSWERED, at), (LATE, at - timedelta(days=400))):
        need = make_need(buyer, f"Suite de {token}", quarter="2026-T1", recurrence="yearly", person=by)
        db.session.add(need)
        db.session.flush()
        outcome = Outcome(need=need, step="days_7", token_hash=token_hash(token), asked_at=asked_at)
        db.session.add(outcome)
        if token == ANSWERED:
            answer(db.session, outcome, "inclusive", note="Un chantier d’insertion.", now=at)


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    found = {
        one: db.session.scalar(select(NeedImport.id).where(NeedImport.filename == f"plan-{one}.csv")) for one in STATES
    }
    return {
        **{f"import_{state}": number or 0 for state, number in found.items()},
        "need_answered": db.session.scalar(select(Need.id).where(Need.title == f"Suite de {ANSWERED}")) or 0,
    }
