"""The sheets and columns of an edition's workbook, described once.

The reader, the empty workbook and the guide are all made from this description.
"""

from __future__ import annotations

from typing import Final

from openmap.web.workbook.layout import Column, Sheet

KIND_WORDS: Final = {
    "ei": "EI", "ai": "AI", "aci": "ACI", "etti": "ETTI", "eiti": "EITI", "geiq": "GEIQ", "ea": "EA", "eatt": "EATT",
    "esat": "ESAT", "association": "association", "cooperative": "coopérative", "ess": "ESS",
}  # fmt: skip
"""Kinds of structure as people write them."""

CODE_HELP = "Court et unique. Laissez vide pour une numérotation automatique."

_LIMITS = (
    Column("delegates", "Délégués", "integer", "Combien de personnes peuvent recevoir en parallèle ; 1 si vide.", width=10),
    Column(
        "absent", "Indisponible", "slots", "Créneaux où personne n'est là : « T01-T03, T07 ». Vide : toujours là.",
        aliases=("Indisponibilités", "Absences", "Absent"), of="slots", longest=2000, width=22,
    ),
    Column(
        "available", "Disponible", "slots", "Ou, au contraire, les seuls créneaux possibles. Ne remplissez qu'une des deux.",
        aliases=("Disponibilités",), of="slots", longest=2000, width=22,
    ),
    Column("min_meetings", "Minimum", "integer", "Nombre de rendez-vous promis, si possible.", aliases=("Min",), width=10),
    Column("max_meetings", "Maximum", "integer", "Nombre de rendez-vous à ne jamais dépasser.", aliases=("Max",), width=10),
    Column(
        "max_run", "À la suite", "integer", "Nombre de rendez-vous d'affilée avant une pause.",
        aliases=("Max à la suite", "Maximum à la suite"), width=10,
    ),
    Column("table", "Table", "code", "Code de sa propre table, s'il en a une.", of="tables", longest=20, width=10),
)  # fmt: skip

