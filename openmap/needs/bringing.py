"""A purchase plan brought in: begun, its columns and words confirmed and learned, its needs made, all undone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import defer

from openmap.directory.models import Buyer
from openmap.extensions import AnySession
from openmap.needs.guessing import FIELDS, SEVERAL, Guess, guess_columns
from openmap.needs.judging import judge
from openmap.needs.models import VISIBILITIES, WORD_KINDS, LearnedWord, Need, NeedChange, NeedImport
from openmap.needs.plan_lines import Judged, Line, key_of, same_need
from openmap.needs.recognising import Vocabulary, load_vocabulary
from openmap.needs.services import missing_in, today_of
from openmap.needs.sheets import Grid, lines_of
from openmap.needs.telling import CONTACT, held
from openmap.people import journal
from openmap.people.models import Person
from openmap.reference.models import Commune

OPTIONS: Final[Mapping[str, str]] = {
    "state": "draft",
    "visibility": "participants",
    "doubles": "",
    "contact": "1",
    "place": "",
}
"""What is chosen for all lines together, kept among the values as « option:name », and what it is at first."""

REPORT: Final = "report:lines"
"""Among the values of an import that is done: what became of each line, as JSON."""

REMEMBERED: Final = 20
"""So many former imports of the buyer are asked for what it confirmed itself."""


class RefusedPlan(Exception):
    """What is asked of an import cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was confirmed before: by this buyer in its own plans, by any in theirs; « kind:text » → meaning."""

    own: Mapping[str, str]
    learned: Mapping[str, str]

    def of(self, brought: NeedImport, key: str) -> str | None:
        """Return what a key means in an import: as typed there, as the buyer meant it before, as others do."""
        for source in (brought.values, self.own, self.learned):
            if key in source:
                return source[key]
        return None


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo has done: how many drafts it removed and needs it withdrew, and those kept as they changed since."""

    removed: int
    withdrawn: int
    kept: list[Need]


def begin(session: AnySession, buyer: Buyer, grid: Grid, filename: str, *, by: Person, now: datetime) -> NeedImport:
    """Keep a plan that was read; its columns are to be confirmed, unless each is known from a former plan."""
    brought = NeedImport(
        buyer=buyer, person=by, filename=filename[-200:] or "plan", sheet=grid.sheet, first_line=grid.first_line,
        rows=grid.rows, columns={}, values={}, created_at=now, state="columns",
    )  # fmt: skip
    session.add(brought)
    journal.record(session, "import.begun", brought, by=by, now=now, changes={})
    memory = memory_of(session, buyer.id)
    guesses = guesses_of(brought, memory)
    brought.columns = {str(rank): guess.field for rank, guess in enumerate(guesses)}
    if all(guess.how == "own" for guess in guesses) and "title" in brought.columns.values():
        brought.state = "values"
    session.flush()
    return brought


def memory_of(session: AnySession, buyer_id: int) -> Memory:
    """Return what was confirmed before."""
    asked = (
        select(NeedImport.values)
        .where(NeedImport.buyer_id == buyer_id, NeedImport.state.in_(("done", "undone")))
        .order_by(NeedImport.id.desc())
        .limit(REMEMBERED)
    )
    own: dict[str, str] = {}
    for values in session.scalars(asked):
        own = {key: value for key, value in values.items() if not key.startswith(("option:", "report:"))} | own
    rows = session.execute(select(LearnedWord.kind, LearnedWord.text, LearnedWord.meaning))
    return Memory(own, {f"{kind}:{text}": meaning for kind, text, meaning in rows})


def guesses_of(brought: NeedImport, memory: Memory) -> list[Guess]:
    """Return what each column is taken for."""
    cells = [row for _line, row in lines_of(brought.rows, brought.first_line)][:50]
    named = [
        {key.partition(":")[2]: value for key, value in source.items() if key.startswith("column:")}
        for source in (memory.own, memory.learned)
    ]
    return guess_columns(brought.rows[0], cells, *named)


def confirm_columns(session: AnySession, brought: NeedImport, columns: Mapping[int, str]) -> None:
    """Keep what each column is.

    Raises RefusedPlan where none is the title, where two are the same, or where the import is done.
    """
    _hold(session, brought)
    _require_open(brought)
    brought.columns = {str(rank): columns.get(rank, "") for rank in range(len(brought.rows[0]))}
    chosen = [name for name in brought.columns.values() if name]
    if "title" not in chosen:
        raise RefusedPlan(
            _("Dites quelle colonne donne l’objet de l’achat : sans lui, une ligne ne fait pas un besoin.")
        )
    twice = next((name for name in chosen if chosen.count(name) > 1 and name not in SEVERAL), None)
    if twice is not None:
        raise RefusedPlan(_("« %(field)s » est choisi pour deux colonnes : gardez-en une.", field=FIELDS[twice]))
    brought.state = "values"
    session.flush()


