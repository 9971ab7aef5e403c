"""The forms by which a structure's people keep its page: shape and wording of each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp

from openmap.directory.fields import Whole, given, line, siret_field, text, too_long, website_field
from openmap.directory.labels import (
    AMOUNT_LABELS,
    DELIVERY_LABELS,
    KIND_LABELS,
    LEGAL_FORM_LABELS,
    REACH_LABELS,
)
from openmap.directory.models import FILE_USES, Organisation, Structure
from openmap.directory.page_words import held_of_offer
from openmap.extensions import AnySession, db
from openmap.people.forms import one_line, options, printable
from openmap.reference.models import Activity, Commune, Label
from openmap.reference.picking import chosen_activities
from openmap.reference.places import areas_by_id, communes_by_code, communes_meant, place_name
from openmap.web.fields import Chosen

MOST_PLACES: Final = 100


def _named(label: Any, missing: Any, most: int) -> StringField:
    checks = [DataRequired(missing), too_long(most), printable]
    return StringField(label, filters=[given], validators=checks)


class PageForm(FlaskForm):  # type: ignore[misc]
    """A part of a page: ``fields`` are what it changes, by the names of ``Structure``."""

    fields: tuple[str, ...] = ()

    def __init__(self, structure: Structure, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.structure = structure

    @classmethod
    def shown(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form shows of what a page holds."""
        return dict(values)

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return what the page is to hold."""
        del session
        return {name: self[name].data for name in self.fields}


class IdentityForm(PageForm):
    """Who the structure is."""

    fields = ("name", "brand", "kind", "also_kinds", "legal_form", "siret")

    name = _named(lazy_gettext("Nom"), lazy_gettext("Donnez le nom de la structure."), 200)
    brand = line(lazy_gettext("Nom commercial, s’il est différent"), 200)
    kind = SelectField(lazy_gettext("Type de structure"), choices=options(KIND_LABELS.items()))
    also_kinds = SelectMultipleField(
        lazy_gettext("Autres conventions du même établissement"),
        choices=options(KIND_LABELS.items()),
        validate_choice=False,
    )
    legal_form = SelectField(lazy_gettext("Forme juridique"), choices=[], validate_choice=False, filters=[given])
    siret = siret_field()

    def __init__(self, structure: Structure, **kwargs: Any) -> None:
        super().__init__(structure, **kwargs)
        known = [("", _("Non précisée")), *((code, str(label)) for code, label in LEGAL_FORM_LABELS.items())]
        present = structure.legal_form
        self.legal_form.choices = options(known if present in dict(known) else [*known, (present, present)])

    def validate_legal_form(self, field: Any) -> None:
        """Refuse what is not in the list."""
        if (field.data or "") not in {choice.value for choice in self.legal_form.choices}:
            raise ValidationError(_("Choisissez une forme juridique dans la liste."))

    def validate_siret(self, field: Any) -> None:
        """Refuse the number of another establishment of the directory."""
        if not field.data or field.data == self.structure.siret:
            return
        asked = select(Organisation.id).where(Organisation.siret == field.data, Organisation.id != self.structure.id)
        if db.session.scalar(asked) is not None:
            raise ValidationError(
                _("Une autre page a déjà ce SIRET : vérifiez-le, ou demandez à l’administration de réunir les deux.")
            )

    @classmethod
    def shown(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form shows; a number that is not known is an empty field."""
        return {**values, "siret": values["siret"] or ""}

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return what the page is to hold; a kind is not told twice."""
        held = super().values(session)
        others = [code for code in KIND_LABELS if code in (held["also_kinds"] or []) and code != held["kind"]]
        return {**held, "also_kinds": others, "siret": held["siret"] or None, "legal_form": held["legal_form"] or ""}


class PresentationForm(PageForm):
    """What it says of itself, and how large it is."""

    fields = ("description", "website", "workforce", "supported_share", "certifications", "joint_bids")

    description = text(lazy_gettext("Présentation"))
    website = website_field()
    workforce = Whole(lazy_gettext("Personnes au travail"), 100_000)
    supported_share = Whole(lazy_gettext("Dont en insertion ou en situation de handicap (%)"), 100)
    certifications = text(lazy_gettext("Certifications et agréments"), 1000)
    joint_bids = text(lazy_gettext("Réponses à plusieurs : groupements, cotraitance, sous-traitance"), 1000)

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return what the page is to hold, text for text."""
        held = super().values(session)
        return {
            name: value if name in {"workforce", "supported_share"} else value or "" for name, value in held.items()
        }


