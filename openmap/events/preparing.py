"""« Préparation »: an edition from nothing to public, step by step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.events import services
from openmap.events.access import creators_only, edition_or_404, organisers_only
from openmap.events.forms import CopyForm, EditionForm, LateCodeForm, NewEditionForm, PhaseForm
from openmap.events.letters import tell
from openmap.events.models import PHASES, Edition, Phase
from openmap.events.phases import make_late_code, set_phase, stages
from openmap.events.queries import late_codes, team_size
from openmap.events.registering import promote
from openmap.events.sections import OrganiserLink, Task, register_organiser_link, register_task, steps_for
from openmap.events.zones import zone_label
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.journal import entries_of_edition
from openmap.reference import queries as reference

blueprint = Blueprint("preparing", __name__, url_prefix="/editions")


def _page(endpoint: str, **arguments: Any) -> Callable[[Edition], str]:
    return lambda edition: url_for(endpoint, slug=edition.slug, **arguments)


def _has_welcome(edition: Edition) -> bool:
    return bool(edition.venue and edition.address and edition.contact_email)


_TASKS: Final = (
    Task(
        10,
        lazy_gettext("Dire quand, où et sur quoi"),
        lazy_gettext("Filière, lieu, adresse, personne à contacter."),
        _page("preparing.identity"),
        _has_welcome,
    ),
    Task(
        20,
        lazy_gettext("Fixer les dates"),
        lazy_gettext("Ouverture et clôture des inscriptions, des candidatures, des souhaits."),
        _page("preparing.phases"),
        lambda edition: bool(edition.phases),
    ),
    Task(
        30,
        lazy_gettext("Composer le programme"),
        lazy_gettext("Accueil, plénière, table ronde, pitchs, entretiens."),
        _page("parts.index", part="programme"),
        lambda edition: bool(edition.programme),
    ),
    Task(
        40,
        lazy_gettext("Découper les créneaux d’entretien"),
        lazy_gettext("Générés d’un coup, puis corrigés un à un."),
        _page("parts.index", part="creneaux"),
        lambda edition: bool(edition.slots),
    ),
    Task(
        50,
        lazy_gettext("Disposer les tables"),
        lazy_gettext("Une table par acheteur, avec son emplacement."),
        _page("parts.index", part="tables"),
        lambda edition: bool(edition.tables),
    ),
    Task(
        60,
        lazy_gettext("Ouvrir les inscriptions"),
        lazy_gettext("Nombre de places, catégories, liste d’attente automatique."),
        _page("parts.index", part="categories"),
        lambda edition: bool(edition.categories) and any(one.kind == "registration" for one in edition.phases),
    ),
    Task(
        70,
        lazy_gettext("Réunir l’équipe"),
        lazy_gettext("Organisation, jury, accueil, délégués : chacun reçoit une invitation."),
        _page("team.index"),
        lambda edition: team_size(db.session, edition) > 1,
    ),
    Task(
        80,
        lazy_gettext("Rendre l’édition publique"),
        lazy_gettext("Jusque-là, seules les personnes qui y ont un rôle la voient."),
        lambda edition: url_for("preparing.show", slug=edition.slug) + "#publier",
        lambda edition: edition.published_at is not None,
    ),
)


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/nouvelle")
@creators_only
def new() -> ResponseReturnValue:
    """Show the form of a new edition."""
    return _new_page(NewEditionForm())


@blueprint.post("/nouvelle", endpoint="create")
@creators_only
def create() -> ResponseReturnValue:
    """Create an edition, and lead to its preparation."""
    form = NewEditionForm()
    if not form.validate_on_submit():
        return _new_page(form), 422
    edition = services.create(
        db.session,
        title=form.title.data,
        held_on=form.held_on.data,
        trade=form.trade.data or "",
        by=here(),
        now=_now(),
    )
    db.session.commit()
    flash(_("L’édition est créée. Suivez les étapes ci-dessous, dans l’ordre qui vous convient."))
    return redirect(url_for("preparing.show", slug=edition.slug), 303)


@blueprint.get("/<slug>/preparation")
@organisers_only
def show(slug: str) -> ResponseReturnValue:
    """Show the steps, what is done and what comes next."""
    edition = edition_or_404(slug)
    steps = steps_for(edition)
    is_over = edition.held_on < datetime.now(edition.zone).date()  # nothing is left to prepare then
    following = None if is_over else next((step.task for step in steps if step.state == "todo"), None)
    entries = entries_of_edition(db.session, edition.id, limit=20)
    return render_template(
        "events/preparation.html", edition=edition, steps=steps, following=following, entries=entries
    )


@blueprint.post("/<slug>/preparation/publier", endpoint="publish")
@organisers_only
def publish(slug: str) -> ResponseReturnValue:
    """Show the edition to the public, or take it back."""
    edition = edition_or_404(slug)
    public = "retirer" not in request.form
    services.publish(db.session, edition, public=public, by=here(), now=_now())
    db.session.commit()
    flash(_("L’édition est publique.") if public else _("L’édition n’est plus visible du public."))
    return redirect(url_for("preparing.show", slug=slug), 303)


@blueprint.get("/<slug>/preparation/identite")
@organisers_only
def identity(slug: str) -> ResponseReturnValue:
    """Show what the edition says of itself."""
    edition = edition_or_404(slug)
    form = _identity_form(edition)
    return _identity_page(edition, form)


@blueprint.post("/<slug>/preparation/identite", endpoint="identity_post")
@organisers_only
def identity_post(slug: str) -> ResponseReturnValue:
    """Change what the edition says of itself; more places let people in who wait."""
    edition, now = edition_or_404(slug), _now()
    form = _identity_form(edition)
    if not form.validate_on_submit():
        return _identity_page(edition, form), 422
    values = {field.name: field.data for field in form if field.type != "CSRFTokenField"}
    values["area_id"], former = values["area_id"] or None, edition.timezone
    try:
        services.change(db.session, edition, values, by=here(), now=now)
    except services.RefusedZone as refusal:
        form.timezone.errors = [str(refusal)]
        return _identity_page(edition_or_404(slug), form), 409
    promote(db.session, edition, now=now, told=lambda one: tell(db.session, one, now=now))
    db.session.commit()
    flash(_("L’édition est enregistrée."))
    if former != edition.timezone:
        zone = zone_label(edition.timezone)
        flash(
            _("Les heures n’ont pas changé à l’horloge, mais sont désormais celles de ce fuseau : %(zone)s.", zone=zone)
        )
    return redirect(url_for("preparing.show", slug=slug), 303)


@blueprint.get("/<slug>/preparation/etapes")
@organisers_only
def phases(slug: str) -> ResponseReturnValue:
    """Show when each phase is open, and the late codes."""
    return _phases_page(edition_or_404(slug))


@blueprint.post("/<slug>/preparation/etapes/<kind>", endpoint="set_phase")
@organisers_only
def set_phase_dates(slug: str, kind: str) -> ResponseReturnValue:
    """Give a phase its dates."""
    edition = edition_or_404(slug)
    form = PhaseForm(prefix=kind) if kind in PHASES else abort(404)
    if not form.validate_on_submit():
        return _phases_page(edition, filled={kind: form}), 422
    set_phase(db.session, edition, kind, *form.interval(edition.zone), by=here(), now=_now())
    db.session.commit()
    flash(_("Les dates sont enregistrées."))
    return redirect(url_for("preparing.phases", slug=slug), 303)


@blueprint.post("/<slug>/preparation/codes", endpoint="late_code")
@organisers_only
def late_code(slug: str) -> ResponseReturnValue:
    """Make a code that lets one structure apply after the deadline."""
    edition, form = edition_or_404(slug), LateCodeForm()
    if not form.validate_on_submit():
        return _phases_page(edition, late=form), 422
    made = make_late_code(db.session, edition, form.note.data, by=here(), now=_now())
    db.session.commit()
    flash(_("Code à transmettre : %(code)s", code=made.code))
    return redirect(url_for("preparing.phases", slug=slug), 303)


@blueprint.get("/<slug>/preparation/copie")
@organisers_only
def copying(slug: str) -> ResponseReturnValue:
    """Show the form of a copy."""
    edition = edition_or_404(slug)
    return _copy_page(edition, CopyForm(data={"title": edition.title}))


@blueprint.post("/<slug>/preparation/copie", endpoint="copy")
@organisers_only
def copy(slug: str) -> ResponseReturnValue:
    """Create an edition like this one, every date moved."""
    edition, form = edition_or_404(slug), CopyForm()
    if not form.validate_on_submit():
        return _copy_page(edition, form), 422
    made = services.copy(db.session, edition, title=form.title.data, held_on=form.held_on.data, by=here(), now=_now())
    db.session.commit()
    flash(_("La copie est créée : toutes les dates sont décalées. Vérifiez-les."))
    return redirect(url_for("preparing.show", slug=made.slug), 303)


def _new_page(form: NewEditionForm) -> str:
    return render_template("events/new.html", form=form, trades=reference.trades(db.session))


def _copy_page(edition: Edition, form: CopyForm) -> str:
    return render_template("events/copy.html", edition=edition, form=form)


def _identity_form(edition: Edition) -> EditionForm:
    activities = [(one.id, one.name) for trade in reference.trades(db.session) for one in trade.activities]
    areas = [(one.area.id, f"{one.area.name}") for one in reference.areas(db.session)]
    data = {name: getattr(edition, name) for name in EditionForm.__dict__ if hasattr(edition, name)}
    data |= {name: getattr(edition, name) for name in ("title", "held_on", "trade")}
    data |= {"activities": [one.id for one in edition.activities], "area_id": edition.area_id or 0}
    return EditionForm(activities, areas, edition.timezone, data=data)


def _identity_page(edition: Edition, form: EditionForm) -> str:
    return render_template("events/identity.html", edition=edition, form=form, trades=reference.trades(db.session))


def _phases_page(
    edition: Edition, *, filled: dict[str, PhaseForm] | None = None, late: LateCodeForm | None = None
) -> str:
    now = _now()
    forms = {stage.kind: _phase_form(edition, stage.kind, stage.phase) for stage in stages(edition, now=now)}
    forms |= filled or {}
    return render_template(
        "events/phases.html",
        edition=edition,
        stages=stages(edition, now=now),
        forms=forms,
        late=late or LateCodeForm(formdata=None),
        codes=late_codes(db.session, edition),
        faulty=next(iter((filled or {}).values()), late),
    )


def _phase_form(edition: Edition, kind: str, phase: Phase | None) -> PhaseForm:
    data = {}
    if phase is not None:
        moments = {"opens_at": phase.opens_at, "closes_at": phase.closes_at}
        data = {name: at.astimezone(edition.zone).replace(tzinfo=None) for name, at in moments.items() if at}
    return PhaseForm(formdata=None, prefix=kind, data=data)


register_organiser_link(
    "preparing",
    OrganiserLink(lazy_gettext("Préparation"), lambda edition: url_for("preparing.show", slug=edition.slug)),
)
for _task in _TASKS:
    register_task(_task)
