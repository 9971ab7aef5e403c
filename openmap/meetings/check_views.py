"""Checking an edition before its plan is calculated, and putting right what the check found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import limiting
from openmap.meetings.check_page import SEVERITIES, SEVERITY_LABELS, check_page, severity_address
from openmap.meetings.forms import LimitsForm, WishForm
from openmap.meetings.models import Participation, Wish
from openmap.meetings.plan_links import PlanLink, register_plan_link
from openmap.people.access import here

blueprint = Blueprint("checks", __name__, url_prefix="/editions/<slug>/planning/controle")


def page_asked() -> int:
    """Return the page that the address asks for, from 1."""
    page = request.args.get("page", "")
    return max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1


@blueprint.get("")
@organisers_only
def show(slug: str) -> ResponseReturnValue:
    """Say what is wrong with the edition, the gravest first."""
    edition = edition_or_404(slug)
    page = check_page(db.session, edition, asked=request.args.get("gravite", ""), page=page_asked())
    return render_template(
        "meetings/check.html", edition=edition, page=page, severities=SEVERITIES, labels=SEVERITY_LABELS,
        severity_address=severity_address,
    )  # fmt: skip


@blueprint.get("/participants/<int:number>")
@organisers_only
def limits(slug: str, number: int) -> ResponseReturnValue:
    """Show a participant's presence and limits."""
    edition = edition_or_404(slug)
    person, form = _person_or_404(edition, number), LimitsForm(edition, formdata=None)
    form.show(person)
    return _limits_page(edition, person, form)


@blueprint.post("/participants/<int:number>", endpoint="set_limits")
@organisers_only
def set_limits(slug: str, number: int) -> ResponseReturnValue:
    """Change a participant's presence and limits."""
    edition = edition_or_404(slug)
    person, form = _person_or_404(edition, number), LimitsForm(edition)
    if not form.validate_on_submit():
        return _limits_page(edition, person, form), 422
    try:
        limiting.limit(db.session, edition, person, _values(form), form.absent.data, seen=_seen(person), by=here(),
                       now=datetime.now(UTC))  # fmt: skip
    except limiting.ChangedElsewhere as refusal:
        db.session.rollback()
        form.show(person := _person_or_404(edition_or_404(slug), number))
        return _limits_page(person.edition, person, form, str(refusal)), 409
    db.session.commit()
    flash(_("C’est enregistré."))
    return redirect(url_for("checks.show", slug=slug), 303)


@blueprint.get("/souhaits/<int:number>")
@organisers_only
def wish(slug: str, number: int) -> ResponseReturnValue:
    """Show a wish with what keeps it from being served."""
    edition = edition_or_404(slug)
    asked, form = _wish_or_404(edition, number), WishForm(formdata=None)
    form.required.data = asked.required
    return _wish_page(edition, asked, form)


@blueprint.post("/souhaits/<int:number>", endpoint="amend")
@organisers_only
def amend(slug: str, number: int) -> ResponseReturnValue:
    """Put a wish right."""
    edition = edition_or_404(slug)
    asked, form = _wish_or_404(edition, number), WishForm()
    if not form.validate_on_submit():
        return _wish_page(edition, asked, form), 422
    told = {name: form[name].data for name in ("required", "any_slot", "unlock", "allow", "withdraw")}
    limiting.amend(db.session, edition, asked, **told, by=here(), now=datetime.now(UTC))
    db.session.commit()
    flash(_("C’est enregistré."))
    return redirect(url_for("checks.show", slug=slug), 303)


def _values(form: LimitsForm) -> dict[str, Any]:
    return {
        "delegates": form.delegates.data,
        "min_meetings": form.min_meetings.data or 0,
        "max_meetings": form.max_meetings.data,
        "max_run": form.max_run.data,
        "table_id": form.table_id.data or None,
    }


def _seen(person: Participation) -> int:
    """Return the version of the limits that the form was filled from."""
    seen = request.form.get("version", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else person.version


def _person_or_404(edition: Edition, number: int) -> Participation:
    return limiting.participation_of(db.session, edition, number) or abort(404)


def _wish_or_404(edition: Edition, number: int) -> Wish:
    return limiting.wish_of(db.session, edition, number) or abort(404)


def _limits_page(edition: Edition, person: Participation, form: LimitsForm, refusal: str = "") -> str:
    return render_template("meetings/limits.html", edition=edition, someone=person, form=form, refusal=refusal,
                           version=person.version if refusal else _seen(person))  # fmt: skip


def _wish_page(edition: Edition, asked: Wish, form: WishForm) -> str:
    excluded = limiting.is_excluded(db.session, asked)
    return render_template("meetings/wish.html", edition=edition, wish=asked, form=form, excluded=excluded)


register_plan_link(
    "checks",
    PlanLink(
        lazy_gettext("Contrôle avant calcul"), lambda edition: url_for("checks.show", slug=edition.slug), 5, bare=True
    ),
)
