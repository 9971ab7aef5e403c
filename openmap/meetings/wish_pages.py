"""« Mes souhaits »: a participant's own pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.events.access import edition_or_404
from openmap.events.permissions import may_organise
from openmap.extensions import AnySession, db, limiter
from openmap.meetings import wishing
from openmap.meetings.models import LEVELS, Participation
from openmap.meetings.wish_access import own_participations, participation_or_404, takers_only, wishers_only
from openmap.meetings.wish_forms import LIMITS, LimitsForm
from openmap.meetings.wish_labels import LEVEL_LABELS, LEVEL_LISTS, level_label
from openmap.meetings.wish_list import Asked, listed, own_of
from openmap.people import own_pages
from openmap.people.access import current_person, here
from openmap.people.forms import several_lines
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.web.arrival import arrived_at

blueprint = Blueprint("wishes", __name__, url_prefix="/editions/<slug>/souhaits")
blueprint.add_app_template_filter(level_label, "wish_level_label")

_LINE: Final = re.compile(r"vu-([0-9]{1,9})")
_MANY: Final = "300 per minute"


def _whose() -> str:
    return f"wishes-{(request.view_args or {}).get('participation_id')}"


@blueprint.url_value_preprocessor
def _arrived(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Note when the request reached us, queue and all: the end of the phase is held against this."""
    g.arrived = arrived_at(request.environ)


def _now() -> datetime:
    arrived: datetime = g.arrived
    return arrived


@blueprint.get("")
@takers_only
def index(slug: str) -> ResponseReturnValue:
    """Show one's wishes; who acts for several participants chooses, an organiser is led to the follow-up."""
    edition = edition_or_404(slug)
    own = own_participations(db.session, here(), edition)
    if len(own) == 1:
        return _page(own[0])
    return render_template(
        "meetings/wishes/index.html", edition=edition, own=own, organises=may_organise(here(), edition)
    )


@blueprint.get("/<int:participation_id>")
@wishers_only
def show(slug: str, participation_id: int) -> ResponseReturnValue:
    """Show the other side, best matches first, and what has been said of it."""
    return _page(participation_or_404(slug, participation_id))


@blueprint.post("/<int:participation_id>", endpoint="save")
@limiter.limit(_MANY, key_func=_whose)
@wishers_only
def save(slug: str, participation_id: int) -> ResponseReturnValue:
    """Keep what is said of others."""
    participation, lines = participation_or_404(slug, participation_id), _lines(request.form)
    try:
        saved = wishing.save_lines(db.session, participation, lines, by=here(), now=_now())
    except wishing.WishesClosed as refusal:
        db.session.rollback()
        return _closed(participation, lines, str(refusal))
    db.session.commit()
    if "HX-Request" in request.headers:
        return _fragment(participation, saved=saved, kept=[number for number in lines if number not in saved.refused])
    if saved.conflicts:
        return render_template("meetings/wishes/conflict.html", participation=participation, saved=saved), 409
    if saved.refused:
        typed = {number: lines[number] for number in saved.refused}
        return _page(participation, typed=typed, refused=saved.refused), 422
    flash(_("Vos souhaits sont enregistrés."))
    return _back(participation)


@blueprint.post("/<int:participation_id>/ordre")
@limiter.limit(_MANY, key_func=_whose)
@wishers_only
def order(slug: str, participation_id: int) -> ResponseReturnValue:
    """Put one of a level a step up or down, or the whole level in another order."""
    participation, sent, refusal = participation_or_404(slug, participation_id), request.form, ""
    level, ids = _order_sent(participation)
    try:
        wishing.save_order(db.session, participation, level, ids, sent.get("vu", ""), by=here(), now=_now())
    except (wishing.WishesClosed, wishing.ChangedElsewhere) as refused:
        db.session.rollback()
        refusal = str(refused)
    else:
        db.session.commit()
    if "HX-Request" in request.headers:
        return _fragment(participation, refusal=refusal)
    if refusal:
        flash(refusal)
    return _back(participation, "choix")


@blueprint.post("/<int:participation_id>/fini")
@wishers_only
def finish(slug: str, participation_id: int) -> ResponseReturnValue:
    """Note that a participant has said what it had to say."""
    participation = participation_or_404(slug, participation_id)
    try:
        wishing.finish(db.session, participation, by=here(), now=_now())
    except wishing.WishesClosed as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
        flash(_("Merci : votre réponse est notée. Vous pouvez la changer tant que les souhaits sont ouverts."))
    return _back(participation)


@blueprint.get("/<int:participation_id>/disponibilites")
@wishers_only
def limits(slug: str, participation_id: int) -> ResponseReturnValue:
    """Show when a participant comes, and how much it can meet."""
    participation = participation_or_404(slug, participation_id)
    return _limits_page(participation, LimitsForm(participation, formdata=None))


