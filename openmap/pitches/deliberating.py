"""The pages of the jury room: ranking, a file, quotas as a what-if, projection, check before release, minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.applications.models import Application
from openmap.directory.labels import KIND_LABELS
from openmap.events.access import edition_or_404
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.people.access import here
from openmap.pitches import quotas, releasing, room
from openmap.pitches.access import file_or_404, jury_only, leaders_only, open_jury_or_403
from openmap.pitches.choosing import Impossible
from openmap.pitches.minutes import minutes_pdf
from openmap.pitches.models import Jury
from openmap.pitches.permissions import (
    has_declared,
    is_juror,
    leads,
    may_decide,
    may_see_scores,
    sees_all,
)
from openmap.pitches.ranking import on_percent, one_decimal
from openmap.pitches.screen import screen_of
from openmap.web.tabular import CSV_TYPE, XLSX_TYPE, csv_bytes, xlsx_bytes

blueprint = Blueprint("deliberation", __name__, url_prefix="/editions/<slug>/jury")
blueprint.add_app_template_filter(one_decimal)
blueprint.add_app_template_filter(on_percent)

DECISION_LABELS: Final = {
    "": lazy_gettext("à décider"),
    "picked": lazy_gettext("retenu"),
    "reserve": lazy_gettext("réserve"),
    "declined": lazy_gettext("non retenu"),
}
blueprint.add_app_template_filter(lambda decision: str(DECISION_LABELS[decision]), "decision_label")
blueprint.add_app_template_filter(lambda kind: str(KIND_LABELS.get(kind, kind)), "structure_kind")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/deliberation", endpoint="room")
@jury_only
def show(slug: str) -> ResponseReturnValue:
    """Show the room at its stage: how far the readings are, the ranking, or what was decided."""
    edition = edition_or_404(slug)
    jury = db.session.get(Jury, edition.id)
    if jury is None or not may_see_scores(db.session, here(), edition.id, jury):
        return _closed_room(edition, jury)
    return _room_page(edition, jury)


@blueprint.get("/deliberation/<int:application_id>")
@jury_only
def file(slug: str, application_id: int) -> ResponseReturnValue:
    """Show what the jurors marked and wrote of a file, with the form of the decision."""
    edition, application = edition_or_404(slug), file_or_404(slug, application_id)
    return _file_page(edition, open_jury_or_403(edition.id), application)


@blueprint.get("/deliberation.<ending>")
@jury_only
def export(slug: str, ending: str) -> ResponseReturnValue:
    """Hand over the ranking that the filters show, as CSV or XLSX."""
    edition = edition_or_404(slug)
    jury = open_jury_or_403(edition.id)
    seen = room.room_of(db.session, edition, jury, here(), _filters())
    head, rows = _table(seen)
    match ending:
        case "csv":
            content, media_type = csv_bytes(head, rows), CSV_TYPE
        case "xlsx":
            title = _("Classement du jury – %(title)s", title=edition.title)
            content, media_type = xlsx_bytes(title, head, rows, created=_now()), XLSX_TYPE
        case _:
            abort(404)
    return _attached(content, media_type, f"{slug}-classement.{ending}")


@blueprint.get("/deliberation/quotas", endpoint="quotas")
@jury_only
def whatif(slug: str) -> ResponseReturnValue:
    """Show which choice under quotas loses least, beside the plain first N."""
    edition = edition_or_404(slug)
    jury = open_jury_or_403(edition.id)
    return _quotas_page(edition, jury)


@blueprint.get("/deliberation/ecran", endpoint="screen")
@leaders_only
def projection(slug: str) -> ResponseReturnValue:
    """Show the room for a screen that everyone present reads."""
    edition = edition_or_404(slug)
    jury = open_jury_or_403(edition.id)
    left = {int(number) for number in request.args.getlist("sorti") if number.isdecimal() and len(number) < 10}
    return render_template(
        "pitches/deliberation/screen.html", edition=edition, screen=screen_of(db.session, edition, jury, here(), left)
    )


@blueprint.get("/deliberation/publication")
@leaders_only
def releasing_page(slug: str) -> ResponseReturnValue:
    """Show what will leave, or what is missing before it can."""
    edition = edition_or_404(slug)
    jury = open_jury_or_403(edition.id)
    if not sees_all(db.session, here(), edition.id):
        abort(403)
    seen = room.room_of(db.session, edition, jury, here(), room.Filters())
    return render_template(
        "pitches/deliberation/release.html",
        edition=edition,
        room=seen,
        faults=releasing.faults_of(db.session, edition, jury) if jury.stage == "open" else [],
        unreachable=releasing.unreachable(db.session, edition),
    )


@blueprint.get("/deliberation/proces-verbal.pdf")
@jury_only
def minutes(slug: str) -> ResponseReturnValue:
    """Hand over the minutes; while the decisions are pending, a draft for who leads the jury."""
    edition = edition_or_404(slug)
    jury = open_jury_or_403(edition.id)
    if jury.stage != "released" and not leads(here(), edition.id, jury):
        abort(403)
    content = minutes_pdf(db.session, edition, jury, here(), now=_now())
    return _attached(content, "application/pdf", f"{slug}-proces-verbal.pdf")


def _filters() -> room.Filters:
    args = request.args
    return room.Filters(*(args.get(name, "")[:60] for name in ("type", "territoire", "activite", "decision")))


def _closed_room(edition: Edition, jury: Jury | None) -> str:
    leader = leads(here(), edition.id, jury)
    return render_template(
        "pitches/deliberation/closed.html",
        edition=edition,
        jury=jury,
        leads=leader,
        jury_at=url_for("readings.home", slug=edition.slug),
        settings_at=url_for("jury.setup", slug=edition.slug),
        must_declare=is_juror(here(), edition.id) and not has_declared(db.session, here(), edition.id),
        progress=room.progress_of(db.session, edition, here()) if leader and jury is not None else None,
    )


def _room_page(edition: Edition, jury: Jury) -> str:
    seen = room.room_of(db.session, edition, jury, here(), _filters())
    known = {"type", "territoire", "activite", "decision"}
    return render_template(
        "pitches/deliberation/room.html",
        edition=edition,
        room=seen,
        jury=jury,
        leads=leads(here(), edition.id, jury),
        filters=_filters(),
        chosen={name: value for name, value in request.args.items() if name in known and value},
        kinds=room.kinds_in(seen),
        places=room.places_in(seen),
        activities=room.activities_in(seen),
        to_replace={one.application_id for one in releasing.to_replace(db.session, edition.id)},
    )


def _file_page(edition: Edition, jury: Jury, application: Application) -> str:
    seen = room.room_of(db.session, edition, jury, here(), room.Filters())
    return render_template(
        "pitches/deliberation/file.html",
        edition=edition,
        room=seen,
        row=room.row_of(seen, application.id) or abort(404),
        readings=room.readings_of(db.session, application.id),
        decides=jury.stage == "open" and may_decide(db.session, here(), application, jury),
    )


def _quotas_page(edition: Edition, jury: Jury) -> str:
    seen = room.room_of(db.session, edition, jury, here(), room.Filters())
    wanted = quotas.asked_in(seen, request.args)
    choice = quotas.answer(seen, wanted)
    return render_template(
        "pitches/deliberation/quotas.html",
        edition=edition,
        room=seen,
        options=quotas.options_in(seen),
        wanted=wanted,
        most=quotas.MOST,
        words=[quotas.in_words(seen, quota) for quota in wanted],
        choice=None if isinstance(choice, Impossible) else choice,
        refusals=quotas.why_not(seen, choice) if isinstance(choice, Impossible) else [],
        rows={row.application.id: row for row in seen.everything},
        adopts=jury.stage == "open" and seen.sees_all and leads(here(), edition.id, jury),
    )


def _table(seen: room.Room) -> tuple[list[str], list[list[Any]]]:
    head = [_("Rang"), _("Structure"), _("Type"), _("Département"), _("Pitch"), _("Note"), _("Écart"), _("Lectures")]
    head += [criterion.name for criterion in seen.criteria]
    head += [_("Décision"), _("Motif")]
    rows = [
        [
            row.line.rank,
            row.application.name,
            str(KIND_LABELS.get(row.application.kind, row.application.kind)),
            row.department,
            row.application.pitch_title,
            None if row.line.score is None else round(float(row.line.score), 4),
            round(float(row.line.spread), 4),
            row.line.finished,
            *(
                None if criterion.id not in row.line.medians else float(row.line.medians[criterion.id])
                for criterion in seen.criteria
            ),
            str(DECISION_LABELS[row.decision]),
            row.selection.reason if row.selection else "",
        ]
        for row in seen.rows
    ]
    return head, rows


def _attached(content: bytes, media_type: str, filename: str) -> ResponseReturnValue:
    response = current_app.response_class(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


register_organiser_link(
    "deliberation",
    OrganiserLink(
        lazy_gettext("Délibération du jury"), lambda edition: url_for("deliberation.room", slug=edition.slug)
    ),
)