class PlaceForm(PageForm):
    """Where it is. ``fitting`` are the communes that what was typed may mean, where it is not clear which."""

    fields = ("address", "postal_code", "commune")

    address = line(lazy_gettext("Adresse"), 300)
    postal_code = StringField(
        lazy_gettext("Code postal"),
        filters=[given],
        validators=[Optional(), Regexp(r"^[0-9]{5}$", message=lazy_gettext("Un code postal compte cinq chiffres."))],
    )
    commune = line(lazy_gettext("Commune ou code postal"), 120)
    commune_pick = RadioField(lazy_gettext("Laquelle ?"), choices=[], validate_choice=False)

    def __init__(self, structure: Structure, **kwargs: Any) -> None:
        super().__init__(structure, **kwargs)
        self.fitting: Sequence[Commune] = ()
        self.found: Commune | None = None

    def validate_commune(self, field: Any) -> None:
        """Turn what was typed into a commune; where several fit, ask which one."""
        if not field.data:
            return
        present = self.structure.commune
        if present is not None and field.data == place_name(present):
            self.found = present
            return
        fitting = communes_meant(db.session, field.data)
        picked = [one for one in fitting if one.code == self.commune_pick.data] or fitting
        if len(picked) == 1:
            self.found = picked[0]
            return
        if not fitting:
            raise ValidationError(
                _("Aucune commune ne s’écrit ainsi : essayez le début de son nom, ou un code postal.")
            )
        self.fitting = fitting[:12]
        self.commune_pick.choices = options((one.code, place_name(one)) for one in self.fitting)
        raise ValidationError(
            _("Plusieurs communes conviennent : choisissez la vôtre dans la liste, puis enregistrez.")
        )

    @classmethod
    def shown(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form shows: the commune by its name."""
        return {**values, "commune": place_name(values["commune"])}

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return what the page is to hold."""
        return {**super().values(session), "commune": self.found}


class LabelsForm(PageForm):
    """The labels it holds and the networks it belongs to."""

    fields = ("labels",)

    labels = Chosen(lazy_gettext("Labels et réseaux"), r"[0-9]{1,9}")

    @classmethod
    def shown(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form shows: ids, as they are sent."""
        return {"labels": [str(one.id) for one in values["labels"]]}

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return the labels of these ids: those in use, and those it has already."""
        ids = [int(one) for one in self.labels.data or []]
        asked = select(Label).where(Label.id.in_(ids)).order_by(Label.rank, Label.id)
        found = list(session.scalars(asked)) if ids else []
        return {"labels": [one for one in found if one.retired_at is None or one in self.structure.labels]}


class OfferForm(FlaskForm):  # type: ignore[misc]
    """An offer: one activity, how it is delivered, where."""

    activities = Chosen(lazy_gettext("Activité"), r"[0-9]{1,9}")
    find_trade = StringField(lazy_gettext("Chercher une activité"), filters=[given])
    title = line(lazy_gettext("Intitulé"), 200)
    description = text(lazy_gettext("Précisions"))
    deliveries = SelectMultipleField(lazy_gettext("Sous quelle forme"), choices=[], validate_choice=False)
    capacity = line(lazy_gettext("Capacité"), 200)
    largest_amount = SelectField(lazy_gettext("Plus gros marché réalisé pour cette offre"), choices=[])
    reach = RadioField(
        lazy_gettext("Zone d’intervention"),
        choices=[],
        validators=[InputRequired(lazy_gettext("Dites jusqu’où vous intervenez."))],
        validate_choice=True,
    )
    radius_km = Whole(lazy_gettext("Rayon en km"), 1000)
    areas = Chosen(lazy_gettext("Territoires"), r"[0-9]{1,9}")
    communes = Chosen(lazy_gettext("Communes"), r"[0-9][0-9AB][0-9]{3}")
    find_place = StringField(lazy_gettext("Chercher un territoire ou une commune"), filters=[given])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deliveries.choices = options(DELIVERY_LABELS.items())
        self.largest_amount.choices = options(AMOUNT_LABELS.items())
        self.reach.choices = options(REACH_LABELS.items())

    def validate_activities(self, field: Any) -> None:
        """Ask for one activity, or for a title that stands for it."""
        if len(field.data or []) > 1:
            raise ValidationError(_("Une offre porte sur une activité : gardez-en une, et ajoutez les autres à part."))
        if not chosen_activities(db.session, field.data or []) and not self.title.data:
            raise ValidationError(_("Choisissez une activité, ou donnez un intitulé à l’offre."))

    def validate_deliveries(self, field: Any) -> None:
        """Ask for one way at least."""
        if not set(field.data or []) & set(DELIVERY_LABELS):
            raise ValidationError(_("Dites sous quelle forme : prestation, vente ou mise à disposition."))

    def validate_radius_km(self, field: Any) -> None:
        """Ask for the radius where it counts."""
        if self.reach.data == "radius" and not field.data:
            raise ValidationError(_("Donnez un rayon d’au moins 1 km."))

    def validate_areas(self, field: Any) -> None:
        """Ask for a place where places count."""
        if self.reach.data != "places":
            return
        count = len(field.data or []) + len(self.communes.data or [])
        if not count:
            raise ValidationError(_("Choisissez au moins un territoire ou une commune."))
        if count > MOST_PLACES:
            raise ValidationError(_("Cent lieux au plus : préférez un territoire qui les contient."))

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return what the offer is to hold, by the names of ``page_words.held_of_offer``."""
        chosen = chosen_activities(session, self.activities.data or [])
        reach = self.reach.data
        return {
            "activity": chosen[0] if chosen else None,
            "title": self.title.data or "",
            "description": self.description.data or "",
            "capacity": self.capacity.data or "",
            "largest_amount": self.largest_amount.data or "",
            "reach": reach,
            "radius_km": self.radius_km.data if reach == "radius" else None,
            "deliveries": [code for code in DELIVERY_LABELS if code in (self.deliveries.data or [])],
            "areas": areas_by_id(session, map(int, self.areas.data or [])) if reach == "places" else [],
            "communes": communes_by_code(session, self.communes.data or []) if reach == "places" else [],
        }


def shown_offer(offer: Any) -> dict[str, Any]:
    """Return what the form of an offer shows."""
    held = held_of_offer(offer)
    activity: Activity | None = held.pop("activity")
    return held | {
        "activities": [str(activity.id)] if activity is not None else [],
        "areas": [str(one.id) for one in held["areas"]],
        "communes": [one.code for one in held["communes"]],
    }


class ClientForm(FlaskForm):  # type: ignore[misc]
    """A reference: whom the structure has served."""

    client = _named(lazy_gettext("Client"), lazy_gettext("Dites pour qui vous avez travaillé."), 200)
    is_public = BooleanField(lazy_gettext("C’est un acheteur public (État, collectivité, hôpital, bailleur social…)"))
    subject = line(lazy_gettext("Objet"), 300)
    year = Whole(lazy_gettext("Année"), 2100)
    amount = SelectField(lazy_gettext("Montant hors taxes"), choices=[])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.amount.choices = options(AMOUNT_LABELS.items())

    def validate_year(self, field: Any) -> None:
        """Accept a year of this time."""
        if field.data is not None and not 1990 <= field.data <= 2100:
            raise ValidationError(_("Donnez une année en quatre chiffres, par exemple 2025."))

    def values(self) -> dict[str, Any]:
        """Return what the reference is to hold."""
        return {
            "client": self.client.data, "is_public": bool(self.is_public.data), "year": self.year.data,
            "amount": self.amount.data or "", "subject": self.subject.data or "",
        }  # fmt: skip


class FileForm(FlaskForm):  # type: ignore[misc]
    """A picture or a document for the page."""

    use = RadioField(lazy_gettext("C’est"), choices=[], default="photo")
    words = StringField(
        lazy_gettext("Ce que montre l’image, ou le titre du document"),
        filters=[given],
        validators=[
            DataRequired(lazy_gettext("Dites en une phrase ce que montre l’image, ou donnez un titre au document.")),
            too_long(300),
            printable,
        ],
    )
    file = FileField(lazy_gettext("Fichier"))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        labels = {"logo": _("Le logo"), "photo": _("Une photo"), "document": _("Un document PDF")}
        self.use.choices = options((use, labels[use]) for use in FILE_USES)


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """Why a page is taken off the directory."""

    reason = StringField(
        lazy_gettext("Motif"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Dites pourquoi cette page est retirée.")),
            Length(max=300, message=lazy_gettext("Ce motif est trop long : 300 caractères au plus.")),
            printable,
        ],
    )


class ClaimForm(FlaskForm):  # type: ignore[misc]
    """Someone asks to keep a page."""

    reason = StringField(
        lazy_gettext("Votre fonction dans cette structure"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Dites quelle est votre fonction dans cette structure.")),
            too_long(500),
            printable,
        ],
    )
