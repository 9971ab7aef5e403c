"""Verbs about the jury: its settings and its criteria, copied from an edition to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from openmap.events.models import Edition
from openmap.events.services import register_copy
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.models import HIGHEST_MARK, PICKS, Criterion, Jury, Score
from openmap.pitches.queries import criteria_of
from openmap.pitches.starting import STARTING_CRITERIA

READERS: Final = 3
SETTINGS: Final = ("readers", "picks", "comment_under", "chair_id")


class RefusedJury(Exception):
    """The jury cannot be set up so; the sentence says why and what to do."""


def keep_jury(session: AnySession, edition: Edition) -> Jury:
    """Return the jury's row, made with the house's settings where there is none yet."""
    known = session.get(Jury, edition.id)
    if known is not None:
        return known
    statement = {"edition_id": edition.id, "readers": READERS, "picks": PICKS, "comment_under": 1, "stage": "blind"}
    session.add(Jury(**statement))
    session.flush()
    return session.get_one(Jury, edition.id)


def change_settings(
    session: AnySession, edition: Edition, values: Mapping[str, Any], *, by: Person, now: datetime
) -> Jury:
    """Change readers, picks, the threshold of comments and the chair.

    Raises RefusedJury once decisions have left, and for the threshold once a mark was given.
    """
    jury = keep_jury(session, edition)
    if jury.stage == "released":
        raise RefusedJury("Les décisions sont parties : les réglages du jury ne changent plus.")
    if values["comment_under"] != jury.comment_under and has_marks(session, edition.id):
        raise RefusedJury(
            "Des notes sont déjà données : le seuil des commentaires ne change plus, pour que chaque juré suive la "
            "même règle."
        )
    for name in SETTINGS:
        setattr(jury, name, values[name])
    changes = journal.changes_of(jury, *SETTINGS)
    if changes:
        _record(session, "jury.changed", edition, by=by, now=now, changes=changes)
    session.flush()
    return jury


def has_marks(session: AnySession, edition_id: int) -> bool:
    """Say whether a juror has given a mark: from then on the criteria stay what they are."""
    asked = select(func.count(Score.id)).join(Criterion).where(Criterion.edition_id == edition_id)
    return bool(session.scalar(asked))


def begin_with_ours(session: AnySession, edition: Edition, *, by: Person, now: datetime) -> None:
    """Give an edition without criteria those of the house, to be changed at will.

    Raises RefusedJury where there are some.
    """
    keep_jury(session, edition)
    if criteria_of(session, edition.id):
        raise RefusedJury("Cette édition a déjà des critères : modifiez-les un à un.")
    for rank, one in enumerate(STARTING_CRITERIA):
        session.add(Criterion(edition_id=edition.id, position=rank, **one))
    session.flush()
    names = [str(one["name"]) for one in STARTING_CRITERIA]
    _record(session, "jury.criteria", edition, by=by, now=now, changes={"criteria": [None, names]})


def add_criterion(
    session: AnySession, edition: Edition, values: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """Add a criterion at the end.

    Raises RefusedJury once a mark was given, and where the name is taken.
    """
    keep_jury(session, edition)
    _require_no_marks(session, edition.id)
    last = max((one.position for one in criteria_of(session, edition.id)), default=-1)
    session.add(Criterion(edition_id=edition.id, position=last + 1, **values))
    _flushed(session)
    changes = {"criterion": [None, told(values["name"], values["weight"])]}
    _record(session, "jury.criteria", edition, by=by, now=now, changes=changes)


def change_criterion(
    session: AnySession, edition: Edition, criterion: Criterion, values: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """Change a criterion; once a mark was given, its help only.

    Raises RefusedJury.
    """
    if any(values[name] != getattr(criterion, name) for name in ("name", "weight", "words")):
        _require_no_marks(session, edition.id)
    before = told(criterion.name, criterion.weight)
    for name, value in values.items():
        setattr(criterion, name, value)
    _flushed(session)
    changes = {"criterion": [before, told(criterion.name, criterion.weight)]}
    _record(session, "jury.criteria", edition, by=by, now=now, changes=changes)


def remove_criterion(session: AnySession, edition: Edition, criterion: Criterion, *, by: Person, now: datetime) -> None:
    """Remove a criterion.

    Raises RefusedJury once a mark was given.
    """
    _require_no_marks(session, edition.id)
    changes = {"criterion": [told(criterion.name, criterion.weight), None]}
    session.delete(criterion)
    session.flush()
    _record(session, "jury.criteria", edition, by=by, now=now, changes=changes)


def told(name: str, weight: int) -> str:
    """Write a criterion with its weight as the journal keeps it."""
    return f"{name} (coefficient {weight})"


def formula(criteria: list[Criterion]) -> str:
    """Write in words how a file's score is made; the page of the ranking counts so."""
    terms = " + ".join(f"{one.weight} × {one.name}" if one.weight > 1 else one.name for one in criteria)
    total = sum(one.weight for one in criteria)
    whole = f"({terms}) ÷ {total}" if total > 1 else terms
    return f"Note d’un dossier = {whole}, de 0 à {HIGHEST_MARK}."


def copy_jury(session: AnySession, model: Edition, edition: Edition, now: datetime) -> None:
    """Give a copied edition the settings and criteria of its model; people, the chair among them, are not copied."""
    del now
    known = session.get(Jury, model.id)
    if known is not None:
        insert = {"readers": known.readers, "picks": known.picks, "comment_under": known.comment_under}
        session.add(Jury(edition_id=edition.id, **insert))
    for one in criteria_of(session, model.id):
        session.add(
            Criterion(
                edition_id=edition.id, position=one.position, name=one.name, help=one.help, weight=one.weight,
                words=list(one.words),
            )
        )  # fmt: skip
    session.flush()


def _require_no_marks(session: AnySession, edition_id: int) -> None:
    if has_marks(session, edition_id):
        raise RefusedJury(
            "Des notes sont déjà données : les critères ne changent plus, pour que tous les dossiers soient jugés de "
            "la même manière. Seule l’aide d’un critère peut être précisée."
        )


def _flushed(session: AnySession) -> None:
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise RefusedJury("Un critère porte déjà ce nom : choisissez-en un autre.") from None


def _record(
    session: AnySession, action: str, edition: Edition, *, by: Person, now: datetime, changes: dict[str, list[Any]]
) -> None:
    journal.record(session, action, edition, by=by, now=now, edition_id=edition.id, changes=changes)


register_copy("jury", copy_jury)
