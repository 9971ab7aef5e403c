"""A juror's own pages: what to do now, conflicts, and one file after the other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from openmap.applications.labels import kind_label
from openmap.applications.presenting import changes_told, sections
from openmap.events.access import edition_or_404
from openmap.events.models import Edition
from openmap.extensions import AnySession, db
from openmap.people import own_pages
from openmap.people.access import here
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.pitches.conflicts import RefusedConflict, add_conflict, declare, names_to_declare
from openmap.pitches.guards import application_of, jurors_only, own_reading
from openmap.pitches.labels import reading_label, stage_label
from openmap.pitches.models import Reading
from openmap.pitches.permissions import JUROR, has_been_told_of, has_declared, is_chair, is_read
from openmap.pitches.progress import following, lines_of, next_to_read
from openmap.pitches.queries import criteria_of, jury_of, names_known, own_conflicts
from openmap.pitches.reading import (
    LONGEST_COMMENT,
    LONGEST_REMARK,
    Lack,
    ReadingGone,
    ReadingRefused,
    UnknownMark,
    lacking,
    latest_revision,
    save,
    see_changes,
    unseen_revisions,
)

blueprint = Blueprint("readings", __name__, url_prefix="/editions/<slug>/jury")
blueprint.add_app_template_filter(reading_label)
blueprint.add_app_template_filter(stage_label)
blueprint.add_app_template_filter(kind_label, "structure_kind")

_MARK: Final = re.compile(r"note-(\d{1,9})")
_COMMENT: Final = re.compile(r"commentaire-(\d{1,9})")
LAST_NUMBER: Final = 2**31 - 1


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@jurors_only
def home(slug: str) -> ResponseReturnValue:
    """Show what to do now, and the juror's own files with where each stands."""
    edition, person = edition_or_404(slug), here()
    lines = lines_of(db.session, edition, person)
    return render_template(
        "pitches/home.html",
        edition=edition,
        jury=jury_of(db.session, edition),
        declared=has_declared(db.session, person, edition.id),
        untold=names_to_declare(db.session, edition, person),
        lines=lines,
        following=next_to_read(lines),
        finished=sum(1 for line in lines if line.state in {"finished", "changed"} and line.reading.finished_at),
        conflicts=own_conflicts(db.session, edition.id, person),
        chairs=is_chair(db.session, person, edition.id),
    )


@blueprint.get("/conflits")
@jurors_only
def conflicts(slug: str) -> ResponseReturnValue:
    """Show the names that are still to be gone through, and those that were."""
    return _conflicts_page(edition_or_404(slug))


@blueprint.post("/conflits", endpoint="declare")
@jurors_only
def declare_all(slug: str) -> ResponseReturnValue:
    """Keep where the juror is in conflict, out of the names that their page showed."""
    edition, shown = edition_or_404(slug), set(request.form.getlist("nom", type=int))
    ticked = [number for number in request.form.getlist("conflit", type=int) if number in shown]
    reasons = {number: request.form.get(f"raison-{number}", "") for number in ticked}
    try:
        told = declare(db.session, edition, here(), reasons, shown=shown, by=here(), now=_now())
    except RefusedConflict as refusal:
        return _conflicts_page(edition, refusal=str(refusal), reasons=reasons), 422
    db.session.commit()
    flash(
        _("Merci : votre déclaration est enregistrée, avec %(n)d conflit(s).", n=len(told))
        if told
        else _("Merci : votre déclaration est enregistrée, sans conflit.")
    )
    return redirect(url_for("readings.home", slug=slug), 303)


@blueprint.post("/conflits/<int:application_id>", endpoint="add_conflict")
@jurors_only
def add_one_conflict(slug: str, application_id: int) -> ResponseReturnValue:
    """Tell a conflict that came up later; the reading is dropped."""
    edition = edition_or_404(slug)
    application = application_of(edition, application_id)
    if not has_been_told_of(db.session, here(), application) or not is_read(application):
        abort(403)
    try:
        add_conflict(db.session, application, here(), request.form.get("raison", ""), by=here(), now=_now())
    except RefusedConflict as refusal:
        db.session.rollback()
        return _conflicts_page(edition_or_404(slug), refusal=str(refusal), about=application_id), 422
    db.session.commit()
    flash(_("Le conflit est enregistré : ce dossier ne s’ouvre plus pour vous, et vos notes ne comptent plus."))
    return redirect(url_for("readings.home", slug=slug), 303)


@blueprint.get("/lectures/<int:application_id>")
@jurors_only
def read(slug: str, application_id: int) -> ResponseReturnValue:
    """Show a file with its marks; a juror who has told no conflicts is led to do so first."""
    edition = edition_or_404(slug)
    if not has_declared(db.session, here(), edition.id):
        flash(_("Avant d’ouvrir un dossier, dites où vous êtes en conflit d’intérêts."))
        return redirect(url_for("readings.conflicts", slug=slug), 303)
    return _reading_page(edition, own_reading(edition, application_id))


