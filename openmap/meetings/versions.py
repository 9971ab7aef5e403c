"""The versions of the plan: which is worked on, releases, what changes from one to another, going back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import Task, register_task
from openmap.extensions import db
from openmap.meetings import desk, releasing
from openmap.meetings.differing import difference_page
from openmap.meetings.models import Plan
from openmap.meetings.plan_links import PlanLink, register_plan_link
from openmap.meetings.queries import meeting_counts, plan_of_version, plans_of
from openmap.meetings.release_parts import release_parts
from openmap.meetings.wording import CHANGES, KINDS
from openmap.people.access import here
from openmap.web.requests import row_number

blueprint = Blueprint("versions", __name__, url_prefix="/editions/<slug>/planning/versions")


@blueprint.get("")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """List the versions and the releases, newest first."""
    edition = edition_or_404(slug)
    plans, made = plans_of(db.session, edition), releasing.releases_of(db.session, edition)
    return render_template(
        "meetings/versions.html", edition=edition, plans=plans, releases=made, kinds=KINDS,
        by_plan={one.plan_id: one for one in made}, numbers={plan.id: plan.version for plan in plans},
        counts=meeting_counts(db.session, plans), working=desk.working_plan(db.session, edition),
        countable=desk.COUNTED,
    )  # fmt: skip


@blueprint.post("/<int:version>/choix")
@organisers_only
def choose(slug: str, version: int) -> ResponseReturnValue:
    """Make a version the working plan."""
    edition = edition_or_404(slug)
    plan = plan_of_version(db.session, edition, version) or abort(404)
    told = _("La version %(n)s est le planning en cours.", n=version)

    def run(**who: Any) -> str:
        desk.choose(db.session, edition, plan, **who)
        return str(told)

    return _done(edition, run)


@blueprint.get("/differences")
@organisers_only
def compare(slug: str) -> ResponseReturnValue:
    """Show what changes from one version to another, person by person."""
    edition = edition_or_404(slug)
    before, after = (_asked_for(edition, name) for name in ("avant", "apres"))
    if after is None:
        abort(404)
    page = request.args.get("page", 1, type=row_number)
    return render_template(
        "meetings/differences.html", edition=edition, before=before, after=after, kinds=KINDS, change_labels=CHANGES,
        plans=plans_of(db.session, edition), listed=difference_page(db.session, before, after, page=page),
    )  # fmt: skip


@blueprint.get("/figer")
@organisers_only
def releasing_page(slug: str) -> ResponseReturnValue:
    """Ask for a name, above what changes since the last release."""
    edition = edition_or_404(slug)
    plan = desk.working_plan(db.session, edition) or abort(404)
    return _releasing_page(edition, plan)


@blueprint.post("/figer")
@organisers_only
def release(slug: str) -> ResponseReturnValue:
    """Freeze the working plan under a name."""
    edition = edition_or_404(slug)
    name, note = (request.form.get(field, "").strip() for field in ("name", "note"))
    try:
        plan, seen = desk.as_seen(db.session, edition, request.form.get("vu", ""))
        desk.require_revision(db.session, plan, seen)
        made = releasing.release(db.session, edition, plan, name[:120], note[:2000], by=here(), now=datetime.now(UTC))
        db.session.commit()
    except desk.RefusedPlan as refusal:
        db.session.rollback()
        return _releasing_page(edition_or_404(slug), None, refusal=str(refusal), name=name, note=note)
    flash(
        _("La version « %(name)s » est figée. Personne n’en est averti : la diffusion est un autre geste.", name=name)
    )
    return redirect(url_for("versions.show", slug=slug, number=made.number), 303)


@blueprint.get("/figees/<int:number>")
@organisers_only
def show(slug: str, number: int) -> ResponseReturnValue:
    """Show a release, what changes since the one before, and what the rooms below do with it."""
    edition = edition_or_404(slug)
    made = releasing.release_numbered(db.session, edition, number) or abort(404)
    former = releasing.release_numbered(db.session, edition, number - 1)
    page = request.args.get("page", 1, type=row_number)
    return render_template(
        "meetings/release.html", edition=edition, release=made, former=former, change_labels=CHANGES,
        count=meeting_counts(db.session, [made.plan]).get(made.plan_id, 0), parts=release_parts(db.session, made),
        listed=difference_page(db.session, former.plan, made.plan, page=page) if former is not None else None,
    )  # fmt: skip


@blueprint.post("/figees/<int:number>/reprise")
@organisers_only
def restore(slug: str, number: int) -> ResponseReturnValue:
    """Work again on what a release holds."""
    edition = edition_or_404(slug)
    made = releasing.release_numbered(db.session, edition, number) or abort(404)

    def run(**who: Any) -> str:
        plan = releasing.restore(db.session, edition, made, **who)
        return str(_("« %(name)s » est reprise : la version %(n)s est le planning en cours.",
                     name=made.name, n=plan.version))  # fmt: skip

    return _done(edition, run)


def _done(edition: Edition, run: Callable[..., str]) -> ResponseReturnValue:
    slug = edition.slug
    try:
        sentence = run(by=here(), now=datetime.now(UTC))
        db.session.commit()
    except desk.RefusedPlan as refusal:
        db.session.rollback()
        sentence = str(refusal)
    flash(sentence)
    return redirect(url_for("versions.index", slug=slug), 303)


def _asked_for(edition: Edition, name: str) -> Plan | None:
    version = request.args.get(name, type=row_number)
    return plan_of_version(db.session, edition, version) if version is not None else None


def _releasing_page(
    edition: Edition, plan: Plan | None, *, refusal: str = "", name: str = "", note: str = ""
) -> ResponseReturnValue:
    plan = plan or desk.working_plan(db.session, edition) or abort(404)
    made = releasing.releases_of(db.session, edition)
    former = made[0] if made else None
    page = request.args.get("page", 1, type=row_number)
    text = render_template(
        "meetings/releasing.html", edition=edition, plan=plan, former=former, refusal=refusal, name=name, note=note,
        mark=desk.mark_of(plan), count=meeting_counts(db.session, [plan]).get(plan.id, 0), change_labels=CHANGES,
        listed=difference_page(db.session, former.plan, plan, page=page) if former is not None else None,
    )  # fmt: skip
    return (text, 422) if refusal else text


register_plan_link(
    "versions",
    PlanLink(lazy_gettext("Versions et différences"), lambda edition: url_for("versions.index", slug=edition.slug), 40),
)
register_plan_link(
    "releasing",
    PlanLink(
        lazy_gettext("Figer une version"), lambda edition: url_for("versions.releasing_page", slug=edition.slug), 50
    ),
)
register_task(
    Task(
        96,
        lazy_gettext("Calculer et corriger le planning"),
        lazy_gettext("Contrôlez, calculez, comparez des hypothèses, corrigez à la main, puis figez une version."),
        lambda edition: url_for("meetings.plan", slug=edition.slug),
        lambda edition: releasing.newest_release(db.session, edition) is not None,
    )
)