SHEETS: Final[tuple[Sheet, ...]] = (
    Sheet(
        "edition", "Édition", "L'édition elle-même, sur une seule ligne.",
        (
            Column("slug", "Identifiant", "code", "En minuscules, sans accent ni espace : il fait l'adresse de la page.",
                   required=True, longest=80, width=28, example="economie-circulaire-2017"),
            Column("title", "Titre", "text", "Le titre public.", required=True, width=36),
            Column("held_on", "Date", "date", "Le jour de la rencontre : 16/11/2017.", required=True, width=12),
            Column("trade", "Filière", "text", "Le métier de l'édition.", width=30),
            Column("venue", "Lieu", "text", "Le nom du lieu.", width=30),
            Column("address", "Adresse", "text", "L'adresse complète.", longest=300, width=40),
            Column("timezone", "Fuseau", "text", "Fuseau horaire ; Europe/Paris si vide.", longest=60, width=14),
            Column("contact_email", "Courriel", "text", "Adresse de contact, reprise dans les agendas.", longest=254,
                   aliases=("E-mail", "Contact", "Mail"), width=28),
            Column("description", "Description", "text", "Quelques phrases pour la page publique.", longest=5000, width=50),
        ),
    ),
    Sheet(
        "slots", "Créneaux", "Les créneaux de rendez-vous, dans l'ordre ; un bloc par suite sans pause.",
        (
            Column("code", "Code", "code", CODE_HELP, longest=20, width=8, example="T01"),
            Column("start", "Début", "time", "Heure locale : 9:30 ou 9 h 30.", required=True, width=10),
            Column("end", "Fin", "time", "Heure locale.", required=True, width=10),
            Column("block", "Bloc", "text", "Même nom pour les créneaux entre deux pauses.", longest=60, width=16),
        ), aliases=("Creneau", "Horaires"),
    ),
    Sheet(
        "tables", "Tables", "Les tables de la salle. Sans table, le planning n'en compte pas.",
        (
            Column("code", "Code", "code", CODE_HELP, longest=20, width=8, example="A1"),
            Column("label", "Nom", "text", "Ce qui est écrit sur la table.", longest=120, aliases=("Libellé",), width=30),
        ), required=False, aliases=("Table",),
    ),
    Sheet(
        "buyers", "Acheteurs", "Les acheteurs publics présents.",
        (
            Column("code", "Code", "code", CODE_HELP, longest=20, width=8, example="B01"),
            Column("name", "Nom", "text", "Le nom complet.", required=True, width=44),
            *_LIMITS,
            Column("siret", "SIRET", "text", "14 chiffres, si vous le connaissez.", longest=14, width=18),
            Column("city", "Commune", "text", "Sa commune.", longest=120, aliases=("Ville",), width=20),
            Column("activity", "Activité", "text", "Ce qu'il achète, en une phrase.", longest=500, width=44),
            Column("invented", "Fictif", "flag", "Oui si l'organisation est inventée.", width=8),
        ), aliases=("Acheteur",),
    ),
    Sheet(
        "structures", "Structures", "Les structures de l'économie sociale et solidaire présentes.",
        (
            Column("code", "Code", "code", CODE_HELP, longest=20, width=8, example="S01"),
            Column("name", "Nom", "text", "Le nom complet.", required=True, width=44),
            Column("kind", "Type", "choice", "EI, AI, ACI, ETTI, EITI, GEIQ, EA, EATT, ESAT, association, coopérative ou ESS.",
                   width=14, words=KIND_WORDS),
            Column("pitches", "Pitche", "flag", "Oui si elle présente en séance plénière.", aliases=("Pitch",), width=8),
            *_LIMITS,
            Column("siret", "SIRET", "text", "14 chiffres, si vous le connaissez.", longest=14, width=18),
            Column("city", "Commune", "text", "Sa commune.", longest=120, aliases=("Ville",), width=20),
            Column("activity", "Activité", "text", "Ce qu'elle propose, en une phrase.", longest=500, width=44),
            Column("invented", "Fictif", "flag", "Oui si l'organisation est inventée.", width=8),
        ), aliases=("Structure",),
    ),
    Sheet(
        "wishes", "Souhaits", "Les rendez-vous souhaités, un par ligne ; une paire n'y figure qu'une fois.",
        (
            Column("code", "Code", "code", CODE_HELP, longest=20, width=8, example="R001"),
            Column("buyer", "Acheteur", "code", "Code ou nom de l'acheteur.", required=True, of="buyers", width=14),
            Column("structure", "Structure", "code", "Code ou nom de la structure.", required=True, of="structures", width=14),
            Column("value", "Valeur", "integer", "De 1 (utile) à 13 (très souhaité des deux côtés) ; 1 si vide.",
                   aliases=("Intérêt", "Priorité"), width=10),
            Column("required", "Obligatoire", "flag", "Oui si le rendez-vous doit avoir lieu, si possible.", width=12),
            Column("slots", "Créneaux possibles", "slots", "Les seuls créneaux acceptés. Vide : tous.", of="slots",
                   longest=2000, width=22),
            Column("lock_slot", "Créneau imposé", "code", "Le rendez-vous sera à ce créneau, et à aucun autre.", of="slots", width=14),
            Column("lock_table", "Table imposée", "code", "Avec un créneau imposé : la table.", of="tables", width=14),
            Column("excluded", "Exclu", "flag", "Oui si ces deux-là ne doivent pas se rencontrer.", width=8),
        ), aliases=("Souhait", "Voeux", "Rendez-vous souhaités"), most=60_000,
    ),
    Sheet(
        "programme", "Programme", "Le déroulé public de la demi-journée.",
        (
            Column("start", "Début", "time", "Heure locale.", required=True, width=10),
            Column("end", "Fin", "time", "Heure locale.", required=True, width=10),
            Column("title", "Titre", "text", "Ce qui se passe.", required=True, width=44),
            Column("room", "Salle", "text", "Où.", longest=120, width=24),
            Column("description", "Description", "text", "Plus de détails.", longest=5000, width=60),
        ), required=False,
    ),
    Sheet(
        "stands", "Stands", "Les partenaires qui tiennent un stand.",
        (
            Column("name", "Nom", "text", "Le nom du partenaire.", required=True, width=36),
            Column("description", "Description", "text", "Ce qu'on y trouve.", longest=500, width=60),
        ), required=False, aliases=("Stand", "Partenaires"),
    ),
    Sheet(
        "needs", "Besoins", "Ce que les acheteurs comptent acheter dans les 18 mois.",
        (
            Column("buyer", "Acheteur", "code", "Code ou nom de l'acheteur.", required=True, of="buyers", width=14),
            Column("title", "Objet", "text", "En quelques mots.", required=True, longest=300, width=50),
            Column("quarter", "Trimestre", "quarter", "Par exemple 2018-T2.", width=12),
            Column("description", "Description", "text", "Plus de détails.", longest=5000, width=60),
        ), required=False, aliases=("Besoin",),
    ),
)  # fmt: skip
