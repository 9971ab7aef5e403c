"""The criteria that an edition can begin with: five, in French, with a word for each mark from 0 to 5."""

from __future__ import annotations

from typing import Any, Final

STARTING_CRITERIA: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Pertinence pour la filière",
        "help": "L’offre répond-elle à ce que les acheteurs de cette rencontre achètent vraiment ?",
        "weight": 3,
        "words": [
            "hors de la filière",
            "lien lointain",
            "lien partiel",
            "répond à un besoin",
            "répond à un besoin fréquent",
            "répond à un besoin fréquent et mal couvert",
        ],
    },
    {
        "name": "Nouveauté",
        "help": "Qu’apporte la structure que les acheteurs ne trouvent pas déjà ailleurs ?",
        "weight": 2,
        "words": [
            "rien de nouveau n’est dit",
            "très répandu",
            "répandu, avec une nuance",
            "peu répandu",
            "rare dans la région",
            "sans équivalent connu",
        ],
    },
    {
        "name": "Impact social et environnemental",
        "help": "Insertion, emploi de personnes handicapées, ressources épargnées : des faits et des chiffres.",
        "weight": 2,
        "words": [
            "aucun impact décrit",
            "affirmé, sans un fait",
            "quelques faits",
            "faits et chiffres",
            "faits, chiffres et suivi",
            "impact élevé, mesuré et vérifiable",
        ],
    },
    {
        "name": "Capacité à répondre",
        "help": "Références, effectif, moyens : un acheteur peut-il lui confier un marché dans l’année ?",
        "weight": 2,
        "words": [
            "aucun élément",
            "encore en projet",
            "petites commandes seulement",
            "marchés modestes, déjà réalisés",
            "marchés réguliers, références solides",
            "prête pour un grand marché ou un groupement",
        ],
    },
    {
        "name": "Clarté de la présentation",
        "help": "Comprend-on, à la lecture, ce qui sera dit en cinq minutes devant les acheteurs ?",
        "weight": 1,
        "words": [
            "incompréhensible",
            "confuse",
            "à reprendre en grande partie",
            "claire pour l’essentiel",
            "claire",
            "claire et convaincante",
        ],
    },
)
