"""The outbox and the templates, for those who look after them."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from openmap.extensions import db
from openmap.mail import services
from openmap.mail.composing import paragraphs
from openmap.mail.forms import WordsForm
from openmap.mail.models import Message
from openmap.mail.permissions import may_handle, may_open_outbox, may_reword, open_to
from openmap.mail.purposes import Purpose, filled, is_secret, purpose_named, purposes
from openmap.mail.queries import editions_of, outbox, people_written_to
from openmap.mail.reminders import dated, leaves_at, rules, switch, switched_off
from openmap.people.access import here, only
from openmap.people.journal import entries_about
from openmap.people.models import Person
from openmap.people.scopes import Scope, scopes
from openmap.web.headers import forbid_storage
from openmap.web.requests import row_number

blueprint = Blueprint("mail", __name__, url_prefix="/courrier")

STATE_LABELS: Final[dict[str, tuple[LazyString, str, str]]] = {
    "held": (lazy_gettext("à relire"), "clock", "warm"),
    "queued": (lazy_gettext("en attente d’envoi"), "dots", "plain"),
    "sending": (lazy_gettext("en cours d’envoi"), "dots", "accent"),
    "sent": (lazy_gettext("envoyé"), "check", "accent"),
    "failed": (lazy_gettext("en échec"), "alert", "danger"),
    "dropped": (lazy_gettext("abandonné"), "cross", "plain"),
}


def _now() -> datetime:
    return datetime.now(UTC)


_outbox_only = only(lambda person, **_arguments: may_open_outbox(person))


def _handles(person: Person, *, message_id: int) -> bool:
    return may_handle(person, db.session.get(Message, message_id) or abort(404))


_handlers_only = only(_handles)
_rewording_only = only(lambda person, *, edition_id, **_arguments: may_reword(person, edition_id))


@blueprint.get("")
@_outbox_only
def index() -> ResponseReturnValue:
    """List the messages with filters."""
    state, words = request.args.get("etat", ""), request.args.get("q", "").strip()
    edition_id, page = request.args.get("edition", type=row_number), request.args.get("page", 1, type=row_number)
    found = outbox(db.session, here(), state=state, edition_id=edition_id, words=words, page=page)
    return render_template(
        "mail/index.html",
        outbox=found,
        state=state if state in STATE_LABELS else "",
        words=words,
        edition_id=edition_id,
        states=STATE_LABELS,
        scopes=_own_scopes(),
        writes_files=_writes_files(),
    )


@blueprint.get("/<int:message_id>")
@_handlers_only
def show(message_id: int) -> ResponseReturnValue:
    """Show a message as it will look."""
    message = db.session.get(Message, message_id)
    return _message_page(message, WordsForm(obj=message))


@blueprint.post("/<int:message_id>", endpoint="edit")
@_handlers_only
def edit(message_id: int) -> ResponseReturnValue:
    """Change a message that has not left."""
    message, form = db.session.get(Message, message_id), WordsForm()
    if message is None or not form.validate_on_submit():
        return _message_page(message, form), 422
    return _done(
        message,
        lambda m: services.edit(db.session, m, subject=form.subject.data, body=form.body.data, by=here(), now=_now()),
        _("Le message est modifié."),
    )


@blueprint.post("/<int:message_id>/envoi")
@_handlers_only
def release(message_id: int) -> ResponseReturnValue:
    """Let a message leave."""
    return _done(
        db.session.get(Message, message_id),
        lambda m: services.release(db.session, m, by=here(), now=_now()),
        _("Le message part dans les secondes qui viennent."),
    )


@blueprint.post("/<int:message_id>/abandon")
@_handlers_only
def drop(message_id: int) -> ResponseReturnValue:
    """Keep a message from leaving."""
    return _done(
        db.session.get(Message, message_id),
        lambda m: services.drop(db.session, m, by=here(), now=_now()),
        _("Le message ne partira pas. Vous pouvez encore l’envoyer depuis sa page."),
    )


@blueprint.get("/modeles/<int:edition_id>")
@_rewording_only
def templates(edition_id: int) -> ResponseReturnValue:
    """List what mails are written for."""
    edition, off = dated(db.session, edition_id), switched_off(db.session, edition_id)
    return render_template(
        "mail/templates.html",
        purposes=[purpose for purpose in purposes() if purpose.in_edition],
        scope=_scope_or_404(edition_id),
        rules=[(rule, rule.name not in off, edition and leaves_at(rule, edition, now=_now())) for rule in rules()],
    )


@blueprint.post("/modeles/<int:edition_id>/rappels/<name>")
@_rewording_only
def remind(edition_id: int, name: str) -> ResponseReturnValue:
    """Switch a rule of reminders on or off."""
    rule = next((rule for rule in rules() if rule.name == name), None) or abort(404)
    _scope_or_404(edition_id)
    switch(db.session, rule, edition_id, off="arreter" in request.form, by=here(), now=_now())
    db.session.commit()
    return redirect(url_for("mail.templates", edition_id=edition_id), 303)


@blueprint.get("/modeles/<int:edition_id>/<name>")
@_rewording_only
def template(edition_id: int, name: str) -> ResponseReturnValue:
    """Show the words of a purpose, with a preview."""
    return _template_page(edition_id, name, None)


@blueprint.post("/modeles/<int:edition_id>/<name>", endpoint="reword")
@_rewording_only
def reword(edition_id: int, name: str) -> ResponseReturnValue:
    """Keep the words, or show them as they would look when « Aperçu » was pressed."""
    purpose, _scope = _purpose_or_404(name), _scope_or_404(edition_id)
    form = WordsForm(purpose)
    if not form.validate_on_submit():
        return _template_page(edition_id, name, form), 422
    if "apercu" in request.form:
        return _template_page(edition_id, name, form)
    services.reword(
        db.session, purpose, edition_id, subject=form.subject.data, body=form.body.data, by=here(), now=_now()
    )
    db.session.commit()
    flash(_("Le modèle est enregistré : les prochains messages l’utilisent."))
    return redirect(url_for("mail.template", edition_id=edition_id, name=name), 303)


@blueprint.get("/fichiers")
def files() -> ResponseReturnValue:
    """In development, without a mail server: the mails written to the folder, newest first."""
    if not _writes_files() or not _is_ours():
        abort(404)
    found = sorted(_folder().glob("*.eml"), reverse=True)[:100]
    mails = [(file.name, message_from_bytes(file.read_bytes(), policy=default)) for file in found]
    return forbid_storage(make_response(render_template("mail/files.html", mails=mails, folder=_folder())))


@blueprint.get("/fichiers/<name>")
def file(name: str) -> ResponseReturnValue:
    """Show one of these mails as its reader would see it."""
    path = _folder() / name
    if not _writes_files() or not _is_ours() or path.suffix != ".eml" or path.parent != _folder() or not path.is_file():
        abort(404)
    mail = message_from_bytes(path.read_bytes(), policy=default)
    text = mail.get_body(("plain",))
    body = text.get_content() if text is not None else ""
    page = render_template("mail/file.html", mail=mail, paragraphs=paragraphs(body), name=name)
    return forbid_storage(make_response(page))


def _writes_files() -> bool:
    config = current_app.config["OPENMAP"]
    return config.smtp_host is None and not config.production


def _is_ours() -> bool:
    """Say whether the page was asked for under a name of this machine: one that a stranger's site borrows (DNS
    rebinding) must not read the links that lie here."""
    names = {"localhost", "127.0.0.1", "::1", urlsplit(current_app.config["OPENMAP"].base_url).hostname}
    return urlsplit(f"//{request.host}").hostname in names


def _folder() -> Path:
    folder: Path = current_app.config["OPENMAP"].instance / "outbox"
    return folder


def _own_scopes() -> list[Scope]:
    person, known = here(), scopes(db.session)
    return [scope for scope in known.values() if person.is_administrator or scope.id in editions_of(person)]


def _scope_or_404(edition_id: int) -> Scope:
    return scopes(db.session).get(edition_id) or abort(404)


def _purpose_or_404(name: str) -> Purpose:
    purpose = purpose_named(name)
    return purpose if purpose is not None and purpose.in_edition else abort(404)


def _message_page(message: Message | None, form: WordsForm, refusal: str = "") -> str:
    if message is None:
        abort(404)
    return render_template(
        "mail/message_page.html",
        message=message,
        form=form,
        refusal=refusal,
        paragraphs=paragraphs(message.body),
        html=Markup(message.html),  # noqa: S704 - our own, from templates that escape
        states=STATE_LABELS,
        scope=scopes(db.session).get(message.edition_id or 0),
        is_secret=is_secret(message.purpose),
        entries=entries_about(db.session, message),
    )


def _done(message: Message | None, change: object, told: str) -> ResponseReturnValue:
    """Carry a change out and say so, or show the message with why it was refused."""
    if message is None:
        abort(404)
    try:
        change(message)  # type: ignore[operator]
    except services.AlreadyGone as refusal:
        db.session.rollback()
        return _message_page(message, WordsForm(obj=message), str(refusal)), 409
    db.session.commit()
    flash(told)
    return redirect(url_for("mail.show", message_id=message.id), 303)


def _template_page(edition_id: int, name: str, form: WordsForm | None) -> str:
    purpose, scope = _purpose_or_404(name), _scope_or_404(edition_id)
    if form is None:
        subject, body = services.words_for(db.session, purpose, edition_id)
        form = WordsForm(purpose, data={"subject": subject, "body": body})
    asked = select(Message).where(Message.edition_id == edition_id, Message.purpose == name, open_to(here()))
    latest = db.session.scalars(asked.order_by(Message.id.desc()).limit(1)).one_or_none()
    recipients = people_written_to(db.session, edition_id, here())
    chosen = next((one for one in recipients if str(one.id) == request.values.get("pour")), None)
    real = purpose.values_for and chosen and purpose.values_for(db.session, edition_id, chosen)
    known = {str(key): str(value) for key, value in (real or purpose.sample).items()}
    return render_template(
        "mail/template.html",
        purpose=purpose,
        scope=scope,
        form=form,
        latest=latest,
        recipients=recipients if purpose.values_for else [],
        chosen=chosen,
        is_real=bool(real),
        preview_subject=filled(form.subject.data or "", known),
        preview=paragraphs(filled(form.body.data or "", known)),
    )
