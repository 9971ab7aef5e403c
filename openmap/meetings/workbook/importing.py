"""The import itself: everything or nothing, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from openmap.directory.models import Buyer, Organisation, Structure
from openmap.events.models import Edition, ProgrammeItem, Slot, Stand, Table
from openmap.events.services import first_categories
from openmap.meetings import planning
from openmap.meetings.models import Exclusion, Lock, Participation, Plan, Solve, Wish
from openmap.meetings.workbook.contents import Contents, Person, contents_of
from openmap.meetings.workbook.layout import SHEETS
from openmap.needs.models import Need
from openmap.needs.periods import bounds
from openmap.web.workbook.reading import Fault, WorkbookUnusable, read

if TYPE_CHECKING:
    from openmap.extensions import AnySession


class AlreadyImported(Exception):
    """The edition exists; the message says how to replace it."""


class ReplacementDeclined(AlreadyImported):
    """The organiser did not confirm that plans be lost."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came in; ``changed`` is false when the content was the same as last time."""

    slug: str
    changed: bool
    sentence: str


def import_edition(
    session: AnySession,
    source: Path,
    *,
    replace: bool,
    if_changed: bool = False,
    confirm: Callable[[str], bool] = lambda _sentence: True,
) -> ImportReport:
    """Bring an edition in from a workbook or a folder of CSV files.

    An edition that exists is only replaced with ``replace``; its plans are lost, which ``confirm`` is asked
    about. With ``if_changed`` the same content as last time changes nothing.
    Raises WorkbookUnusable with every fault, AlreadyImported or ReplacementDeclined; nothing is saved then.
    """
    contents, wishes_name = _contents(source)
    digest = hashlib.sha256(json.dumps(asdict(contents), default=str, sort_keys=True).encode()).hexdigest()
    edition = session.scalars(select(Edition).where(Edition.slug == contents.edition["slug"])).one_or_none()
    if edition is not None:
        if if_changed and edition.source_digest == digest:
            return ImportReport(
                edition.slug, changed=False, sentence=f"« {edition.title} » est déjà à jour, rien à importer."
            )
        _allow_replacement(session, edition, replace=replace, confirm=confirm)
    try:
        _save(session, contents, edition, digest, wishes_name)
    except BaseException:
        session.rollback()
        raise
    session.commit()
    return ImportReport(contents.edition["slug"], changed=True, sentence=_told(contents))


def _contents(source: Path) -> tuple[Contents, str]:
    """Return what the workbook means, and what it calls its sheet of wishes."""
    faults: list[Fault] = []
    raws = read(source, SHEETS, faults)
    contents = contents_of(raws, faults)
    if faults:
        raise WorkbookUnusable(faults)
    return contents, raws["wishes"].name


def _allow_replacement(session: AnySession, edition: Edition, *, replace: bool, confirm: Callable[[str], bool]) -> None:
    if not replace:
        raise AlreadyImported(
            f"L'édition « {edition.slug} » existe déjà : ajoutez --replace pour la remplacer, ou changez d'identifiant."
        )
    if session.scalar(select(Solve.id).where(Solve.edition_id == edition.id, Solve.state == "running").limit(1)):
        raise AlreadyImported("Un calcul est en cours pour cette édition : attendez sa fin ou arrêtez-le.")
    plans = session.scalar(select(func.count()).select_from(Plan).where(Plan.edition_id == edition.id)) or 0
    if plans and not confirm(f"Remplacer « {edition.title} » supprime ses {plans} planning(s). Continuer ?"):
        raise ReplacementDeclined("Rien n'a été changé.")


def _save(session: AnySession, contents: Contents, old: Edition | None, digest: str, wishes_name: str) -> None:
    """Write everything, then let the engine judge it; raise before anything is committed."""
    edition = _new() if old is None else _emptied(session, old)
    for name, value in {**contents.edition, "source_digest": digest}.items():
        setattr(edition, name, value)
    session.add(edition)
    session.flush()
    slots = {
        moment.name: Slot(edition_id=edition.id, code=moment.name, start=moment.start, end=moment.end, **moment.more)
        for moment in contents.slots
    }
    tables = {
        code: Table(edition_id=edition.id, code=code, label=label, position=rank)
        for rank, (code, label) in enumerate(contents.tables)
    }
    session.add_all([*slots.values(), *tables.values()])
    session.add_all(
        ProgrammeItem(edition_id=edition.id, title=item.name, start=item.start, end=item.end, **item.more)
        for item in contents.programme
    )
    session.add_all(
        Stand(edition_id=edition.id, name=name, description=description, position=rank)
        for rank, (name, description) in enumerate(contents.stands)
    )
    session.flush()
    people: dict[tuple[str, str], Participation] = {
        (person.side, person.code): _participation(session, edition, person, slots, tables)
        for person in contents.people
    }
    session.flush()
    _save_wishes(session, edition, contents, people, slots, tables)
    _save_needs(session, contents, people)
    session.flush()
    faults = planning.faults_of(planning.problem_of(session, edition))
    if faults:
        raise WorkbookUnusable([Fault(wishes_name, None, "", sentence) for sentence in faults])