def judged(session: AnySession, brought: NeedImport, memory: Memory, vocabulary: Vocabulary, *, today: date) -> Judged:
    """Return what the plan makes as it is confirmed so far."""
    asked = select(Need.id, Need.title, Need.starts_on, Need.ends_on).where(
        Need.buyer_id == brought.buyer_id, Need.state != "withdrawn"
    )
    there = {same_need(title, starts, ends): number for number, title, starts, ends in session.execute(asked)}
    columns = {int(rank): name for rank, name in brought.columns.items()}
    return judge(
        brought.rows,
        brought.first_line,
        columns,
        lambda key: memory.of(brought, key),
        vocabulary,
        today=today,
        there=there,
        doubles=bool(option(brought, "doubles")),
    )


def option(brought: NeedImport, name: str) -> str:
    """Return what is chosen for all lines together."""
    return brought.values.get(f"option:{name}", OPTIONS[name])


def keep_values(session: AnySession, brought: NeedImport, answers: Mapping[str, str]) -> None:
    """Keep what was answered so far (« kind:text » → meaning, « option:name » → choice).

    Raises RefusedPlan where the import is done.
    """
    _hold(session, brought)
    _require_open(brought)
    brought.values = {**brought.values, **answers}
    session.flush()


def bring_in(session: AnySession, brought: NeedImport, *, by: Person, now: datetime) -> Judged:
    """Make the needs of a plan whose every word is known, and learn what was confirmed: all of it, or nothing.

    Raises RefusedPlan where something is still to be confirmed, or where the import is done.
    """
    _hold(session, brought)
    _require_open(brought)
    memory, vocabulary = memory_of(session, brought.buyer_id), load_vocabulary(session)
    made = judged(session, brought, memory, vocabulary, today=today_of(now))
    if made.questions:
        raise RefusedPlan(_("Des valeurs restent à confirmer : répondez-y, ou laissez-les vides."))
    taken = made.lines
    places = _communes(session, taken)
    needs = [_need(brought, line, vocabulary, places, by=by, now=now) for line in taken]
    session.add_all(needs)
    session.flush()
    learned = _learn(session, brought, memory, now=now)
    report = {
        "lines": [[line.number, need.id, need.state] for line, need in zip(taken, needs, strict=True)],
        "there": [] if option(brought, "doubles") else [list(one) for one in made.there],
        "faults": [asdict(fault) for fault in made.faults],
        "total": made.total,
        "learned": learned,
    }
    brought.values = {**brought.values, REPORT: json.dumps(report, ensure_ascii=False)}
    brought.state, brought.done_at = "done", now
    declared = sum(1 for need in needs if need.state == "declared")
    changes: dict[str, list[Any]] = {"needs": [None, len(needs)], "declared": [None, declared]}
    journal.record(session, "import.done", brought, by=by, now=now, changes=changes)
    return made


def report_of(brought: NeedImport) -> dict[str, Any]:
    """Return what became of each line, as it was told when the import was done; empty once it is forgotten."""
    report: dict[str, Any] = json.loads(brought.values.get(REPORT, "{}"))
    return report


def undo(session: AnySession, brought: NeedImport, *, by: Person, now: datetime) -> Undone:
    """Take back what a plan has made: drafts are removed, declared needs withdrawn; those changed since are kept.

    Undoing twice changes nothing. Raises RefusedPlan where nothing was imported yet.
    """
    _hold(session, brought)
    if brought.state not in {"done", "undone"}:
        raise RefusedPlan(_("Cet import n’est pas terminé : il n’y a rien à annuler."))
    mine = select(Need).where(Need.import_id == brought.id).order_by(Need.id)
    if brought.state == "undone":
        return Undone(0, 0, [need for need in session.scalars(mine) if need.state != "withdrawn"])
    drafts, withdrawn, kept = list[int](), 0, list[Need]()
    for need in session.scalars(mine).all():
        if need.version != 1:
            kept.append(need)
        elif need.state == "draft":
            drafts.append(need.id)
        else:  # others may have read it: it leaves the lists, and its page says so
            need.state, need.version, need.changed_at = "withdrawn", 2, now
            session.add(NeedChange(need_id=need.id, kind="withdrawn", at=now, changes={}))
            withdrawn += 1
    session.flush()
    session.execute(delete(Need).where(Need.id.in_(drafts)))  # one statement: the database lets their rows go with them
    brought.state, brought.undone_at = "undone", now
    changes: dict[str, list[Any]] = {"needs": [len(drafts) + withdrawn + len(kept), len(kept)]}
    journal.record(session, "import.undone", brought, by=by, now=now, changes=changes)
    return Undone(len(drafts), withdrawn, kept)


