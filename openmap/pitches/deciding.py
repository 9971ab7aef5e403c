"""What is done in the jury room: opening it, decisions, the reserve, quotas adopted, release, replacements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.events.access import edition_or_404
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.models import Person
from openmap.pitches import quotas, releasing, room, selecting
from openmap.pitches.access import file_or_404, leaders_only, open_jury_or_403
from openmap.pitches.choosing import Impossible
from openmap.pitches.deliberating import DECISION_LABELS, blueprint
from openmap.pitches.models import DECISIONS
from openmap.web.french import counted


@blueprint.post("/deliberation/ouverture", endpoint="open_room")
@leaders_only
def open_room(slug: str) -> ResponseReturnValue:
    """End the readings and open the room."""
    edition = edition_or_404(slug)
    done = _("La délibération est ouverte : les lectures sont closes, le jury voit le classement.")
    return _done(edition, lambda by, now: selecting.open_room(db.session, edition, by=by, now=now), lambda _made: done)


@blueprint.post("/deliberation/<int:application_id>/decision", endpoint="decide")
@leaders_only
def decide(slug: str, application_id: int) -> ResponseReturnValue:
    """Write down what is decided of a file."""
    edition, application = edition_or_404(slug), file_or_404(slug, application_id)
    asked = request.form.get("decision", "")
    decision = asked if asked in DECISIONS else None if asked == "none" else abort(400)
    reason = " ".join(request.form.get("reason", "").split())[:1000]

    def run(by: Person, now: datetime) -> None:
        selecting.decide(db.session, edition, application, decision, reason=reason, by=by, now=now)

    label = DECISION_LABELS[decision or ""]
    done = _("« %(name)s » : %(decision)s.", name=application.name, decision=label)
    return _done(edition, run, lambda _made: done, anchor=f"dossier-{application_id}")


@blueprint.post("/deliberation/<int:application_id>/reserve", endpoint="move")
@leaders_only
def move(slug: str, application_id: int) -> ResponseReturnValue:
    """Move a file up or down in the reserve."""
    edition, application = edition_or_404(slug), file_or_404(slug, application_id)
    up = request.form.get("sens") == "haut"

    def run(by: Person, now: datetime) -> bool:
        return selecting.move(db.session, edition, application, up=up, by=by, now=now)

    return _done(edition, run, lambda _moved: _("La réserve est rangée."), anchor="reserve")


@blueprint.post("/deliberation/reste", endpoint="decline_rest")
@leaders_only
def decline_rest(slug: str) -> ResponseReturnValue:
    """Decline all that is not decided yet."""
    edition = edition_or_404(slug)

    def told(count: int) -> object:
        return _("%(count)s : non retenus.", count=counted(count, "dossier"))

    return _done(edition, lambda by, now: selecting.decline_rest(db.session, edition, by=by, now=now), told)


@blueprint.post("/deliberation/quotas", endpoint="adopt")
@leaders_only
def adopt(slug: str) -> ResponseReturnValue:
    """Pick the choice that the quotas give, if it is still the one that was shown."""
    edition = edition_or_404(slug)
    jury = open_jury_or_403(edition.id)
    seen = room.room_of(db.session, edition, jury, here(), room.Filters())
    wanted = quotas.asked_in(seen, request.form)
    choice = quotas.answer(seen, wanted)

    def run(by: Person, now: datetime) -> None:
        shown = request.form.get("choix", "")
        if isinstance(choice, Impossible) or shown != "-".join(map(str, choice.chosen)):
            raise selecting.StaleChoice
        words = [quotas.in_words(seen, quota) for quota in wanted]
        selecting.adopt(db.session, edition, choice.chosen, quotas=words, by=by, now=now)

    return _done(edition, run, lambda _made: _("Le choix est adopté : relisez-le, puis complétez la réserve."))


@blueprint.post("/deliberation/publication", endpoint="release")
@leaders_only
def release(slug: str) -> ResponseReturnValue:
    """Publish all decisions and write the mails."""
    edition, held = edition_or_404(slug), request.form.get("courrier") != "queued"

    def told(count: int) -> object:
        mails = counted(count, "message écrit", "messages écrits")
        where = _("ils attendent dans le courrier") if held else _("ils partent")
        return _("Les décisions sont publiées. %(mails)s : %(where)s.", mails=mails, where=where)

    return _done(edition, lambda by, now: releasing.release(db.session, edition, held=held, by=by, now=now), told)


@blueprint.post("/deliberation/<int:application_id>/remplacement", endpoint="replace")
@leaders_only
def replace(slug: str, application_id: int) -> ResponseReturnValue:
    """Note that a structure gives up, and let the first of the reserve in."""
    edition, application = edition_or_404(slug), file_or_404(slug, application_id)

    def told(made: releasing.Replacement) -> object:
        if made.taking is None:
            return _("« %(name)s » ne présente plus. La réserve est vide : personne ne prend sa place.",
                     name=made.leaving.name)  # fmt: skip
        return _("« %(taking)s » prend la place de « %(leaving)s ». Un message le dit à chacune.",
                 taking=made.taking.name, leaving=made.leaving.name)  # fmt: skip

    return _done(edition, lambda by, now: releasing.replace(db.session, edition, application, by=by, now=now), told)


def _done(
    edition: Edition, run: Callable[[Person, datetime], Any], told: Callable[[Any], object], *, anchor: str = ""
) -> ResponseReturnValue:
    """Run a verb, commit, say so and lead back to the room; a refusal changes nothing and says why."""
    slug = edition.slug
    try:
        made = run(here(), datetime.now(UTC))
        sentence = str(told(made))
        db.session.commit()
    except selecting.Refused as refusal:
        db.session.rollback()
        if isinstance(refusal, (selecting.InConflict, selecting.NotTheirs)):
            abort(403)
        sentence = str(refusal)
    flash(sentence)
    return redirect(url_for("deliberation.room", slug=slug, _anchor=anchor or None), 303)
