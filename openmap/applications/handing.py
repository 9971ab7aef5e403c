"""What organisers take away: a file as PDF, the list as a spreadsheet, everything as an archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.applications.examining import file_or_404, ids_chosen
from openmap.applications.exporting import Folder, archive_of, folder_of, head, row_of
from openmap.applications.presenting import questions_of
from openmap.applications.printing import file_pdf
from openmap.applications.queries import chosen
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.models import Person
from openmap.web.naming import safe_name
from openmap.web.tabular import XLSX_TYPE, xlsx_bytes

blueprint = Blueprint("handing", __name__, url_prefix="/editions/<slug>")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/candidatures/<int:application_id>/dossier.pdf")
@organisers_only
def pdf(slug: str, application_id: int) -> ResponseReturnValue:
    """Hand over a file as PDF."""
    application = file_or_404(edition_or_404(slug), application_id)
    content = file_pdf(db.session, application, now=_now())
    return _attached(content, "application/pdf", safe_name(f"{application.id} {application.name}") + ".pdf")


@blueprint.get("/candidatures.xlsx")
@organisers_only
def table(slug: str) -> ResponseReturnValue:
    """Hand over the files that the filters show, one a row."""
    edition = edition_or_404(slug)
    questions = questions_of(db.session, edition.id)
    rows = [row_of(one, questions) for one in chosen(db.session, _ids(edition), edition.id, here())]
    title = _("Candidatures – %(title)s", title=edition.title)
    content = xlsx_bytes(title, head(questions), rows, created=_now())
    return _attached(content, XLSX_TYPE, f"{slug}-candidatures.xlsx")


@blueprint.get("/candidatures.zip")
@organisers_only
def archive(slug: str) -> ResponseReturnValue:
    """Hand over the files that the filters show, each in its folder with its attachments, as they are made."""
    edition = edition_or_404(slug)
    now = _now()
    pieces = archive_of(_folders(edition.id, _ids(edition), here().id, now), now=now)
    return _attached(pieces, "application/zip", f"{slug}-candidatures.zip")


def _folders(edition_id: int, ids: list[int], person_id: int, now: datetime) -> Iterator[Folder]:
    """Yield the folders one by one, each read in a context that ends before it is sent: the request's own is over."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def made() -> Iterator[Folder]:
        for number in ids:
            with app.app_context():
                person = db.session.get_one(Person, person_id)
                files = chosen(db.session, [number], edition_id, person)
                found = [folder_of(db.session, one, now=now) for one in files]
            yield from found

    return made()


def _ids(edition: Edition) -> list[int]:
    """Return the files that were named, or all that the filters show where none was."""
    return ids_chosen(edition, everything=True)


def _attached(content: object, media_type: str, filename: str) -> Response:
    response: Response = current_app.response_class(content, mimetype=media_type)  # type: ignore[arg-type]
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response
