"""« Mes listes »: structures that a buyer keeps, with notes, alone or with colleagues."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.directory.labels import SHORT_KINDS
from openmap.directory.models import Structure
from openmap.directory.queries import organisations_of
from openmap.directory.sourcing import shortlists
from openmap.directory.sourcing.choosing import structure_path, way_back
from openmap.directory.sourcing.forms import ListForm, NoteForm
from openmap.directory.sourcing.keeping_part import fragment
from openmap.directory.sourcing.labels import STATE_LABELS, item_state
from openmap.directory.sourcing.sheets import HEAD, rows
from openmap.directory.sourcing_models import Shortlist, ShortlistItem
from openmap.extensions import db
from openmap.people import own_pages
from openmap.people.access import here, only, signed_in
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.web.requests import row_number
from openmap.web.tabular import CSV_TYPE, XLSX_TYPE, csv_bytes, xlsx_bytes

blueprint = Blueprint("shortlists", __name__, url_prefix="/annuaire/listes")
blueprint.add_app_template_filter(item_state)
blueprint.add_app_template_filter(structure_path)
blueprint.add_app_template_filter(lambda kind: str(SHORT_KINDS[kind]), "structure_short_kind")

_NO_VERSION: Final = 0


def _now() -> datetime:
    return datetime.now(UTC)


def _list_or_404(shortlist_id: int) -> Shortlist:
    return shortlists.whole(db.session, shortlist_id) or abort(404)


def _item_or_404(shortlist_id: int, item_id: int) -> ShortlistItem:
    item = db.session.get(ShortlistItem, item_id)
    return item if item is not None and item.shortlist_id == shortlist_id else abort(404)


def _opens(person: Person, *, shortlist_id: int, **_arguments: object) -> bool:
    shortlist = db.session.get(Shortlist, shortlist_id) or abort(404)
    return shortlists.may_open_list(db.session, person, shortlist)


readers_only = only(_opens)
"""Guard a list: of whose it is, or of those who act for the organisation that shares it."""


def _form(shortlist: Shortlist | None = None) -> ListForm:
    own = organisations_of(db.session, here())
    if shortlist is None:
        return ListForm(own)
    return ListForm(own, data={"name": shortlist.name, "organisation_id": str(shortlist.organisation_id or "")})


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """List one's lists, and begin another."""
    return render_template("directory/sourcing/lists.html", lists=shortlists.lists_of(db.session, here()), form=_form())


@blueprint.post("", endpoint="create")
@signed_in
def create() -> ResponseReturnValue:
    """Begin a list."""
    form, refusal = _form(), ""
    if form.validate_on_submit():
        try:
            made = shortlists.create(db.session, form.name.data, form.chosen, by=here(), now=_now())
        except shortlists.RefusedList as refused:
            db.session.rollback()
            refusal = str(refused)
        else:
            db.session.commit()
            return redirect(url_for("shortlists.show", shortlist_id=made.id), 303)
    lists = shortlists.lists_of(db.session, here())
    return render_template("directory/sourcing/lists.html", lists=lists, form=form, refusal=refusal), 422


@blueprint.post("/ajout")
@signed_in
def add() -> ResponseReturnValue:
    """Put a structure into a list, the last used one where none is named; with htmx, without leaving the page."""
    structure = db.session.get(Structure, request.form.get("structure_id", 0, type=row_number)) or abort(404)
    shortlist, told = _asked_list(), ""
    try:
        if shortlists.add(db.session, shortlist, structure, by=here(), now=_now()):
            told = _("« %(name)s » est dans la liste « %(list)s ».", name=structure.name, list=shortlist.name)
    except shortlists.RefusedList as refused:
        db.session.rollback()
        told = str(refused)
    db.session.commit()
    return _after(structure, told, url_for("shortlists.show", shortlist_id=shortlist.id))


@blueprint.get("/<int:shortlist_id>")
@readers_only
def show(shortlist_id: int) -> ResponseReturnValue:
    """Show a list with its notes."""
    return _page(_list_or_404(shortlist_id))


@blueprint.post("/<int:shortlist_id>", endpoint="change")
@readers_only
def change(shortlist_id: int) -> ResponseReturnValue:
    """Give a list another name or other readers."""
    shortlist, form = _list_or_404(shortlist_id), _form()
    if not form.validate_on_submit():
        return _page(shortlist, form), 422
    shortlists.change(db.session, shortlist, form.name.data, form.chosen, by=here(), now=_now())
    db.session.commit()
    flash(_("La liste est enregistrée."))
    return redirect(url_for("shortlists.show", shortlist_id=shortlist_id), 303)


