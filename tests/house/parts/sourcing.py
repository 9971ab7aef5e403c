"""The addresses of lists, comparison, messages to structures and saved searches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select

from openmap.directory.models import Delegate, Offer, Organisation, Structure
from openmap.directory.sourcing import shortlists, watching, writing
from openmap.directory.sourcing.watched import kinds
from openmap.directory.sourcing_models import Inquiry, InquiryRecipient, SavedSearch, Shortlist, ShortlistItem
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from tests.house.table import Action, File, Page
from tests.signing import now

LISTS, MESSAGES, SEARCHES = "/annuaire/listes", "/annuaire/messages", "/annuaire/recherches"
OPEN, ANSWERED, LATE = "jeton-message", "jeton-message-repondu", "jeton-message-ancien"
MESSAGE = {"structures": "{listed}", "subject": "Parc d’essai", "body": "Pouvez-vous ?", "organisation_id": ""}

PAGES: tuple[Page, ...] = (
    Page("inquiries.index", MESSAGES, "signed_in"),
    Page("inquiries.new", f"{MESSAGES}/nouveau", "signed_in"),
    Page("inquiries.new", f"{MESSAGES}/nouveau?structures={{listed}},{{silent}}", "signed_in"),
    Page("inquiries.show", f"{MESSAGES}/{{inquiry}}", "sourcer"),
    Page("replies.show", f"/annuaire/reponses/{OPEN}"),
    Page("replies.show", f"/annuaire/reponses/{ANSWERED}"),
    Page("replies.show", f"/annuaire/reponses/{LATE}"),
    Page("shortlists.index", LISTS, "signed_in"),
    Page("shortlists.show", f"{LISTS}/{{list_shared}}", "sourcer"),
    Page("shortlists.show", f"{LISTS}/{{list_own}}", "sourcer"),
    Page("comparisons.show", "/annuaire/comparer"),
    Page("comparisons.show", "/annuaire/comparer?structures={listed}"),
    Page("comparisons.show", "/annuaire/comparer?structures={listed},{silent},{gone},999999"),
    Page("searches.index", SEARCHES, "signed_in"),
    Page("searches.new", f"{SEARCHES}/nouvelle?q=tonte", "signed_in"),
    Page("searches.new", f"{SEARCHES}/nouvelle?cherche=needs", "signed_in"),
    Page("searches.stopping", f"{SEARCHES}/arret/{{stop}}"),
)
ACTIONS: tuple[Action, ...] = (
    Action("inquiries.send", f"{MESSAGES}/nouveau", "signed_in", f"{MESSAGES}/{{inquiry_next}}", MESSAGE),
    Action("inquiries.send", f"{MESSAGES}/nouveau", "signed_in", None, {"structures": "{listed}"}, 422),
    Action(
        "replies.answer", f"/annuaire/reponses/{OPEN}", "everyone", f"/annuaire/reponses/{OPEN}",
        {"answer": "interested", "text": "Oui."},
    ),
    Action("replies.answer", f"/annuaire/reponses/{LATE}", "everyone", None, {"answer": "interested"}, 422),
    Action(
        "replies.report", f"/annuaire/reponses/{OPEN}/signalement", "everyone", f"/annuaire/reponses/{OPEN}",
        {"reason": "Publicité"},
    ),
    Action(
        "shortlists.create", LISTS, "signed_in", f"{LISTS}/{{list_next}}", {"name": "Neuve", "organisation_id": ""}
    ),
    Action(
        "shortlists.add", f"{LISTS}/ajout", "signed_in", "/annuaire",
        {"structure_id": "{listed}", "suite": "/annuaire"},
    ),
    Action(
        "shortlists.add", f"{LISTS}/ajout", "sourcer", f"{LISTS}/{{list_own}}",
        {"structure_id": "{listed}", "shortlist_id": "{list_own}", "suite": "//ailleurs.example"},
    ),
    Action(
        "shortlists.change", f"{LISTS}/{{list_own}}", "sourcer", f"{LISTS}/{{list_own}}",
        {"name": "Autre nom", "organisation_id": "{buyer}"},
    ),
    Action(
        "shortlists.note", f"{LISTS}/{{list_shared}}/structures/{{item}}", "sourcer",
        f"{LISTS}/{{list_shared}}#structure-{{item}}", {"state": "met", "note": "Vue.", "version": "{item_version}"},
    ),
    Action(
        "shortlists.note", f"{LISTS}/{{list_shared}}/structures/{{item}}", "sourcer", None,
        {"state": "met", "note": "Vue.", "version": "1"}, 409,
    ),
    Action(
        "shortlists.remove", f"{LISTS}/{{list_shared}}/structures/{{item}}/retrait", "sourcer",
        f"{LISTS}/{{list_shared}}",
    ),
    Action("shortlists.delete", f"{LISTS}/{{list_own}}/suppression", "sourcer", LISTS),
    Action(
        "searches.save", f"{SEARCHES}/nouvelle", "signed_in", SEARCHES,
        {"cherche": "structures", "query": "q=fauche", "name": "Fauche"},
    ),
    Action("searches.rename", f"{SEARCHES}/{{search}}", "sourcer", SEARCHES, {"name": "Autre nom"}),
    Action("searches.switch", f"{SEARCHES}/{{search}}/alerte", "sourcer", SEARCHES, {"alerte": "non"}),
    Action("searches.delete", f"{SEARCHES}/{{search}}/suppression", "sourcer", SEARCHES),
    Action("searches.stop", f"{SEARCHES}/arret/{{stop}}", "everyone", f"{SEARCHES}/arret/{{stop}}"),
)  # fmt: skip
FILES: tuple[File, ...] = (
    File("shortlists.export", f"{LISTS}/{{list_shared}}/liste.csv", "sourcer"),
    File("shortlists.export", f"{LISTS}/{{list_shared}}/liste.xlsx", "sourcer"),
)
DOORS: frozenset[str] = frozenset()

NAMES = {"silent": "Sans correspondant d’essai", "gone": "Retirée d’essai"}


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """Give the buyer's person lists, messages and a search; list a structure with people, one without, one gone."""
    by, at = people["buyer_delegate"], now()
    buyer = db.session.get_one(
        Organisation, db.session.scalars(select(Delegate.organisation_id).where(Delegate.person_id == by.id)).first()
    )
    listed = db.session.get_one(Structure, _structure_of(people["structure_delegate"]))
    listed.listed_at = listed.listed_at or at
    silent = Structure(name=NAMES["silent"], kind="esat", listed_at=at, workforce=12)
    gone = Structure(name=NAMES["gone"], kind="ei", listed_at=at)
    for one in (listed, silent):
        one.offers.append(Offer(title="Tonte des pelouses", reach="france"))
    db.session.add_all([silent, gone])
    db.session.flush()
    shared = shortlists.create(db.session, "Liste partagée d’essai", buyer, by=by, now=at)
    shortlists.create(db.session, "Liste d’essai", None, by=by, now=at)
    for one in (listed, silent, gone):
        shortlists.add(db.session, shared, one, by=by, now=at)
    gone.delisted_at, gone.delisted_reason = at, "Essai"
    item = db.session.scalars(select(ShortlistItem).where(ShortlistItem.structure_id == silent.id)).one()
    shortlists.note(db.session, item, "contacted", "Rappeler lundi.", version=1, by=by, now=at)
    for token, sent_at in ((OPEN, at), (ANSWERED, at), (LATE, at - timedelta(days=200))):
        inquiry = Inquiry(person_id=by.id, subject=f"Objet {token}", body="Bonjour.", sent_at=sent_at)
        recipient = InquiryRecipient(inquiry=inquiry, structure=listed, token_hash=writing.token_hash(token))
        db.session.add(recipient)
        db.session.flush()
        if token == ANSWERED:
            writing.answer(db.session, recipient, "interested", "Avec plaisir.", now=at)
    watching.save(db.session, kinds()["structures"], "q=tonte", "Tonte d’essai", by=by, now=at)


