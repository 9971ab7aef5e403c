"""What each address of the API may be asked, as types; refusals in French."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from werkzeug.datastructures import MultiDict

from openmap.api.shapes import Fault
from openmap.directory.models import DELIVERIES, STRUCTURE_KINDS
from openmap.directory.search.query import LONGEST_WORDS, MOST_VALUES, SIZES
from openmap.needs.models import AMOUNTS, LEVERS
from openmap.reference.models import LEVELS

MOST: Final = 100
"""Rows of a page."""

LAST_PAGE: Final = 10_000


def _digits(value: Any) -> Any:
    """Let a number be digits alone: « 1.0 », « +1 » and « 1_0 » are other people's numbers."""
    if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) < 9):
        raise ValueError("digits")
    return value


def _choice(values: Sequence[str], words: str = "") -> Any:
    listed = "|".join(map(re.escape, values))
    return Field(pattern=f"^({listed})$", description=words or None, json_schema_extra={"enum": list(values)})


def _several(words: str) -> Any:
    return Field(max_length=MOST_VALUES, description=words)


Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
Kind = Annotated[str, _choice(STRUCTURE_KINDS)]
Delivery = Annotated[str, _choice(DELIVERIES)]
Words = Annotated[str, Field(max_length=LONGEST_WORDS, description="Des mots, comme dans la recherche du site.")]
AreaKey = Annotated[
    str,
    Field(pattern=rf"^({'|'.join(LEVELS)}):[0-9A-Za-z]{{1,9}}$", description="Un territoire : « departement:93 »."),
]
PlaceKey = Annotated[
    str,
    Field(
        pattern=rf"^(commune|{'|'.join(LEVELS)}):[0-9A-Za-z]{{1,9}}$",
        description="Un lieu : « commune:93066 », « ept:T6 », « departement:93 ».",
    ),
]


class Asked(BaseModel):
    """Nothing is asked: any parameter is one too many."""

    model_config = ConfigDict(extra="forbid")


class Paged(Asked):
    """A page of a list. Bounds come before the reading of digits, or the description of the API would lose them."""

    page: Annotated[
        int,
        Field(ge=1, le=LAST_PAGE),
        BeforeValidator(_digits),
        Field(description="Numéro de page, à partir de 1."),
    ] = 1
    limite: Annotated[
        int, Field(ge=1, le=MOST), BeforeValidator(_digits), Field(description="Lignes par page, 100 au plus.")
    ] = 20


class StructuresAsked(Paged):
    """The filters of the search page, under the same names; those of one name widen, names narrow one another."""

    q: Words = ""
    activite: Annotated[list[Code], _several("Codes d’activités.")] = []
    filiere: Annotated[list[Code], _several("Codes de filières.")] = []
    type: Annotated[list[Kind], _several("Types de structure.")] = []
    lieu: PlaceKey | None = None
    livraison: Annotated[list[Delivery], _several("Service, bien ou personnel.")] = []
    label: Annotated[list[Code], _several("Codes de labels ou de réseaux.")] = []
    taille: Annotated[str | None, _choice(tuple(SIZES), "Effectif : 1, 10, 50 ou 250 et plus.")] = None
    references: Annotated[str | None, _choice(("oui",), "« oui » : a servi des acheteurs publics.")] = None
    rencontre: Annotated[
        str | None, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,119}$", description="A participé à cette édition.")
    ] = None
    ordre: Annotated[
        str,
        _choice(("pertinence", "numero"), "« numero » : l’ordre stable, pour tout lire page après page."),
    ] = "pertinence"


class NeedsAsked(Paged):
    """The filters of the list of needs, with codes where the page has numbers."""

    q: Annotated[str, Field(max_length=80, description="Des mots, un acheteur ou un code CPV.")] = ""
    filiere: Annotated[Code | None, Field(description="Code d’une filière.")] = None
    activite: Annotated[Code | None, Field(description="Code d’une activité.")] = None
    territoire: AreaKey | None = None
    trimestre: Annotated[str | None, Field(pattern=r"^20[0-9]{2}-T[1-4]$", description="« 2027-T1 ».")] = None
    levier: Annotated[str | None, _choice(LEVERS, "Levier social prévu.")] = None
    montant: Annotated[str | None, _choice(AMOUNTS[1:], "Tranche de montant hors taxes.")] = None


class CommunesAsked(Paged):
    """Communes of today."""

    q: Annotated[str, Field(max_length=80, description="Le début d’un nom, un code postal ou INSEE.")] = ""
    territoire: AreaKey | None = None


class AreasAsked(Paged):
    """Areas, of one level where it is named."""

    niveau: Annotated[str | None, _choice(LEVELS, "Niveau de territoire.")] = None


class Refused(Exception):
    """What is asked cannot be answered; ``faults`` say why, by parameter. ``status`` is 400 or 422."""

    def __init__(self, faults: Sequence[Fault], status: int = 400) -> None:
        super().__init__()
        self.faults, self.status = list(faults), status


def read(model: type[Asked], args: MultiDict[str, str]) -> Asked:
    """Return what an address asks. Raises Refused."""
    fields = model.model_fields
    listed = {name for name, field in fields.items() if getattr(field.annotation, "__origin__", None) is list}
    twice = [name for name in args if name in fields and name not in listed and len(args.getlist(name)) > 1]
    if twice:
        raise Refused([Fault(parameter=name[:60], detail="Ce paramètre ne se donne qu’une fois.") for name in twice])
    try:
        return model.model_validate({name: args.getlist(name) if name in listed else args[name] for name in args})
    except ValidationError as error:
        faults = [_told(model, one) for one in error.errors(include_url=False, include_context=False)]
        raise Refused(faults) from None


def unknown(parameter: str, value: str) -> Refused:
    """Return the refusal of a code that nothing here has."""
    return Refused([Fault(parameter=parameter, detail=f"« {value} » n’existe pas : vérifiez ce code.")], 422)


def _told(model: type[Asked], error: Any) -> Fault:
    name = str(error["loc"][0]) if error["loc"] else ""
    schema = model.model_json_schema()["properties"].get(name)
    if schema is None:
        known = ", ".join(model.model_fields) or "aucun"
        return Fault(parameter=name[:60], detail=f"Ce paramètre n’existe pas ici. Ceux qui existent : {known}.")
    kind = str(error["type"])
    if kind == "too_long":
        return Fault(parameter=name, detail=f"Trop de valeurs : {MOST_VALUES} au plus.")
    if kind == "string_too_long":
        return Fault(parameter=name, detail="Ce texte est trop long : raccourcissez-le.")
    return Fault(parameter=name, detail=f"Cette valeur ne convient pas. {schema.get('description', '')}".strip())
