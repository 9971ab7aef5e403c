"""« Qu’est devenu ce besoin ? »: the page that a mail leads to, answered without signing in, and what was answered.

Opening a link changes nothing: mail scanners open links. The answer is the POST of a button.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.extensions import db, limiter
from openmap.needs import outcomes
from openmap.needs.labels import OUTCOME_LABELS, OUTCOME_STEP_LABELS
from openmap.needs.models import Outcome
from openmap.needs.outcomes import RefusedAnswer, answers_of, outcome_by_token
from openmap.needs.telling import period_of
from openmap.people import own_pages
from openmap.people.access import here, only
from openmap.people.forms import several_lines
from openmap.people.own_pages import OwnPage
from openmap.people.permissions import organises_something
from openmap.web.headers import forbid_storage

blueprint = Blueprint("outcomes", __name__, url_prefix="/besoins")
blueprint.add_app_template_filter(lambda answer: str(OUTCOME_LABELS[answer]), "outcome_label")
blueprint.add_app_template_filter(lambda step: str(OUTCOME_STEP_LABELS[step]), "outcome_step")
blueprint.add_app_template_filter(answers_of, "answers_of")

log = logging.getLogger(__name__)

organisers_of_some_only = only(lambda person, **_arguments: organises_something(person))
"""Guard a view of those who organise an edition, whichever it is."""


def _now() -> datetime:
    return datetime.now(UTC)


def _outcome_or_404(token: str) -> Outcome:
    return outcome_by_token(db.session, token) or abort(404)


@blueprint.get("/suite/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the question of a link, or what was answered."""
    return _page(token, _outcome_or_404(token))


@blueprint.post("/suite/<token>", endpoint="answer")
@limiter.limit("60 per hour")
def answer(token: str) -> ResponseReturnValue:
    """Keep the answer of a button."""
    outcome = _outcome_or_404(token)
    note = several_lines(request.form.get("note", "")).strip()
    try:
        outcomes.answer(db.session, outcome, request.form.get("answer", ""), note=note, now=_now())
    except RefusedAnswer as refusal:
        db.session.rollback()
        return _page(token, _outcome_or_404(token), str(refusal), 422)
    db.session.commit()
    return redirect(url_for("outcomes.show", token=token), 303)


@blueprint.get("/suites")
@organisers_of_some_only
def index() -> ResponseReturnValue:
    """Show what came of the needs that an organiser may read."""
    person = here()
    counts, last = outcomes.counts_for(db.session, person), outcomes.last_answers(db.session, person)
    return render_template("needs/outcomes/index.html", counts=counts, last=last)


def ask_outcomes() -> None:
    """Write the questions that are due; run beside the jobs."""
    written = outcomes.ask_due(db.session, now=_now())
    db.session.commit()
    if written:
        log.info("Suites des besoins : %d message(s) écrit(s).", written)


def _page(token: str, outcome: Outcome, refusal: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "needs/outcomes/show.html",
        token=token,
        outcome=outcome,
        need=outcome.need,
        period=period_of(outcome.need),
        is_open=outcomes.is_open(outcome, _now()),
        labels=OUTCOME_LABELS,
        refusal=refusal,
    )
    response = forbid_storage(make_response(page, status))
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is a secret
    return response


own_pages.register(
    "outcomes",
    lambda _session, person: (
        [OwnPage(_("Ce que sont devenus les besoins"), url_for("outcomes.index"))]
        if organises_something(person)
        else []
    ),
)
