"""Why a part of a match is worth what it is, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from flask_babel import LazyString, gettext, lazy_gettext

from openmap.meetings.encounters import Encounter
from openmap.meetings.facts import Facts, NeedFacts, OfferFacts
from openmap.meetings.scoring import TIGHT_FROM, Scorer, usual_workforce
from openmap.web.french import counted, long_date, number

_MOST_WORDS: Final = 5

BANDS: Final[Mapping[str, LazyString]] = {
    "under_10k": lazy_gettext("moins de 10 000 €"),
    "10k_40k": lazy_gettext("10 000 à 40 000 €"),
    "40k_90k": lazy_gettext("40 000 à 90 000 €"),
    "90k_221k": lazy_gettext("90 000 à 221 000 €"),
    "221k_500k": lazy_gettext("221 000 à 500 000 €"),
    "500k_1m": lazy_gettext("500 000 € à 1 M€"),
    "over_1m": lazy_gettext("plus de 1 M€"),
}


def _(sentence: str, **values: str) -> str:
    return str(gettext(sentence, **values))


def reason_of(part: str, need: NeedFacts, offer: OfferFacts, scorer: Scorer, encounters: Sequence[Encounter]) -> str:
    """Return the sentence of a part, the same for both sides."""
    if part == "sector":
        return _sector(need, offer, scorer.facts)
    if part == "territory":
        return _territory(need, offer, scorer)
    if part == "text":
        return _text(need, offer, scorer)
    if part == "capacity":
        return _capacity(need, offer)
    return _met(encounters)


def _sector(need: NeedFacts, offer: OfferFacts, facts: Facts) -> str:
    if not need.activities:
        return _("Le besoin ne dit pas son activité.")
    if not offer.activities:
        return _("La structure n’a pas dit ses activités.")
    same = sorted(facts.names[one] for one in need.activities & offer.activities)
    if same:
        left = len(need.activities) - len(same)
        told = ", ".join(same)
        return (
            _(
                "Même activité : %(names)s ; le besoin en demande aussi %(left)s.",
                names=told,
                left=counted(left, "autre"),
            )
            if left
            else _("Même activité : %(names)s.", names=told)
        )
    trades = {facts.trade_of[one] for one in need.activities} & {facts.trade_of[one] for one in offer.activities}
    if trades:
        done = sorted(facts.names[one] for one in offer.activities if facts.trade_of[one] in trades)
        trade = ", ".join(sorted(facts.trade_names[one] for one in trades))
        return _("Même filière (%(trade)s), autre activité : %(names)s.", trade=trade, names=", ".join(done))
    return _("Aucune activité ni filière en commun.")


def _territory(need: NeedFacts, offer: OfferFacts, scorer: Scorer) -> str:
    if not need.communes:
        return _("Le besoin ne dit pas où il s’exécute.")
    reach = scorer.reach(offer)
    if not reach.any():
        return _("La structure n’a pas dit où elle travaille.")
    covered = sum(bool(reach[scorer.communes[code]]) for code in need.communes)
    asked = len(need.communes)
    if not covered:
        return _("La structure ne travaille dans aucune des communes demandées.")
    if covered == asked:
        return (
            _("La structure travaille dans la commune demandée.")
            if asked == 1
            else _("La structure couvre les %(asked)s communes demandées.", asked=number(asked))
        )
    return _(
        "La structure couvre %(covered)s des %(asked)s communes demandées.",
        covered=number(covered),
        asked=number(asked),
    )


def _text(need: NeedFacts, offer: OfferFacts, scorer: Scorer) -> str:
    shared = scorer.corpora[offer.kind].shared(need.question, offer.object_id)
    own = [need.words[stem] for stem in shared if stem in need.words]
    near = [scorer.facts.written[stem] for stem in shared if stem not in need.words and stem in scorer.facts.written]
    told = list(dict.fromkeys(own))[:_MOST_WORDS]
    alike = [word for word in dict.fromkeys(near) if word not in told][: max(0, _MOST_WORDS - len(told))]
    if told and alike:
        return _("Mots en commun : %(own)s ; mots voisins : %(near)s.", own=", ".join(told), near=", ".join(alike))
    if told:
        return _("Mots en commun : %(own)s.", own=", ".join(told))
    if alike:
        return _("Mots voisins de ceux du besoin : %(near)s.", near=", ".join(alike))
    return _("Aucun mot du besoin ne se retrouve dans l’offre.")


def _capacity(need: NeedFacts, offer: OfferFacts) -> str:
    usual = usual_workforce(need.amount)
    if usual is None:
        return _("Le besoin ne donne pas son montant.")
    if offer.workforce is None:
        return _("La structure n’a pas dit son effectif.")
    values = {"people": counted(offer.workforce, "personne"), "band": str(BANDS[need.amount])}
    if offer.workforce >= usual:
        return _("%(people)s : à la mesure d’un besoin de %(band)s.", **values)
    if offer.workforce >= usual * TIGHT_FROM:
        return _("%(people)s : un peu juste pour %(band)s, à vérifier.", **values)
    return _("%(people)s : petit pour %(band)s, à voir par lot ou en groupement.", **values)


def _met(encounters: Sequence[Encounter]) -> str:
    if not encounters:
        return _("Pas encore d’entretien ensemble lors d’une édition passée.")
    last = encounters[-1]
    return _("Déjà en entretien le %(day)s (%(title)s).", day=long_date(last.held_on), title=last.title)
