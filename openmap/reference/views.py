"""The public pages about territories and words, and the administrator's forms for words."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.extensions import db
from openmap.people.access import here, only
from openmap.people.journal import entries_about
from openmap.reference import queries
from openmap.reference.forms import ActivityForm, FamilyForm, KindForm, TermForm
from openmap.reference.labels import FAMILY_LABELS, LEVEL_LABELS, VOCABULARY_LABELS, family_label, level_label
from openmap.reference.models import FAMILIES, LABEL_FAMILIES, LEVELS, VOCABULARIES, Term
from openmap.reference.permissions import may_edit_words
from openmap.reference.services import RefusedWord, add, change
from openmap.web.requests import row_number

blueprint = Blueprint("reference", __name__)
blueprint.add_app_template_filter(level_label)
blueprint.add_app_template_filter(family_label)

editors_only = only(lambda person, **_arguments: may_edit_words(person))


@blueprint.get("/territoires")
def territories() -> str:
    """Show the region's territories, or the communes that were looked for."""
    words = request.args.get("q", "").strip()[:80]
    communes = queries.find_communes(db.session, words)
    cells = queries.cells_of(db.session, communes)
    extents = queries.areas(db.session)
    return render_template(
        "reference/territories.html",
        words=words,
        found=[(commune, cells.get(commune.code)) for commune in communes],
        levels=[(level, LEVEL_LABELS[level], [one for one in extents if one.area.level == level]) for level in LEVELS],
        loads=queries.loads(db.session, "territories")[:1],
    )


@blueprint.get("/territoires/<level>/<code>")
def territory(level: str, code: str) -> str:
    """Show an area: its communes, and the other areas that they are in."""
    area = queries.area_by_code(db.session, level, code) or abort(404)
    return render_template("reference/territory.html", area=area, sharing=queries.sharing(db.session, area))


@blueprint.get("/referentiel")
def words() -> str:
    """Show the trades with their activities, the kinds of structure and the labels."""
    return render_template(
        "reference/words.html",
        trades=queries.trades(db.session),
        kinds=queries.kinds(db.session),
        labels=queries.labels(db.session),
        retired=queries.retired(db.session),
        vocabularies=VOCABULARY_LABELS,
        loads=queries.loads(db.session, "taxonomy")[:1],
    )


@blueprint.get("/referentiel/<vocabulary>/<code>")
def word(vocabulary: str, code: str) -> str:
    """Show a word, in use or not."""
    term = _term_or_404(vocabulary, code)
    return render_template(
        "reference/word.html",
        term=term,
        vocabulary=vocabulary,
        kind_of_word=VOCABULARY_LABELS[vocabulary],
        successor=queries.term(db.session, vocabulary, term.replaced_by or ""),
    )


@blueprint.get("/referentiel/<vocabulary>/<code>/modifier")
@editors_only
def edit(vocabulary: str, code: str) -> ResponseReturnValue:
    """Show the form of a word, with what was done to it."""
    term = _term_or_404(vocabulary, code)
    return _form_page(vocabulary, term, _form(vocabulary, term))


@blueprint.post("/referentiel/<vocabulary>/<code>/modifier", endpoint="edit_post")
@editors_only
def edit_post(vocabulary: str, code: str) -> ResponseReturnValue:
    """Change a word."""
    term, now = _term_or_404(vocabulary, code), datetime.now(UTC)
    form = _form(vocabulary, term)
    if not form.validate_on_submit():
        return _form_page(vocabulary, term, form), 422
    try:
        version = request.form.get("version", 0, type=row_number)
        changed = change(db.session, term, form.values(term, now), version=version, by=here(), now=now)
    except RefusedWord as refusal:
        db.session.rollback()
        form[refusal.field].errors = [str(refusal)]
        return _form_page(vocabulary, term, form), 409
    db.session.commit()
    flash(_("« %(name)s » est enregistré.", name=term.name) if changed else _("Rien n’a changé."))
    return redirect(url_for("reference.word", vocabulary=vocabulary, code=code), 303)


@blueprint.get("/referentiel/<vocabulary>/ajouter")
@editors_only
def new(vocabulary: str) -> ResponseReturnValue:
    """Show the form of a new word."""
    return _form_page(vocabulary, None, _form(vocabulary, None))


@blueprint.post("/referentiel/<vocabulary>/ajouter", endpoint="new_post")
@editors_only
def new_post(vocabulary: str) -> ResponseReturnValue:
    """Add a word."""
    form, now = _form(vocabulary, None), datetime.now(UTC)
    if not form.validate_on_submit():
        return _form_page(vocabulary, None, form), 422
    try:
        term = add(db.session, vocabulary, form.values(None, now), by=here(), now=now)
    except RefusedWord as refusal:
        db.session.rollback()
        form[refusal.field].errors = [str(refusal)]
        return _form_page(vocabulary, None, form), 409
    db.session.commit()
    flash(_("« %(name)s » est ajouté.", name=term.name))
    return redirect(url_for("reference.word", vocabulary=vocabulary, code=term.code), 303)


def _term_or_404(vocabulary: str, code: str) -> Term:
    return queries.term(db.session, vocabulary, code) or abort(404)


def _form(vocabulary: str, term: Term | None) -> TermForm:
    """Return the form of a vocabulary, filled with ``term`` until it is sent."""
    if vocabulary not in VOCABULARIES:
        abort(404)
    own = "" if term is None else term.code
    others = [(code, name) for code, name in queries.choices(db.session, vocabulary) if code != own]
    match vocabulary:
        case "activites":
            trades = [(trade.id, trade.name) for trade in queries.trades(db.session)]
            return ActivityForm(trades, others, term)
        case "types":
            return KindForm([(family, FAMILY_LABELS[family]) for family in FAMILIES], others, term)
        case "labels":
            return FamilyForm([(family, FAMILY_LABELS[family]) for family in LABEL_FAMILIES], others, term)
        case _:
            return TermForm(others, term)


def _form_page(vocabulary: str, term: Term | None, form: TermForm) -> str:
    return render_template(
        "reference/edit.html",
        vocabulary=vocabulary,
        kind_of_word=VOCABULARY_LABELS[vocabulary],
        term=term,
        form=form,
        entries=[] if term is None else entries_about(db.session, term),
    )
