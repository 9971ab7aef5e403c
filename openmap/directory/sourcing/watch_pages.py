"""« Mes recherches »: keep the present search, be told of what newly matches, stop by a link without signing in."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from openmap.directory.sourcing import watching
from openmap.directory.sourcing.forms import SearchNameForm
from openmap.directory.sourcing.labels import SEARCHED_LABELS
from openmap.directory.sourcing.watched import Watched, arguments_of, kinds
from openmap.directory.sourcing_models import SavedSearch
from openmap.extensions import db, limiter
from openmap.people import own_pages
from openmap.people.access import here, only, signed_in
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.web.headers import forbid_storage

blueprint = Blueprint("searches", __name__, url_prefix="/annuaire/recherches")

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


def _search_or_404(search_id: int) -> SavedSearch:
    return db.session.get(SavedSearch, search_id) or abort(404)


def _keeps(person: Person, *, search_id: int) -> bool:
    return _search_or_404(search_id).person_id == person.id


keepers_only = only(_keeps)
"""Guard a saved search: it is whose it is."""


def tell_new() -> None:
    """Write the digests that are due, each in a transaction of its own; run beside the jobs."""
    written = 0
    for person_id in watching.due_people(db.session, now=_now()):
        db.session.rollback()
        written += watching.write_digest(db.session, person_id, now=_now())
        db.session.commit()
    db.session.rollback()
    if written:
        log.info("Recherches enregistrées : %d message(s) écrit(s).", written)


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """List the searches that one keeps."""
    return _index_page()


@blueprint.get("/nouvelle")
@signed_in
def new() -> ResponseReturnValue:
    """Ask for the name of the search that the address holds."""
    watched = _watched_or_404(request.args.get("cherche", "structures"))
    query = watched.canonical(MultiDict(request.args))
    return _new_page(watched, query, SearchNameForm(data={"name": request.args.get("q", "").strip()[:120]}))


@blueprint.post("/nouvelle", endpoint="save")
@signed_in
def save() -> ResponseReturnValue:
    """Keep a search by its name."""
    watched, form = _watched_or_404(request.form.get("cherche", "")), SearchNameForm()
    query = watched.canonical(arguments_of(request.form.get("query", "")[:4_000]))
    if not form.validate_on_submit():
        return _new_page(watched, query, form), 422
    try:
        search = watching.save(db.session, watched, query, form.name.data, by=here(), now=_now())
    except watching.RefusedSearch as refusal:
        db.session.rollback()
        return _new_page(watched, query, form, str(refusal)), 422
    db.session.commit()
    told = _("La recherche est enregistrée. Vous recevrez un message, au plus un par jour, quand du nouveau y répond.")
    wide = _("La recherche est enregistrée, sans alerte : elle trouve trop de fiches. Précisez-la pour être averti.")
    flash(told if search.alerts else wide)
    return redirect(url_for("searches.index"), 303)


@blueprint.post("/<int:search_id>")
@keepers_only
def rename(search_id: int) -> ResponseReturnValue:
    """Give a search another name."""
    form, search = SearchNameForm(), _search_or_404(search_id)
    if not form.validate_on_submit():
        return _index_page(form.name.errors[0]), 422
    search.name = form.name.data
    db.session.commit()
    flash(_("La recherche est renommée."))
    return redirect(url_for("searches.index"), 303)


@blueprint.post("/<int:search_id>/alerte")
@keepers_only
def switch(search_id: int) -> ResponseReturnValue:
    """Switch an alert on or off."""
    search, on = _search_or_404(search_id), request.form.get("alerte") == "oui"
    try:
        watching.switch(db.session, search, on=on, by=here(), now=_now())
    except watching.RefusedSearch as refusal:
        db.session.rollback()
        return _index_page(str(refusal)), 422
    db.session.commit()
    flash(_("L’alerte est en marche.") if on else _("L’alerte est arrêtée."))
    return redirect(url_for("searches.index"), 303)


@blueprint.post("/<int:search_id>/suppression")
@keepers_only
def delete(search_id: int) -> ResponseReturnValue:
    """Delete a search."""
    db.session.delete(_search_or_404(search_id))
    db.session.commit()
    flash(_("La recherche est supprimée."))
    return redirect(url_for("searches.index"), 303)


@blueprint.get("/arret/<token>")
def stopping(token: str) -> ResponseReturnValue:
    """Ask whether an alert is to stop: opening the link changes nothing, mail scanners open links."""
    search = watching.search_by_token(db.session, token) or abort(404)
    response = forbid_storage(
        make_response(render_template("directory/sourcing/stop.html", search=search, token=token))
    )
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is a secret
    return response


@blueprint.post("/arret/<token>", endpoint="stop")
@limiter.limit("60 per hour")
def stop(token: str) -> ResponseReturnValue:
    """Stop an alert without signing in."""
    search = watching.search_by_token(db.session, token) or abort(404)
    search.alerts = False
    db.session.commit()
    return redirect(url_for("searches.stopping", token=token), 303)


def _watched_or_404(name: str) -> Watched:
    return kinds().get(name) or abort(404)


def _new_page(watched: Watched, query: str, form: SearchNameForm, refusal: str = "") -> str:
    return render_template(
        "directory/sourcing/save.html",
        form=form,
        query=query,
        watched=watched,
        page=watched.page(query),
        label=SEARCHED_LABELS[watched.name],
        refusal=refusal,
    )


def _index_page(refusal: str = "") -> str:
    searches = watching.searches_of(db.session, here())
    pages = {one.id: kind.page(one.query) for one in searches if (kind := watching.watched_of(one)) is not None}
    return render_template(
        "directory/sourcing/searches.html",
        searches=searches,
        pages=pages,
        labels=SEARCHED_LABELS,
        refusal=refusal,
    )


own_pages.register(
    "searches",
    lambda _session, _person: [OwnPage(_("Mes recherches enregistrées"), url_for("searches.index"))],
)
