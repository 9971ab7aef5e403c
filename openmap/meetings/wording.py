"""The engine's figures in plain French: levels, reasons, states of a run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.events.models import Edition, Table
from openmap.meetings.models import Participation, Wish
from openmap.web.french import clock, number, percent


@dataclass(frozen=True, slots=True)
class LevelWords:
    """What a level is called and what it seeks."""

    label: LazyString
    meaning: LazyString


LEVELS: dict[str, LevelWords] = {
    "required": LevelWords(
        lazy_gettext("Entretiens obligatoires"), lazy_gettext("Souhaits marqués obligatoires qui sont tenus.")
    ),
    "minimum": LevelWords(
        lazy_gettext("Minimums promis"),
        lazy_gettext("Entretiens qui manquent pour atteindre le minimum promis à chacun."),
    ),
    "coverage": LevelWords(
        lazy_gettext("Personne d’oublié"), lazy_gettext("Participants qui ont au moins un entretien.")
    ),
    "value": LevelWords(lazy_gettext("Valeur des souhaits"), lazy_gettext("Somme des valeurs des souhaits servis.")),
    "balance": LevelWords(
        lazy_gettext("Équilibre"),
        lazy_gettext("Participants qui ont au moins 1, 2, 3… entretiens, ou tous ceux qu’ils souhaitaient."),
    ),
    "changes": LevelWords(
        lazy_gettext("Stabilité"),
        lazy_gettext("Changements par rapport au planning précédent (annulation 3, horaire 2, table 1)."),
    ),
    "idle": LevelWords(lazy_gettext("Attente"), lazy_gettext("Créneaux passés à attendre entre deux entretiens.")),
    "moves": LevelWords(
        lazy_gettext("Changements de table"),
        lazy_gettext("Changements entre deux entretiens, hors tables attitrées à un participant."),
    ),
    "early": LevelWords(
        lazy_gettext("Entretiens tôt"), lazy_gettext("Somme des rangs des créneaux : plus bas, plus tôt.")
    ),
}

REASONS: dict[str, LazyString] = {
    "no_common_slot": lazy_gettext("Aucun créneau commun"),
    "buyer_full": lazy_gettext("Acheteur complet"),
    "structure_full": lazy_gettext("Structure complète"),
    "no_table": lazy_gettext("Plus de table libre"),
    "others_preferred": lazy_gettext("D’autres entretiens préférés"),
    "excluded": lazy_gettext("Paire exclue"),
    "not_proved": lazy_gettext("Calcul arrêté trop tôt"),
    "by_hand": lazy_gettext("Retiré à la main"),
}

STATES: dict[str, LazyString] = {
    "queued": lazy_gettext("En attente"),
    "running": lazy_gettext("En cours"),
    "finished": lazy_gettext("Terminé"),
    "failed": lazy_gettext("Échoué"),
    "lost": lazy_gettext("Interrompu"),
}


@dataclass(frozen=True, slots=True)
class LevelLine:
    """One level ready to print. ``bound`` and ``gap`` are empty while nothing is known of them."""

    name: str
    label: LazyString
    meaning: LazyString
    value: str
    bound: str
    gap: str
    proved: bool

    @property
    def proof(self) -> str:
        """Say whether the level is proved, else what bounds it."""
        if self.proved:
            return str(_("prouvé optimal"))
        return str(_("meilleur connu, borne %(bound)s", bound=self.bound) if self.bound else _("meilleur connu"))


def level_lines(objectives: Iterable[Mapping[str, Any]]) -> list[LevelLine]:
    """Word the levels that the engine kept as ``name``, ``value``, ``bound``, ``proved``."""
    return [_line(level) for level in objectives if level.get("name") in LEVELS]


def _line(level: Mapping[str, Any]) -> LevelLine:
    words = LEVELS[level["name"]]
    value, bound = _figures(level.get("value")), _figures(level.get("bound"))
    return LevelLine(
        name=level["name"],
        label=words.label,
        meaning=words.meaning,
        value=_listed(value),
        bound=_listed(bound),
        gap=_gap(value, bound) if bound and not level.get("proved") else "",
        proved=bool(level.get("proved")),
    )


def _figures(figure: Any) -> list[int]:
    """Return a level's figures: balance has one a step, the others have one."""
    if figure is None:
        return []
    return [int(step) for step in figure] if isinstance(figure, list | tuple) else [int(figure)]


