"""The addresses of the API, each once: what it is asked, what it answers, what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from openmap.api import reading, shapes
from openmap.api.asking import AreasAsked, Asked, CommunesAsked, NeedsAsked, Paged, StructuresAsked
from openmap.reference.models import LEVELS
from openmap.web.requests import LARGEST

NUMBER: Final[Mapping[str, Any]] = {"type": "integer", "minimum": 0, "maximum": LARGEST}
SIRET: Final[Mapping[str, Any]] = {"type": "string", "pattern": "^[0-9]{14}$"}
INSEE: Final[Mapping[str, Any]] = {"type": "string", "pattern": "^[0-9][0-9AB][0-9]{3}$"}
LEVEL: Final[Mapping[str, Any]] = {"type": "string", "enum": list(LEVELS)}
AREA: Final[Mapping[str, Any]] = {"type": "string", "pattern": "^[0-9A-Za-z]{1,9}$"}


@dataclass(frozen=True, slots=True)
class Operation:
    """An address that is read. ``rule`` is Flask's, under /api/v1; ``pieces`` describe its variable parts."""

    name: str
    rule: str
    tag: str
    summary: str
    answers: type[BaseModel]
    run: Callable[..., Any]
    asks: type[Asked] = Asked
    pieces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_list: bool = False


def _many(name: str, rule: str, tag: str, summary: str, answers: type[BaseModel], **more: Any) -> Operation:
    return Operation(name, rule, tag, summary, answers, is_list=True, **{"asks": Paged, **more})


OPERATIONS: Final = (
    _many("structures", "/structures", "Structures", "Chercher des structures", shapes.StructureOut,
          run=reading.structures, asks=StructuresAsked),
    Operation("structure", "/structures/<int:structure_id>", "Structures", "Une structure par son numéro",
              shapes.StructureOut, reading.structure, pieces={"structure_id": NUMBER}),
    Operation("structure_by_siret", "/structures/siret/<siret>", "Structures", "Une structure par son SIRET",
              shapes.StructureOut, reading.structure_by_siret, pieces={"siret": SIRET}),
    _many("needs", "/needs", "Besoins", "Les besoins publics des dix-huit mois à venir", shapes.NeedOut,
          run=reading.needs, asks=NeedsAsked),
    Operation("need", "/needs/<int:need_id>", "Besoins", "Un besoin public", shapes.NeedOut, reading.need,
              pieces={"need_id": NUMBER}),
    _many("facilitators", "/facilitators", "Facilitateurs", "Tous les facilitateurs", shapes.FacilitatorOut,
          run=reading.facilitators),
    Operation("facilitator", "/facilitators/<int:facilitator_id>", "Facilitateurs", "Un facilitateur",
              shapes.FacilitatorOut, reading.facilitator, pieces={"facilitator_id": NUMBER}),
    _many("communes", "/territories/communes", "Territoires", "Les communes", shapes.CommuneOut,
          run=reading.communes, asks=CommunesAsked),
    Operation("commune", "/territories/communes/<code>", "Territoires", "Une commune, un ancien code étant admis",
              shapes.CommuneOut, reading.commune, pieces={"code": INSEE}),
    _many("commune_facilitators", "/territories/communes/<code>/facilitators", "Facilitateurs",
          "Qui répond pour une commune, du plus proche au plus large", shapes.AnswerOut,
          run=reading.commune_facilitators, asks=Asked, pieces={"code": INSEE}),
    _many("areas", "/territories/areas", "Territoires", "Les territoires", shapes.AreaOut,
          run=reading.areas, asks=AreasAsked),
    Operation("area", "/territories/areas/<level>/<code>", "Territoires", "Un territoire et ses communes",
              shapes.AreaWhole, reading.area, pieces={"level": LEVEL, "code": AREA}),
    _many("activities", "/vocabularies/activities", "Vocabulaires", "Les activités", shapes.ActivityOut,
          run=reading.activities),
    _many("kinds", "/vocabularies/kinds", "Vocabulaires", "Les types de structure", shapes.KindOut,
          run=reading.kinds),
    _many("labels", "/vocabularies/labels", "Vocabulaires", "Les labels et les réseaux", shapes.LabelOut,
          run=reading.labels),
)  # fmt: skip
