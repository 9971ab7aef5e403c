"""What each address of the API reads: a page of rows with how many there are, or one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.datastructures import MultiDict

from openmap.api import telling
from openmap.api.asking import AreasAsked, Asked, CommunesAsked, NeedsAsked, Paged, StructuresAsked, unknown
from openmap.directory.covering import Coverage, answers_for
from openmap.directory.models import Offer, Structure
from openmap.directory.search.finding import matching_ids
from openmap.directory.search.query import Query
from openmap.extensions import AnySession
from openmap.needs.listing import Filters, listed, whole
from openmap.needs.models import Need
from openmap.needs.queries import with_words
from openmap.reference import queries
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Label, StructureKind, Term, Trade
from openmap.reference.words import folded
from openmap.web.french import HERE

T = TypeVar("T", bound=Term)


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of a list, with how many rows there are in all."""

    rows: Sequence[BaseModel]
    total: int


def structures(session: AnySession, asked: StructuresAsked) -> Rows:
    """Return the listed structures that answer the search page's filters, best first or by number."""
    pairs = [(name, one) for name, given in _given(asked) for one in (given if isinstance(given, list) else [given])]
    query = Query.read(MultiDict(pairs))
    ids = matching_ids(session, query, today=_now().astimezone(HERE).date())
    if asked.ordre == "numero":
        ids = sorted(ids)
    shown = _page(ids, asked)
    found = {one.id: one for one in session.scalars(_whole_structures().where(Structure.id.in_(shown)))}
    return Rows([telling.structure(found[number]) for number in shown if number in found], len(ids))


def structure(session: AnySession, _asked: Asked, *, structure_id: int) -> BaseModel | None:
    """Return a listed structure by its number."""
    one = session.scalars(_whole_structures().where(Structure.id == structure_id)).one_or_none()
    return None if one is None else telling.structure(one)


def structure_by_siret(session: AnySession, _asked: Asked, *, siret: str) -> BaseModel | None:
    """Return a listed structure by its SIRET."""
    one = session.scalars(_whole_structures().where(Structure.siret == siret)).one_or_none()
    return None if one is None else telling.structure(one)


def needs(session: AnySession, asked: NeedsAsked) -> Rows:
    """Return the public needs of the eighteen months, the soonest first."""
    area = None if asked.territoire is None else _area(session, asked.territoire).id
    filters = Filters(
        words=asked.q.strip(), trade=_term(session, Trade, "filiere", asked.filiere),
        activity=_term(session, Activity, "activite", asked.activite), area=area, quarter=asked.trimestre or "",
        lever=asked.levier or "", amount=asked.montant or "",
    )  # fmt: skip
    found = listed(session, None, filters, today=_now().astimezone(HERE).date())
    shown = _page([line.id for line in found.shown], asked)
    return Rows([telling.need(one) for one in whole(session, shown)], found.total)


def need(session: AnySession, _asked: Asked, *, need_id: int) -> BaseModel | None:
    """Return a public need that is declared."""
    public = select(Need).where(Need.id == need_id, Need.state == "declared", Need.visibility == "public")
    one = session.scalars(with_words(public)).one_or_none()
    return None if one is None else telling.need(one)


def facilitators(session: AnySession, asked: Paged) -> Rows:
    """Return all facilitators, those who are away among them."""
    today = _now().astimezone(HERE).date()
    found = Coverage(session, today, ()).facilitators
    return Rows([telling.facilitator(one, today) for one in _page(found, asked)], len(found))


def facilitator(session: AnySession, _asked: Asked, *, facilitator_id: int) -> BaseModel | None:
    """Return a facilitator."""
    today = _now().astimezone(HERE).date()
    found = [one for one in Coverage(session, today, ()).facilitators if one.id == facilitator_id]
    return telling.facilitator(found[0], today) if found else None


def commune_facilitators(session: AnySession, _asked: Asked, *, code: str) -> Rows | None:
    """Return who answers for a commune today, narrowest first; nobody: a hole."""
    if queries.commune_by_code(session, code) is None:
        return None
    today = _now().astimezone(HERE).date()
    found = answers_for(session, code, today)
    return Rows([telling.answer(one, today) for one in found], len(found))