@blueprint.post("/lectures/<int:application_id>", endpoint="mark")
@jurors_only
def mark(slug: str, application_id: int) -> ResponseReturnValue:
    """Keep the marks; once nothing lacks, lead to the next file."""
    edition = edition_or_404(slug)
    reading = own_reading(edition, application_id)
    try:
        lacks = _saved(reading)
    except ReadingRefused as refusal:
        return _refused(edition, application_id, refusal)
    db.session.commit()
    if lacks:
        return _reading_page(edition, reading, lacks=lacks), 422
    lines = lines_of(db.session, edition, here())
    coming = next_to_read(lines, application_id)
    if coming is None:
        flash(_("Lecture enregistrée. C’était la dernière : merci."))
        return redirect(url_for("readings.home", slug=slug), 303)
    flash(_("Lecture de « %(name)s » enregistrée.", name=reading.application.name))
    return redirect(url_for("readings.read", slug=slug, application_id=coming.application.id), 303)


@blueprint.post("/lectures/<int:application_id>/brouillon", endpoint="autosave")
@jurors_only
def autosave(slug: str, application_id: int) -> ResponseReturnValue:
    """Keep what was just typed, and say when; a fragment of the page."""
    edition, now = edition_or_404(slug), _now()
    reading = own_reading(edition, application_id)
    try:
        lacks = _saved(reading)
    except UnknownMark:
        abort(400)
    except ReadingRefused as refusal:
        db.session.rollback()
        return render_template("pitches/_saved.html", refusal=str(refusal)), 409
    db.session.commit()
    given = {score.criterion_id for score in reading.scores}
    orphans = [key for key in _comments() if key not in given and request.form[f"commentaire-{key}"].strip()]
    return render_template(
        "pitches/_saved.html", edition=edition, at=now, lacks=lacks, reading=reading, orphans=orphans
    )


@blueprint.post("/lectures/<int:application_id>/vu", endpoint="see")
@jurors_only
def see(slug: str, application_id: int) -> ResponseReturnValue:
    """Keep that the juror has seen how the file was changed."""
    edition = edition_or_404(slug)
    reading = own_reading(edition, application_id)
    see_changes(db.session, reading, min(request.form.get("revision", 0, type=int), LAST_NUMBER))
    db.session.commit()
    flash(_("C’est noté. Vos notes restent telles quelles, sauf si vous les changez."))
    return redirect(url_for("readings.read", slug=slug, application_id=application_id), 303)


def _saved(reading: Reading) -> list[Lack]:
    """Keep what the form sends: only the fields that are in it."""
    sent = {int(found[1]): value for name, value in request.form.items() if (found := _MARK.fullmatch(name))}
    if not all(value.isascii() and value.isdigit() for value in sent.values()):
        raise UnknownMark
    return save(
        db.session,
        reading,
        marks={number: int(value[:3]) for number, value in sent.items()},
        comments=_comments(),
        remark=request.form.get("remarque"),
        seen=min(request.form.get("revision", 0, type=int), LAST_NUMBER),
        by=here(),
        now=_now(),
    )


def _comments() -> dict[int, str]:
    return {int(found[1]): value for name, value in request.form.items() if (found := _COMMENT.fullmatch(name))}


def _refused(edition: Edition, application_id: int, refusal: ReadingRefused) -> ResponseReturnValue:
    db.session.rollback()
    if isinstance(refusal, UnknownMark):
        abort(400)
    flash(str(refusal))
    if isinstance(refusal, ReadingGone):
        return redirect(url_for("readings.home", slug=edition.slug), 303)
    return redirect(url_for("readings.read", slug=edition.slug, application_id=application_id), 303)


def _conflicts_page(
    edition: Edition, *, refusal: str = "", reasons: dict[int, str] | None = None, about: int | None = None
) -> str:
    person = here()
    return render_template(
        "pitches/conflicts.html",
        edition=edition,
        jury=jury_of(db.session, edition),
        declared=has_declared(db.session, person, edition.id),
        untold=names_to_declare(db.session, edition, person),
        told=names_known(db.session, edition.id, person),
        conflicts={one.application_id: one for one in own_conflicts(db.session, edition.id, person)},
        refusal=refusal,
        reasons=reasons or {},
        about=about,
    )


def _reading_page(edition: Edition, reading: Reading, *, lacks: list[Lack] | None = None) -> str:
    application, jury = reading.application, jury_of(db.session, edition)
    lines = lines_of(db.session, edition, here())
    criteria = criteria_of(db.session, edition.id)
    unseen = unseen_revisions(db.session, reading)
    return render_template(
        "pitches/read.html",
        edition=edition,
        jury=jury,
        reading=reading,
        application=application,
        parts=sections(db.session, application, contacts=False),
        criteria=criteria,
        scores={score.criterion_id: score for score in reading.scores},
        typed=request.form,
        lacks=lacks or [],
        to_do=lacking(reading, criteria, jury.comment_under),
        changes=[(one, changes_told(db.session, one)) for one in unseen],
        revision=latest_revision(db.session, application.id) or 0,
        rank=next((rank for rank, line in enumerate(lines, 1) if line.application.id == application.id), 0),
        lines=lines,
        finished=sum(1 for line in lines if line.reading.finished_at is not None),
        before=following(lines, application.id, back=True),
        after=following(lines, application.id),
        longest=(LONGEST_COMMENT, LONGEST_REMARK),
    )


def _own_pages(session: AnySession, person: Person) -> list[OwnPage]:
    sits = [held.edition_id for held in person.roles if held.role == JUROR]
    editions = session.scalars(select(Edition).where(Edition.id.in_(sits)).order_by(Edition.held_on.desc()))
    return [
        OwnPage(_("Jury : %(title)s", title=edition.title), url_for("readings.home", slug=edition.slug))
        for edition in editions
    ]


own_pages.register("jury", _own_pages)
