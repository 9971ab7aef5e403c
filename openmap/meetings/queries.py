"""Reads of participations, wishes, plans and runs, each in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload, with_polymorphic

from openmap.directory.models import Organisation, Structure
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Meeting, Participation, Plan, Release, Solve, Wish
from openmap.needs.models import Need
from openmap.web.french import sort_key


def buyers_and_structures(session: AnySession, edition: Edition) -> tuple[list[Participation], list[Participation]]:
    """Return both sides of an edition, each sorted by name."""
    organisation = with_polymorphic(Organisation, [Structure], flat=True)
    people = session.scalars(
        select(Participation)
        .where(Participation.edition_id == edition.id)
        .options(joinedload(Participation.organisation.of_type(organisation)), joinedload(Participation.table))
    ).all()
    ordered = sorted(people, key=lambda person: sort_key(person.organisation.name))
    return (
        [person for person in ordered if person.side == "buyer"],
        [person for person in ordered if person.side == "structure"],
    )


def side_counts(session: AnySession, edition: Edition) -> dict[str, int]:
    """Return how many take part on each side."""
    rows = session.execute(
        select(Participation.side, func.count())
        .where(Participation.edition_id == edition.id)
        .group_by(Participation.side)
    )
    return {side: count for side, count in rows}  # noqa: C416 - rows are not pairs to the type checker


def needs_of(
    session: AnySession, buyers: Sequence[Participation], *, visible: Sequence[str] = ("public",)
) -> dict[int, list[Need]]:
    """Return the declared needs of each buyer by its organisation's id, of the visibilities named."""
    needs: dict[int, list[Need]] = defaultdict(list)
    wanted = [buyer.organisation_id for buyer in buyers]
    declared = select(Need).where(Need.buyer_id.in_(wanted), Need.state == "declared", Need.visibility.in_(visible))
    for need in session.scalars(declared.order_by(Need.starts_on, Need.title)):
        needs[need.buyer_id].append(need)
    return needs


def wishes_of(session: AnySession, edition: Edition) -> list[Wish]:
    """Return the wishes of an edition, the most valuable first."""
    return list(
        session.scalars(
            select(Wish)
            .where(Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None))
            .order_by(Wish.value.desc(), Wish.code)
        )
    )


def plans_of(session: AnySession, edition: Edition) -> list[Plan]:
    """Return every version of the plan, newest first."""
    return list(session.scalars(select(Plan).where(Plan.edition_id == edition.id).order_by(Plan.version.desc())))


def plan_of_version(session: AnySession, edition: Edition, version: int) -> Plan | None:
    """Return one version of an edition's plan."""
    return session.scalars(select(Plan).where(Plan.edition_id == edition.id, Plan.version == version)).one_or_none()


def plan_before(session: AnySession, plan: Plan) -> Plan | None:
    """Return the version that ``plan`` comes after."""
    return session.scalars(
        select(Plan)
        .where(Plan.edition_id == plan.edition_id, Plan.version < plan.version)
        .order_by(Plan.version.desc())
        .limit(1)
    ).one_or_none()


def participation_by_code(session: AnySession, plan: Plan, code: str) -> Participation | None:
    """Return the participant of a plan's edition that has this code."""
    return session.scalars(
        select(Participation).where(Participation.edition_id == plan.edition_id, Participation.code == code)
    ).one_or_none()


def participants_by_name(session: AnySession, edition: Edition) -> list[tuple[str, str]]:
    """Return the code and the name of everyone who takes part, by name."""
    rows = session.execute(
        select(Participation.code, Organisation.__table__.c.name)
        .join(Organisation.__table__, Organisation.__table__.c.id == Participation.organisation_id)
        .where(Participation.edition_id == edition.id)
    )
    return sorted(((code, name) for code, name in rows), key=lambda row: sort_key(row[1]))


def newest_meeting_count(session: AnySession, edition: Edition) -> int | None:
    """Return how many interviews the newest plan holds; ``None`` while there is no plan."""
    newest = (
        select(Plan.id).where(Plan.edition_id == edition.id).order_by(Plan.version.desc()).limit(1).scalar_subquery()
    )
    row = session.execute(select(newest, func.count(Meeting.id)).where(Meeting.plan_id == newest)).one()
    return None if row[0] is None else int(row[1])


def released_meeting_count(session: AnySession, edition: Edition) -> int | None:
    """Return how many interviews the newest published release holds; ``None`` while none is published.

    Drafts are the organisers' own: what the public reads never tells of them.
    """
    published = select(Release.plan_id).where(Release.edition_id == edition.id, Release.published_at.is_not(None))
    current = published.order_by(Release.number.desc()).limit(1).scalar_subquery()
    row = session.execute(select(current, func.count(Meeting.id)).where(Meeting.plan_id == current)).one()
    return None if row[0] is None else int(row[1])


def meeting_counts(session: AnySession, plans: Sequence[Plan]) -> dict[int, int]:
    """Return the number of interviews of each plan by its id."""
    wanted = [plan.id for plan in plans]
    rows = session.execute(
        select(Meeting.plan_id, func.count()).where(Meeting.plan_id.in_(wanted)).group_by(Meeting.plan_id)
    )
    return {plan_id: count for plan_id, count in rows}  # noqa: C416 - rows are not pairs to the type checker


def solves_of(session: AnySession, edition: Edition) -> list[Solve]:
    """Return the runs of an edition, newest first, with the plan each has made."""
    return list(
        session.scalars(
            select(Solve)
            .where(Solve.edition_id == edition.id)
            .order_by(Solve.id.desc())
            .options(selectinload(Solve.plan))
        )
    )


def newest_solve(session: AnySession, edition: Edition) -> Solve | None:
    """Return the last run asked for."""
    return session.scalars(
        select(Solve).where(Solve.edition_id == edition.id).order_by(Solve.id.desc()).limit(1)
    ).one_or_none()


def solve_of(session: AnySession, edition: Edition, solve_id: int) -> Solve | None:
    """Return one run of this edition with its plan."""
    return session.scalars(
        select(Solve).where(Solve.edition_id == edition.id, Solve.id == solve_id).options(selectinload(Solve.plan))
    ).one_or_none()
