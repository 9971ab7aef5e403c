"""What the organiser has to prepare of the jury, and how far it is: steps on the edition's preparation page.

Who plans no pitches has no jury to gather: the steps then are optional.
"""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import func, select

from openmap.events.models import Edition
from openmap.events.sections import Task, register_task
from openmap.extensions import db
from openmap.people.models import Person, Role
from openmap.pitches.labels import stage_label
from openmap.pitches.models import Criterion, Jury, Selection
from openmap.pitches.permissions import JUROR
from openmap.web.french import counted


def _jurors(edition: Edition) -> int:
    asked = select(func.count(Role.id)).join(Person, Role.person_id == Person.id)
    seated = asked.where(Role.edition_id == edition.id, Role.role == JUROR, Person.erased_at.is_(None))
    return db.session.scalar(seated) or 0


def _criteria(edition: Edition) -> int:
    return db.session.scalar(select(func.count(Criterion.id)).where(Criterion.edition_id == edition.id)) or 0


def _no_pitches(edition: Edition) -> bool:
    return all(one.kind != "pitches" for one in edition.programme)


def _jury_told(edition: Edition) -> str:
    jurors, criteria = _jurors(edition), _criteria(edition)
    if not jurors and not criteria:
        return ""
    return f"{counted(jurors, _('juré'))}, {counted(criteria, _('critère'))}."


def _decided(edition: Edition) -> bool:
    jury = db.session.get(Jury, edition.id)
    return jury is not None and jury.stage == "released"


def _decisions_told(edition: Edition) -> str:
    """Return where the jury is, once it is at work."""
    jury = db.session.get(Jury, edition.id)
    if jury is None or (jury.stage == "blind" and jury.assigned_at is None):
        return ""
    asked = select(func.count(Selection.application_id)).where(
        Selection.edition_id == edition.id, Selection.decision == "picked", Selection.withdrawn_at.is_(None)
    )
    picked = counted(db.session.scalar(asked) or 0, _("structure retenue"), _("structures retenues"))
    told = f"{stage_label(jury.stage)}, {picked}."
    return told[0].upper() + told[1:]


register_task(
    Task(
        72,
        lazy_gettext("Réunir le jury et ses critères"),
        lazy_gettext("Qui lit les dossiers, et sur quoi ils sont notés."),
        lambda edition: url_for("jury.setup", slug=edition.slug),
        lambda edition: _jurors(edition) > 0 and _criteria(edition) > 0,
        _jury_told,
        _no_pitches,
    )
)
register_task(
    Task(
        90,
        lazy_gettext("Choisir les structures qui présentent leur offre"),
        lazy_gettext("Lectures du jury, délibération, puis décisions envoyées à toutes."),
        lambda edition: url_for("deliberation.room", slug=edition.slug),
        _decided,
        _decisions_told,
        _no_pitches,
    )
)
