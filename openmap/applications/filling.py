"""One step sent: what was typed is kept, and what to show or where to go next."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage, MultiDict

from openmap.applications import attachments, services
from openmap.applications.completeness import Missing, answers_of, asked, counts, missing
from openmap.applications.models import Application, Attachment, Question
from openmap.applications.offering import Offered, offered
from openmap.applications.presenting import questions_of
from openmap.applications.steps import Step, form_of, read, seen, steps_of
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.web.uploads import RefusedFile


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two devices have filled in differently, in words."""

    label: str
    here: str
    there: str


@dataclass(slots=True)
class Page:
    """A step as it is shown."""

    application: Application
    step: Step
    steps: Sequence[Step]
    questions: Sequence[Question]
    form: FlaskForm
    offered: Offered
    missing: Sequence[Missing]
    counts: tuple[int, int]
    seen: str
    now: datetime
    back: bool = False
    refusal: str = ""
    file_refusals: list[str] = field(default_factory=list)
    conflict: list[Difference] = field(default_factory=list)
    typed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def asked(self) -> list[Question]:
        """The questions that the answers so far lead to."""
        return asked(self.questions, answers_of(self.application))

    def attached(self, question: Question | None = None) -> list[Attachment]:
        """Return the current attachments of the pitch, or of a question."""
        return attachments.of_question(self.application, question)

    def lacks(self, step: Step) -> int:
        """Return how many answers a step still needs."""
        return sum(one.step == step.slug for one in self.missing)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a step that was sent: the page to show, or where to go (empty: stay)."""

    page: Page
    goes_to: str = ""
    got_file: bool = False
    stays: bool = False


def step_or_404(slug: str, questions: Sequence[Question]) -> Step:
    """Return the step of this address."""
    return next((step for step in steps_of(questions) if step.slug == slug), None) or abort(404)


def page_of(
    session: AnySession, application: Application, slug: str, *, now: datetime, sent: Any = None, back: bool = False
) -> Page:
    """Return a step as the file has it, or as it was ``sent``."""
    questions = questions_of(session, application.edition_id)
    step = step_or_404(slug, questions)
    return Page(
        application=application,
        step=step,
        steps=steps_of(questions),
        questions=questions,
        form=form_of(session, application, step, questions, sent),
        offered=offered(session, application, step),
        missing=missing(application, questions),
        counts=counts(application, questions),
        seen=seen(application, step, questions),
        now=now,
        back=back,
    )


def keep_step(
    session: AnySession,
    application: Application,
    slug: str,
    sent: MultiDict[str, str],
    files: MultiDict[str, FileStorage],
    *,
    by: Person,
    now: datetime,
    by_itself: bool = False,
) -> Kept:
    """Keep what a step holds, then the files sent with it; each is a transaction of its own.

    ``by_itself`` is a save that nobody asked for, made while someone types: drafts are kept so, and nothing else.
    """
    questions = questions_of(session, application.edition_id)
    step = step_or_404(slug, questions)
    if by_itself and application.state == "submitted":
        # a page left open on another device: what is half typed there is no change to what the jury reads
        page = page_of(session, application, slug, now=now, sent=sent)
        page.refusal = _(
            "Non enregistré : la candidature a été déposée depuis un autre appareil. "
            "« Continuer » y porte votre modification."
        )
        return Kept(page)
    shown = {one.id for one in asked(questions, answers_of(application))}
    form = form_of(session, application, step, questions, sent)
    values = read(session, application, step, form, sent)
    unchanged = sent.get("seen") == seen(application, step, questions)
    version = application.version if unchanged else _number(sent.get("version", ""))
    try:
        services.save(session, application, values, version=version, by=by, now=now)
    except services.ChangedElsewhere:
        session.rollback()
        return Kept(_conflict(session, application, slug, form, sent, now=now))
    except services.Incomplete as refusal:
        session.rollback()
        return Kept(_refused(session, application, slug, sent, refusal.missing, now=now))
    except (services.CallClosed, services.NoLongerYours) as refusal:
        session.rollback()
        page = page_of(session, application, slug, now=now, sent=sent)
        page.refusal = str(refusal)
        return Kept(page)
    session.commit()
    _detach(session, application, sent.get("retirer", ""), by=by, now=now)
    refused = _attach(session, application, step, files, questions, by=by, now=now)
    page = page_of(session, application, slug, now=now, back=sent.get("retour") == "1")
    page.file_refusals = refused
    got_file = "retirer" in sent or any(one.filename for one in files.values())
    if "continuer" not in sent:
        same = url_for("applying.step", application_id=application.id, step=slug)
        return Kept(page, "" if refused else same, got_file=got_file, stays=True)
    grown = {one.id for one in page.asked} - shown
    return Kept(
        page, "" if refused else _next(page, stays=bool(page.form.errors) or (slug == "questions" and bool(grown)))
    )


def _next(page: Page, *, stays: bool) -> str:
    """Return where to go on: the same step while something on it is to be corrected, else the next, else the file."""
    number = page.application.id
    slugs = [step.slug for step in page.steps]
    after = slugs[slugs.index(page.step.slug) + 1 :]
    if stays:
        return url_for("applying.step", application_id=number, step=page.step.slug, verifier=1)
    if page.back or page.application.state == "submitted" or not after:
        return url_for("applying.show", application_id=number)
    return url_for("applying.step", application_id=number, step=after[0])


def _detach(session: AnySession, application: Application, typed: str, *, by: Person, now: datetime) -> None:
    """Take an attachment out of the file, where a button of the step asked for it."""
    one = next((one for one in attachments.current(application) if one.id == _number(typed)), None)
    if one is not None:
        with suppress(services.CallClosed, services.NoLongerYours, services.Incomplete):
            attachments.remove(session, application, one, by=by, now=now)
        session.commit()


def _attach(
    session: AnySession,
    application: Application,
    step: Step,
    files: MultiDict[str, FileStorage],
    questions: Sequence[Question],
    *,
    by: Person,
    now: datetime,
) -> list[str]:
    """Keep the files sent with a step; return why some were not kept."""
    places: dict[str, Question | None] = {"fichier": None} if step.slug == "pitch" else {}
    if step.slug == "questions":
        places = {f"fichier_{one.id}": one for one in questions if one.kind == "file"}
    refused = []
    for name, question in places.items():
        for file in files.getlist(name):
            if not file.filename:
                continue
            try:
                attachments.add(session, application, file.stream, file.filename, question=question, by=by, now=now)
            except (RefusedFile, services.CallClosed, services.NoLongerYours) as refusal:
                session.rollback()
                refused.append(f"{file.filename[:80]} : {refusal}")
            else:
                session.commit()
    return refused


def _refused(
    session: AnySession, application: Application, slug: str, sent: Any, found: Sequence[Missing], *, now: datetime
) -> Page:
    """Return the step of a submitted file as it was sent, with what it would lack."""
    page = page_of(session, application, slug, now=now, sent=sent)
    page.form.validate()
    for one in found:
        if one.field in page.form and not page.form[one.field].errors:
            page.form[one.field].errors = [one.sentence]
    page.refusal = _("La candidature est déposée : elle doit rester complète. Rien n’a été changé.")
    return page


def _conflict(
    session: AnySession,
    application: Application,
    slug: str,
    form: FlaskForm,
    sent: MultiDict[str, str],
    *,
    now: datetime,
) -> Page:
    """Return both versions of a step, with all that is needed to keep the one that was sent."""
    page = page_of(session, application, slug, now=now)
    for one in form:
        if one.type == "CSRFTokenField":
            continue
        here, there = _told(one), _told(page.form[one.name]) if one.name in page.form else ""
        if here != there:
            page.conflict.append(Difference(str(one.label.text), here, there))
    kept = {"csrf_token", "version", "seen", "continuer"}
    page.typed = [(name, value) for name, value in sent.items(multi=True) if name not in kept]
    if not page.conflict:
        page.conflict.append(Difference(str(page.step.title), _("votre saisie"), _("l’autre saisie")))
    return page


def _told(one: Any) -> str:
    """Return what a field holds, in words."""
    if hasattr(one, "choices") and one.choices is not None:
        held = one.data if isinstance(one.data, list) else [one.data]
        return ", ".join(str(c.label) for c in one.iter_choices() if c.selected or c.value in held)
    text = one._value() if hasattr(one, "_value") else one.data
    return "" if text is None else str(text)


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
