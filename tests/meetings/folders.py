"""A small edition as CSV files, and what its import tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from openmap.directory.models import Organisation
from openmap.events.models import Edition, Slot
from openmap.extensions import db
from openmap.meetings.models import Participation, Wish
from openmap.meetings.workbook.importing import import_edition
from openmap.web.workbook.reading import WorkbookUnusable

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "circular-economy-2017"

SMALL = {
    "edition": "Identifiant;Titre;Date\ndemo;Édition d'essai;16/11/2017\n",
    "creneaux": "Code;Début;Fin;Bloc\nT01;9:00;9:15;a\nT02;9h15;9 h 30;a\nT03;10:00;10:15;b\n",
    "tables": "Code;Nom\nA1;Table une\nA2;Table deux\n",
    "acheteurs": "Code;Nom;Table;Indisponible\nB01;Ville inventée;A1;T01-T02\nB02;Région inventée;;\n",
    "structures": "Code;Nom;Type;Fictif\nS01;Atelier inventé;ACI;oui\nS02;Ferme inventée;esat;oui\n",
    "souhaits": "Acheteur;Structure;Valeur;Obligatoire\nB01;S01;5;oui\nB02;S02;3;non\nB02;S01;1;\n",
}


def folder(path: Path, **changes: str | bytes | None) -> Path:
    """Write the small edition as CSV files, with some of them changed, added or (``None``) left out."""
    source = path / "edition"
    source.mkdir()
    for name, text in (SMALL | changes).items():
        if text is not None:
            content = text if isinstance(text, bytes) else text.encode()
            (source / f"{name}.csv").write_bytes(content)
    return source


def bring_in(source: Path, **options: bool) -> str:
    """Import and return what was told."""
    return import_edition(db.session, source, **({"replace": False} | options)).sentence  # type: ignore[arg-type]


def faults_of(source: Path) -> list[str]:
    """Return the faults of a source that must be refused, once nothing of it is seen in the database."""
    with pytest.raises(WorkbookUnusable) as refused:
        bring_in(source)
    for model in (Edition, Slot, Organisation, Participation, Wish):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    return [str(fault) for fault in refused.value.faults]


def count(model: type) -> int:
    """Return how many rows a table has."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def structures(line: str) -> dict[str, str | bytes | None]:
    return {
        "structures": f"Code;Nom;Type;Pitche;Délégués;Maximum;Minimum;Indisponible;Disponible;Table;SIRET\n{line}\n"
    }


def wishes(*lines: str) -> dict[str, str | bytes | None]:
    header = "Acheteur;Structure;Valeur;Obligatoire;Créneaux possibles;Créneau imposé;Table imposée;Exclu"
    return {"souhaits": "\n".join([header, *lines]) + "\n"}
