"""The attachments of a file: handed over to those who may open it."""

from __future__ import annotations

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from openmap.applications.access import application_or_404, readers_only
from openmap.applications.models import Application, Attachment
from openmap.web.uploads import hand_over

blueprint = Blueprint("attachments", __name__, url_prefix="/candidatures/<int:application_id>/pieces")


@blueprint.get("/<int:attachment_id>")
@readers_only
def download(application_id: int, attachment_id: int) -> ResponseReturnValue:
    """Hand an attachment over; versions that were replaced too, to those who may open the file."""
    one = _attachment_or_404(application_or_404(application_id), attachment_id)
    return hand_over(one.digest, one.media_type, one.filename)


def _attachment_or_404(application: Application, attachment_id: int) -> Attachment:
    return next((one for one in application.attachments if one.id == attachment_id), None) or abort(404)
