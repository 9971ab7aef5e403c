"""The organiser's pages of publication: what would be told, the act itself, and the answers."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms.validators import ValidationError

from openmap.agendas.answers import OUTCOMES, answers_of
from openmap.agendas.letters import KINDS
from openmap.agendas.models import Mailing
from openmap.agendas.previewing import mail_states, preview_of
from openmap.agendas.publishing import RefusedPublication, request_mailing
from openmap.agendas.replies import LARGEST, MOST_FILES, Line, import_replies
from openmap.agendas.tasks import enqueue_mailing
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, Task, register_organiser_link, register_task
from openmap.extensions import db
from openmap.meetings.plan_links import PlanLink, register_plan_link
from openmap.meetings.releasing import current_release
from openmap.people.access import here
from openmap.web.requests import row_number

blueprint = Blueprint("publication", __name__, url_prefix="/editions/<slug>/planning/diffusion")


class RepliesForm(FlaskForm):  # type: ignore[misc]
    """Answers as mail programs send them."""

    files = MultipleFileField(lazy_gettext("Réponses reçues (.ics ou .eml)"))

    def validate_files(self, field: MultipleFileField) -> None:
        """Ask for files, not too many."""
        given = [one for one in field.data or [] if getattr(one, "filename", "")]
        if not given:
            raise ValidationError(_("Choisissez au moins un fichier."))
        if len(given) > MOST_FILES:
            raise ValidationError(_("Choisissez %(most)s fichiers au plus à la fois.", most=MOST_FILES))


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def show(slug: str) -> ResponseReturnValue:
    """Show who would be written to, and what changes for each."""
    return _page(edition_or_404(slug))


@blueprint.post("", endpoint="publish")
@organisers_only
def publish(slug: str) -> ResponseReturnValue:
    """Ask for the release that the organiser has seen to be published."""
    edition = edition_or_404(slug)
    try:
        seen = row_number(request.form.get("version", ""))
    except ValueError:
        abort(400)
    try:
        mailing = request_mailing(db.session, edition, seen, by=here(), now=_now())
    except RefusedPublication as refusal:
        db.session.rollback()
        return _page(edition, str(refusal)), 409
    db.session.commit()
    enqueue_mailing(mailing.id)
    return redirect(url_for("publication.follow", slug=slug, mailing_id=mailing.id), 303)


@blueprint.get("/<int:mailing_id>")
@organisers_only
def follow(slug: str, mailing_id: int) -> ResponseReturnValue:
    """Show where a publication is."""
    edition = edition_or_404(slug)
    mailing = _mailing_or_404(edition, mailing_id)
    states = mail_states(db.session, edition)
    return render_template("agendas/mailing.html", edition=edition, mailing=mailing, states=states)


@blueprint.get("/<int:mailing_id>/avancement")
@organisers_only
def progress(slug: str, mailing_id: int) -> ResponseReturnValue:
    """Give the moving part of the page; once it is over, ask for the whole page."""
    edition = edition_or_404(slug)
    mailing = _mailing_or_404(edition, mailing_id)
    states = mail_states(db.session, edition)
    fragment = render_template("agendas/_progress.html", edition=edition, mailing=mailing, states=states)
    return fragment, {"HX-Refresh": "true"} if mailing.state != request.args.get("vu") else {}


@blueprint.get("/reponses")
@organisers_only
def replies(slug: str) -> ResponseReturnValue:
    """Show the answers by meeting."""
    return _replies_page(edition_or_404(slug), RepliesForm())


@blueprint.post("/reponses", endpoint="import_replies")
@organisers_only
def bring_replies(slug: str) -> ResponseReturnValue:
    """Note the answers of the files, and tell what became of each."""
    edition, form = edition_or_404(slug), RepliesForm()
    if not form.validate_on_submit():
        return _replies_page(edition, form), 422
    files = [(one.filename or "", _content(one)) for one in form.files.data if one.filename]
    lines = import_replies(db.session, edition, files, by=here(), now=_now())
    db.session.commit()
    kept = sum(line.outcome == "kept" for line in lines)
    if kept == len(lines):
        flash(_("Les réponses sont notées."))
    return _replies_page(edition, RepliesForm(formdata=None), lines)


def _content(file: FileStorage) -> bytes:
    """Return what was sent, up to one byte more than is read."""
    with closing(file.stream) as stream:
        return bytes(stream.read(LARGEST + 1))


def _mailing_or_404(edition: Edition, mailing_id: int) -> Mailing:
    mailing = db.session.get(Mailing, mailing_id, populate_existing=True)
    return mailing if mailing is not None and mailing.edition_id == edition.id else abort(404)


def _page(edition: Edition, refusal: str = "") -> str:
    page = request.args.get("page", 1, type=row_number)
    preview = preview_of(db.session, edition, page=page, now=_now())
    return render_template("agendas/publication.html", edition=edition, preview=preview, refusal=refusal, kinds=KINDS)


def _replies_page(edition: Edition, form: RepliesForm, lines: list[Line] | None = None) -> str:
    page = request.args.get("page", 1, type=row_number)
    listed = answers_of(db.session, edition, only=request.args.get("reponse", ""), page=page)
    return render_template(
        "agendas/replies.html", edition=edition, form=form, lines=lines, listed=listed, outcomes=OUTCOMES
    )


register_organiser_link(
    "publication",
    OrganiserLink(
        lazy_gettext("Diffusion des agendas"), lambda edition: url_for("publication.show", slug=edition.slug)
    ),
)
register_plan_link(
    "publication",
    PlanLink(lazy_gettext("Diffuser les agendas"), lambda edition: url_for("publication.show", slug=edition.slug), 60),
)
register_task(
    Task(
        98,
        lazy_gettext("Diffuser les agendas"),
        lazy_gettext("Un message à chaque personne dont l’agenda change, avec ses entretiens pour son calendrier."),
        lambda edition: url_for("publication.show", slug=edition.slug),
        lambda edition: current_release(db.session, edition) is not None,
    )
)
