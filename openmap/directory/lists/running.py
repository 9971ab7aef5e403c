"""An import from its file to its report: checked first, then brought in by stretches that each are all or nothing.

A worker that dies leaves whole stretches and ``done_lines``: whoever takes the import up again goes on from there. The
stretch begins by claiming its lines, so that two workers who were given the same import never save one twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from openmap.directory.import_models import ColumnMapping, DirectoryImport, ImportDoubt, ImportFault
from openmap.directory.lists import shapes
from openmap.directory.lists.comparing import Alike, Known, Namesakes, difference, known_by_id, known_by_siret
from openmap.directory.lists.judging import Fault, Judge, Line, gathered
from openmap.directory.lists.places import Places
from openmap.directory.lists.reading import Sheet, read_list
from openmap.directory.lists.saving import Batch, Origin, save
from openmap.extensions import AnySession, insert_unless_there
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.inspecting import RefusedFile
from openmap.web.uploads import content_of

STRETCH: Final = 1_000
"""Lines that are saved together: what one lock of the database lasts (some tenths of a second)."""

ATTEMPTS: Final = 3


class RefusedImport(Exception):
    """What is asked of an import cannot be done; the message says why and what to do."""


def begin(
    session: AnySession,
    sheet: Sheet,
    *,
    digest: str,
    filename: str,
    size: int,
    media_type: str,
    source: str,
    by: Person | None,
    now: datetime,
    key: str = "",
) -> DirectoryImport:
    """Keep a list that was read. Its columns are known by its shape or by a former mapping, else are to be matched."""
    signature = shapes.signature_of(sheet.header)
    shape = shapes.recognised(sheet.header, key)
    kept = session.scalars(select(ColumnMapping).where(ColumnMapping.signature == signature)).one_or_none()
    if kept is not None and key in {"", "other"}:
        columns, told = dict(kept.columns), "other"
    elif shape is not None:
        columns, told = shapes.columns_of(sheet.header, shape), shape.key
        if shape.kind and "kind" not in columns.values():
            columns["kind"] = shape.kind
    else:
        columns, told = shapes.suggested(sheet.header), "other"
    known = (kept is not None or shape is not None) and "name" in columns.values()
    brought = DirectoryImport(
        person_id=None if by is None else by.id, state="checking" if known else "mapping",
        source=source[:200] or filename[:200], filename=filename[-200:] or "liste", media_type=media_type, size=size,
        digest=digest, sheet=sheet.name, encoding=sheet.encoding, format=told, signature=signature, columns=columns,
        all_lines=sum(1 for row in sheet.rows[1:] if row), created_at=now, counts={"listed": True},
    )  # fmt: skip
    session.add(brought)
    journal.record(session, "list.sent", brought, by=by, now=now, changes={"format": [None, told]})
    return brought


def match_columns(
    session: AnySession, brought: DirectoryImport, columns: Mapping[str, str], *, kind: str, by: Person | None,
    now: datetime,
) -> None:  # fmt: skip
    """Keep what each column holds, for this list and the next of the same header.

    Raises RefusedImport where no column is the name, or two are the same.
    """
    _require(brought, "mapping", "checked")
    chosen = {rank: name for rank, name in columns.items() if name in shapes.FIELDS}
    twice = [name for name, count in Counter(chosen.values()).items() if count > 1]
    if "name" not in chosen.values():
        raise RefusedImport(_("Dites quelle colonne donne le nom : sans lui, une ligne ne fait pas une structure."))
    if twice:
        label = shapes.FIELDS[twice[0]]
        raise RefusedImport(_("« %(field)s » est choisi pour deux colonnes : gardez-en une.", field=label))
    brought.columns = chosen | ({"kind": kind} if kind and "kind" not in chosen.values() else {})
    brought.format, brought.state, brought.done_lines = "other", "checking", 0
    mapping = session.scalars(select(ColumnMapping).where(ColumnMapping.signature == brought.signature)).one_or_none()
    if mapping is None:
        insert_unless_there(session, ColumnMapping, signature=brought.signature, name=brought.filename[:120],
                            columns=brought.columns, confirmed_at=now)  # fmt: skip
    else:
        mapping.columns, mapping.confirmed_at = brought.columns, now
    journal.record(session, "list.matched", brought, by=by, now=now, changes={})


def check(session: AnySession, import_id: int, *, now: Callable[[], datetime]) -> None:
    """Say what a list would do, and change nothing of the directory; commits as it goes, stops when it is abandoned."""
    brought = session.get_one(DirectoryImport, import_id)
    if brought.state != "checking":
        return
    try:
        sheet = _sheet_of(brought)
    except RefusedFile as refusal:
        _fail(session, brought, str(refusal))
        return
    columns = dict(brought.columns)
    lines = list(gathered(Judge(sheet, columns, Places(session)).lines()))
    namesakes = Namesakes(session)
    counts: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    faults: list[Fault] = [fault for line in lines for fault in line.faults]
    doubts: list[dict[str, Any]] = []
    done = 0
    for start in range(0, len(lines), STRETCH):
        stretch = lines[start : start + STRETCH]
        for line, known, alike in matched(session, stretch, namesakes):
            done += len(line.lines)
            state = _judged(line, known, alike, counts, fields, faults, listing=bool(brought.counts.get("listed")))
            if state == "doubtful":
                doubts += [_doubt(import_id, line, one) for one in alike]
        if not _moved(session, import_id, "checking", min(done, brought.all_lines), now()):
            return
    _keep_check(session, brought, sheet, counts, fields, faults, doubts, now())


def _judged(
    line: Line, known: Known | None, alike: list[Alike], counts: Counter[str], fields: Counter[str],
    faults: list[Fault], *, listing: bool,
) -> str:  # fmt: skip
    """Count a line under what becomes of it; return that."""
    counts["outside"] += line.outside
    if line.is_refused:
        state = "repeated" if line.repeats else "refused"
    elif known is not None and known.type != "structure":
        told = _("Ce SIRET est celui d’un acheteur de l’annuaire : la ligne est laissée de côté.")
        faults.append(Fault(line.number, "", line.values["name"][:200], told, "error"))
        state = "refused"
    elif known is not None:
        diff = difference(known, line, listing=listing)
        fields.update(list(diff.values))
        counts["kept"] += bool(diff.kept)
        if diff.kinds:
            fields["kind"] += 1
            told = _(
                "Même établissement que « %(name)s » : le type est ajouté à sa page.", name=known.values["name"][:100]
            )
            faults.append(Fault(line.number, "", line.values["name"][:200], told))
        state = "unchanged" if diff.is_empty else "changed"
    else:
        state = "doubtful" if alike else "new"
    counts[state] += 1
    return state


def matched(
    session: AnySession, lines: list[Line], namesakes: Namesakes
) -> list[tuple[Line, Known | None, list[Alike]]]:
    """Return each line with the structure that it is, else those that it may be."""
    sirets = known_by_siret(session, (line.values["siret"] for line in lines if line.values.get("siret")))
    same = {line.number: namesakes.same(line) for line in lines if not line.is_refused}
    by_id = known_by_id(session, (number for number in same.values() if number))
    found: list[tuple[Line, Known | None, list[Alike]]] = []
    for line in lines:
        known = sirets.get(line.values.get("siret", "")) or by_id.get(same.get(line.number) or 0)
        alike = [] if known is not None or line.is_refused else namesakes.alike(line)
        found.append((line, known, alike))
    return found


def _doubt(import_id: int, line: Line, alike: Alike) -> dict[str, Any]:
    values = {name: value for name, value in line.values.items() if name != "contact_email"} | {"kinds": line.kinds}
    return {
        "import_id": import_id, "line": line.number, "structure_id": alike.structure_id, "values": values,
        "reason": alike.reason[:200], "decision": None,
    }  # fmt: skip


def _keep_check(
    session: AnySession, brought: DirectoryImport, sheet: Sheet, counts: Counter[str], fields: Counter[str],
    faults: list[Fault], doubts: list[dict[str, Any]], now: datetime,
) -> None:  # fmt: skip
    session.refresh(brought)
    if brought.state != "checking":
        return
    for table in (ImportFault, ImportDoubt):
        session.execute(delete(table).where(table.import_id == brought.id))
    told = [{"import_id": brought.id, **asdict(fault)} for fault in faults]
    for start in range(0, len(told), 5_000):
        session.execute(insert(ImportFault), told[start : start + 5_000])
    if doubts:
        session.execute(insert(ImportDoubt), doubts)
    ignored = shapes.ignored(sheet.header, brought.columns)
    brought.counts = {
        "listed": brought.counts.get("listed", True), **counts, "fields": dict(fields.most_common()),
        "errors": sum(1 for fault in faults if fault.level == "error"), "faults": len(faults),
        "ignored": [title for title in ignored if shapes.title_of(title) not in shapes.TELEPHONES][:40],
        "telephones": any(shapes.title_of(title) in shapes.TELEPHONES for title in ignored), "others": sheet.others,
    }  # fmt: skip
    brought.state, brought.checked_at, brought.done_lines = "checked", now, 0
    session.commit()


def start(session: AnySession, brought: DirectoryImport, *, listing: bool, by: Person | None, now: datetime) -> None:
    """Let a checked list be brought in.

    Raises RefusedImport where it was not checked, or has begun.
    """
    session.flush()
    session.refresh(brought)
    _require(brought, "checked")
    brought.state, brought.done_lines = "importing", 0
    brought.counts = {**brought.counts, "listed": listing, "result": {}, "beat": now.isoformat()}
    journal.record(session, "list.started", brought, by=by, now=now, changes={"listed": [None, listing]})


def bring_in(
    session: AnySession, import_id: int, *, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False
) -> None:
    """Bring a checked list in, from where it stands; commits each stretch, ends early when it or we are stopped."""
    brought = session.get_one(DirectoryImport, import_id)
    if brought.state != "importing":
        return
    try:
        sheet = _sheet_of(brought)
    except RefusedFile as refusal:
        _fail(session, brought, str(refusal))
        return
    lines = [one for one in gathered(Judge(sheet, brought.columns, Places(session)).lines()) if not one.is_refused]
    decided = _decisions(session, import_id)
    namesakes = Namesakes(session, but=import_id)
    origin = Origin(import_id, brought.source, bool(brought.counts.get("listed")))
    person_id = brought.person_id
    session.rollback()
    for first in range(brought.done_lines, len(lines), STRETCH):
        stretch = lines[first : first + STRETCH]
        if stopping():
            return
        for attempt in range(ATTEMPTS):
            if not _claimed(session, import_id, first, len(stretch)):
                session.rollback()
                return
            try:
                _save_stretch(session, import_id, stretch, decided, namesakes, origin, now())
                session.commit()
                break
            except IntegrityError:  # someone made one of these pages at this very instant: it is there now
                session.rollback()
                if attempt == ATTEMPTS - 1:
                    raise
    _finish(session, import_id, person_id, now())


def _claimed(session: AnySession, import_id: int, first: int, count: int) -> bool:
    """Take the next lines for ourselves; false where someone else has, or where the import was stopped.

    The imports under way are locked first, in one order: two of them never make the same page beside each other.
    """
    under_way = select(DirectoryImport.id).where(DirectoryImport.state == "importing").order_by(DirectoryImport.id)
    session.execute(under_way.with_for_update())
    claim = update(DirectoryImport).where(
        DirectoryImport.id == import_id, DirectoryImport.state == "importing", DirectoryImport.done_lines == first
    )
    taken = session.execute(claim.values(done_lines=first + count), execution_options={"synchronize_session": False})
    return int(taken.rowcount) == 1  # type: ignore[attr-defined]


def _save_stretch(
    session: AnySession, import_id: int, stretch: list[Line], decided: Mapping[int, dict[int, str | None]],
    namesakes: Namesakes, origin: Origin, now: datetime,
) -> None:  # fmt: skip
    batch, result = Batch(), Counter[str]()
    asked = {number for line in stretch for number in decided.get(line.number, ())}
    told_same = known_by_id(session, asked)
    for line, known, alike in matched(session, stretch, namesakes):
        there = known
        if there is None and line.number in decided:
            answers = decided[line.number]
            same = [number for number, answer in answers.items() if answer == "same"]
            there = told_same.get(same[0]) if same else None
            if there is None and any(answer != "different" for answer in answers.values()):
                result["left_out"] += 1
                continue
        elif there is None and alike:  # someone made it since the check
            result["left_out"] += 1
            continue
        if there is None:
            batch.new.append(line)
            result["new"] += 1
        elif there.type != "structure":
            result["left_out"] += 1
        else:
            diff = difference(there, line, listing=origin.listing)
            batch.changed.append((there, diff))
            result["unchanged" if diff.is_empty else "changed"] += 1
    save(session, batch, origin, now=now)
    row = session.get_one(DirectoryImport, import_id, populate_existing=True)
    before = Counter(row.counts.get("result", {}))
    row.counts = {**row.counts, "result": dict(before + result), "beat": now.isoformat()}


def _decisions(session: AnySession, import_id: int) -> dict[int, dict[int, str | None]]:
    found: dict[int, dict[int, str | None]] = {}
    asked = select(ImportDoubt.line, ImportDoubt.structure_id, ImportDoubt.decision)
    for line, structure_id, decision in session.execute(asked.where(ImportDoubt.import_id == import_id)):
        found.setdefault(line, {})[structure_id] = decision
    return found


def _finish(session: AnySession, import_id: int, person_id: int | None, now: datetime) -> None:
    journal.lock(session)
    brought = session.get_one(DirectoryImport, import_id, populate_existing=True)
    if brought.state != "importing":
        session.rollback()
        return
    brought.state, brought.done_at, brought.done_lines = "done", now, brought.all_lines
    result = brought.counts.get("result", {})
    changes: dict[str, list[Any]] = {name: [None, result.get(name, 0)] for name in ("new", "changed", "unchanged")}
    by = None if person_id is None else session.get(Person, person_id)
    journal.record(session, "list.imported", brought, by=by, now=now, changes=changes)
    session.commit()


def abandon(session: AnySession, brought: DirectoryImport, *, by: Person | None, now: datetime) -> None:
    """Stop an import for good: what is in stays in, the rest is left.

    Raises RefusedImport where it is over.
    """
    session.flush()
    session.refresh(brought)
    _require(brought, "mapping", "checking", "checked", "importing")
    brought.state = "abandoned"
    journal.record(session, "list.abandoned", brought, by=by, now=now, changes={})


def unfinished(session: AnySession, *, before: datetime) -> list[tuple[int, str]]:
    """Return the imports whose job has given no sign since ``before``, with their state: a worker takes them up."""
    asked = select(DirectoryImport).where(DirectoryImport.state.in_(("checking", "importing")))
    rows = session.scalars(asked.order_by(DirectoryImport.id)).all()
    return [(one.id, one.state) for one in rows if last_sign(one) < before]


def last_sign(brought: DirectoryImport) -> datetime:
    """Return when an import's job last told where it is."""
    told = brought.counts.get("beat")
    return datetime.fromisoformat(told).astimezone(UTC) if told else brought.created_at


def _moved(session: AnySession, import_id: int, state: str, done: int, now: datetime) -> bool:
    """Tell where a check is; false where it was abandoned. Commits."""
    session.rollback()
    row = session.get_one(DirectoryImport, import_id, populate_existing=True)
    if row.state != state:
        return False
    row.done_lines, row.counts = done, {**row.counts, "beat": now.isoformat()}
    session.commit()
    return True


def _sheet_of(brought: DirectoryImport) -> Sheet:
    try:
        content = content_of(brought.digest)
    except OSError:
        raise RefusedFile(_("Le fichier n’est plus là : envoyez-le de nouveau.")) from None
    return read_list(content, brought.filename, brought.sheet)


def _fail(session: AnySession, brought: DirectoryImport, why: str) -> None:
    brought.state, brought.failure = "failed", why[:500]
    session.commit()


def _require(brought: DirectoryImport, *states: str) -> None:
    if brought.state not in states:
        raise RefusedImport(_("Cet import n’en est plus là : relisez où il en est, puis recommencez."))
