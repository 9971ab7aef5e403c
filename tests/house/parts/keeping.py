"""The addresses of the pages of structures: reading, keeping, claiming, confirming."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO

from sqlalchemy import func, select

from openmap.applications.models import Application
from openmap.directory import claims
from openmap.directory.maintaining import held
from openmap.directory.models import Claim, ClientReference, Delegate, Offer, Structure, StructureFile
from openmap.directory.page_files import add_file
from openmap.directory.page_forms import IdentityForm, LabelsForm, PlaceForm, PresentationForm
from openmap.directory.page_words import held_of_client, held_of_offer, mark_of
from openmap.directory.reminding import remind_due, token_of
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.reference.models import Activity, Area, Commune, Label
from tests.house.table import Action, File, Page
from tests.pictures import shown_png
from tests.signing import make_person, now

SHOWN = "/annuaire/structures/{organisation}"
KEPT = f"{SHOWN}/tenir"
FORGOTTEN = "Structure d’essai à confirmer"
GONE = "Structure d’essai radiée"
OFFER = {
    "activities": "{activity}", "find_trade": "", "title": "Tonte au cordeau", "description": "Par tous les temps.",
    "deliveries": "service", "capacity": "Douze hectares", "largest_amount": "10k_40k", "reach": "radius",
    "radius_km": "20", "areas": "{area}", "communes": "99000", "find_place": "",
}  # fmt: skip
CLIENT = {
    "client": "Ville d’Essai-le-Grand", "is_public": "y", "subject": "Parcs", "year": "2025", "amount": "10k_40k",
}  # fmt: skip
IDENTITY = {
    "mark": "{mark_identity}", "name": "Autre nom d’essai", "brand": "Marque d’essai", "kind": "aci",
    "also_kinds": "ei", "legal_form": "association", "siret": "",
}  # fmt: skip
PRESENTATION = {
    "mark": "{mark_presentation}", "description": "Nous tondons.", "website": "www.essai.example", "workforce": "12",
    "supported_share": "60", "certifications": "Essai 9001", "joint_bids": "Avec une autre",
}  # fmt: skip
PLACE = {
    "mark": "{mark_place}", "address": "1 rue des Essais", "postal_code": "99000", "commune": "Essai-le-Grand",
    "commune_pick": "99001",
}  # fmt: skip

PAGES: tuple[Page, ...] = (
    Page("structures.show", SHOWN),
    Page("structures.show", "/annuaire/structures/{forgotten}"),
    Page("keeping.overview", KEPT, "manager"),
    Page("keeping.overview", "/annuaire/structures/{gone}/tenir", "administrator"),
    Page("keeping.overview", "/annuaire/structures/{forgotten}/tenir", "administrator"),
    *(Page("keeping.edit", f"{KEPT}/{slug}", "manager") for slug in ("identite", "presentation", "lieu", "labels")),
    Page("keeping_offers.index", f"{KEPT}/offres", "manager"),
    Page("keeping_offers.index", "/annuaire/structures/{gone}/tenir/offres", "administrator"),
    Page("keeping_offers.new", f"{KEPT}/offres/nouvelle", "manager"),
    Page("keeping_offers.edit", f"{KEPT}/offres/{{offer}}", "manager"),
    Page("keeping_clients.index", f"{KEPT}/references", "manager"),
    Page("keeping_clients.index", "/annuaire/structures/{gone}/tenir/references", "administrator"),
    Page("keeping_clients.new", f"{KEPT}/references/nouvelle", "manager"),
    Page("keeping_clients.edit", f"{KEPT}/references/{{client}}", "manager"),
    Page("keeping_files.index", f"{KEPT}/fichiers", "manager"),
    Page("claiming.ask", "/annuaire/structures/{forgotten}/demande", "signed_in"),
    Page("claiming.index", "/annuaire/demandes", "administrator"),
    Page("confirming.show", "/annuaire/confirmation/{confirming}"),
    Page("confirming.show", "/annuaire/confirmation/faux", status=410),
    Page("renewing.show", "/candidatures/{renewing}/annuaire", "publisher"),
)
ACTIONS: tuple[Action, ...] = (
    Action("keeping.keep", f"{KEPT}/identite", "manager", KEPT, IDENTITY),
    Action("keeping.keep", f"{KEPT}/identite", "manager", None, {**IDENTITY, "mark": "autre"}, 409),
    Action("keeping.keep", f"{KEPT}/presentation", "manager", KEPT, PRESENTATION),
    Action("keeping.keep", f"{KEPT}/lieu", "manager", KEPT, PLACE),
    Action("keeping.keep", f"{KEPT}/lieu", "manager", None, {**PLACE, "commune": "Essai", "commune_pick": ""}, 422),
    Action("keeping.keep", f"{KEPT}/labels", "manager", KEPT, {"mark": "{mark_labels}", "labels": "{label}"}),
    Action("keeping.do", f"{KEPT}/confirmation", "publisher", KEPT),
    Action("keeping.do", f"{KEPT}/retrait", "publisher", KEPT),
    Action("keeping.delist", f"{KEPT}/radiation", "administrator", KEPT, {"reason": "Elle a fermé."}),
    Action(
        "keeping.restore", "/annuaire/structures/{gone}/tenir/retablissement", "administrator",
        "/annuaire/structures/{gone}/tenir",
    ),
    Action("keeping_offers.add", f"{KEPT}/offres/nouvelle", "manager", f"{KEPT}/offres", OFFER),
    Action("keeping_offers.add", f"{KEPT}/offres/nouvelle", "manager", None, {**OFFER, "reach": ""}, 422),
    Action(
        "keeping_offers.change", f"{KEPT}/offres/{{offer}}", "manager", f"{KEPT}/offres",
        {**OFFER, "reach": "places", "mark": "{mark_offer}"},
    ),
    Action("keeping_offers.move", f"{KEPT}/offres/{{offer}}/descendre", "manager", f"{KEPT}/offres"),
    Action("keeping_offers.remove", f"{KEPT}/offres/{{offer}}/suppression", "manager", f"{KEPT}/offres"),
    Action("keeping_clients.add", f"{KEPT}/references/nouvelle", "manager", f"{KEPT}/references", CLIENT),
    Action(
        "keeping_clients.change", f"{KEPT}/references/{{client}}", "manager", f"{KEPT}/references",
        {**CLIENT, "mark": "{mark_client}"},
    ),
    Action(
        "keeping_clients.remove", f"{KEPT}/references/{{client}}/suppression", "manager", f"{KEPT}/references",
    ),
    Action("keeping_files.add", f"{KEPT}/fichiers", "manager", None, {"use": "photo", "words": "Une tondeuse"}, 422),
    Action("keeping_files.remove", f"{KEPT}/fichiers/{{file}}/suppression", "manager", f"{KEPT}/fichiers"),
    Action(
        "claiming.send", "/annuaire/structures/{forgotten}/demande", "signed_in",
        "/annuaire/structures/{forgotten}/demande", {"reason": "directrice"},
    ),
    Action("claiming.answer", f"{KEPT}/demandes/{{claim}}/accepter", "publisher", KEPT),
    Action(
        "renewing.agree", "/candidatures/{renewing}/annuaire", "publisher", "/annuaire/structures/{renewed}",
    ),
    Action(
        "confirming.confirm", "/annuaire/confirmation/{confirming}", "everyone", "/annuaire/confirmation/{confirming}",
    ),
)  # fmt: skip
FILES: tuple[File, ...] = (
    File("structures.file", f"{SHOWN}/fichiers/{{file}}", "everyone"),
    File("keeping_offers.activities", f"{KEPT}/offres/mots/activites?find_trade=gazon", "manager"),
    File("keeping_offers.places", f"{KEPT}/offres/mots/lieux?find_place=essai&areas={{area}}", "manager"),
)
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """List the structure that the delegate acts for with all that a page shows, one to confirm, one taken off."""
    by, at = people["structure_delegate"], now()
    structure = _own()
    assert structure is not None
    commune = db.session.get_one(Commune, "99000")
    structure.listed_at = structure.confirmed_at = at
    structure.commune, structure.city = commune, commune.name
    structure.description, structure.workforce, structure.supported_share = "Nous tondons.", 12, 60
    structure.labels = list(db.session.scalars(select(Label)))
    activity = db.session.scalars(select(Activity).where(Activity.code == "essai.tonte")).one()
    area = db.session.scalars(select(Area).where(Area.code == "T99")).one()
    structure.offers = [
        Offer(activity=activity, reach="radius", radius_km=20, position=0, capacity="Deux hectares"),
        Offer(activity=activity, title="Tonte des cours", reach="places", areas=[area], communes=[commune], position=1),
        Offer(title="Autre chose", reach="france", is_supply=True, position=2),
    ]
    structure.clients = [ClientReference(client="Ville d’Essai", year=2024, amount="10k_40k", subject="Parcs")]
    long_ago = at - timedelta(days=700)
    forgotten = Structure(name=FORGOTTEN, kind="esat", is_invented=True, listed_at=long_ago, confirmed_at=long_ago)
    gone = Structure(name=GONE, is_invented=True, listed_at=at, delisted_at=at, delisted_reason="Elle a fermé.")
    db.session.add_all([forgotten, gone])
    db.session.flush()
    keeper = make_person("tient-une-page@essai.example", name="Alix d’Essai")
    db.session.add(Delegate(person_id=keeper.id, organisation_id=forgotten.id, invited_at=at))
    for use, words in (("logo", "Un brin d’herbe"), ("photo", "Une pelouse")):
        add_file(db.session, structure, BytesIO(shown_png()), "p.png", use=use, words=words, by=by, now=at)
    document = BytesIO(b"%PDF-1.7 essai")
    add_file(db.session, structure, document, "d.pdf", use="document", words="Plaquette", by=by, now=at)
    claims.ask(db.session, structure, reason="jardinier", by=keeper, now=at)
    remind_due(db.session, now=at)
    file = _file()
    assert file is not None
    db.session.add(Delegate(person_id=by.id, organisation_id=file.structure_id, invited_at=at))


def _own() -> Structure | None:
    """Return the structure that the table's ``{organisation}`` is."""
    asked = select(Structure).join(Delegate, Delegate.organisation_id == Structure.id)
    asked = asked.join(Person, Person.id == Delegate.person_id)
    asked = asked.where(Person.email == "structure_delegate@essai.example").order_by(Delegate.id)
    return db.session.scalars(asked.limit(1)).first()


