"""« Mes messages »: write one text to several structures, and follow what they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.directory.models import Structure
from openmap.directory.queries import organisations_of
from openmap.directory.sourcing import writing
from openmap.directory.sourcing.choosing import chosen_ids, structures_by_id
from openmap.directory.sourcing.forms import InquiryForm
from openmap.directory.sourcing.labels import DELIVERY_WORDS, inquiry_answer
from openmap.directory.sourcing.messages import counted, deliveries, messages_of, whole
from openmap.directory.sourcing_models import Inquiry
from openmap.extensions import db, limiter
from openmap.people import own_pages
from openmap.people.access import current_person, here, only, signed_in
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.web.requests import row_number

blueprint = Blueprint("inquiries", __name__, url_prefix="/annuaire/messages")
blueprint.add_app_template_filter(inquiry_answer)

_MANY: Final = "30 per hour"


def _now() -> datetime:
    return datetime.now(UTC)


def _whose() -> str:
    person = current_person()
    return f"inquiries-{person.id if person else 'nobody'}"


def _inquiry_or_404(inquiry_id: int) -> Inquiry:
    return whole(db.session, inquiry_id) or abort(404)


def _wrote(person: Person, *, inquiry_id: int) -> bool:
    return (db.session.get(Inquiry, inquiry_id) or abort(404)).person_id == person.id


writers_only = only(_wrote)
"""Guard a message: it is its sender's alone."""


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """List one's messages with their counts."""
    found = messages_of(db.session, here(), page=request.args.get("page", 1, type=row_number))
    return render_template("directory/sourcing/messages.html", found=found)


@blueprint.get("/nouveau")
@signed_in
def new() -> ResponseReturnValue:
    """Show who would be written to, who would not, and the form."""
    return _form_page(InquiryForm(organisations_of(db.session, here())))


@blueprint.post("/nouveau", endpoint="send")
@limiter.limit(_MANY, key_func=_whose)
@signed_in
def send() -> ResponseReturnValue:
    """Write the message to each structure."""
    form = InquiryForm(organisations_of(db.session, here()))
    if not form.validate_on_submit():
        return _form_page(form), 422
    structures, text = _chosen(), (form.subject.data, form.body.data)
    try:
        inquiry = writing.send(db.session, structures, *text, organisation=form.chosen, by=here(), now=_now())
    except writing.RefusedMessage as refusal:
        db.session.rollback()
        return _form_page(form, str(refusal)), 422
    db.session.commit()
    flash(_("Votre message part dans les secondes qui viennent. Vous recevez un message à chaque réponse."))
    return redirect(url_for("inquiries.show", inquiry_id=inquiry.id), 303)


@blueprint.get("/<int:inquiry_id>")
@writers_only
def show(inquiry_id: int) -> ResponseReturnValue:
    """Show a message, and what each structure answered."""
    inquiry = _inquiry_or_404(inquiry_id)
    return render_template(
        "directory/sourcing/message.html",
        inquiry=inquiry,
        counted_=counted(inquiry),
        deliveries=deliveries(db.session, inquiry),
        words=DELIVERY_WORDS,
    )


def _chosen() -> list[Structure]:
    return structures_by_id(db.session, chosen_ids())


def _form_page(form: InquiryForm, refusal: str = "") -> str:
    structures = _chosen()
    boxes = writing.postboxes(db.session, structures)
    return render_template(
        "directory/sourcing/write.html",
        form=form,
        refusal=refusal,
        reached=[one for one in structures if boxes[one.id].is_open],
        nobody=_helped([one for one in structures if not boxes[one.id].is_open]),
        too_many=len(structures) > writing.MOST,
        most=writing.MOST,
        sender=here(),
    )


def _helped(structures: Sequence[Structure]) -> list[Mapping[str, object]]:
    """Return structures that have nobody to write to, each with the page of who may help to reach it."""
    page = "facilitators.index" in current_app.view_functions
    return [
        {"structure": one, "help": url_for("facilitators.index", commune=one.commune_code or "") if page else ""}
        for one in structures
    ]


own_pages.register(
    "inquiries",
    lambda _session, _person: [OwnPage(_("Mes messages aux structures"), url_for("inquiries.index"))],
)
