"""Verbs about words: an administrator adds one, changes one, retires one. A code is never reused nor deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from openmap.extensions import AnySession, insert_unless_there
from openmap.people import journal
from openmap.people.models import Person
from openmap.reference.models import VOCABULARIES, Activity, Term, Trade
from openmap.reference.words import folded

LONGEST_CODE: Final = 60


class RefusedWord(Exception):
    """The word cannot be kept as it is; ``field`` is where, the sentence says what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ChangedMeanwhile(RefusedWord):
    """Someone else changed the word since it was opened."""

    def __init__(self) -> None:
        super().__init__(
            "name", "Quelqu’un d’autre a modifié cette entrée entre-temps : rouvrez-la, puis reportez vos changements."
        )


def change(
    session: AnySession, term: Term, values: Mapping[str, Any], *, version: int, by: Person, now: datetime
) -> bool:
    """Change a word that was read at ``version``; return whether anything differs.

    Raises ChangedMeanwhile, and RefusedWord where a replacement is missing, retired or the word itself.
    """
    model = type(term)
    _require_replacement(session, term, values.get("replaced_by"))
    different = {name: value for name, value in values.items() if getattr(term, name) != value}
    if not different:
        return False
    held = update(model).where(model.id == term.id, model.version == version).values(version=version + 1)
    if session.execute(held, execution_options={"synchronize_session": False}).rowcount != 1:  # type: ignore[attr-defined]
        raise ChangedMeanwhile
    session.refresh(term)
    for name, value in different.items():
        setattr(term, name, value)
    term.edited_at = now
    journal.record(session, "word.changed", term, by=by, now=now, changes=journal.changes_of(term, *different))
    return True


def add(session: AnySession, vocabulary: str, values: Mapping[str, Any], *, by: Person, now: datetime) -> Term:
    """Add a word; its code is made of its name and stays for good.

    Raises RefusedWord when a word of that code is or was there.
    """
    model = VOCABULARIES[vocabulary]
    code = "-".join(folded(values["name"]).split())[:LONGEST_CODE]
    if model is Activity:
        trade = session.get(Trade, values["trade_id"])
        code = f"{trade.code if trade else ''}.{code}"[:LONGEST_CODE]
    if insert_unless_there(session, model, code=code, rank=_next_rank(session, model), edited_at=now, **values) is None:
        raise RefusedWord("name", f"Le code « {code} », tiré de ce nom, existe déjà : modifiez cette entrée-là.")
    term = session.scalars(select(model).where(model.code == code)).one()
    changes = {"code": [None, code], "name": [None, values["name"]]}
    journal.record(session, "word.added", term, by=by, now=now, changes=changes)
    return term


def _require_replacement(session: AnySession, term: Term, code: str | None) -> None:
    if not code:
        return
    model = type(term)
    other = session.scalars(select(model).where(model.code == code)).one_or_none()
    if other is None or other.retired_at is not None or other.code == term.code:
        raise RefusedWord("replaced_by", "Choisissez une autre entrée, en usage, pour remplacer celle-ci.")


def _next_rank(session: AnySession, model: type[Term]) -> int:
    last = session.scalars(select(model.rank).order_by(model.rank.desc())).first()
    return 0 if last is None else last + 1
