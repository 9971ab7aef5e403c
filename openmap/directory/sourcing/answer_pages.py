"""The page that a structure's mail leads to: read a message, answer it, report it, without signing in.

Opening a link changes nothing: mail scanners open links. The answer is the POST of a button.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from openmap.directory.sourcing import writing
from openmap.directory.sourcing_models import InquiryRecipient
from openmap.extensions import db, limiter
from openmap.people.forms import several_lines
from openmap.web.headers import forbid_storage

blueprint = Blueprint("replies", __name__, url_prefix="/annuaire/reponses")


def _now() -> datetime:
    return datetime.now(UTC)


def _recipient_or_404(token: str) -> InquiryRecipient:
    return writing.recipient_by_token(db.session, token) or abort(404)


@blueprint.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the message of a link, or what was answered."""
    return _page(token, _recipient_or_404(token))


@blueprint.post("/<token>", endpoint="answer")
@limiter.limit("30 per hour")
def answer(token: str) -> ResponseReturnValue:
    """Keep an answer and tell who asked."""
    recipient, value = _recipient_or_404(token), request.form.get("answer", "")
    text = several_lines(request.form.get("text", "")).strip()
    try:
        writing.answer(db.session, recipient, value, text, now=_now())
    except writing.RefusedMessage as refusal:
        db.session.rollback()
        return _page(token, _recipient_or_404(token), str(refusal), text, 422)
    db.session.commit()
    return redirect(url_for("replies.show", token=token), 303)


@blueprint.post("/<token>/signalement")
@limiter.limit("10 per hour")
def report(token: str) -> ResponseReturnValue:
    """Tell the administrators that a message is abusive."""
    recipient = _recipient_or_404(token)
    reason = several_lines(request.form.get("reason", "")).strip()[:1_000]
    writing.report(db.session, recipient, reason, now=_now())
    db.session.commit()
    return redirect(url_for("replies.show", token=token), 303)


def _page(
    token: str, recipient: InquiryRecipient, refusal: str = "", text: str | None = None, status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "directory/sourcing/reply.html",
        token=token,
        recipient=recipient,
        inquiry=recipient.inquiry,
        is_open=writing.is_open(recipient, _now()),
        is_reported=writing.is_reported(db.session, recipient),
        refusal=refusal,
        text=recipient.answer_text if text is None else text,
        longest=writing.LONGEST_ANSWER,
    )
    response = forbid_storage(make_response(page, status))
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is a secret
    return response
