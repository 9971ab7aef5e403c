"""« Tenir la page »: what is there and what lacks, the short forms, and whether the page is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import select

from openmap.directory import standing
from openmap.directory.claims import open_claims
from openmap.directory.maintaining import ChangedElsewhere, RefusedPage, held, save
from openmap.directory.models import Structure
from openmap.directory.page_forms import IdentityForm, LabelsForm, PageForm, PlaceForm, PresentationForm, ReasonForm
from openmap.directory.page_words import Difference, differences, mark_of
from openmap.directory.permissions import may_manage, may_publish
from openmap.directory.queries import organisations_of
from openmap.directory.showing import structure_or_404
from openmap.extensions import db
from openmap.people import own_pages
from openmap.people.access import administrators_only, here, only
from openmap.people.journal import entries_about
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.reference.models import Label

blueprint = Blueprint("keeping", __name__, url_prefix="/annuaire/structures/<int:structure_id>/tenir")


@dataclass(frozen=True, slots=True)
class Section:
    """A form of one page: a part of what the structure says of itself."""

    slug: str
    title: LazyString
    lead: LazyString
    form: type[PageForm]


SECTIONS: Final = {
    one.slug: one
    for one in (
        Section("identite", lazy_gettext("Identité"), lazy_gettext("Qui vous êtes."), IdentityForm),
        Section(
            "presentation",
            lazy_gettext("Présentation"),
            lazy_gettext("Ce qui aide un acheteur à savoir s’il doit vous appeler."),
            PresentationForm,
        ),
        Section("lieu", lazy_gettext("Adresse"), lazy_gettext("D’où vous travaillez."), PlaceForm),
        Section(
            "labels",
            lazy_gettext("Labels et réseaux"),
            lazy_gettext("Ce que d’autres ont vérifié de vous."),
            LabelsForm,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Point:
    """Something that a page should say: whether it does, and where to say it."""

    is_done: bool
    sentence: str
    address: str


def _now() -> datetime:
    return datetime.now(UTC)


def _keeps(person: Person, *, structure_id: int, **_arguments: object) -> bool:
    return may_manage(person, structure_or_404(structure_id))


def _answers_for(person: Person, *, structure_id: int, **_arguments: object) -> bool:
    return may_publish(person, structure_or_404(structure_id))


keepers_only = only(_keeps)
"""Guard a view of those who may write on a structure's page."""

publishers_only = only(_answers_for)
"""Guard a view of those who answer for the page: its people, and administrators."""


@blueprint.get("")
@keepers_only
def overview(structure_id: int) -> ResponseReturnValue:
    """Show what the page says and lacks, and what can be done to it."""
    return _overview(structure_or_404(structure_id))


@blueprint.get("/<any(identite,presentation,lieu,labels):slug>")
@keepers_only
def edit(structure_id: int, slug: str) -> ResponseReturnValue:
    """Show the form of a part of the page."""
    structure, section = structure_or_404(structure_id), SECTIONS[slug]
    values = held(structure, section.form.fields)
    form = section.form(structure, formdata=None, data=section.form.shown(values))
    return _form_page(structure, section, form, mark_of(values))


@blueprint.post("/<any(identite,presentation,lieu,labels):slug>", endpoint="keep")
@keepers_only
def keep(structure_id: int, slug: str) -> ResponseReturnValue:
    """Keep what a form says."""
    structure, section = structure_or_404(structure_id), SECTIONS[slug]
    form, mark = section.form(structure), request.form.get("mark", "")
    if not form.validate_on_submit():
        return _form_page(structure, section, form, mark), 422
    values = form.values(db.session)
    try:
        changed = save(db.session, structure, values, mark=mark, by=here(), now=_now())
    except ChangedElsewhere:
        db.session.rollback()
        saved = held(structure, section.form.fields)
        return _form_page(structure, section, form, mark_of(saved), differences(values, saved)), 409
    except RefusedPage as refusal:
        db.session.rollback()
        return _form_page(structure, section, form, mark, refusal=str(refusal)), 409
    db.session.commit()
    flash(_("C’est enregistré.") if changed else _("Rien n’a changé."))
    return redirect(url_for("keeping.overview", structure_id=structure_id), 303)


DEEDS: Final[Mapping[str, tuple[Callable[..., None], LazyString]]] = {
    "publication": (standing.publish, lazy_gettext("La page est dans l’annuaire.")),
    "retrait": (standing.withdraw, lazy_gettext("La page n’est plus dans l’annuaire. Ce que vous avez écrit reste.")),
    "confirmation": (standing.confirm, lazy_gettext("Merci : la page est confirmée à la date d’aujourd’hui.")),
}


