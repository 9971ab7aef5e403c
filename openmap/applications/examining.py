"""The organisers' pages: the list of files, one file, what they say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.applications.examining_forms import StandingForm
from openmap.applications.filtering import as_arguments, filters_asked, sort_asked
from openmap.applications.labels import kind_label, question_kind_label, standing_label, state_label
from openmap.applications.models import Application
from openmap.applications.permissions import may_examine
from openmap.applications.presenting import changes_told, sections, siret_told
from openmap.applications.queries import Listed, chosen, doubles_of, listed
from openmap.applications.standing import Unreasoned, judge
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.journal import entries_about
from openmap.web.french import counted

blueprint = Blueprint("examining", __name__, url_prefix="/editions/<slug>/candidatures")
for _filter in (state_label, standing_label, kind_label, question_kind_label, siret_told):
    blueprint.add_app_template_filter(_filter)


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """List the files, with filters and what can be done to several at once."""
    return index_page(edition_or_404(slug))


@blueprint.post("/selection", endpoint="choose")
@organisers_only
def choose(slug: str) -> ResponseReturnValue:
    """Do something to the files that were ticked, or to all that the filters show."""
    edition = edition_or_404(slug)
    arguments = as_arguments(filters_asked(request.form), sort_asked(request.form))
    files = chosen(db.session, ids_chosen(edition), edition.id, here())
    if not files:
        refusal = _("Cochez au moins une candidature, ou choisissez toutes celles de la liste.")
        return index_page(edition, refusal=refusal), 422
    deed = request.form.get("action", "")
    if deed == "ecrire":
        picked = {"tout": "1", **arguments} if "tout" in request.form else {"choix": [one.id for one in files]}
        return redirect(url_for("writing.compose", slug=slug, **picked), 303)
    standing = {"recevables": "eligible", "non-recevables": "ineligible", "a-examiner": None}.get(deed, "")
    if standing == "":
        abort(400)
    return _judged(edition, files, standing, arguments)


@blueprint.get("/<int:application_id>")
@organisers_only
def show(slug: str, application_id: int) -> ResponseReturnValue:
    """Show a file, between the one before and the one after in the filtered list."""
    edition = edition_or_404(slug)
    application = file_or_404(edition, application_id)
    return _file_page(edition, application, StandingForm(obj=application, formdata=None))


@blueprint.post("/<int:application_id>", endpoint="judge")
@organisers_only
def judge_one(slug: str, application_id: int) -> ResponseReturnValue:
    """Say whether a file is eligible."""
    edition = edition_or_404(slug)
    application, form = file_or_404(edition, application_id), StandingForm()
    if not form.validate_on_submit():
        return _file_page(edition, application, form), 422
    judge(db.session, [application], form.standing.data or None, reason=form.reason, by=here(), now=_now())
    db.session.commit()
    flash(_("C’est noté : %(standing)s.", standing=standing_label(application.standing).lower()))
    arguments = as_arguments(filters_asked(request.args), sort_asked(request.args))
    return redirect(url_for("examining.show", slug=slug, application_id=application_id, **arguments), 303)


def file_or_404(edition: Edition, application_id: int) -> Application:
    """Return a file of an edition; 404 where it is another's, 403 where a conflict bars who is here."""
    application = db.session.get(Application, application_id)
    if application is None or application.edition_id != edition.id:
        abort(404)
    if not may_examine(here(), application):
        abort(403)
    return application


def ids_chosen(edition: Edition, *, everything: bool = False) -> list[int]:
    """Return the files that a form or an address means: those named, or all that its filters show.

    With ``everything``, naming none means all.
    """
    values = request.values
    if "tout" in values or (everything and "choix" not in values):
        found = listed(db.session, edition.id, here(), filters_asked(values), sort=sort_asked(values))
        return [line.id for line in found.shown]
    return [int(one) for one in values.getlist("choix") if one.isascii() and one.isdigit() and len(one) < 10]


def _judged(
    edition: Edition, files: list[Application], standing: str | None, arguments: dict[str, Any]
) -> ResponseReturnValue:
    reason = request.form.get("motif", "")[:1000]
    try:
        changed = judge(db.session, files, standing, reason=reason, by=here(), now=_now())
    except Unreasoned as refusal:
        return index_page(edition, refusal=str(refusal)), 422
    db.session.commit()
    told = _(
        "%(count)s : %(standing)s.",
        count=counted(len(changed), "candidature"),
        standing=standing_label(standing).lower(),
    )
    left = len(files) - len(changed)
    if left:
        told += " " + _(
            "%(count)s sans changement : brouillon, retirée, ou déjà ainsi.", count=counted(left, "candidature")
        )
    flash(told)
    return redirect(url_for("examining.index", slug=edition.slug, **arguments), 303)


def index_page(edition: Edition, *, refusal: str = "") -> str:
    """Return the list as the filters of the request want it."""
    values = request.values
    filters, sort, page = filters_asked(values), sort_asked(values), values.get("page", "1")
    found = listed(
        db.session, edition.id, here(), filters, sort=sort, page=int(page) if page.isdecimal() and len(page) < 6 else 1
    )
    return render_template(
        "applications/examining/index.html",
        edition=edition,
        listed=found,
        filters=filters,
        sort=sort,
        arguments=as_arguments(filters, sort),
        ticked=set(request.form.getlist("choix")),
        refusal=refusal,
        now=_now(),
    )


def _file_page(edition: Edition, application: Application, form: StandingForm) -> str:
    filters, sort = filters_asked(request.args), sort_asked(request.args)
    found = listed(db.session, edition.id, here(), filters, sort=sort)
    before, after = found.neighbours(application.id)
    return render_template(
        "applications/examining/show.html",
        edition=edition,
        application=application,
        form=form,
        parts=sections(db.session, application),
        revisions=[(one, changes_told(db.session, one)) for one in reversed(application.revisions)],
        doubles=doubles_of(db.session, application, here()),
        place=_place(found, application),
        before=before,
        after=after,
        arguments=as_arguments(filters, sort),
        entries=entries_about(db.session, application),
    )


def _place(found: Listed, application: Application) -> tuple[int, int] | None:
    """Return which of how many a file is in the list, or ``None`` where the filters do not show it."""
    ids = [line.id for line in found.shown]
    return (ids.index(application.id) + 1, len(ids)) if application.id in ids else None


register_organiser_link(
    "applications",
    OrganiserLink(lazy_gettext("Candidatures"), lambda edition: url_for("examining.index", slug=edition.slug)),
)