def communes(session: AnySession, asked: CommunesAsked) -> Rows:
    """Return communes of today, by name."""
    base = select(Commune).where(Commune.current_code.is_(None))
    if asked.territoire is not None:
        area = _area(session, asked.territoire)
        base = base.where(Commune.code.in_(select(AreaCommune.commune_code).where(AreaCommune.area_id == area.id)))
    if asked.q:
        found = queries.find_communes(session, asked.q) if folded(asked.q) else []
        base = base.where(Commune.code.in_([one.code for one in found]))
    total = session.scalar(select(func.count()).select_from(base.subquery())) or 0
    rows = session.scalars(
        base.options(selectinload(Commune.areas)).order_by(Commune.folded, Commune.code)
        .limit(asked.limite).offset(asked.limite * (asked.page - 1))
    )  # fmt: skip
    return Rows([telling.whole_commune(one) for one in rows], total)


def commune(session: AnySession, _asked: Asked, *, code: str) -> BaseModel | None:
    """Return the commune that a code means today, be it a former code."""
    one = queries.commune_by_code(session, code)
    return None if one is None else telling.whole_commune(one)


def areas(session: AnySession, asked: AreasAsked) -> Rows:
    """Return areas with their size."""
    found = queries.areas(session, asked.niveau)
    return Rows([telling.extent(one) for one in _page(found, asked)], len(found))


def area(session: AnySession, _asked: Asked, *, level: str, code: str) -> BaseModel | None:
    """Return an area with the codes of its communes."""
    one = queries.area_by_code(session, level, code)
    return None if one is None else telling.whole_area(one)


def activities(session: AnySession, asked: Paged) -> Rows:
    """Return the activities in use, with their trades."""
    base = select(Activity).join(Trade).where(Activity.retired_at.is_(None)).options(joinedload(Activity.trade))
    found = session.scalars(base.order_by(Trade.rank, Trade.id, Activity.rank, Activity.id)).all()
    return Rows([telling.activity(one) for one in _page(found, asked)], len(found))


def kinds(session: AnySession, asked: Paged) -> Rows:
    """Return the kinds of structure in use."""
    found: list[StructureKind] = queries.kinds(session)
    return Rows([telling.structure_kind(one) for one in _page(found, asked)], len(found))


def labels(session: AnySession, asked: Paged) -> Rows:
    """Return the labels and networks in use."""
    found: list[Label] = queries.labels(session)
    return Rows([telling.label(one) for one in _page(found, asked)], len(found))


def _now() -> datetime:
    return datetime.now(UTC)


def _page(rows: Sequence[Any], asked: Paged) -> Sequence[Any]:
    return rows[asked.limite * (asked.page - 1) : asked.limite * asked.page]


def _given(asked: StructuresAsked) -> list[tuple[str, Any]]:
    values = asked.model_dump(exclude={"page", "limite", "ordre"})
    return [(name, value) for name, value in values.items() if value]


def _area(session: AnySession, key: str) -> Area:
    level, _colon, code = key.partition(":")
    found = session.scalars(select(Area).where(Area.level == level, Area.code == code)).one_or_none()
    if found is None:
        raise unknown("territoire", key)
    return found


def _term(session: AnySession, model: type[T], parameter: str, code: str | None) -> int | None:
    if code is None:
        return None
    found = session.scalars(select(model.id).where(model.code == code)).one_or_none()
    if found is None:
        raise unknown(parameter, code)
    return found


def _whole_structures() -> Select[Structure]:
    """Select listed structures with all that is told of them, in a fixed number of statements."""
    return select(Structure).where(Structure.listed_at.is_not(None), Structure.delisted_at.is_(None)).options(
        joinedload(Structure.commune), selectinload(Structure.labels), selectinload(Structure.clients),
        selectinload(Structure.offers).options(
            joinedload(Offer.activity).joinedload(Activity.trade), selectinload(Offer.areas),
            selectinload(Offer.communes),
        ),
    )  # fmt: skip
