"""The pages of the coaching: booking, attendance, slides, the order of passage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.applications.models import Application
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.permissions import may_organise
from openmap.events.sections import OrganiserLink, Section, register_organiser_link, register_section
from openmap.events.slots import RefusedSlots
from openmap.extensions import AnySession, db
from openmap.people.access import here, only
from openmap.people.models import Person
from openmap.pitches import coaching, decks, passage
from openmap.pitches.coaching_forms import CoachingRhythmForm, CoachingSlotForm, DeadlinesForm, DeckForm
from openmap.pitches.models import CoachingSlot, Deck, Jury
from openmap.pitches.selecting import Refused
from openmap.web.french import counted
from openmap.web.uploads import ACCEPT, RefusedFile, hand_over

blueprint = Blueprint("coaching", __name__, url_prefix="/editions/<slug>/accompagnement")


def _comes(person: Person, *, slug: str, **_arguments: object) -> bool:
    edition = edition_or_404(slug)
    return may_organise(person, edition) or bool(coaching.own_files(db.session, person, edition.id))


coached_only = only(_comes)
"""Guard a view of the structures that pitch and of who organises."""


@blueprint.get("", endpoint="show")
@coached_only
def show(slug: str) -> ResponseReturnValue:
    """Show a structure its booking and its slides, and an organiser the whole half-day."""
    return _page(edition_or_404(slug))


@blueprint.post("/creneaux/generation", endpoint="generate")
@organisers_only
def generate(slug: str) -> ResponseReturnValue:
    """Add the moments of a half-day."""
    edition, form = edition_or_404(slug), CoachingRhythmForm(prefix="demi")
    if not form.validate_on_submit():
        return _page(edition, rhythm=form), 422
    try:
        count = coaching.generate(
            db.session, edition, form.rhythm(edition.zone), form.names(), place=form.place.data or "", by=here(),
            now=_now(),
        )  # fmt: skip
    except RefusedSlots as refusal:
        db.session.rollback()
        return _page(edition_or_404(slug), rhythm=form, refusal=str(refusal)), 409
    db.session.commit()
    flash(
        _("%(count)s : corrigez-les un à un si besoin.", count=counted(count, "nouveau créneau", "nouveaux créneaux"))
    )
    return _back(slug)


@blueprint.get("/creneaux/<int:slot_id>")
@organisers_only
def edit(slug: str, slot_id: int) -> ResponseReturnValue:
    """Show the form of a moment."""
    edition, slot, form = edition_or_404(slug), _slot_or_404(slug, slot_id), CoachingSlotForm(formdata=None)
    form.show(slot, edition)
    return _slot_page(edition, slot, form)


@blueprint.post("/creneaux/<int:slot_id>", endpoint="change")
@organisers_only
def change(slug: str, slot_id: int) -> ResponseReturnValue:
    """Change a moment; who has booked it is told."""
    edition, slot, form = edition_or_404(slug), _slot_or_404(slug, slot_id), CoachingSlotForm()
    if not form.validate_on_submit():
        return _slot_page(edition, slot, form), 422
    values = form.values(edition)
    return _done(
        slug, lambda by, now: coaching.change(db.session, slot, values, by=by, now=now), _("C’est enregistré.")
    )


@blueprint.post("/creneaux/<int:slot_id>/suppression", endpoint="remove")
@organisers_only
def remove(slug: str, slot_id: int) -> ResponseReturnValue:
    """Remove a moment that nobody has booked."""
    slot = _slot_or_404(slug, slot_id)
    return _done(slug, lambda by, now: coaching.remove(db.session, slot, by=by, now=now), _("Le créneau est supprimé."))


@blueprint.post("/creneaux/<int:slot_id>/reservation", endpoint="book")
@coached_only
def book(slug: str, slot_id: int) -> ResponseReturnValue:
    """Book a moment for a structure of one's own, or for any as an organiser."""
    edition, slot = edition_or_404(slug), _slot_or_404(slug, slot_id)
    application = _own_or_403(edition, request.form.get("dossier", ""))
    late = may_organise(here(), edition)

    def run(by: Person, now: datetime) -> None:
        coaching.book(db.session, slot, application, by=by, now=now, late=late)

    return _done(slug, run, _("C’est réservé. Un message confirme, avec le rendez-vous pour l’agenda."))


@blueprint.post("/creneaux/<int:slot_id>/annulation", endpoint="cancel")
@coached_only
def cancel(slug: str, slot_id: int) -> ResponseReturnValue:
    """Give a moment back."""
    edition, slot = edition_or_404(slug), _slot_or_404(slug, slot_id)
    late = may_organise(here(), edition)
    if slot.application_id is not None:
        _own_or_403(edition, str(slot.application_id))

    def run(by: Person, now: datetime) -> None:
        coaching.cancel(db.session, slot, by=by, now=now, late=late)

    return _done(slug, run, _("La réservation est annulée."))


@blueprint.post("/creneaux/<int:slot_id>/presence", endpoint="attend")
@organisers_only
def attend(slug: str, slot_id: int) -> ResponseReturnValue:
    """Note whether the structure came."""
    slot = _slot_or_404(slug, slot_id)
    came = {"oui": True, "non": False}.get(request.form.get("presence", ""))
    return _done(slug, lambda by, now: coaching.attend(db.session, slot, came, by=by, now=now), _("C’est noté."))


