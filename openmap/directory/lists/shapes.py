"""The shapes that lists of structures have: what their columns hold, told by their titles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString, lazy_gettext
from rapidfuzz import fuzz, process

from openmap.reference.words import folded

FIELDS: Final[Mapping[str, LazyString]] = {
    "siret": lazy_gettext("SIRET"),
    "name": lazy_gettext("Nom (raison sociale)"),
    "brand": lazy_gettext("Nom d’usage, enseigne"),
    "kind": lazy_gettext("Type de structure"),
    "legal_form": lazy_gettext("Forme juridique"),
    "naf": lazy_gettext("Code NAF (APE)"),
    "summary": lazy_gettext("Présentation courte"),
    "description": lazy_gettext("Présentation"),
    "activity": lazy_gettext("Activité, en mots"),
    "address": lazy_gettext("Adresse"),
    "address_more": lazy_gettext("Complément d’adresse"),
    "postal_code": lazy_gettext("Code postal"),
    "city": lazy_gettext("Commune"),
    "commune_code": lazy_gettext("Code INSEE de la commune"),
    "departement": lazy_gettext("Département"),
    "lon": lazy_gettext("Longitude"),
    "lat": lazy_gettext("Latitude"),
    "point": lazy_gettext("Point (longitude et latitude ensemble)"),
    "website": lazy_gettext("Site web"),
    "contact_email": lazy_gettext("Courriel professionnel (jamais affiché)"),
    "workforce": lazy_gettext("Effectif"),
    "updated_on": lazy_gettext("Date de mise à jour"),
}
"""What a column may hold, by the name that an import's ``columns`` give it."""

TELEPHONES: Final = frozenset({"telephone", "tel", "phone", "portable", "mobile", "fax", "numero de telephone"})
"""Columns that are never brought in: a page has a contact form, no number."""

ALIASES: Final[Mapping[str, str]] = {
    title: name
    for name, titles in {
        "siret": "siret|n siret|numero siret|no siret|code siret|siret etablissement|et siret",
        "name": "nom|name|raison sociale|denomination|denomination sociale|nom de la structure|structure"
        "|nom structure|structure denomination|nom etablissement|et raison sociale|etablissement|organisme",
        "brand": "nom commercial|brand|enseigne|nom d usage|nom usuel|marque|siae name|sigle",
        "kind": "type|kind|typologie|type de structure|type structure|type siae|structure type|categorie|dispositif"
        "|mesure|type d etablissement",
        "legal_form": "forme juridique|legal form|statut juridique|ej statut juridique libelle",
        "naf": "naf|ape|code naf|code ape|naf ape",
        "summary": "presentation resume|resume",
        "description": "presentation detail|description|presentation|descriptif",
        "activity": "activite|activites|secteur|secteurs|secteur d activite|secteurs d activite|sectors|metiers"
        "|filieres|prestations",
        "address": "adresse|address|adresse postale|voie|rue|et adresse|adresse 1|adresse ligne 1",
        "address_more": "complement adresse|complement d adresse|adresse 2|adresse ligne 2",
        "postal_code": "code postal|cp|post code|postal code|codepostal|zip|et code postal",
        "city": "commune|ville|city|localite|et commune libelle|nom commune|libelle commune",
        "commune_code": "code insee|insee|code commune|code insee commune|citycode|et commune code|code commune insee",
        "departement": "departement|department|dept|code departement|et departement code|dep",
        "lon": "longitude|lon|lng|x|long",
        "lat": "latitude|lat|y",
        "point": "coords|coordonnees|geo point|geopoint|geolocalisation|point geo|coordonnees gps|gps",
        "website": "site web|website|site internet|site|url|web|contact website",
        "contact_email": "courriel|email|e mail|mail|adresse mail|contact email|adresse electronique",
        "workforce": "effectif|effectifs|nombre de salaries|salaries|employees count|capacite autorisee agregee"
        "|nombre de travailleurs|nb travailleurs",
        "updated_on": "date maj|date de mise a jour|mise a jour|updated at|date mise a jour|date modification",
    }.items()
    for title in titles.split("|")
}


@dataclass(frozen=True, slots=True)
class Format:
    """A known shape: the titles that tell it (folded), where its columns differ from the usual, its kind if one."""

    key: str
    label: LazyString
    needs: frozenset[str]
    columns: Mapping[str, str]
    kind: str = ""


