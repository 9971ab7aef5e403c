"""Full-text search by the database's own engine: FTS5 on SQLite, tsvector on PostgreSQL.

A row of ``search_documents`` holds the stems of an object in three fields of different weight. The engine indexes the
row by trigger (migration 0007), and is asked which documents hold which stems. What each is worth is computed from its
answer in one place (``reference.relevance``): the two engines' own rankings do not agree with one another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CheckConstraint, String, Text, UniqueConstraint, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from openmap.extensions import AnySession, Base
from openmap.reference.stems import LONGEST_TEXT, stems_of

FIELDS: Final = ("strong", "plain", "weak")
"""The fields of a document; a search says how much a word in each is worth."""

_BATCH: Final = 500
_ENGINE_TABLES: Final = ("search_index", "search_terms")
_ENGINE_PARTS: Final = {("search_documents", "vector"), ("search_documents", "ix_search_documents_vector")}

_SQLITE: Final = """
    SELECT terms.term, documents.object_id, terms.col, count(*)
    FROM search_terms AS terms JOIN search_documents AS documents ON documents.id = terms.doc
    WHERE terms.term IN (SELECT value FROM json_each(:stems)) AND documents.kind = :kind
    GROUP BY terms.term, documents.object_id, terms.col
"""
_POSTGRESQL: Final = """
    SELECT term.lexeme, documents.object_id, field.weight, count(*)
    FROM search_documents AS documents
    CROSS JOIN LATERAL unnest(documents.vector) AS term
    CROSS JOIN LATERAL unnest(term.weights) AS field(weight)
    WHERE documents.kind = :kind AND documents.vector @@ CAST(:query AS tsquery) AND term.lexeme = ANY(:stems)
    GROUP BY term.lexeme, documents.object_id, field.weight
"""
_FIELD_OF: Final = {"strong": 0, "plain": 1, "weak": 2, "A": 0, "B": 1, "C": 2}


class SearchDocument(Base):
    """What is searched of an object: the stems of three fields, separated by spaces. ``length`` counts them."""

    __tablename__ = "search_documents"
    __table_args__ = (
        UniqueConstraint("kind", "object_id"),
        CheckConstraint("length(kind) > 0", name="kind_given"),
        CheckConstraint("length >= 0", name="length_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[int]
    strong: Mapped[str] = mapped_column(Text, default="")
    plain: Mapped[str] = mapped_column(Text, default="")
    weak: Mapped[str] = mapped_column(Text, default="")
    length: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True, slots=True)
class Document:
    """The texts of an object, as people wrote them: what names it, what says what it is, what else it tells."""

    strong: str = ""
    plain: str = ""
    weak: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """How many times a document holds a stem in a field (0 strong, 1 plain, 2 weak)."""

    stem: str
    object_id: int
    field: int
    count: int


def of_the_engine(name: str | None, type_: str, parents: Mapping[str, Any]) -> bool:
    """Say whether a migration compares this part of the schema: all but what the engine keeps for itself."""
    if type_ == "table":
        return not str(name).startswith(_ENGINE_TABLES)
    return (parents.get("table_name"), name) not in _ENGINE_PARTS


def write(session: AnySession, kind: str, documents: Mapping[int, Document]) -> None:
    """Index objects by their id, in place of what was known of them; does not commit."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    statement: Any = (sqlite.insert if on_sqlite else postgresql.insert)(SearchDocument)
    renewed = {name: statement.excluded[name] for name in (*FIELDS, "length")}
    statement = statement.on_conflict_do_update(index_elements=["kind", "object_id"], set_=renewed)
    rows = [_row(kind, number, document) for number, document in documents.items()]
    for start in range(0, len(rows), _BATCH):
        session.execute(statement, rows[start : start + _BATCH])


def forget(session: AnySession, kind: str, object_ids: Iterable[int] | None = None) -> None:
    """Take objects out of the index, all of this kind where none are named; does not commit."""
    statement = delete(SearchDocument).where(SearchDocument.kind == kind)
    if object_ids is None:
        session.execute(statement)
        return
    numbers = sorted(object_ids)
    for start in range(0, len(numbers), _BATCH):
        session.execute(statement.where(SearchDocument.object_id.in_(numbers[start : start + _BATCH])))


def postings(session: AnySession, kind: str, stems: Collection[str]) -> list[Posting]:
    """Ask the engine which documents of a kind hold which of these stems; one query, none without a stem."""
    if not stems:
        return []
    asked = sorted(stems)
    if session.get_bind().dialect.name == "sqlite":
        rows = session.execute(text(_SQLITE), {"kind": kind, "stems": json.dumps(asked)})
    else:
        query = " | ".join(f"'{stem}'" for stem in asked)
        rows = session.execute(text(_POSTGRESQL), {"kind": kind, "stems": asked, "query": query})
    return [Posting(stem, number, _FIELD_OF[field], count) for stem, number, field, count in rows.all()]


def lengths(session: AnySession, kind: str) -> dict[int, int]:
    """Return how many stems each document of a kind has, by object id."""
    asked = select(SearchDocument.object_id, SearchDocument.length).where(SearchDocument.kind == kind)
    return dict(session.execute(asked).all())


def _row(kind: str, number: int, document: Document) -> dict[str, Any]:
    stems = {name: stems_of(getattr(document, name))[:LONGEST_TEXT] for name in FIELDS}
    texts = {name: " ".join(words) for name, words in stems.items()}
    return {"kind": kind, "object_id": number, "length": sum(map(len, stems.values())), **texts}