def _listed(figures: list[int]) -> str:
    return " / ".join(number(figure) for figure in figures)


def _gap(value: list[int], bound: list[int]) -> str:
    """Word the distance to the bound at the first step where there is one, absolute and relative."""
    for reached, limit in zip(value, bound, strict=False):
        if reached != limit:
            distance = abs(limit - reached)
            return f"{number(distance)} ({percent(distance / max(abs(limit), abs(reached)))})"
    return "0"


CODE = r"[\w-]+(?:[./][\w-]+)*"


class Names:
    """Puts names and hours where the engine's sentences say codes."""

    def __init__(self, people: Iterable[Participation], wishes: Iterable[Wish], edition: Edition) -> None:
        self._people = {person.code: person.organisation.name for person in people}
        self._hours = {slot.code: clock(slot.start, edition.zone) for slot in edition.slots}
        self._tables = {table.code: _table_words(table) for table in edition.tables}
        self._wishes = {wish.code for wish in wishes}

    @classmethod
    def of(cls, people: Mapping[str, str], wishes: Collection[str], edition: Edition) -> Names:
        """Name from codes alone: of participants to their names, and of wishes."""
        made = cls((), (), edition)
        made._people, made._wishes = dict(people), set(wishes)
        return made

    def told(self, sentence: str) -> str:
        """Return the sentence with every known code replaced, a capital first and one full stop."""
        sentence = re.sub(rf"({CODE}) \(([^()]+ – [^()]+)\)", self._pair, sentence)
        sentence = re.sub(rf"(?<=libérer )({CODE}) de ", self._freed, sentence)
        sentence = re.sub(rf"\b(en|table) ({CODE})", self._placed, sentence)
        sentence = re.sub(CODE, self._named, sentence)
        sentence = _spaced(sentence.replace("'", "’").strip().rstrip("."))
        return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""

    def _pair(self, found: re.Match[str]) -> str:
        return f"l’entretien « {found[2]} »" if found[1] in self._wishes else found[0]

    def _freed(self, found: re.Match[str]) -> str:
        return f"{self._hours[found[1]]} chez " if found[1] in self._hours else found[0]

    def _placed(self, found: re.Match[str]) -> str:
        if found[1] == "en":
            return f"à {self._hours[found[2]]}" if found[2] in self._hours else found[0]
        return self._tables.get(found[2], found[0])

    def _named(self, found: re.Match[str]) -> str:
        code = found[0]
        if code in self._wishes:
            return "cet entretien"
        return self._people.get(code) or self._hours.get(code) or code


def _table_words(table: Table) -> str:
    """Return « table 1 » for a table labelled so, « table « Accueil » » for another label."""
    label = table.label or table.code
    return label[:1].lower() + label[1:] if label.lower().startswith("table") else f"table « {label} »"


def _spaced(sentence: str) -> str:
    """Put a no-break space where French typography asks for one."""
    return sentence.replace("« ", "«\u00a0").replace(" »", "\u00a0»").replace(" ;", "\u00a0;").replace(" :", "\u00a0:")


def verdict(lines: Sequence[LevelLine], *, by_hand: bool = False) -> str:
    """Say in one sentence how good a plan is known to be; corrected ``by_hand`` it has no proof."""
    proved = sum(line.proved for line in lines)
    if by_hand:
        return str(
            _("Corrigé à la main : la preuve du calcul ne vaut plus, chaque correction garde toutes les règles.")
        )
    if not lines:
        return str(_("Qualité inconnue : le calcul n’a encore rien mesuré."))
    if proved == len(lines):
        return str(_("Prouvé optimal : aucun planning ne fait mieux."))
    return str(
        _("Meilleur planning connu : %(proved)s objectifs prouvés sur %(count)s.", proved=proved, count=len(lines))
    )


KINDS: dict[str, LazyString] = {
    "solve": lazy_gettext("calcul"),
    "repair": lazy_gettext("calcul qui change le moins"),
    "what_if": lazy_gettext("hypothèse"),
    "hand": lazy_gettext("corrigé à la main"),
    "restored": lazy_gettext("version figée reprise"),
    "release": lazy_gettext("version figée"),
}
"""What the kinds of plan are called."""

CHANGES: dict[str, LazyString] = {
    "added": lazy_gettext("nouveau"),
    "moved": lazy_gettext("déplacé"),
    "table": lazy_gettext("autre table"),
    "cancelled": lazy_gettext("annulé"),
}
"""What changes for someone from one plan to another."""
