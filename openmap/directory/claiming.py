"""The pages of claims: asking to keep a structure's page, and answering."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.directory import claims
from openmap.directory.keeping import publishers_only
from openmap.directory.models import Claim, Structure
from openmap.directory.page_forms import ClaimForm
from openmap.directory.permissions import may_ask_for, may_publish
from openmap.directory.showing import structure_or_404
from openmap.extensions import db, limiter
from openmap.people import own_pages
from openmap.people.access import administrators_only, here, signed_in
from openmap.people.own_pages import OwnPage

blueprint = Blueprint("claiming", __name__, url_prefix="/annuaire")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/structures/<int:structure_id>/demande")
@signed_in
def ask(structure_id: int) -> ResponseReturnValue:
    """Show how to ask to keep a page, or where one's own request stands."""
    return _page(_askable_or_404(structure_id), ClaimForm(formdata=None))


@blueprint.post("/structures/<int:structure_id>/demande", endpoint="send")
@signed_in
@limiter.limit("10 per day", key_func=lambda: f"claim-{here().id}")
def send(structure_id: int) -> ResponseReturnValue:
    """Ask to keep a page: the answer is the same whether anybody represents it or not."""
    structure, form = _askable_or_404(structure_id), ClaimForm()
    if not form.validate_on_submit():
        return _page(structure, form), 422
    try:
        claims.ask(db.session, structure, reason=form.reason.data, by=here(), now=_now())
    except claims.RefusedClaim as refusal:
        db.session.rollback()
        return _page(structure, form, str(refusal)), 409
    db.session.commit()
    flash(_("Votre demande est transmise à qui peut y répondre. Un message vous dira la suite."))
    return redirect(url_for("claiming.ask", structure_id=structure_id), 303)


@blueprint.post(
    "/structures/<int:structure_id>/tenir/demandes/<int:claim_id>/<any(accepter,refuser):answer>", endpoint="answer"
)
@publishers_only
def answer(structure_id: int, claim_id: int, answer: str) -> ResponseReturnValue:
    """Accept or refuse a claim."""
    claim = db.session.get(Claim, claim_id)
    if claim is None or claim.structure_id != structure_id:
        abort(404)
    claims.answer(db.session, claim, accepts=answer == "accepter", by=here(), now=_now())
    db.session.commit()
    flash(_("La réponse est envoyée à la personne."))
    return redirect(url_for("keeping.overview", structure_id=structure_id), 303)


@blueprint.get("/demandes")
@administrators_only
def index() -> ResponseReturnValue:
    """List the claims that wait for an answer."""
    return render_template("directory/claims.html", waiting=claims.waiting_claims(db.session))


def _askable_or_404(structure_id: int) -> Structure:
    structure = structure_or_404(structure_id)
    return structure if structure.is_listed or may_ask_for(here(), structure) else abort(404)


def _page(structure: Structure, form: ClaimForm, refusal: str = "") -> str:
    return render_template(
        "directory/claim.html",
        structure=structure,
        form=form,
        claim=claims.claim_of(db.session, structure, here()),
        keeps=may_publish(here(), structure),
        refusal=refusal,
    )


own_pages.register(
    "claims",
    lambda session, person: (
        [OwnPage(_("Demandes de tenir une page (%(count)d)", count=count), url_for("claiming.index"))]
        if person.is_administrator and (count := claims.count_waiting(session))
        else []
    ),
)
