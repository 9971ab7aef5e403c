"""The references of a page: whom the structure has served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.directory import maintaining
from openmap.directory.keeping import child_or_404, keepers_only
from openmap.directory.models import ClientReference, Structure
from openmap.directory.page_forms import ClientForm
from openmap.directory.page_words import Difference, differences, held_of_client, mark_of
from openmap.directory.showing import structure_or_404
from openmap.extensions import db
from openmap.people.access import here

blueprint = Blueprint(
    "keeping_clients", __name__, url_prefix="/annuaire/structures/<int:structure_id>/tenir/references"
)


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@keepers_only
def index(structure_id: int) -> ResponseReturnValue:
    """List the references, newest first."""
    return render_template("directory/keeping/clients.html", structure=structure_or_404(structure_id))


@blueprint.get("/nouvelle")
@keepers_only
def new(structure_id: int) -> ResponseReturnValue:
    """Show the form of a new reference."""
    data = {"is_public": True, "amount": ""}
    return _form_page(structure_or_404(structure_id), None, ClientForm(formdata=None, data=data), "")


@blueprint.post("/nouvelle", endpoint="add")
@keepers_only
def add(structure_id: int) -> ResponseReturnValue:
    """Add a reference."""
    return _taken(structure_or_404(structure_id), None)


@blueprint.get("/<int:client_id>")
@keepers_only
def edit(structure_id: int, client_id: int) -> ResponseReturnValue:
    """Show the form of a reference."""
    structure = structure_or_404(structure_id)
    client = child_or_404(structure.clients, client_id)
    values = held_of_client(client)
    return _form_page(structure, client, ClientForm(formdata=None, data=values), mark_of(values))


@blueprint.post("/<int:client_id>", endpoint="change")
@keepers_only
def change(structure_id: int, client_id: int) -> ResponseReturnValue:
    """Change a reference."""
    structure = structure_or_404(structure_id)
    return _taken(structure, child_or_404(structure.clients, client_id))


@blueprint.post("/<int:client_id>/suppression", endpoint="remove")
@keepers_only
def remove(structure_id: int, client_id: int) -> ResponseReturnValue:
    """Take a reference off the page."""
    structure = structure_or_404(structure_id)
    client = child_or_404(structure.clients, client_id)
    maintaining.remove_client(db.session, structure, client, by=here(), now=_now())
    db.session.commit()
    flash(_("La référence est supprimée."))
    return redirect(url_for("keeping_clients.index", structure_id=structure_id), 303)


def _taken(structure: Structure, client: ClientReference | None) -> ResponseReturnValue:
    form, mark = ClientForm(), request.form.get("mark", "")
    if not form.validate_on_submit():
        return _form_page(structure, client, form, mark), 422
    values = form.values()
    try:
        maintaining.save_client(db.session, structure, client, values, mark=mark, by=here(), now=_now())
    except maintaining.ChangedElsewhere:
        db.session.rollback()
        saved = held_of_client(client) if client is not None else {}
        return _form_page(structure, client, form, mark_of(saved), differences(values, saved)), 409
    except maintaining.RefusedPage as refusal:
        db.session.rollback()
        return _form_page(structure, client, form, mark, refusal=str(refusal)), 409
    db.session.commit()
    flash(_("La référence est enregistrée."))
    return redirect(url_for("keeping_clients.index", structure_id=structure.id), 303)


def _form_page(
    structure: Structure,
    client: ClientReference | None,
    form: ClientForm,
    mark: str,
    differing: Sequence[Difference] = (),
    refusal: str = "",
) -> str:
    return render_template(
        "directory/keeping/client.html",
        structure=structure,
        client=client,
        form=form,
        mark=mark,
        differences=differing,
        refusal=refusal,
    )