def _file() -> Application | None:
    """Return the delegate's own submitted file."""
    asked = select(Application).join(Person, Person.id == Application.person_id)
    asked = asked.where(Person.email == "structure_delegate@essai.example", Application.state == "submitted")
    return db.session.scalars(asked.order_by(Application.id).limit(1)).first()


def _named(name: str) -> Structure | None:
    return db.session.scalars(select(Structure).where(Structure.name == name)).first()


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    structure, forgotten, gone = _own(), _named(FORGOTTEN), _named(GONE)
    if structure is None or forgotten is None or gone is None:
        return {}
    file = _file()
    offer = next(iter(structure.offers), None)
    client = next(iter(structure.clients), None)
    forms = {"identity": IdentityForm, "presentation": PresentationForm, "place": PlaceForm, "labels": LabelsForm}
    return {
        "forgotten": forgotten.id,
        "gone": gone.id,
        "renewing": file.id if file else 0,
        "renewed": file.structure_id if file else 0,
        "offer": offer.id if offer else 0,
        "client": client.id if client else 0,
        "file": db.session.scalar(select(func.max(StructureFile.id)).where(StructureFile.use == "photo")),
        "claim": db.session.scalar(select(func.min(Claim.id)).where(Claim.structure_id == structure.id)),
        "label": db.session.scalar(select(func.min(Label.id))),
        "confirming": token_of(forgotten),
        "mark_offer": mark_of(held_of_offer(offer)) if offer else "",
        "mark_client": mark_of(held_of_client(client)) if client else "",
        **{f"mark_{name}": mark_of(held(structure, form.fields)) for name, form in forms.items()},
    }
