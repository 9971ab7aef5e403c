"""French labels of what structures are, what they deliver and how far."""

from __future__ import annotations

from flask_babel import LazyString, lazy_gettext

KIND_LABELS: dict[str, LazyString] = {
    "ei": lazy_gettext("Entreprise d’insertion (EI)"),
    "ai": lazy_gettext("Association intermédiaire (AI)"),
    "aci": lazy_gettext("Atelier et chantier d’insertion (ACI)"),
    "etti": lazy_gettext("Entreprise de travail temporaire d’insertion (ETTI)"),
    "eiti": lazy_gettext("Entreprise d’insertion par le travail indépendant (EITI)"),
    "geiq": lazy_gettext("Groupement d’employeurs pour l’insertion et la qualification (GEIQ)"),
    "ea": lazy_gettext("Entreprise adaptée (EA)"),
    "eatt": lazy_gettext("Entreprise adaptée de travail temporaire (EATT)"),
    "esat": lazy_gettext("Établissement et service d’accompagnement par le travail (ESAT)"),
    "association": lazy_gettext("Association"),
    "cooperative": lazy_gettext("Coopérative"),
    "ess": lazy_gettext("Économie sociale et solidaire"),
}

SHORT_KINDS: dict[str, LazyString] = {
    "ei": lazy_gettext("EI"),
    "ai": lazy_gettext("AI"),
    "aci": lazy_gettext("ACI"),
    "etti": lazy_gettext("ETTI"),
    "eiti": lazy_gettext("EITI"),
    "geiq": lazy_gettext("GEIQ"),
    "ea": lazy_gettext("EA"),
    "eatt": lazy_gettext("EATT"),
    "esat": lazy_gettext("ESAT"),
    "association": lazy_gettext("Association"),
    "cooperative": lazy_gettext("Coopérative"),
    "ess": lazy_gettext("ESS"),
}
DELIVERY_LABELS: dict[str, LazyString] = {
    "service": lazy_gettext("Prestation de service"),
    "supply": lazy_gettext("Fabrication et vente de biens"),
    "staff": lazy_gettext("Mise à disposition de personnel"),
}
AMOUNT_LABELS: dict[str, LazyString] = {
    "": lazy_gettext("Non précisé"),
    "under_10k": lazy_gettext("Moins de 10 000 €"),
    "10k_40k": lazy_gettext("De 10 000 à 40 000 €"),
    "40k_90k": lazy_gettext("De 40 000 à 90 000 €"),
    "90k_221k": lazy_gettext("De 90 000 à 221 000 €"),
    "221k_500k": lazy_gettext("De 221 000 à 500 000 €"),
    "500k_1m": lazy_gettext("De 500 000 à 1 million d’euros"),
    "over_1m": lazy_gettext("Plus de 1 million d’euros"),
}
REACH_LABELS: dict[str, LazyString] = {
    "radius": lazy_gettext("Autour de son adresse"),
    "places": lazy_gettext("Sur des territoires choisis"),
    "france": lazy_gettext("Partout en France"),
}
LEGAL_FORM_LABELS: dict[str, LazyString] = {
    "association": lazy_gettext("Association"),
    "sarl": lazy_gettext("SARL ou EURL"),
    "sas": lazy_gettext("SAS ou SASU"),
    "sa": lazy_gettext("Société anonyme"),
    "scop": lazy_gettext("Scop"),
    "scic": lazy_gettext("Scic"),
    "mutuelle": lazy_gettext("Mutuelle"),
    "fondation": lazy_gettext("Fondation"),
    "public": lazy_gettext("Établissement public"),
    "other": lazy_gettext("Autre"),
}


def legal_form_label(form: str) -> str:
    """Return what a legal form is called; what was typed freely stays as it is."""
    return str(LEGAL_FORM_LABELS.get(form, form))
