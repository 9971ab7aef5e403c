"""A buyer's own needs: the list, the form, and what is done to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.directory.models import Buyer
from openmap.extensions import db
from openmap.needs import services
from openmap.needs.forms import NeedForm, filled
from openmap.needs.guards import buyer_or_404, buyers_only, need_or_404, stating_only
from openmap.needs.labels import need_field
from openmap.needs.models import STATES, Need
from openmap.needs.queries import WHEN, needs_of_buyer, own_buyers
from openmap.needs.services import today_of
from openmap.needs.telling import held, told
from openmap.people import own_pages
from openmap.people.access import here, signed_in
from openmap.people.own_pages import OwnPage
from openmap.reference.picking import trades_offered
from openmap.reference.places import places_offered
from openmap.web.fields import Chosen
from openmap.web.requests import row_number

blueprint = Blueprint("stating", __name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """What two devices say differently of a need."""

    label: str
    typed: str
    saved: str


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/organisations/<int:organisation_id>/besoins")
@buyers_only
def index(organisation_id: int) -> ResponseReturnValue:
    """List a buyer's needs, whatever their state."""
    buyer = buyer_or_404(organisation_id)
    state, when = request.args.get("etat", ""), request.args.get("quand", "")
    page = request.args.get("page", 1, type=row_number)
    today = today_of(_now())
    return render_template(
        "needs/own.html",
        buyer=buyer,
        found=needs_of_buyer(db.session, buyer, today=today, state=state, when=when, page=page),
        state=state if state in STATES else "",
        when=when if when in WHEN else "",
        today=today,
    )


@blueprint.get("/organisations/<int:organisation_id>/besoins/nouveau")
@buyers_only
def new(organisation_id: int) -> ResponseReturnValue:
    """Show the form of a new need, with who is here as its contact."""
    person, data = (
        here(),
        {"recurrence": "once", "lever": "none", "certainty": "probable", "visibility": "participants"},
    )
    data |= {"contact_name": person.name, "contact_email": person.email or "", "contact_phone": person.phone}
    form = NeedForm(None, today_of(_now()), formdata=None, data=data)
    return _form_page(buyer_or_404(organisation_id), None, form)


@blueprint.post("/organisations/<int:organisation_id>/besoins/nouveau", endpoint="create")
@buyers_only
def create(organisation_id: int) -> ResponseReturnValue:
    """Begin a need as a draft, or declare it at once."""
    return _taken(buyer_or_404(organisation_id), None)


@blueprint.get("/besoins/<int:need_id>/modifier")
@stating_only
def edit(need_id: int) -> ResponseReturnValue:
    """Show the form of a need."""
    need = need_or_404(need_id)
    return _form_page(need.buyer, need, NeedForm(need, today_of(_now()), formdata=None, data=filled(need)))


@blueprint.post("/besoins/<int:need_id>/modifier", endpoint="change")
@stating_only
def change(need_id: int) -> ResponseReturnValue:
    """Keep what the form says, and declare a draft where that is asked."""
    need = need_or_404(need_id)
    return _taken(need.buyer, need)


DEEDS: Final = {
    "declaration": (services.declare, lazy_gettext("Le besoin est déclaré.")),
    "retrait": (
        services.withdraw,
        lazy_gettext("Le besoin est retiré. Sa page le dit à ceux qui pouvaient le voir."),
    ),
    "retablissement": (services.restore, lazy_gettext("Le besoin est de nouveau déclaré.")),
    "suppression": (services.discard, lazy_gettext("Le brouillon est supprimé.")),
}


@blueprint.post("/besoins/<int:need_id>/<any(declaration,retrait,retablissement,suppression):deed>", endpoint="do")
@stating_only
def do(need_id: int, deed: str) -> ResponseReturnValue:
    """Declare, withdraw, restore or discard a need."""
    need, (verb, sentence) = need_or_404(need_id), DEEDS[deed]
    buyer_id = need.buyer_id
    try:
        verb(db.session, need, by=here(), now=_now())
    except services.RefusedNeed as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
        flash(str(sentence))
    if deed == "suppression" and db.session.get(Need, need_id) is None:
        return redirect(url_for("stating.index", organisation_id=buyer_id), 303)
    return redirect(url_for("needs.show", need_id=need_id), 303)


@blueprint.post("/besoins/<int:need_id>/copie", endpoint="copy")
@stating_only
def copy(need_id: int) -> ResponseReturnValue:
    """Begin a draft that says the same, its dates moved forward."""
    made = services.copy(db.session, need_or_404(need_id), by=here(), now=_now())
    db.session.commit()
    flash(_("Voici une copie, en brouillon : vérifiez ses dates, puis déclarez-la."))
    return redirect(url_for("stating.edit", need_id=made.id), 303)


