"""« Suivi des souhaits »: the organiser sees who has answered, reminds, completes and gathers."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.phases import stages
from openmap.events.sections import OrganiserLink, Task, register_organiser_link, register_task
from openmap.extensions import db
from openmap.meetings import following
from openmap.meetings.completing import complete, completes_of, silent_of
from openmap.meetings.following import has_wishes
from openmap.meetings.gathering import gather, require_both_must, setting_of
from openmap.meetings.inviting import LETTERS
from openmap.meetings.queries import side_counts
from openmap.meetings.wish_access import participation_or_404
from openmap.meetings.wish_labels import LEVEL_LABELS, SOURCE_LABELS, WISH_SOURCE_LABELS
from openmap.meetings.wish_letters import ask_silent, silent_people
from openmap.meetings.wishing import allow_late
from openmap.people.access import here
from openmap.web.tabular import XLSX_TYPE, xlsx_bytes

blueprint = Blueprint("following", __name__, url_prefix="/editions/<slug>/souhaits")


def _now() -> datetime:
    return datetime.now(UTC)


def _page_asked() -> int:
    typed = request.args.get("page", "")
    return int(typed) if typed.isascii() and typed.isdigit() and 0 < len(typed) < 6 else 1


@blueprint.get("/suivi")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """Show where every answer stands."""
    edition = edition_or_404(slug)
    state, side = request.args.get("etat", ""), request.args.get("cote", "")
    state, side = state if state in following.STATES else "", side if side in LETTERS else ""
    words = request.args.get("q", "").strip()[:80]
    followed = following.follow(db.session, edition)
    return render_template(
        "meetings/wishes/following.html",
        edition=edition,
        listed=following.page_of(followed, state=state, side=side, words=words, page=_page_asked()),
        arguments={name: value for name, value in (("etat", state), ("cote", side), ("q", words)) if value},
        stage=next(one for one in stages(edition, now=_now()) if one.kind == "wishes"),
        people=len(silent_people(db.session, edition)),
        completes=completes_of(db.session, edition),
        both_must=setting_of(db.session, edition),
        levels=LEVEL_LABELS,
    )


@blueprint.get("/suivi.xlsx")
@organisers_only
def export(slug: str) -> ResponseReturnValue:
    """Hand over the follow-up as a workbook."""
    edition, now = edition_or_404(slug), _now()
    head, rows = following.sheet_of(edition, following.follow(db.session, edition))
    content = xlsx_bytes(_("Suivi des souhaits – %(edition)s", edition=edition.title), head, rows, created=now)
    name = f"souhaits-{edition.slug}.xlsx"
    return send_file(BytesIO(content), mimetype=XLSX_TYPE, as_attachment=True, download_name=name)


@blueprint.get("/valeurs")
@organisers_only
def values(slug: str) -> ResponseReturnValue:
    """Show what each wish is worth, and from what it comes."""
    edition = edition_or_404(slug)
    return render_template(
        "meetings/wishes/values.html",
        edition=edition,
        listed=following.values(db.session, edition, page=_page_asked()),
        levels=LEVEL_LABELS,
        sources=SOURCE_LABELS,
        wish_sources=WISH_SOURCE_LABELS,
    )


@blueprint.post("/suivi/rappels")
@organisers_only
def remind(slug: str) -> ResponseReturnValue:
    """Write to everyone who acts for a silent participant."""
    written = ask_silent(db.session, edition_or_404(slug), by=here(), now=_now())
    db.session.commit()
    if written:
        flash(ngettext("%(num)d message part.", "%(num)d messages partent.", written))
    else:
        flash(_("Aucun message n’est parti : chacun a déjà été relancé aujourd’hui, ou personne n’est à relancer."))
    return _back(slug)


@blueprint.post("/suivi/completion", endpoint="complete")
@organisers_only
def complete_silent(slug: str) -> ResponseReturnValue:
    """Speak for the silent sides, from the match score."""
    told = complete(db.session, edition_or_404(slug), by=here(), now=_now())
    db.session.commit()
    flash(
        ngettext("%(num)d participant silencieux complété.", "%(num)d participants silencieux complétés.", told)
        if told
        else _("Rien à compléter : chacun a répondu, ou le score ne propose personne.")
    )
    return _back(slug)


@blueprint.post("/suivi/recueil", endpoint="gather")
@organisers_only
def gather_all(slug: str) -> ResponseReturnValue:
    """Turn what both sides say into wishes."""
    found = gather(db.session, edition_or_404(slug), by=here(), now=_now())
    db.session.commit()
    flash(
        _(
            "%(standing)d souhaits de rendez-vous : %(made)d nouveaux, %(changed)d modifiés, %(withdrawn)d retirés.",
            standing=found.standing,
            made=found.made,
            changed=found.changed,
            withdrawn=found.withdrawn,
        )
    )
    return redirect(url_for("following.values", slug=slug), 303)


@blueprint.post("/suivi/obligation")
@organisers_only
def setting(slug: str) -> ResponseReturnValue:
    """Say whether a meeting that both sides must have is required."""
    on = request.form.get("obligatoire") == "1"
    require_both_must(db.session, edition_or_404(slug), on=on, by=here(), now=_now())
    db.session.commit()
    flash(
        _("Un rendez-vous indispensable des deux côtés est désormais obligatoire.")
        if on
        else _("Aucun rendez-vous n’est obligatoire de ce fait.")
    )
    return _back(slug)


@blueprint.post("/suivi/retards")
@organisers_only
def allow_all(slug: str) -> ResponseReturnValue:
    """Let all who are silent answer after the phase."""
    edition = edition_or_404(slug)
    count = allow_late(db.session, silent_of(db.session, edition), by=here(), now=_now())
    db.session.commit()
    flash(ngettext("%(num)d participant peut répondre.", "%(num)d participants peuvent répondre.", count))
    return _back(slug)


@blueprint.post("/suivi/<int:participation_id>/retard")
@organisers_only
def allow(slug: str, participation_id: int) -> ResponseReturnValue:
    """Let one participant answer after the phase."""
    participation = participation_or_404(slug, participation_id)
    allow_late(db.session, [participation], by=here(), now=_now())
    db.session.commit()
    flash(_("%(name)s peut répondre : sa réponse sera marquée tardive.", name=participation.organisation.name))
    return _back(slug)


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("following.index", slug=slug), 303)


register_organiser_link(
    "wishes",
    OrganiserLink(lazy_gettext("Suivi des souhaits"), lambda edition: url_for("following.index", slug=edition.slug)),
)

_HAS_PEOPLE: Final = Task(
    92,
    lazy_gettext("Réunir les participants aux rendez-vous"),
    lazy_gettext("Les structures des candidatures recevables, et les acheteurs."),
    lambda edition: url_for("participants.index", slug=edition.slug),
    lambda edition: len(side_counts(db.session, edition)) == len(LETTERS),
)
_HAS_WISHES: Final = Task(
    94,
    lazy_gettext("Recueillir les souhaits de rendez-vous"),
    lazy_gettext("Chaque côté dit qui il veut rencontrer ; vous suivez les réponses."),
    lambda edition: url_for("following.index", slug=edition.slug),
    lambda edition: has_wishes(db.session, edition),
)
for _task in (_HAS_PEOPLE, _HAS_WISHES):
    register_task(_task)