def _structure_of(person: Person) -> int:
    asked = select(Delegate.organisation_id).join(Structure, Structure.id == Delegate.organisation_id)
    asked = asked.where(Delegate.person_id == person.id, Structure.delisted_at.is_(None)).order_by(Delegate.id)
    return db.session.scalars(asked.limit(1)).one()


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    item = db.session.scalars(select(ShortlistItem).where(ShortlistItem.note != "").order_by(ShortlistItem.id)).first()
    search = db.session.scalars(select(SavedSearch).where(SavedSearch.query == "q=tonte")).first()
    lists = {row.name: row.id for row in db.session.scalars(select(Shortlist).order_by(Shortlist.id.desc()))}
    answered = select(InquiryRecipient).where(InquiryRecipient.token_hash == writing.token_hash(ANSWERED))
    recipient = db.session.scalars(answered).first()
    return {
        **{
            name: db.session.scalar(select(func.min(Organisation.id)).where(Organisation.name == said))
            for name, said in NAMES.items()
        },
        "listed": recipient and recipient.structure_id,
        "inquiry": recipient and recipient.inquiry_id,
        "inquiry_next": (db.session.scalar(select(func.max(Inquiry.id))) or 0) + 1,
        "list_shared": lists.get("Liste partagée d’essai"),
        "list_own": lists.get("Liste d’essai"),
        "list_next": max(lists.values(), default=0) + 1,
        "item": item and item.id,
        "item_version": item and item.version,
        "search": search and search.id,
        "stop": watching.token_of(search) if search else "",
    }
