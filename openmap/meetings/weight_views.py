"""How an edition brings buyers and structures together: weights, their effect before they are saved, an example."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.meetings.matching import TOP, Preview, preview, ranked
from openmap.meetings.models import Participation
from openmap.meetings.weighing import (
    PART_LABELS,
    NoWeight,
    StaleWeights,
    points_of,
    save_weights,
    setting_of,
    weights_of,
)
from openmap.meetings.weight_forms import WeightsForm
from openmap.people.access import here
from openmap.reference.words import folded

blueprint = Blueprint("matching", __name__, url_prefix="/editions/<slug>/rapprochement")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def weights(slug: str) -> ResponseReturnValue:
    """Show the weights in force, what they mean, and the ranking of one participant."""
    edition = edition_or_404(slug)
    return _page(edition, WeightsForm.of(setting_of(db.session, edition)))


@blueprint.post("", endpoint="set")
@organisers_only
def set_weights(slug: str) -> ResponseReturnValue:
    """Show what other weights would change; save them where asked."""
    edition, form = edition_or_404(slug), WeightsForm()
    if not form.validate_on_submit():
        return _page(edition, form), 422
    try:
        if "enregistrer" not in request.form:
            return _page(edition, form, shown=preview(db.session, edition, form.weights()))
        _save(edition, form, form.weights())
    except (NoWeight, StaleWeights) as refusal:
        return _refused(slug, form, refusal)
    flash(_("Les poids sont enregistrés : les rapprochements de cette édition les suivent."))
    return redirect(url_for("matching.weights", slug=slug), 303)


@blueprint.post("/maison", endpoint="reset")
@organisers_only
def reset(slug: str) -> ResponseReturnValue:
    """Take up the weights of the house again."""
    edition, form = edition_or_404(slug), WeightsForm.of(setting_of(db.session, edition_or_404(slug)))
    form.version.data = request.form.get("version", "")
    try:
        _save(edition, form, {})
    except StaleWeights as refusal:
        return _refused(slug, form, refusal)
    flash(_("Les poids de départ sont repris."))
    return redirect(url_for("matching.weights", slug=slug), 303)


def _save(edition: Edition, form: WeightsForm, chosen: dict[str, int]) -> None:
    completes = form.completes.data
    save_weights(db.session, edition, chosen, completes=completes, seen=form.seen(), by=here(), now=_now())
    db.session.commit()


def _refused(slug: str, form: WeightsForm, refusal: Exception) -> ResponseReturnValue:
    """Show the refusal above what is in force now, where someone else has changed it; else above what was typed."""
    db.session.rollback()
    edition = edition_or_404(slug)
    if isinstance(refusal, StaleWeights):
        form = WeightsForm.of(setting_of(db.session, edition))
    return _page(edition, form, refusal=str(refusal)), 409


def _page(edition: Edition, form: WeightsForm, *, shown: Preview | None = None, refusal: str = "") -> str:
    setting = setting_of(db.session, edition)
    words = request.args.get("participant", "")
    chosen = _participant(edition, words)
    return render_template(
        "meetings/matching/weights.html",
        edition=edition,
        form=form,
        shown=shown,
        refusal=refusal,
        points=points_of(weights_of(setting)),
        tried=None if shown is None else points_of(form.weights()),
        part_labels=PART_LABELS,
        is_house=setting is None or not setting.weights,
        words=words,
        chosen=chosen,
        matches=[] if chosen is None or shown else ranked(db.session, chosen, limit=2 * TOP),
    )


def _participant(edition: Edition, words: str) -> Participation | None:
    """Return the participant of this code, else the first whose name holds these words; the first buyer without any."""
    asked = select(Participation).where(Participation.edition_id == edition.id)
    everyone = db.session.scalars(
        asked.options(joinedload(Participation.organisation)).order_by(Participation.side, Participation.code)
    ).all()
    sought = folded(words)
    exact = [one for one in everyone if folded(one.code) == sought]
    found: list[Any] = exact or [one for one in everyone if sought in folded(one.organisation.name)]
    return found[0] if found else None


register_organiser_link(
    "matching",
    OrganiserLink(lazy_gettext("Rapprochement"), lambda edition: url_for("matching.weights", slug=edition.slug)),
)