@blueprint.post("/<int:shortlist_id>/suppression")
@readers_only
def delete(shortlist_id: int) -> ResponseReturnValue:
    """Delete a list with its notes."""
    shortlist = _list_or_404(shortlist_id)
    name = shortlist.name
    shortlists.delete(db.session, shortlist, by=here(), now=_now())
    db.session.commit()
    flash(_("La liste « %(name)s » est supprimée.", name=name))
    return redirect(url_for("shortlists.index"), 303)


@blueprint.post("/<int:shortlist_id>/structures/<int:item_id>")
@readers_only
def note(shortlist_id: int, item_id: int) -> ResponseReturnValue:
    """Keep a note and a state; where someone else wrote meanwhile, show both texts."""
    item, form, state = _item_or_404(shortlist_id, item_id), NoteForm(), request.form.get("state", "")
    text, refusal = form.note.data.strip(), ""
    version = request.form.get("version", _NO_VERSION, type=row_number)
    if not form.validate_on_submit():
        return _page(_list_or_404(shortlist_id), typed=(item_id, state, text), refusal=form.note.errors[0]), 422
    try:
        shortlists.note(db.session, item, state, text, version=version, by=here(), now=_now())
    except shortlists.RefusedList as refused:
        db.session.rollback()
        refusal = str(refused)
        status = 409 if isinstance(refused, shortlists.ChangedElsewhere) else 422
        return _page(_list_or_404(shortlist_id), typed=(item_id, state, text), refusal=refusal), status
    db.session.commit()
    flash(_("La note sur « %(name)s » est enregistrée.", name=item.structure.name))
    return redirect(url_for("shortlists.show", shortlist_id=shortlist_id, _anchor=f"structure-{item_id}"), 303)


@blueprint.post("/<int:shortlist_id>/structures/<int:item_id>/retrait")
@readers_only
def remove(shortlist_id: int, item_id: int) -> ResponseReturnValue:
    """Take a structure out of a list."""
    item = _item_or_404(shortlist_id, item_id)
    structure, name = item.structure, item.shortlist.name
    shortlists.remove(db.session, item, by=here(), now=_now())
    db.session.commit()
    told = _("« %(name)s » n’est plus dans la liste « %(list)s ».", name=structure.name, list=name)
    return _after(structure, told, url_for("shortlists.show", shortlist_id=shortlist_id))


@blueprint.get("/<int:shortlist_id>/liste.<any(csv,xlsx):ending>")
@readers_only
def export(shortlist_id: int, ending: str) -> ResponseReturnValue:
    """Hand a list over with its notes, as a table."""
    shortlist, head, now = _list_or_404(shortlist_id), [str(one) for one in HEAD], _now()
    lines = rows(shortlists.in_order(shortlist.items))
    if ending == "csv":
        content, media_type = csv_bytes(head, lines), CSV_TYPE
    else:
        content, media_type = xlsx_bytes(shortlist.name, head, lines, created=now), XLSX_TYPE
    response = current_app.response_class(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="liste-{shortlist_id}-{now:%Y-%m-%d}.{ending}"'
    return response


def _asked_list() -> Shortlist:
    """Return the list that a form names, else the default one."""
    number = request.form.get("shortlist_id", type=row_number)
    if number is None:
        return shortlists.default_list(db.session, here(), now=_now())
    found = db.session.get(Shortlist, number) or abort(404)
    return found if shortlists.may_open_list(db.session, here(), found) else abort(403)


def _after(structure: Structure, told: str, default: str) -> ResponseReturnValue:
    """Answer htmx with the structure's button anew, anyone else with the page that they came from."""
    if "HX-Request" in request.headers:
        return fragment(db.session, here(), structure, told=told, choose=request.form.get("choix") == "oui")
    if told:
        flash(told)
    return redirect(way_back(default), 303)


def _page(
    shortlist: Shortlist, form: ListForm | None = None, *, typed: tuple[int, str, str] | None = None, refusal: str = ""
) -> str:
    return render_template(
        "directory/sourcing/list.html",
        shortlist=shortlist,
        items=shortlists.in_order(shortlist.items),
        form=form or _form(shortlist),
        states=STATE_LABELS,
        typed=typed,
        refusal=refusal,
        noted=sum(1 for one in shortlist.items if one.note),
    )


own_pages.register(
    "shortlists",
    lambda _session, _person: [OwnPage(_("Mes listes de structures"), url_for("shortlists.index"))],
)
