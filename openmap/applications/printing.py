"""A file on paper: tagged PDF whose metadata name nobody, and nothing but the file's number and the edition."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from openmap.applications.labels import state_label
from openmap.applications.models import Application
from openmap.applications.presenting import Section, sections, siret_told
from openmap.extensions import AnySession
from openmap.web.french import long_date, moment
from openmap.web.typesetting import typeset


def file_pdf(
    session: AnySession,
    application: Application,
    *,
    now: datetime,
    contacts: bool = True,
    submitted_at: datetime | None = None,
) -> bytes:
    """Return a file in A4. No name of a juror, no mark and no rank is ever in it.

    Without ``contacts`` nobody's address or telephone is. ``submitted_at`` is when it is being submitted, where that is
    not written down yet. Raises TypesettingFailed.
    """
    edition = application.edition
    submitted = submitted_at or application.submitted_at
    told = (
        _("Déposée le %(moment)s", moment=moment(submitted, edition.zone))
        if submitted
        else state_label(application.state)
    )
    number = _("Dossier n° %(number)s", number=application.id)
    data = {
        "title": number,
        "document": application.name or _("Candidature"),
        "edition": edition.title,
        "date": long_date(edition.held_on),
        "state": told,
        "number": number,
        "siret": siret_told(application.siret),
        "sections": [_section(part) for part in sections(session, application, contacts=contacts)],
    }
    return typeset("application", data, now)


def _section(part: Section) -> dict[str, Any]:
    return {
        "title": part.title,
        "rows": [{"label": row.label, "values": row.told, "missing": row.is_missing} for row in part.rows],
    }