def _new() -> Edition:
    """Return an edition that the public sees: what a workbook brings has been prepared elsewhere."""
    return Edition(published_at=datetime.now(UTC), categories=first_categories())


def _emptied(session: AnySession, edition: Edition) -> Edition:
    """Return the edition without what a workbook brings. Its people, mails and journal stay: they hang on its row."""
    for brought in (Solve, Plan, Wish, Participation, Slot, Table, ProgrammeItem):
        # The database drops what hangs on each: one statement, whatever the size.
        session.execute(delete(brought).where(brought.edition_id == edition.id))
    # A stand that a partner asked for on line is not the workbook's.
    session.execute(delete(Stand).where(Stand.edition_id == edition.id, Stand.person_id.is_(None)))
    session.expire_all()
    return edition


def _participation(
    session: AnySession, edition: Edition, person: Person, slots: dict[str, Slot], tables: dict[str, Table]
) -> Participation:
    participation = Participation(
        edition_id=edition.id,
        organisation=_organisation(session, person),
        code=person.code,
        side=person.side,
        table_id=tables[person.table].id if person.table else None,
        absent_slots=[slots[code] for code in person.absent],
        **person.limits,
    )
    session.add(participation)
    return participation


def _organisation(session: AnySession, person: Person) -> Organisation:
    """Return the organisation, known by its SIRET or its name, with what the workbook says of it."""
    kind = Buyer if person.side == "buyer" else Structure
    known = None
    if person.details["siret"]:
        known = session.scalars(select(kind).where(kind.siret == person.details["siret"])).one_or_none()
    if known is None:
        known = session.scalars(select(kind).where(kind.name == person.name)).one_or_none()
    if known is None:
        known = kind(name=person.name)
        session.add(known)
    for name, value in person.details.items():
        if value not in (None, ""):
            setattr(known, name, value)
    return known


def _save_wishes(
    session: AnySession,
    edition: Edition,
    contents: Contents,
    people: dict[tuple[str, str], Participation],
    slots: dict[str, Slot],
    tables: dict[str, Table],
) -> None:
    for wished in contents.wishes:
        buyer, structure = people["buyer", wished.buyer], people["structure", wished.structure]
        if wished.excluded:
            session.add(Exclusion(buyer_id=buyer.id, structure_id=structure.id))
            continue
        wish = Wish(
            edition_id=edition.id,
            code=wished.code,
            buyer_id=buyer.id,
            structure_id=structure.id,
            value=wished.value,
            required=wished.required,
            slots=[slots[code] for code in wished.slots or ()],
        )
        if wished.lock is not None:
            slot, table = wished.lock
            wish.lock = Lock(slot_id=slots[slot].id, table_id=tables[table].id if table else None)
        session.add(wish)


def _save_needs(session: AnySession, contents: Contents, people: dict[tuple[str, str], Participation]) -> None:
    now = datetime.now(UTC)
    for need in contents.needs:
        buyer_id = people["buyer", need["buyer"]].organisation_id
        known = session.scalars(
            select(Need).where(Need.buyer_id == buyer_id, Need.title == need["title"])
        ).one_or_none()
        if known is None:
            known = Need(
                buyer_id=buyer_id, title=need["title"], state="declared", visibility="public",
                created_at=now, changed_at=now, declared_at=now,
            )  # fmt: skip
            session.add(known)
        known.quarter, known.description = need["quarter"], need["description"]
        known.starts_on, known.ends_on = bounds(known.quarter) if known.quarter else (None, None)


def _told(contents: Contents) -> str:
    sides = [person.side for person in contents.people]
    return (
        f"« {contents.edition['title']} » importée : {len(contents.slots)} créneaux, {len(contents.tables)} tables, "
        f"{sides.count('buyer')} acheteurs, {sides.count('structure')} structures, {len(contents.wishes)} souhaits."
    )