@blueprint.post("/<any(publication,retrait,confirmation):deed>", endpoint="do")
@publishers_only
def do(structure_id: int, deed: str) -> ResponseReturnValue:
    """Publish, withdraw or confirm the page."""
    verb, sentence = DEEDS[deed]
    try:
        verb(db.session, structure_or_404(structure_id), by=here(), now=_now())
    except RefusedPage as refusal:
        db.session.rollback()
        return _overview(structure_or_404(structure_id), refusal=str(refusal)), 409
    db.session.commit()
    flash(str(sentence))
    return redirect(url_for("keeping.overview", structure_id=structure_id), 303)


@blueprint.post("/radiation", endpoint="delist")
@administrators_only
def delist(structure_id: int) -> ResponseReturnValue:
    """Take the page off the directory for a reason."""
    structure, form = structure_or_404(structure_id), ReasonForm()
    if not form.validate_on_submit():
        return _overview(structure, reason=form), 422
    standing.delist(db.session, structure, form.reason.data, by=here(), now=_now())
    db.session.commit()
    flash(_("La page est retirée de l’annuaire."))
    return redirect(url_for("keeping.overview", structure_id=structure_id), 303)


@blueprint.post("/retablissement", endpoint="restore")
@administrators_only
def restore(structure_id: int) -> ResponseReturnValue:
    """Let the page be in the directory again."""
    standing.restore(db.session, structure_or_404(structure_id), by=here(), now=_now())
    db.session.commit()
    flash(_("La page peut de nouveau être dans l’annuaire."))
    return redirect(url_for("keeping.overview", structure_id=structure_id), 303)


def points_of(structure: Structure) -> list[Point]:
    """Return what a page should say, done or not."""

    def section(slug: str) -> str:
        return url_for("keeping.edit", structure_id=structure.id, slug=slug)

    offers = url_for("keeping_offers.index", structure_id=structure.id)
    files = url_for("keeping_files.index", structure_id=structure.id)
    pictures = any(one.use != "document" for one in structure.files)
    clients = url_for("keeping_clients.index", structure_id=structure.id)
    linked = bool(structure.offers) and all(one.activity_id for one in structure.offers)
    return [
        Point(bool(structure.siret), _("Le SIRET, qui lève tout doute sur l’établissement"), section("identite")),
        Point(structure.commune_code is not None, _("La commune, d’où part votre rayon"), section("lieu")),
        Point(bool(structure.description), _("Une présentation en quelques phrases"), section("presentation")),
        Point(
            structure.workforce is not None,
            _("L’effectif, qui dit la taille"),
            section("presentation"),
        ),
        Point(bool(structure.offers), _("Une offre au moins"), offers),
        Point(linked, _("Une activité de la liste pour chaque offre : c’est par elle que l’on vous trouve"), offers),
        Point(any(one.capacity for one in structure.offers), _("La capacité d’une offre"), offers),
        Point(bool(structure.clients), _("Une référence : un client, une année"), clients),
        Point(pictures, _("Un logo ou une photo"), files),
    ]


def refusal_page(structure: Structure, refusal: str) -> str:
    """Return the overview with why something was not done."""
    return _overview(structure, refusal=refusal)


def _overview(structure: Structure, *, refusal: str = "", reason: ReasonForm | None = None) -> str:
    points, person = points_of(structure), here()
    answers = may_publish(person, structure)
    return render_template(
        "directory/keeping/overview.html",
        structure=structure,
        points=points,
        done=sum(point.is_done for point in points),
        sections=SECTIONS.values(),
        answers=answers,
        claims=open_claims(db.session, structure) if answers else [],
        is_stale=standing.is_stale(structure, _now()),
        since=standing.held_since(structure),
        reason=reason or ReasonForm(formdata=None),
        refusal=refusal,
        entries=entries_about(db.session, structure),
    )


def _form_page(
    structure: Structure,
    section: Section,
    form: PageForm,
    mark: str,
    differing: Sequence[Difference] = (),
    refusal: str = "",
) -> str:
    return render_template(
        f"directory/keeping/{section.slug}.html",
        structure=structure,
        section=section,
        form=form,
        mark=mark,
        differences=differing,
        refusal=refusal,
        labels=_labels(structure) if section.slug == "labels" else [],
    )


def _labels(structure: Structure) -> list[Label]:
    """Return the labels that can be chosen: those in use, and those it has already."""
    asked = select(Label).order_by(Label.family, Label.rank, Label.id)
    return [one for one in db.session.scalars(asked) if one.retired_at is None or one in structure.labels]


def child_or_404(rows: Sequence[Any], number: int) -> Any:
    """Return the row of a page that has this number."""
    return next((one for one in rows if one.id == number), None) or abort(404)


own_pages.register(
    "pages",
    lambda session, person: [
        OwnPage(_("Page de %(name)s dans l’annuaire", name=one.name), url_for("keeping.overview", structure_id=one.id))
        for one in organisations_of(session, person)
        if isinstance(one, Structure)
    ],
)
