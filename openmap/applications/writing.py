"""Writing to several files at once: the words, a look at what one person will read, then the mails to release."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.applications.examining import ids_chosen
from openmap.applications.filtering import as_arguments, filters_asked, sort_asked
from openmap.applications.messaging import (
    WRITTEN,
    batch_of,
    drop_all,
    new_batch,
    recipients_of,
    release_all,
    values_for,
    write_all,
)
from openmap.applications.models import Application
from openmap.applications.queries import chosen
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.composing import paragraphs
from openmap.mail.forms import WordsForm
from openmap.mail.models import Message
from openmap.mail.purposes import filled
from openmap.mail.services import words_for
from openmap.mail.views import STATE_LABELS
from openmap.people.access import here
from openmap.web.french import counted

blueprint = Blueprint("writing", __name__, url_prefix="/editions/<slug>/candidatures/message")

_BATCH: Final = re.compile(r"[0-9a-f]{16}")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def compose(slug: str) -> ResponseReturnValue:
    """Show the form of a message to the files that were chosen."""
    edition = edition_or_404(slug)
    subject, body = words_for(db.session, WRITTEN, edition.id)
    return _compose_page(edition, WordsForm(WRITTEN, formdata=None, data={"subject": subject, "body": body}))


@blueprint.post("", endpoint="write")
@organisers_only
def write(slug: str) -> ResponseReturnValue:
    """Show the message as one person will read it, or write it to all and hold it."""
    edition, form = edition_or_404(slug), WordsForm(WRITTEN)
    batch = request.form.get("envoi", "")
    if not _BATCH.fullmatch(batch):
        abort(400)
    if not form.validate_on_submit():
        return _compose_page(edition, form), 422
    recipients, _nobody = recipients_of(_files(edition))
    if "apercu" in request.form or not recipients:
        return _compose_page(edition, form), 200 if recipients else 422
    written, unusable = write_all(
        db.session, recipients, subject=form.subject.data, body=form.body.data, batch=batch, by=here(), now=_now()
    )
    db.session.commit()
    told = _("%(count)s à relire : rien ne part avant que vous l’envoyiez.", count=counted(len(written), "message"))
    if unusable:
        names = ", ".join(one.application.name for one in unusable)
        told += " " + _("Adresse inutilisable pour : %(names)s.", names=names)
    flash(told)
    return redirect(url_for("writing.batch", slug=slug, batch=batch), 303)


@blueprint.get("/<batch>")
@organisers_only
def batch(slug: str, batch: str) -> ResponseReturnValue:
    """Show the messages of a sending, before and after they leave."""
    edition = edition_or_404(slug)
    messages = _own(edition, batch)
    return render_template(
        "applications/examining/batch.html", edition=edition, batch=batch, messages=messages, states=STATE_LABELS,
        held=[one for one in messages if one.state == "held"],
        paragraphs=paragraphs(messages[0].body),
    )  # fmt: skip


@blueprint.post("/<batch>", endpoint="release")
@organisers_only
def release(slug: str, batch: str) -> ResponseReturnValue:
    """Let the messages of a sending leave, or drop them."""
    edition = edition_or_404(slug)
    messages = _own(edition, batch)
    if "abandonner" in request.form:
        count = drop_all(db.session, messages, by=here(), now=_now())
        told = _("%(count)s : rien ne partira.", count=counted(count, "message abandonné", "messages abandonnés"))
    else:
        count = release_all(db.session, messages, by=here(), now=_now())
        told = _("%(count)s dans les minutes qui viennent.", count=counted(count, "message part", "messages partent"))
    db.session.commit()
    flash(told)
    return redirect(url_for("writing.batch", slug=slug, batch=batch), 303)


def _files(edition: Edition) -> list[Application]:
    return [one for one in chosen(db.session, ids_chosen(edition), edition.id, here()) if one.state != "merged"]


def _own(edition: Edition, batch: str) -> list[Message]:
    """Return the messages of a sending but those about a file that a conflict keeps from who is here."""
    found = batch_of(db.session, edition.id, batch) if _BATCH.fullmatch(batch) else []
    open_ids = {one.id for one in chosen(db.session, [number for _one, number in found], edition.id, here())}
    return [message for message, number in found if number in open_ids] or abort(404)


def _compose_page(edition: Edition, form: WordsForm) -> str:
    files = _files(edition)
    recipients, nobody = recipients_of(files)
    wanted = request.values.get("pour", "")
    shown = next(
        (one for one in recipients if str(one.application.id) == wanted), recipients[0] if recipients else None
    )
    known = values_for(shown) if shown else {}
    values = request.values
    return render_template(
        "applications/examining/message.html",
        edition=edition,
        form=form,
        purpose=WRITTEN,
        recipients=recipients,
        nobody=nobody,
        shown=shown,
        preview_subject=filled(form.subject.data or "", known),
        preview=paragraphs(filled(form.body.data or "", known)),
        batch=request.form.get("envoi") or new_batch(),
        everything="tout" in values,
        choices=[] if "tout" in values else [one.id for one in files],
        arguments=as_arguments(filters_asked(values), sort_asked(values)),
    )
