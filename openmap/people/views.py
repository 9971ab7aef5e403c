"""The pages about people: who administers and organises, what is kept of everyone."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.extensions import db
from openmap.people import privacy
from openmap.people.access import administrators_only, here
from openmap.people.forms import InviteForm
from openmap.people.journal import entries_about
from openmap.people.labels import action_label, field_label, object_label, role_label, told
from openmap.people.models import ADMINISTRATOR, Person, Role
from openmap.people.queries import everyone, names_in
from openmap.people.scopes import scopes
from openmap.people.services import RefusedChange, UnusableAddress, give_role, take_role, welcome
from openmap.web.requests import row_number

blueprint = Blueprint("people", __name__)
blueprint.add_app_template_filter(role_label)
blueprint.add_app_template_filter(action_label)
blueprint.add_app_template_filter(field_label)
blueprint.add_app_template_filter(object_label)
blueprint.add_app_template_filter(told)
blueprint.add_app_template_global(lambda entries: names_in(db.session, entries), "names_in")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/personnes")
@administrators_only
def index() -> ResponseReturnValue:
    """List everyone with their roles."""
    return _index(InviteForm((ADMINISTRATOR,)))


@blueprint.post("/personnes", endpoint="invite")
@administrators_only
def invite() -> ResponseReturnValue:
    """Make someone an administrator."""
    form = InviteForm((ADMINISTRATOR,))
    if not form.validate_on_submit():
        return _index(form), 422
    try:
        person = welcome(db.session, form.email.data, name=form.name.data or "", by=here(), now=_now())
    except UnusableAddress as refusal:
        form.email.errors = [str(refusal)]
        return _index(form), 422
    give_role(db.session, person, ADMINISTRATOR, None, by=here(), now=_now())
    db.session.commit()
    flash(_("%(name)s administre désormais OpenMap ESS.", name=person.shown_name))
    return redirect(url_for("people.show", person_id=person.id), 303)


@blueprint.get("/personnes/<int:person_id>")
@administrators_only
def show(person_id: int) -> ResponseReturnValue:
    """Show a person: roles and what was done to them."""
    return _show(_person_or_404(person_id))


@blueprint.post("/personnes/<int:person_id>/roles/<int:role_id>/retrait")
@administrators_only
def take(person_id: int, role_id: int) -> ResponseReturnValue:
    """Take a role away."""
    person, held = _person_or_404(person_id), db.session.get(Role, role_id)
    if held is None or held.person_id != person.id:
        abort(404)
    try:
        take_role(db.session, held, by=here(), now=_now())
    except RefusedChange as refusal:
        db.session.rollback()
        return _show(_person_or_404(person_id), str(refusal)), 409
    db.session.commit()
    flash(_("Le rôle est retiré."))
    return redirect(url_for("people.show", person_id=person_id), 303)


@blueprint.get("/vie-privee")
def privacy_page() -> ResponseReturnValue:
    """Say what is kept of people, why and for how long."""
    return render_template("people/privacy.html", holdings=privacy.holdings())


def _person_or_404(person_id: int) -> Person:
    person = db.session.get(Person, person_id)
    return abort(404) if person is None or person.erased_at is not None else person


def _index(form: InviteForm) -> str:
    words, page = request.args.get("q", "").strip()[:80], request.args.get("page", 1, type=row_number)
    listed = everyone(db.session, words=words, page=page)
    return render_template("people/index.html", listed=listed, words=words, form=form, scopes=scopes(db.session))


def _show(person: Person, refusal: str = "") -> str:
    return render_template(
        "people/show.html",
        shown=person,
        refusal=refusal,
        scopes=scopes(db.session),
        entries=entries_about(db.session, person),
    )
