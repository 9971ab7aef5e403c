"""The editor of an edition's own questions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from openmap.applications import questions as services
from openmap.applications.labels import QUESTION_LABELS
from openmap.applications.models import Question
from openmap.applications.presenting import questions_of
from openmap.applications.questions import LEADING, LISTED, RefusedQuestion, answered, values_of
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.forms import choice, one_line, options, printable, to_choose
from openmap.reference.forms import lines_of

blueprint = Blueprint("questions", __name__, url_prefix="/editions/<slug>/preparation/questions")

MOST_OPTIONS = 30
LONGEST_OPTION = 200


class QuestionForm(FlaskForm):  # type: ignore[misc]
    """A question. ``earlier`` are those that it can depend on."""

    label = StringField(
        lazy_gettext("Question"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Écrivez la question.")),
            Length(max=200, message=lazy_gettext("La question est trop longue : 200 caractères au plus.")),
            printable,
        ],
    )
    kind = choice(lazy_gettext("Nature de la réponse"), lazy_gettext("Choisissez la nature de la réponse."))
    options = TextAreaField(lazy_gettext("Choix proposés, un par ligne"))
    help = TextAreaField(
        lazy_gettext("Aide"),
        validators=[Length(max=500, message=lazy_gettext("L’aide est trop longue : 500 caractères au plus."))],
    )
    is_required = BooleanField(lazy_gettext("Réponse obligatoire"))
    condition = SelectField(lazy_gettext("Posée"), choices=[])

    def __init__(self, earlier: list[Question], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind.choices = to_choose(QUESTION_LABELS.items())
        self.condition.choices = options([("", _("toujours")), *_conditions(earlier)])

    def validate_options(self, field: Any) -> None:
        """Ask for options where the kind needs some, each once."""
        listed = lines_of(field.data)
        if self.kind.data in LISTED and len(listed) < 2:
            raise ValidationError(_("Donnez au moins deux choix, un par ligne."))
        if len(listed) > MOST_OPTIONS:
            raise ValidationError(_("Trente choix au plus."))
        if any(len(one) > LONGEST_OPTION or not one.isprintable() for one in listed):
            raise ValidationError(_("Un choix tient sur une ligne de 200 caractères au plus."))

    def values(self, earlier: list[Question]) -> dict[str, Any]:
        """Return what the question is to hold."""
        parent, value = _condition(self.condition.data or "", earlier)
        return {
            "label": self.label.data,
            "kind": self.kind.data,
            "help": (self.help.data or "").replace("\r\n", "\n").strip(),
            "options": lines_of(self.options.data) if self.kind.data in LISTED else [],
            "is_required": bool(self.is_required.data),
            "depends_on_id": parent,
            "depends_value": value,
        }


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """List the questions as structures will see them, with the form of a new one."""
    edition = edition_or_404(slug)
    return _index(edition, QuestionForm(_known(edition), formdata=None))


@blueprint.post("", endpoint="add")
@organisers_only
def add(slug: str) -> ResponseReturnValue:
    """Add a question."""
    edition = edition_or_404(slug)
    known = _known(edition)
    form = QuestionForm(known)
    if not form.validate_on_submit():
        return _index(edition, form), 422
    try:
        services.add(db.session, edition, form.values(known), by=here(), now=_now())
    except RefusedQuestion as refusal:
        db.session.rollback()
        return _index(edition_or_404(slug), form, str(refusal)), 409
    db.session.commit()
    flash(_("La question est ajoutée."))
    return redirect(url_for("questions.index", slug=slug), 303)


@blueprint.get("/<int:question_id>")
@organisers_only
def edit(slug: str, question_id: int) -> ResponseReturnValue:
    """Show the form of a question."""
    edition = edition_or_404(slug)
    question, earlier = _question_or_404(edition, question_id)
    data = {name: getattr(question, name) for name in ("label", "kind", "help", "is_required")}
    data |= {"options": "\n".join(question.options), "condition": _condition_of(question, earlier)}
    return _edit(edition, question, QuestionForm(earlier, formdata=None, data=data))


@blueprint.post("/<int:question_id>", endpoint="change")
@organisers_only
def change(slug: str, question_id: int) -> ResponseReturnValue:
    """Change a question."""
    edition = edition_or_404(slug)
    question, earlier = _question_or_404(edition, question_id)
    form = QuestionForm(earlier)
    if not form.validate_on_submit():
        return _edit(edition, question, form), 422
    try:
        services.change(db.session, question, form.values(earlier), by=here(), now=_now())
    except RefusedQuestion as refusal:
        db.session.rollback()
        return _edit(edition_or_404(slug), question, form, str(refusal)), 409
    db.session.commit()
    flash(_("La question est enregistrée."))
    return redirect(url_for("questions.index", slug=slug), 303)


@blueprint.post("/<int:question_id>/<any(monter,descendre,suppression):deed>", endpoint="arrange")
@organisers_only
def arrange(slug: str, question_id: int, deed: str) -> ResponseReturnValue:
    """Move a question, or remove it."""
    edition = edition_or_404(slug)
    question, _earlier = _question_or_404(edition, question_id)
    try:
        if deed == "suppression":
            services.remove(db.session, question, by=here(), now=_now())
            flash(_("La question est supprimée."))
        else:
            services.move(db.session, question, -1 if deed == "monter" else 1, by=here(), now=_now())
    except RefusedQuestion as refusal:
        db.session.rollback()
        edition = edition_or_404(slug)
        return _index(edition, QuestionForm(_known(edition), formdata=None), str(refusal)), 409
    db.session.commit()
    return redirect(url_for("questions.index", slug=slug), 303)


def _known(edition: Edition) -> list[Question]:
    return questions_of(db.session, edition.id)


def _question_or_404(edition: Edition, question_id: int) -> tuple[Question, list[Question]]:
    """Return a question of the edition, and those that come before it."""
    known = _known(edition)
    at = next((rank for rank, one in enumerate(known) if one.id == question_id), None)
    return (known[at], known[:at]) if at is not None else abort(404)


def _conditions(earlier: list[Question]) -> list[tuple[str, str]]:
    """Return every condition that earlier questions offer: the question's number and the rank of the answer."""
    return [
        (f"{one.id}:{rank}", _("si « %(label)s » = %(value)s", label=one.label, value=value))
        for one in earlier
        if one.kind in LEADING
        for rank, value in enumerate(values_of(one))
    ]


def _condition(chosen: str, earlier: list[Question]) -> tuple[int | None, str]:
    number, _colon, rank = chosen.partition(":")
    parent = next((one for one in earlier if str(one.id) == number), None)
    return (parent.id, values_of(parent)[int(rank)]) if parent is not None else (None, "")


def _condition_of(question: Question, earlier: list[Question]) -> str:
    parent = next((one for one in earlier if one.id == question.depends_on_id), None)
    if parent is None or question.depends_value not in values_of(parent):
        return ""
    return f"{parent.id}:{list(values_of(parent)).index(question.depends_value)}"


def _index(edition: Edition, form: QuestionForm, refusal: str = "") -> str:
    return render_template(
        "applications/examining/questions.html",
        edition=edition,
        questions=_known(edition),
        answered=answered(db.session, edition.id),
        form=form,
        refusal=refusal,
    )


def _edit(edition: Edition, question: Question, form: QuestionForm, refusal: str = "") -> str:
    return render_template(
        "applications/examining/question.html", edition=edition, question=question, form=form, refusal=refusal
    )


register_organiser_link(
    "questions",
    OrganiserLink(
        lazy_gettext("Questions de la candidature"), lambda edition: url_for("questions.index", slug=edition.slug)
    ),
)
