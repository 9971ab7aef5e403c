"""Reads for the pages of imports: the list of them, faults by pages, doubts side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from openmap.directory.import_models import DirectoryImport, ImportDoubt, ImportFault
from openmap.directory.labels import KIND_LABELS
from openmap.directory.lists.shapes import FIELDS
from openmap.extensions import AnySession
from openmap.web.tabular import XLSX_TYPE

PER_PAGE: Final = 50
DOUBTS_PER_PAGE: Final = 10
SHOWN: Final = 100
COMPARED: Final = ("name", "brand", "siret", "address", "postal_code", "city", "website", "description")

STATE_LABELS: Final[Mapping[str, LazyString]] = {
    "mapping": lazy_gettext("colonnes à reconnaître"),
    "checking": lazy_gettext("vérification en cours"),
    "checked": lazy_gettext("vérifiée, à importer"),
    "importing": lazy_gettext("import en cours"),
    "done": lazy_gettext("importée"),
    "failed": lazy_gettext("échouée"),
    "abandoned": lazy_gettext("arrêtée"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of rows, with how many there are in all."""

    rows: Sequence[Any]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // self.per_page))


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A doubt: each field in the list and on the page, where one of both holds something."""

    doubt: ImportDoubt
    fields: Sequence[tuple[str, str, str]]

    @property
    def name(self) -> str:
        """Return what the list calls it."""
        return str(self.doubt.values.get("name", ""))


def media_type_of(content: bytes) -> str:
    """Return what kind of file a list that was read is."""
    if content.startswith(b"PK"):
        return XLSX_TYPE
    return "application/json" if content.lstrip()[:1] in {b"[", b"{"} else "text/csv"


def imports(session: AnySession) -> list[DirectoryImport]:
    """Return the imports, newest first; the last hundred."""
    asked = select(DirectoryImport).options(joinedload(DirectoryImport.person))
    return list(session.scalars(asked.order_by(DirectoryImport.id.desc()).limit(SHOWN)))


def faults_of(session: AnySession, brought: DirectoryImport, page: int) -> Listed:
    """Return a page of an import's faults, errors first."""
    base = select(ImportFault).where(ImportFault.import_id == brought.id)
    total = session.scalar(base.with_only_columns(func.count())) or 0
    page = max(1, min(page, max(1, -(-total // PER_PAGE))))
    asked = base.order_by(ImportFault.level, ImportFault.line, ImportFault.id)
    rows = session.scalars(asked.limit(PER_PAGE).offset(PER_PAGE * (page - 1))).all()
    return Listed(rows, total, page, PER_PAGE)


def doubts_of(session: AnySession, brought: DirectoryImport, page: int) -> Listed:
    """Return a page of an import's doubts, side by side."""
    base = select(ImportDoubt).where(ImportDoubt.import_id == brought.id)
    total = session.scalar(base.with_only_columns(func.count())) or 0
    page = max(1, min(page, max(1, -(-total // DOUBTS_PER_PAGE))))
    asked = base.options(joinedload(ImportDoubt.structure)).order_by(ImportDoubt.line, ImportDoubt.id)
    rows = session.scalars(asked.limit(DOUBTS_PER_PAGE).offset(DOUBTS_PER_PAGE * (page - 1))).all()
    return Listed([_side_by_side(one) for one in rows], total, page, DOUBTS_PER_PAGE)


def undecided(session: AnySession, brought: DirectoryImport) -> int:
    """Return how many doubts wait for someone."""
    asked = select(func.count()).select_from(ImportDoubt)
    return session.scalar(asked.where(ImportDoubt.import_id == brought.id, ImportDoubt.decision.is_(None))) or 0


def _side_by_side(doubt: ImportDoubt) -> SideBySide:
    structure = doubt.structure
    kinds = (doubt.values.get("kinds", []), structure.kinds)
    told = [", ".join(str(KIND_LABELS.get(kind, kind)) for kind in each) for each in kinds]
    fields = [(str(FIELDS["kind"]), told[0], told[1])]
    for name in COMPARED:
        there, here = str(doubt.values.get(name) or ""), str(getattr(structure, name) or "")
        if there or here:
            fields.append((str(FIELDS[name]), there[:300], here[:300]))
    return SideBySide(doubt, fields)