def abandon(session: AnySession, brought: NeedImport, *, by: Person, now: datetime) -> None:
    """Forget a plan that made no need yet.

    Raises RefusedPlan where it did.
    """
    _hold(session, brought)
    _require_open(brought)
    journal.record(session, "import.abandoned", brought, by=by, now=now, changes={})
    session.delete(brought)
    session.flush()


def imports_of(session: AnySession, buyer: Buyer) -> list[tuple[NeedImport, int]]:
    """Return a buyer's imports, newest first, each with how many needs it has left; their cells are not loaded."""
    counted = select(Need.import_id, func.count().label("count")).group_by(Need.import_id).subquery()
    asked = (
        select(NeedImport, func.coalesce(counted.c.count, 0))
        .outerjoin(counted, counted.c.import_id == NeedImport.id)
        .where(NeedImport.buyer_id == buyer.id)
        .options(defer(NeedImport.rows), defer(NeedImport.values), defer(NeedImport.columns))
        .order_by(NeedImport.id.desc())
        .limit(30)
    )
    return [(row[0], row[1]) for row in session.execute(asked)]


def _need(
    brought: NeedImport, line: Line, words: Vocabulary, communes: Mapping[str, Commune], *, by: Person, now: datetime
) -> Need:
    given = dict(line.values)
    places = given.pop("places") or [one for one in [option(brought, "place")] if one]
    activities = given.pop("activities")
    if option(brought, "contact") and not any(given[name] for name in CONTACT):
        given |= {"contact_name": by.name, "contact_email": by.email or "", "contact_phone": by.phone}
    given |= {
        name: given[name] or default
        for name, default in (("lever", "none"), ("certainty", "probable"), ("recurrence", "once"))
    }
    visibility = option(brought, "visibility")
    need = Need(
        buyer_id=brought.buyer_id, person_id=by.id, import_id=brought.id, created_at=now, changed_at=now, version=1,
        state="draft", visibility=visibility if visibility in VISIBILITIES else OPTIONS["visibility"], **given,
    )  # fmt: skip
    need.activities = [words.activity_by_code[code] for code in activities]
    need.areas = [words.area_by_key[key] for key in places if key in words.area_by_key]
    need.communes = [communes[key] for key in places if key in communes]
    if option(brought, "state") == "declared" and not missing_in(held(need), today_of(now), window=True):
        need.state, need.declared_at = "declared", now
        need.log.append(NeedChange(kind="declared", at=now, changes={}))
    return need


def _communes(session: AnySession, lines: list[Line]) -> dict[str, Commune]:
    codes = {key.partition(":")[2] for line in lines for key in line.values["places"] if key.startswith("commune:")}
    found = session.scalars(select(Commune).where(Commune.code.in_(codes))) if codes else ()
    return {f"commune:{one.code}": one for one in found}


def _learn(session: AnySession, brought: NeedImport, memory: Memory, *, now: datetime) -> int:
    """Keep for the next plan what was confirmed in this one; return how many words are new to us.

    A word that others confirmed more often keeps the meaning they gave it; for the buyer itself its own counts.
    """
    titles = {key_of("column", title): brought.columns.get(str(rank), "") for rank, title in enumerate(brought.rows[0])}
    brought.values = {**brought.values, **titles}
    confirmed = {key: value for key, value in brought.values.items() if key.partition(":")[0] in WORD_KINDS}
    new = sum(1 for key in confirmed if key not in memory.own and key not in memory.learned)
    shared = {tuple(key.split(":", 1)): value for key, value in confirmed.items() if value and key.partition(":")[2]}
    texts = {text for _kind, text in shared}
    known = {
        (word.kind, word.text): word for word in session.scalars(select(LearnedWord).where(LearnedWord.text.in_(texts)))
    }
    for (kind, text), meaning in shared.items():
        word = known.get((kind, text))
        if word is None:
            session.add(LearnedWord(kind=kind, text=text, meaning=meaning, confirmed=1, changed_at=now))
        elif word.meaning == meaning:
            word.confirmed, word.changed_at = word.confirmed + 1, now
        elif word.confirmed > 1:
            word.confirmed, word.changed_at = word.confirmed - 1, now
        else:
            word.meaning, word.changed_at = meaning, now
    return new


def _require_open(brought: NeedImport) -> None:
    if brought.state not in {"columns", "values"}:
        raise RefusedPlan(_("Cet import est déjà terminé : rien n’a été refait."))


def _hold(session: AnySession, brought: NeedImport) -> None:
    """Keep every other transaction from this import until ours ends, and read it as it is now."""
    journal.lock(session)
    taken = update(NeedImport).where(NeedImport.id == brought.id).values(state=NeedImport.state)
    session.execute(taken.execution_options(synchronize_session=False))
    session.refresh(brought)
