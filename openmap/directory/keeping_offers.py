"""The offers of a page: added, changed, put in order, removed; what the form offers to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.directory import maintaining, page_words
from openmap.directory.keeping import child_or_404, keepers_only
from openmap.directory.models import Offer, Structure
from openmap.directory.page_forms import OfferForm, shown_offer
from openmap.directory.page_words import Difference, differences, held_of_offer, mark_of
from openmap.directory.showing import sectors_of, structure_or_404
from openmap.extensions import db
from openmap.people.access import here
from openmap.reference.picking import trades_offered
from openmap.reference.places import places_offered

blueprint = Blueprint("keeping_offers", __name__, url_prefix="/annuaire/structures/<int:structure_id>/tenir/offres")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@keepers_only
def index(structure_id: int) -> ResponseReturnValue:
    """List the offers in their order."""
    structure = structure_or_404(structure_id)
    told = {one.offer.id: one for sector in sectors_of(structure) for one in sector.offers}
    return render_template("directory/keeping/offers.html", structure=structure, told=told)


@blueprint.get("/nouvelle")
@keepers_only
def new(structure_id: int) -> ResponseReturnValue:
    """Show the form of a new offer."""
    data = {"deliveries": ["service"], "reach": "radius", "radius_km": 20, "largest_amount": ""}
    return _form_page(structure_or_404(structure_id), None, OfferForm(formdata=None, data=data), "")


@blueprint.post("/nouvelle", endpoint="add")
@keepers_only
def add(structure_id: int) -> ResponseReturnValue:
    """Add an offer."""
    return _taken(structure_or_404(structure_id), None)


@blueprint.get("/<int:offer_id>")
@keepers_only
def edit(structure_id: int, offer_id: int) -> ResponseReturnValue:
    """Show the form of an offer."""
    structure = structure_or_404(structure_id)
    offer = child_or_404(structure.offers, offer_id)
    return _form_page(
        structure, offer, OfferForm(formdata=None, data=shown_offer(offer)), mark_of(held_of_offer(offer))
    )


@blueprint.post("/<int:offer_id>", endpoint="change")
@keepers_only
def change(structure_id: int, offer_id: int) -> ResponseReturnValue:
    """Change an offer."""
    structure = structure_or_404(structure_id)
    return _taken(structure, child_or_404(structure.offers, offer_id))


@blueprint.post("/<int:offer_id>/suppression", endpoint="remove")
@keepers_only
def remove(structure_id: int, offer_id: int) -> ResponseReturnValue:
    """Take an offer off the page."""
    structure = structure_or_404(structure_id)
    offer = child_or_404(structure.offers, offer_id)
    maintaining.remove_offer(db.session, structure, offer, by=here(), now=_now())
    db.session.commit()
    flash(_("L’offre est supprimée."))
    return redirect(url_for("keeping_offers.index", structure_id=structure_id), 303)


@blueprint.post("/<int:offer_id>/<any(monter,descendre):way>", endpoint="move")
@keepers_only
def move(structure_id: int, offer_id: int, way: str) -> ResponseReturnValue:
    """Move an offer one place up or down."""
    structure = structure_or_404(structure_id)
    offer = child_or_404(structure.offers, offer_id)
    step = -1 if way == "monter" else 1
    maintaining.move_offer(db.session, structure, offer, step, by=here(), now=_now())
    db.session.commit()
    return redirect(url_for("keeping_offers.index", structure_id=structure_id), 303)


@blueprint.get("/mots/activites")
@keepers_only
def activities(structure_id: int) -> ResponseReturnValue:
    """Hand over the activities that fit what was typed: a fragment of the form."""
    del structure_id
    return render_template("directory/keeping/_activities.html", trades=_trades(OfferForm(formdata=request.args)))


@blueprint.get("/mots/lieux")
@keepers_only
def places(structure_id: int) -> ResponseReturnValue:
    """Hand over the places that fit what was typed, with those chosen: a fragment of the form."""
    del structure_id
    return render_template("reference/_places.html", places=_places(OfferForm(formdata=request.args)))


def _taken(structure: Structure, offer: Offer | None) -> ResponseReturnValue:
    """Take what the form was sent with: search, or save."""
    form, mark = OfferForm(), request.form.get("mark", "")
    if "chercher" in request.form:
        return _form_page(structure, offer, form, mark)
    if not form.validate_on_submit():
        return _form_page(structure, offer, form, mark), 422
    values = form.values(db.session)
    try:
        maintaining.save_offer(db.session, structure, offer, values, mark=mark, by=here(), now=_now())
    except maintaining.ChangedElsewhere:
        db.session.rollback()
        saved = held_of_offer(offer) if offer is not None else {}
        return _form_page(structure, offer, form, mark_of(saved), differences(values, saved)), 409
    except maintaining.RefusedPage as refusal:
        db.session.rollback()
        return _form_page(structure, offer, form, mark, refusal=str(refusal)), 409
    db.session.commit()
    flash(_("L’offre est enregistrée."))
    return redirect(url_for("keeping_offers.index", structure_id=structure.id), 303)


def _form_page(
    structure: Structure,
    offer: Offer | None,
    form: OfferForm,
    mark: str,
    differing: Sequence[Difference] = (),
    refusal: str = "",
) -> str:
    return render_template(
        "directory/keeping/offer.html",
        structure=structure,
        offer=offer,
        title=page_words.offer_title(offer) if offer is not None else "",
        form=form,
        mark=mark,
        differences=differing,
        refusal=refusal,
        trades=_trades(form),
        places=_places(form),
    )


def _trades(form: OfferForm) -> Any:
    return trades_offered(db.session, list(form.activities.data or []), [], (form.find_trade.data or "")[:80])


def _places(form: OfferForm) -> Any:
    typed = (form.find_place.data or "")[:80]
    return places_offered(db.session, list(form.areas.data or []), list(form.communes.data or []), typed)