@blueprint.post("/<int:participation_id>/disponibilites", endpoint="save_limits")
@wishers_only
def save_limits(slug: str, participation_id: int) -> ResponseReturnValue:
    """Keep when a participant comes, and how much it can meet."""
    participation = participation_or_404(slug, participation_id)
    form = LimitsForm(participation)
    if not form.validate_on_submit():
        return _limits_page(participation, form), 422
    seen = {name: request.form.get(f"vu-{name}", "") for name in LIMITS}
    try:
        values = form.values(participation)
        conflicts = wishing.save_limits(db.session, participation, values, seen, by=here(), now=_now())
    except wishing.WishesClosed as refusal:
        db.session.rollback()
        return _limits_page(participation, form, refusal=str(refusal)), 409
    db.session.commit()
    if conflicts:
        return _limits_page(participation, form, conflicts=conflicts), 409
    flash(_("Vos disponibilités sont enregistrées."))
    return redirect(url_for("wishes.show", slug=slug, participation_id=participation_id), 303)


def _lines(sent: Mapping[str, str]) -> dict[int, wishing.Line]:
    """Return what was sent of each other that the page showed."""
    lines = {}
    for name, seen in sent.items():
        found = _LINE.fullmatch(name)
        if found:
            level = sent.get(f"niveau-{found[1]}", "")
            note = several_lines(sent.get(f"note-{found[1]}", "")).strip()
            lines[int(found[1])] = wishing.Line(level if level in LEVELS else "", note, seen)
    return lines


def _order_sent(participation: Participation) -> tuple[str, list[int]]:
    """Return the level and the order that a button, or a drag, asks for."""
    for name in ("haut", "bas"):
        typed = request.form.get(name, "")
        if typed.isascii() and typed.isdigit() and len(typed) < 10:
            choices = wishing.own_choices(db.session, participation)
            return wishing.moved(choices, int(typed), down=name == "bas")
    typed = request.form.get("ordre", "")
    level = request.form.get("niveau", "")
    return level, [int(one) for one in typed.split(",")[:5000] if one.isascii() and one.isdigit() and len(one) < 10]


def _page(
    participation: Participation, *, typed: Mapping[int, wishing.Line] | None = None, refusal: str = "",
    refused: Mapping[int, str] | None = None,
) -> str:  # fmt: skip
    asked = Asked.of(request.form if request.method == "POST" else request.args)
    return render_template(
        "meetings/wishes/own.html",
        asked=asked,
        listed=listed(db.session, participation, asked, typed=typed),
        refusal=refusal,
        refused=refused or {},
        **_shared(participation),
    )


def _shared(participation: Participation) -> dict[str, Any]:
    return {
        "participation": participation,
        "edition": participation.edition,
        "own": own_of(db.session, participation),
        "standing": wishing.standing(db.session, participation, by=here(), now=_now()),
        "levels": LEVEL_LABELS,
        "lists": LEVEL_LISTS,
        "acts": any(one.id == participation.id for one in own_participations(db.session, here())),
        "now": _now(),
    }


def _fragment(
    participation: Participation, *, saved: wishing.Saved | None = None, refusal: str = "", kept: Any = ()
) -> str:
    """Return what htmx puts into the page: what became of it, the list to put in order, and what lines have shown."""
    clashing = {one.other.id for one in saved.conflicts} if saved is not None else set()
    held = {one.other_id: one for one in wishing.own_choices(db.session, participation)}
    seen = {
        number: wishing.digest(held[number].level, held[number].note) if number in held else wishing.digest("", "")
        for number in kept
        if number not in clashing
    }
    return render_template(
        "meetings/wishes/_saved.html",
        saved=saved or wishing.Saved(),
        refusal=refusal,
        seen=seen,
        **_shared(participation),
    )


def _closed(participation: Participation, lines: Mapping[int, wishing.Line], refusal: str) -> ResponseReturnValue:
    """Say that nothing was kept, and give back what was typed."""
    if "HX-Request" in request.headers:
        return _fragment(participation, refusal=refusal)
    return _page(participation, typed=lines, refusal=refusal), 409


def _back(participation: Participation, anchor: str | None = None) -> ResponseReturnValue:
    asked = Asked.of(request.form)
    more = asked.arguments | ({"page": asked.page} if asked.page > 1 else {})
    number, slug = participation.id, participation.edition.slug
    return redirect(url_for("wishes.show", slug=slug, participation_id=number, _anchor=anchor, **more), 303)


def _limits_page(participation: Participation, form: LimitsForm, *, refusal: str = "", conflicts: Any = ()) -> str:
    there = LimitsForm(participation, formdata=None)
    return render_template(
        "meetings/wishes/limits.html",
        participation=participation,
        edition=participation.edition,
        form=form,
        there=there,
        refusal=refusal,
        conflicts=conflicts,
        seen={name: wishing.limit_digest(getattr(participation, name)) for name in LIMITS},
        standing=wishing.standing(db.session, participation, by=here(), now=_now()),
    )


def _own_pages(session: AnySession, person: Person) -> list[OwnPage]:
    """Return a link for each edition to come in which someone acts for a participant and wishes are foreseen."""
    del session
    today = datetime.now().astimezone().date()
    editions = {one.edition.id: one.edition for one in own_participations(db.session, current_person() or person)}
    return [
        OwnPage(
            _("Mes souhaits de rendez-vous : %(edition)s", edition=one.title), url_for("wishes.index", slug=one.slug)
        )
        for one in editions.values()
        if one.held_on >= today and any(phase.kind == "wishes" for phase in one.phases)
    ]


own_pages.register("wishes", _own_pages)