@blueprint.post("/dates", endpoint="deadlines")
@organisers_only
def deadlines(slug: str) -> ResponseReturnValue:
    """Say until when structures book and hand in their slides."""
    edition, form = edition_or_404(slug), DeadlinesForm(prefix="dates")
    jury = db.session.get(Jury, edition.id) or abort(404)
    if not form.validate_on_submit():
        return _page(edition, dates=form), 422
    booking, until = form.instants(edition.zone)

    def run(by: Person, now: datetime) -> None:
        coaching.set_deadlines(db.session, edition, jury, booking, until, by=by, now=now)

    return _done(slug, run, _("Les dates sont enregistrées."))


@blueprint.post("/supports/<int:application_id>", endpoint="hand_in")
@coached_only
def hand_in(slug: str, application_id: int) -> ResponseReturnValue:
    """Hand in slides; the version before is kept."""
    edition, form = edition_or_404(slug), DeckForm()
    application = _own_or_403(edition, str(application_id))
    if not form.validate_on_submit():
        return _page(edition, deck=form), 422
    try:
        decks.add(
            db.session, application, form.file.data.stream, form.file.data.filename, by=here(), now=_now(),
            late=may_organise(here(), edition),
        )  # fmt: skip
    except (RefusedFile, Refused) as refusal:
        db.session.rollback()
        return _page(edition_or_404(slug), refusal=str(refusal)), 422
    db.session.commit()
    flash(_("Le support est déposé."))
    return _back(slug)


@blueprint.get("/supports/<int:deck_id>", endpoint="deck")
@coached_only
def download(slug: str, deck_id: int) -> ResponseReturnValue:
    """Hand slides over to their structure and to who organises."""
    edition, deck = edition_or_404(slug), db.session.get(Deck, deck_id)
    if deck is None or deck.application.edition_id != edition.id:
        abort(404)
    _own_or_403(edition, str(deck.application_id))
    return hand_over(deck.digest, deck.media_type, deck.filename)


@blueprint.get("/supports.zip", endpoint="archive")
@organisers_only
def archive(slug: str) -> ResponseReturnValue:
    """Hand over all slides in the order of passage."""
    edition = edition_or_404(slug)
    response = current_app.response_class(decks.archive(db.session, edition), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-supports.zip"'
    return response


@blueprint.post("/passage/<int:application_id>", endpoint="move")
@organisers_only
def move(slug: str, application_id: int) -> ResponseReturnValue:
    """Let a structure pass before or after its neighbour."""
    edition = edition_or_404(slug)
    application = _own_or_403(edition, str(application_id))
    up = request.form.get("sens") == "haut"

    def run(by: Person, now: datetime) -> None:
        passage.move(db.session, edition, application, up=up, by=by, now=now)

    return _done(slug, run, _("L’ordre de passage est changé."), anchor="passage")


def _now() -> datetime:
    return datetime.now(UTC)


def _back(slug: str, anchor: str = "") -> ResponseReturnValue:
    return redirect(url_for("coaching.show", slug=slug, _anchor=anchor or None), 303)


def _done(slug: str, run: Callable[[Person, datetime], Any], sentence: str, *, anchor: str = "") -> ResponseReturnValue:
    """Run a verb, commit and say so; a refusal changes nothing and says why."""
    try:
        run(here(), _now())
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        sentence = str(refusal)
    flash(sentence)
    return _back(slug, anchor)


def _slot_or_404(slug: str, slot_id: int) -> CoachingSlot:
    found = db.session.get(CoachingSlot, slot_id)
    return found if found is not None and found.edition_id == edition_or_404(slug).id else abort(404)


def _own_or_403(edition: Edition, number: str) -> Application:
    """Return the file of this number: one's own among those who pitch, or any of the edition for who organises."""
    found = db.session.get(Application, int(number)) if number.isdecimal() and len(number) < 10 else None
    if found is None or found.edition_id != edition.id:
        abort(404)
    own = {one.id for one in coaching.own_files(db.session, here(), edition.id)}
    return found if found.id in own or may_organise(here(), edition) else abort(403)


def _page(
    edition: Edition,
    *,
    rhythm: CoachingRhythmForm | None = None,
    dates: DeadlinesForm | None = None,
    deck: DeckForm | None = None,
    refusal: str = "",
) -> str:
    organises, jury, now = may_organise(here(), edition), db.session.get(Jury, edition.id), _now()
    turns = passage.passages(db.session, edition)
    if dates is None:
        dates = DeadlinesForm(formdata=None, prefix="dates")
        if jury is not None:
            dates.show(jury, edition)
    slots = coaching.slots_of(db.session, edition.id)
    return render_template(
        "pitches/coaching/show.html",
        edition=edition,
        jury=jury,
        organises=organises,
        own=[one.application for one in turns] if organises else coaching.own_files(db.session, here(), edition.id),
        turns={one.application.id: one for one in turns},
        slots=slots,
        now=now,
        booked={slot.application_id for slot in slots},
        decks=decks.decks_of(db.session, edition.id),
        booking_late=coaching.is_late(db.session, edition, now=now) and not organises,
        decks_late=decks.is_late(db.session, edition, now=now) and not organises,
        rhythm=rhythm or CoachingRhythmForm(formdata=None, prefix="demi"),
        dates=dates,
        deck_form=deck or DeckForm(formdata=None),
        refusal=refusal,
        accept=ACCEPT,
    )


def _slot_page(edition: Edition, slot: CoachingSlot, form: CoachingSlotForm) -> str:
    return render_template("pitches/coaching/slot.html", edition=edition, slot=slot, form=form)


def _passages(session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    turns = passage.passages(session, edition)
    return {"passages": turns} if turns else None


register_section(Section("pitchs", lazy_gettext("Pitchs"), "pitches/_passages.html", 20, _passages))
register_organiser_link(
    "coaching",
    OrganiserLink(
        lazy_gettext("Accompagnement et passage"), lambda edition: url_for("coaching.show", slug=edition.slug)
    ),
)