@blueprint.get("/besoins/mots/activites")
@signed_in
def trades() -> ResponseReturnValue:
    """Hand over the activities and codes that fit what was typed, with those chosen: a fragment of the form."""
    form = NeedForm(None, today_of(_now()), formdata=request.args)
    return render_template("needs/_trades.html", trades=_trades(form))


@blueprint.get("/besoins/mots/lieux")
@signed_in
def places() -> ResponseReturnValue:
    """Hand over the places that fit what was typed, with those chosen: a fragment of the form."""
    form = NeedForm(None, today_of(_now()), formdata=request.args)
    return render_template("reference/_places.html", places=_places(form))


def _taken(buyer: Buyer, need: Need | None) -> ResponseReturnValue:
    """Take what the form was sent with: search, or save, and declare where the button says so."""
    now = _now()
    form = NeedForm(need, today_of(now))
    if "chercher" in request.form:
        return _form_page(buyer, need, form)
    declares = request.form.get("geste") == "declarer"
    if not form.validate_on_submit():
        lacking = services.missing_in(form.values(db.session), today_of(now), window=False) if declares else []
        return _form_page(buyer, need, _marked(form, lacking)), 422
    try:
        kept = _kept(buyer, need, form, declares=declares, now=now)
    except services.ChangedElsewhere:
        db.session.rollback()
        return _form_page(buyer, need, form, _differences(need, form)), 409
    except services.Incomplete as refusal:
        db.session.rollback()
        return _form_page(buyer, need, _marked(form, refusal.missing)), 422
    except services.NotNow as refusal:
        db.session.rollback()
        return _form_page(buyer, need, form, refusal=str(refusal)), 409
    db.session.commit()
    flash(_said(kept, declares=declares))
    return redirect(url_for("needs.show", need_id=kept.id), 303)


def _kept(buyer: Buyer, need: Need | None, form: NeedForm, *, declares: bool, now: datetime) -> Need:
    values = form.values(db.session)
    if need is None:
        need = services.start(db.session, buyer, values, by=here(), now=now)
    else:
        version = request.form.get("version", 0, type=row_number)
        services.save(db.session, need, values, version=version, by=here(), now=now)
    if declares:
        services.declare(db.session, need, by=here(), now=now)
    return need


def _marked(form: NeedForm, missing: Sequence[services.Missing]) -> NeedForm:
    """Say at each field what it lacks, unless something is wrong there already."""
    for one in missing:
        if not form[one.field].errors and not (one.field == "quarter" and form.ends_on.errors):
            form[one.field].errors = [one.sentence]
    return form


def _said(need: Need, *, declares: bool) -> str:
    if declares:
        return str(_("Le besoin est déclaré."))
    if need.state == "draft":
        return str(_("Le brouillon est enregistré. Il n’est publié nulle part tant que vous ne le déclarez pas."))
    return str(_("La modification est enregistrée, datée et visible de tous ceux qui voient ce besoin."))


def _differences(need: Need | None, form: NeedForm) -> list[Difference]:
    """Return what the form says otherwise than the need as it was saved meanwhile."""
    if need is None:
        return []
    saved, typed = told(held(need)), told(form.values(db.session))
    return [Difference(need_field(name), typed[name], saved[name]) for name in saved if saved[name] != typed[name]]


def _form_page(
    buyer: Buyer, need: Need | None, form: NeedForm, differences: Sequence[Difference] = (), refusal: str = ""
) -> str:
    target = (
        url_for("stating.create", organisation_id=buyer.id)
        if need is None
        else url_for("stating.change", need_id=need.id)
    )
    return render_template(
        "needs/form.html",
        buyer=buyer,
        need=need,
        form=form,
        target=target,
        differences=differences,
        refusal=refusal,
        trades=_trades(form),
        places=_places(form),
    )


def _trades(form: NeedForm) -> Any:
    return trades_offered(db.session, _data(form.activities), _data(form.cpv), (form.find_trade.data or "")[:80])


def _places(form: NeedForm) -> Any:
    return places_offered(db.session, _data(form.areas), _data(form.communes), (form.find_place.data or "")[:80])


def _data(field: Chosen) -> list[str]:
    return [str(one) for one in field.data or []]


own_pages.register(
    "needs",
    lambda session, person: [
        OwnPage(
            _("Besoins de %(buyer)s (%(count)d)", buyer=buyer.name, count=count),
            url_for("stating.index", organisation_id=buyer.id),
        )
        for buyer, count in own_buyers(session, person)
    ],
)
