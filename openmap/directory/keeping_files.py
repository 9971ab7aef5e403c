"""The files of a page: a logo, photographs, documents."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.directory import page_files
from openmap.directory.keeping import child_or_404, keepers_only
from openmap.directory.maintaining import RefusedPage
from openmap.directory.models import Structure
from openmap.directory.page_forms import FileForm
from openmap.directory.showing import structure_or_404
from openmap.extensions import db
from openmap.people.access import here
from openmap.web.uploads import RefusedFile

blueprint = Blueprint("keeping_files", __name__, url_prefix="/annuaire/structures/<int:structure_id>/tenir/fichiers")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@keepers_only
def index(structure_id: int) -> ResponseReturnValue:
    """Show the files of the page, and the form that adds one."""
    return _page(structure_or_404(structure_id), FileForm(formdata=None))


@blueprint.post("", endpoint="add")
@keepers_only
def add(structure_id: int) -> ResponseReturnValue:
    """Add a file."""
    structure, form = structure_or_404(structure_id), FileForm()
    valid = form.validate_on_submit()
    if not form.file.data:
        form.file.errors = [_("Choisissez un fichier : une image PNG ou JPEG, ou un document PDF.")]
    if not valid or not form.file.data:
        return _page(structure, form), 422
    sent, use, words = form.file.data, form.use.data, form.words.data
    try:
        page_files.add_file(
            db.session, structure, sent.stream, sent.filename, use=use, words=words, by=here(), now=_now()
        )
    except (RefusedFile, RefusedPage) as refusal:
        db.session.rollback()
        form.file.errors = [str(refusal)]
        return _page(structure, form), 422
    db.session.commit()
    flash(_("Le fichier est sur la page."))
    return redirect(url_for("keeping_files.index", structure_id=structure_id), 303)


@blueprint.post("/<int:file_id>/suppression", endpoint="remove")
@keepers_only
def remove(structure_id: int, file_id: int) -> ResponseReturnValue:
    """Take a file off the page."""
    structure = structure_or_404(structure_id)
    page_files.remove_file(db.session, structure, child_or_404(structure.files, file_id), by=here(), now=_now())
    db.session.commit()
    flash(_("Le fichier est retiré de la page."))
    return redirect(url_for("keeping_files.index", structure_id=structure_id), 303)


def _page(structure: Structure, form: FileForm) -> str:
    accept = ".png,.jpg,.jpeg,.pdf"
    return render_template("directory/keeping/files.html", structure=structure, form=form, accept=accept)
