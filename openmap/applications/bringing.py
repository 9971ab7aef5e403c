"""Importing applications: the workbook to fill in, the form, and the report line by line."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField
from wtforms.validators import InputRequired

from openmap.applications.importing import Brought, bring_in
from openmap.applications.workbook import LIMITS, write_template
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.access import here
from openmap.web.naming import safe_name
from openmap.web.tabular import XLSX_TYPE
from openmap.web.workbook.reading import Fault, WorkbookUnusable

blueprint = Blueprint("bringing", __name__, url_prefix="/editions/<slug>/candidatures/import")

MOST_TOLD = 200
"""Faults shown; more are counted."""


class BringForm(FlaskForm):  # type: ignore[misc]
    """A workbook, and what becomes of its lines."""

    file = FileField(
        lazy_gettext("Classeur rempli (.xlsx)"), validators=[InputRequired(lazy_gettext("Choisissez un fichier."))]
    )
    submitting = BooleanField(lazy_gettext("Déposer tout de suite les candidatures complètes"))


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def form(slug: str) -> ResponseReturnValue:
    """Show the form."""
    return _page(edition_or_404(slug), BringForm())


@blueprint.get("/modele.xlsx")
@organisers_only
def template(slug: str) -> ResponseReturnValue:
    """Hand over the empty workbook of the edition."""
    edition, content = edition_or_404(slug), BytesIO()
    write_template(db.session, edition, content)
    response: Response = current_app.response_class(content.getvalue(), mimetype=XLSX_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}-candidatures-a-remplir.xlsx")
    return response


@blueprint.post("", endpoint="bring")
@organisers_only
def bring(slug: str) -> ResponseReturnValue:
    """Import the workbook, or tell everything that is wrong with it."""
    edition, filled = edition_or_404(slug), BringForm()
    if not filled.validate_on_submit():
        return _page(edition, filled), 422
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / (safe_name(Path(filled.file.data.filename or "").stem, "classeur") + ".xlsx")
        with filled.file.data.stream as stream:
            _copy(stream, source)
        try:
            brought = bring_in(
                db.session, edition, source, submitting=bool(filled.submitting.data), by=here(), now=_now()
            )
        except WorkbookUnusable as refusal:
            db.session.rollback()
            return _page(edition_or_404(slug), filled, faults=refusal.faults), 422
    db.session.commit()
    return _page(edition, BringForm(formdata=None), brought=brought)


def _copy(stream: IO[bytes], target: Path) -> None:
    """Copy what was sent, but no more than shows that it is too large."""
    with target.open("wb") as copy:
        left = LIMITS.packed + 1
        while left and (piece := stream.read(min(left, 65_536))):
            copy.write(piece)
            left -= len(piece)


def _page(
    edition: Edition, filled: BringForm, *, faults: list[Fault] | None = None, brought: list[Brought] | None = None
) -> str:
    told: dict[str, Any] = {"draft": _("brouillon"), "submitted": _("déposée"), "there": _("déjà là")}
    return render_template(
        "applications/examining/import.html",
        edition=edition,
        form=filled,
        faults=(faults or [])[:MOST_TOLD],
        count=len(faults or []),
        brought=brought,
        told=told,
    )
