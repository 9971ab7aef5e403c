"""The addresses of needs: stating, reading, the timeline."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from openmap.directory.models import Buyer, Delegate
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.needs import services
from openmap.needs.models import Need
from openmap.needs.periods import bounds, quarters_from
from openmap.people.models import Person
from openmap.reference.models import Activity, Area, Commune
from tests.house.table import Action, File, Page
from tests.needing import make_need
from tests.signing import now

OWN = "/organisations/{buyer}/besoins"
TITLES = {
    "need_public": "Entretien du parc d’essai",
    "need_shared": "Reprise de mobilier, aux participants",
    "need_kept": "Restauration, à l’organisation",
    "need_draft": "Brouillon d’essai",
    "need_withdrawn": "Besoin retiré d’essai",
}
FORM = {
    "title": "Tonte des pelouses",
    "description": "Deux hectares, douze passages par an.",
    "activities": "{activity}",
    "cpv": "77310000",
    "cpv_typed": "77311000-3",
    "find_trade": "",
    "areas": "{area}",
    "communes": "99000",
    "find_place": "",
    "quarter": "{quarter}",
    "starts_on": "",
    "ends_on": "",
    "recurrence": "yearly",
    "amount": "10k_40k",
    "lots": "Nord\nSud",
    "delivery": "service",
    "lever": "clause",
    "procedure": "adapted",
    "renews": "Marché 2025-12",
    "renewed_ends_on": "2027-06-30",
    "certainty": "certain",
    "contact_name": "Camille Essai",
    "contact_email": "camille@essai.example",
    "contact_phone": "01 23 45 67 89",
    "visibility": "public",
    "version": "{version}",
}

PAGES: tuple[Page, ...] = (
    Page("needs.index", "/besoins"),
    Page("needs.index", "/besoins?q=parc&filiere={trade}&territoire={area}&trimestre={quarter}&levier=clause"),
    Page("needs.index", "/besoins?q=rien-de-tel"),
    Page("needs.timeline", "/besoins/calendrier"),
    Page("needs.timeline", "/besoins/calendrier?q=rien-de-tel"),
    Page("needs.show", "/besoins/{need_public}"),
    Page("needs.show", "/besoins/{need_shared}", "participant"),
    Page("needs.show", "/besoins/{need_kept}", "buyer"),
    Page("needs.show", "/besoins/{need_draft}", "buyer"),
    Page("needs.show", "/besoins/{need_withdrawn}"),
    Page("stating.index", OWN, "buyer"),
    Page("stating.index", f"{OWN}?etat=withdrawn&quand=past", "buyer"),
    Page("stating.new", f"{OWN}/nouveau", "buyer"),
    Page("answering.ask", "/besoins/structures"),
    Page("answering.ask", "/besoins/structures?objet=tonte+des+parcs+77310000"),
    Page("answering.show", "/besoins/{need_public}/structures"),
    Page("answering.show", "/besoins/{need_shared}/structures?lieu=ept:T99", "participant"),
    Page("answering.show", "/besoins/{need_kept}/structures", "buyer"),
    Page("answering.show", "/besoins/{need_draft}/structures", "buyer"),
    Page("stating.edit", "/besoins/{need_public}/modifier", "buyer"),
    Page("stating.edit", "/besoins/{need_draft}/modifier", "buyer"),
)
ACTIONS: tuple[Action, ...] = (
    Action("stating.create", f"{OWN}/nouveau", "buyer", None, FORM),
    Action("stating.create", f"{OWN}/nouveau", "buyer", None, {**FORM, "chercher": "1", "find_trade": "gazon"}, 200),
    Action("stating.change", "/besoins/{need_public}/modifier", "buyer", "/besoins/{need_public}", FORM),
    Action("stating.change", "/besoins/{need_draft}/modifier", "buyer", None, {"title": ""}, 422),
    Action("stating.do", "/besoins/{need_draft}/suppression", "buyer", "/organisations/{buyer}/besoins"),
    Action("stating.do", "/besoins/{need_public}/retrait", "buyer", "/besoins/{need_public}"),
    Action("stating.do", "/besoins/{need_withdrawn}/retablissement", "buyer", "/besoins/{need_withdrawn}"),
    Action("stating.copy", "/besoins/{need_public}/copie", "buyer", None),
)
FILES: tuple[File, ...] = (
    File("needs.export", "/besoins/liste.csv", "everyone"),
    File("needs.export", "/besoins/liste.xlsx?q=parc", "everyone"),
    File("needs.export", "/besoins/liste.ics", "everyone"),
    File("stating.trades", "/besoins/mots/activites?find_trade=gazon&activities={activity}&cpv=77310000", "signed_in"),
    File("stating.places", "/besoins/mots/lieux?find_place=essai&areas={area}&communes=99000", "signed_in"),
)
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """Add a need of each visibility and state, for the buyer that the buyer's delegate acts for."""
    by, at = people["buyer_delegate"], now()
    acting = select(Delegate.organisation_id).where(Delegate.person_id == by.id)
    buyer = db.session.get_one(Buyer, db.session.scalars(acting).one())
    code = quarters_from(at.date())[1]
    first, last = bounds(code)
    visibilities = ("public", "participants", "organisers", "public", "public")
    for title, visibility in zip(TITLES.values(), visibilities, strict=True):
        need = make_need(
            buyer, title, quarter=code, starts_on=first, ends_on=last, state="draft", visibility=visibility,
            declared_at=None, person=by, lever="clause", amount="10k_40k", certainty="certain",
            description="Deux hectares.", contact_name="Camille Essai", contact_email="camille@essai.example",
        )  # fmt: skip
        need.activities = [db.session.scalars(select(Activity).where(Activity.code == "essai.tonte")).one()]
        need.areas = [db.session.scalars(select(Area).where(Area.code == "T99")).one()]
        need.communes = [db.session.get_one(Commune, "99001")]
        need.cpv = ["77310000"]
        db.session.add(need)
        if title != TITLES["need_draft"]:
            services.declare(db.session, need, by=by, now=at)
    public, withdrawn = (_need(name) for name in ("need_public", "need_withdrawn"))
    assert public is not None
    assert withdrawn is not None
    services.save(db.session, public, {"amount": "40k_90k"}, version=public.version, by=by, now=at)
    services.withdraw(db.session, withdrawn, by=by, now=at)


def _need(name: str) -> Need | None:
    return db.session.scalars(select(Need).where(Need.title == TITLES[name]).order_by(Need.id).limit(1)).first()


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    return {
        **{name: need.id if (need := _need(name)) else 0 for name in TITLES},
        "activity": db.session.scalar(select(func.min(Activity.id)).where(Activity.code == "essai.tonte")),
        "area": db.session.scalar(select(func.min(Area.id)).where(Area.code == "T99")),
        "version": public.version if (public := _need("need_public")) else 0,
        "quarter": quarters_from(now().date())[1],
    }
