"""French labels of the kinds of structure."""

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
