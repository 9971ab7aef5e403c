"""The words of buyers' purchase plans: those above their columns, and those for what is chosen from a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": (
        "objet", "objet du marché", "objet de l’achat", "intitulé", "intitulé du marché", "libellé",
        "libellé du marché", "nom du projet", "projet d’achat", "désignation", "besoin", "titre", "objet du besoin",
        "intitulé de l’achat", "libellé du projet", "nature du besoin", "marché", "achat", "projet",
        "objet de la consultation", "intitulé de la consultation",
    ),
    "description": (
        "description", "descriptif", "détail", "commentaire", "commentaires", "observations", "précisions", "contenu",
        "description du besoin", "remarques", "informations complémentaires",
    ),
    "activity": (
        "activité", "activités", "famille d’achat", "famille", "secteur", "secteur d’activité", "catégorie d’achat",
        "segment d’achat", "domaine", "filière", "domaine d’achat", "nomenclature", "type de prestation", "métier",
    ),
    "cpv": ("cpv", "code cpv", "codes cpv", "cpv principal", "code cpv principal", "nomenclature cpv"),
    "area": (
        "lieu", "lieu d’exécution", "territoire", "localisation", "périmètre", "périmètre géographique",
        "département", "commune", "zone", "zone géographique", "ville", "site", "lieu de livraison",
        "lieu des prestations", "secteur géographique",
    ),
    "period": (
        "date prévisionnelle de lancement", "date de lancement", "lancement", "trimestre", "trimestre de lancement",
        "date de publication", "date prévisionnelle de publication", "échéance", "période", "calendrier",
        "calendrier prévisionnel", "date prévisionnelle", "date", "publication prévue", "lancement prévu",
        "date de consultation", "mois de lancement", "date prévisionnelle de lancement de la consultation",
        "date de début", "début", "date prévue",
    ),
    "period_end": (
        "fin de la période", "fin de période", "date de fin de lancement", "date d’attribution", "attribution prévue",
        "date de notification", "notification prévue", "date prévisionnelle de notification",
    ),
    "amount": (
        "montant", "montant ht", "montant estimé", "montant estimé ht", "montant total", "montant total en € ht",
        "montant en € ht", "estimation", "budget", "budget estimé", "enveloppe", "valeur estimée",
        "montant prévisionnel", "montant du marché", "montant global", "tranche de montant", "estimation financière",
        "montant estimatif", "montant sur la durée du marché",
    ),
    "yearly": (
        "montant annuel", "montant annuel en € ht", "montant annuel ht", "budget annuel", "montant par an",
        "estimation annuelle", "montant annuel estimé", "dépense annuelle",
    ),
    "duration": (
        "durée", "durée du marché", "durée en mois", "durée en années", "nombre d’années", "durée totale",
        "durée max", "durée prévisionnelle", "durée reconductions comprises",
    ),
    "recurrence": (
        "récurrence", "périodicité", "fréquence", "récurrent", "ponctuel ou récurrent", "marché récurrent",
    ),
    "lots": ("lots", "allotissement", "lot", "détail des lots", "liste des lots"),
    "delivery": (
        "forme de l’achat", "nature", "nature du marché", "type de marché", "type d’achat", "fournitures ou services",
        "catégorie",
    ),
    "lever": (
        "levier social", "levier", "clause sociale", "clauses sociales", "considération sociale",
        "considérations sociales", "clause d’insertion", "marché réservé", "disposition sociale", "achat responsable",
        "insertion", "volet social", "démarche sociale", "critère social", "lot réservé",
    ),
    "procedure": (
        "procédure", "type de procédure", "procédure envisagée", "mode de passation", "procédure de passation",
        "forme de la consultation", "procédure prévue",
    ),
    "certainty": (
        "certitude", "statut", "état", "avancement", "degré de certitude", "probabilité", "état d’avancement",
        "maturité",
    ),
    "renews": (
        "marché renouvelé", "marché actuel", "renouvellement de", "contrat en cours", "marché en cours",
        "marché précédent", "numéro du marché actuel", "titulaire actuel",
    ),
    "renewed_ends_on": (
        "fin du marché renouvelé", "fin du marché actuel", "date de fin du marché en cours",
        "échéance du marché actuel", "fin du contrat", "date de fin du contrat", "date d’échéance du marché",
        "fin du marché en cours",
    ),
    "contact_name": (
        "contact", "nom du contact", "acheteur référent", "référent", "responsable", "personne à contacter",
        "service", "direction", "service acheteur", "chargé de l’achat", "acheteur", "interlocuteur",
        "direction opérationnelle", "service prescripteur",
    ),
    "contact_email": (
        "courriel", "mail", "e-mail", "email", "adresse électronique", "courriel du contact", "mél", "adresse mail",
        "mail du contact",
    ),
    "contact_phone": ("téléphone", "tél", "téléphone du contact", "numéro de téléphone"),
}  # fmt: skip
"""The titles of columns by field; compared without accents, case or punctuation."""

WORDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "lever": {
        "none": (
            "aucun", "aucune", "sans", "non", "neant", "pas encore de levier", "a definir", "a l etude", "sans objet",
            "pas de clause",
        ),
        "clause": (
            "clause", "clause sociale", "clause d execution", "clause d insertion", "insertion",
            "condition d execution", "heures d insertion", "clause sociale d execution", "clause obligatoire",
        ),
        "criterion": ("critere", "critere social", "critere d attribution", "critere insertion", "critere rse"),
        "reserved_lot": ("lot reserve", "lots reserves", "un lot reserve", "reservation d un lot"),
        "reserved_contract": (
            "marche reserve", "reserve", "reservation", "marche reserve siae", "marche reserve ea esat",
            "reserve ess", "marche reserve ess", "article l 2113 12", "article l 2113 13",
        ),
    },
    "procedure": {
        "direct": (
            "gre a gre", "sans publicite ni mise en concurrence", "achat direct", "devis", "sur devis", "trois devis",
            "3 devis", "mapa sans publicite", "bon de commande",
        ),
        "adapted": ("mapa", "procedure adaptee", "marche a procedure adaptee", "pa"),
        "formal": (
            "appel d offres", "appel d offres ouvert", "aoo", "ao", "procedure formalisee",
            "appel d offres restreint", "pf", "formalisee", "concours", "dialogue competitif",
        ),
        "framework": (
            "marche subsequent", "accord cadre", "ms", "accord cadre a bons de commande", "bons de commande", "ugap",
            "centrale d achat",
        ),
        "other": ("autre", "concession", "dsp", "delegation de service public"),
    },
    "certainty": {
        "certain": ("certain", "valide", "confirme", "sur", "oui", "programme", "vote", "budgete", "engage"),
        "probable": ("probable", "prevu", "envisage", "previsionnel", "en cours", "en preparation", "planifie"),
        "idea": (
            "idee", "a l etude", "etude", "eventuel", "possible", "hypothese", "a confirmer", "incertain",
            "optionnel", "non",
        ),
    },
    "recurrence": {
        "once": ("ponctuel", "une fois", "unique", "non", "une seule fois", "non recurrent", "occasionnel"),
        "yearly": ("annuel", "annuelle", "chaque annee", "tous les ans", "par an", "1 an"),
        "several_years": (
            "pluriannuel", "pluriannuelle", "reconductible", "renouvele", "recurrent", "oui", "plusieurs annees",
            "4 ans", "marche de plusieurs annees renouvele",
        ),
    },
    "amount": {
        "unknown": ("inconnu", "a definir", "nc", "pas encore connu", "non estime", "a estimer", "indetermine"),
        "undisclosed": ("non communique", "confidentiel", "non communicable"),
    },
    "delivery": {
        "service": ("service", "services", "prestation", "prestations", "travaux", "prestation de service", "s", "t"),
        "supply": ("fourniture", "fournitures", "achat de fournitures", "f", "biens"),
        "staff": ("mise a disposition", "mise a disposition de personnel", "interim", "personnel"),
    },
}  # fmt: skip
"""The words for what is chosen from a list, folded, by kind and value."""
