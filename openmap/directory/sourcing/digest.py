"""The mail of the day: what is new in all the searches that someone keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.directory.sourcing.watched import Told
from openmap.mail.purposes import Purpose, register
from openmap.web.french import counted

MOST_TOLD: Final = 10
"""So many finds of a search stand in a mail; the others are a tap away."""

DIGEST: Final = register(
    Purpose(
        "search.digest",
        lazy_gettext("Nouveautés des recherches enregistrées"),
        "{combien} dans vos recherches OpenMap ESS",
        "Bonjour {prenom_nom},\n\nVoici ce qui répond depuis peu aux recherches que vous avez enregistrées.\n\n"
        "{recherches}\n\nVos recherches, pour les renommer ou les arrêter :\n{adresse}",
        {
            "prenom_nom": lazy_gettext("prénom et nom de la personne, ou rien"),
            "combien": lazy_gettext("nombre de nouveautés"),
            "recherches": lazy_gettext("chaque recherche avec ce qu’elle trouve de nouveau"),
            "adresse": lazy_gettext("adresse de la page des recherches"),
        },
        {
            "prenom_nom": "Camille Exemple",
            "combien": "1 nouveauté",
            "recherches": "« Traiteurs du 93 » : 1 nouveauté\n\nTraiteur exemple (EI, Exempleville)\nhttps://…",
            "adresse": "https://…/annuaire/recherches",
        },
        in_edition=False,
    )
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one search finds of new: its name, its page, the address that stops it, the first finds, how many in all."""

    name: str
    page: str
    stop: str
    told: Sequence[Told]
    count: int


def paragraphs_of(finding: Finding) -> Iterator[str]:
    """Return the paragraphs of a search in the mail."""
    yield f"« {finding.name} » : {counted(finding.count, _('nouveauté'))}"
    for one in finding.told:
        detail = f" ({one.detail})" if one.detail else ""
        yield f"{one.title}{detail}\n{one.address}"
    rest = finding.count - len(finding.told)
    if rest > 0:
        yield _("Et %(rest)s sur la page de la recherche.", rest=counted(rest, _("autre")))
    yield _("Toute la recherche : %(page)s", page=finding.page)
    yield _("Ne plus recevoir cette alerte, sans vous connecter : %(stop)s", stop=finding.stop)