def _format(key: str, label: LazyString, needs: str, kind: str = "", **columns: str) -> Format:
    told = {name.replace("_", " "): field for name, field in columns.items()}
    return Format(key, label, frozenset(needs.split("|")), told, kind)


FORMATS: Final[tuple[Format, ...]] = (
    _format(
        "data_inclusion", lazy_gettext("data.inclusion, structures"),
        "nom|commune|date maj|code insee|source", typologie="kind", antenne="", lien_source="", rna="",
    ),
    _format(
        "esat", lazy_gettext("Liste officielle des ESAT (FINESS)"),
        "et siret|et raison sociale|et code postal", "esat", ej_raison_sociale="", et_type="",
        capacite_autorisee_agregee="workforce",
    ),
    _format("asp", lazy_gettext("Liste ASP des SIAE"), "siret|kind|name|post code|city|coords"),
    _format("asp", lazy_gettext("Liste ASP des SIAE"), "siret|raison sociale|type|code postal|ville|code insee",
            commune=""),
    _format("asp", lazy_gettext("Liste ASP des SIAE"), "siret|raison sociale|mesure|code postal|commune"),
    _format("lemarche", lazy_gettext("Export du Marché de l’inclusion"), "name|brand|kind|address|post code|city"),
    _format(
        "lemarche", lazy_gettext("Export du Marché de l’inclusion"),
        "raison sociale|nom commercial|type|adresse|code postal|ville",
    ),
    _format("gesat", lazy_gettext("Liste ESAT et EA (Gesat, Hosmoz)"),
            "nom etablissement|type|code postal|ville|filieres"),
    _format("gesat", lazy_gettext("Liste ESAT et EA (Gesat, Hosmoz)"),
            "etablissement|categorie|code postal|ville|activites"),
)  # fmt: skip

FORMAT_LABELS: Final[Mapping[str, LazyString]] = {
    **{one.key: one.label for one in FORMATS},
    "other": lazy_gettext("Colonnes reconnues à la main"),
}


def title_of(cell: str) -> str:
    """Return a column's title as it is compared."""
    return folded(cell.replace("°", " ")).replace("n siret", "siret") if cell else ""


def known_titles(cells: Iterable[str]) -> int:
    """Return how many different fields a line of titles names."""
    return len({ALIASES[title] for title in map(title_of, cells) if title in ALIASES})


def signature_of(header: Sequence[str]) -> str:
    """Return what tells a header from others: SHA-256 of its folded titles, in their order."""
    return hashlib.sha256("\n".join(title_of(cell) for cell in header).encode()).hexdigest()


def recognised(header: Sequence[str], key: str = "") -> Format | None:
    """Return the known shape that a header has, the one of most titles; ``key`` asks for one by name."""
    titles = {title_of(cell) for cell in header}
    found = [one for one in FORMATS if one.needs <= titles and key in {"", one.key}]
    return max(found, key=lambda one: len(one.needs), default=None)


def columns_of(header: Sequence[str], shape: Format | None) -> dict[str, str]:
    """Return what each column holds (number as text → field), by its title alone; each field once, the first wins."""
    found: dict[str, str] = {}
    for rank, cell in enumerate(header):
        title = title_of(cell)
        name = shape.columns.get(title, ALIASES.get(title, "")) if shape else ALIASES.get(title, "")
        if name and name not in found.values():
            found[str(rank)] = name
    return found


def suggested(header: Sequence[str]) -> dict[str, str]:
    """Return what each column may hold, titles with a slip or a word more understood too."""
    found = columns_of(header, None)
    for rank, cell in enumerate(header):
        title = title_of(cell)
        if str(rank) in found or len(title) < 3 or title in TELEPHONES:
            continue
        best = process.extractOne(title, ALIASES.keys(), scorer=fuzz.token_sort_ratio, score_cutoff=80)
        if best is not None and ALIASES[best[0]] not in found.values():
            found[str(rank)] = ALIASES[best[0]]
    return found


def ignored(header: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """Return the titles of the columns that are not brought in."""
    return [cell[:120] for rank, cell in enumerate(header) if cell and not columns.get(str(rank))]
