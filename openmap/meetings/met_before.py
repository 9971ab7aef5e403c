"""What the directory's search knows of editions: the structures of each that was held, as its public page has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from datetime import UTC, date, datetime

from sqlalchemy import func, select

from openmap.directory.search.met import MetAt, MetSource, register_met
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Participation
from openmap.web.french import HERE


def _today() -> date:
    return datetime.now(UTC).astimezone(HERE).date()


def _stamp(session: AnySession) -> Hashable:
    """Return what changes when an edition or its participants do."""
    asked = select(
        select(func.count()).select_from(Participation).scalar_subquery(),
        select(func.max(Participation.id)).scalar_subquery(),
        select(func.count(Edition.published_at)).scalar_subquery(),
        select(func.max(Edition.held_on)).where(Edition.held_on <= _today()).scalar_subquery(),
    )
    return tuple(session.execute(asked).one())


def _read(session: AnySession) -> list[MetAt]:
    """Return the published editions that were held, the newest first, with their structures."""
    asked = (
        select(Edition.slug, Edition.title, Participation.organisation_id)
        .join(Participation, Participation.edition_id == Edition.id)
        .where(Edition.published_at.is_not(None), Edition.held_on <= _today(), Participation.side == "structure")
        .order_by(Edition.held_on.desc(), Edition.id)
    )
    there: dict[tuple[str, str], set[int]] = defaultdict(set)
    for slug, title, structure in session.execute(asked):
        there[slug, title].add(structure)
    return [MetAt(slug, title, frozenset(ids)) for (slug, title), ids in there.items()]


register_met("meetings", MetSource(_stamp, _read))
