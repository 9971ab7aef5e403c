"""The empty workbook of an edition."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from openmap.meetings.workbook.layout import SHEETS
from openmap.web.workbook.template import write_book

_READ_ME: Final = (
    "Une édition OpenMap ESS",
    "Remplissez les feuilles de ce classeur, puis importez-le : openmap import edition NOM-DU-FICHIER.xlsx",
    "Les colonnes dont le titre porte un astérisque sont obligatoires. Les autres peuvent rester vides.",
    "Cliquez sur un titre de colonne ou dans une cellule : l'aide apparaît.",
    "Les codes (T01, A1, B01, S01, R001) peuvent rester vides : ils sont alors numérotés dans l'ordre des lignes.",
    "Collez des valeurs, pas des formules. Rien n'est enregistré tant qu'il reste une erreur ; toutes sont signalées.",
)


def write_template(file: Path) -> None:
    """Write the empty workbook; raises OSError when the file cannot be written."""
    with file.open("xb"):
        pass
    write_book(str(file), SHEETS, _READ_ME)
