"""The working plan: the one version of an edition's plan that organisers correct, release and publish."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import CursorResult, func, insert, select, update

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Desk, Meeting, Plan, UnservedWish
from openmap.people import journal
from openmap.people.models import JournalEntry, Person

COUNTED: tuple[str, ...] = ("solve", "repair", "hand", "restored")
"""The kinds of plan that can be worked on: the others are frozen or suppose another edition."""


class RefusedPlan(Exception):
    """What is asked of a plan cannot be done; the message is for the organiser."""


class FrozenPlan(RefusedPlan):
    """A release never changes."""

    def __init__(self) -> None:
        super().__init__(
            _("Cette version est figée : restaurez-la pour la reprendre, ou corrigez le planning en cours.")
        )


class ChangedMeanwhile(RefusedPlan):
    """Someone else has changed the plan since it was shown; the message says what they did."""


def working_plan(session: AnySession, edition: Edition) -> Plan | None:
    """Return the plan that is worked on: the one chosen, else the newest that can be."""
    chosen = select(Plan).join(Desk, Desk.plan_id == Plan.id).where(Desk.edition_id == edition.id)
    plan = session.scalars(chosen).one_or_none()
    if plan is not None:
        return plan
    newest = select(Plan).where(Plan.edition_id == edition.id, Plan.kind.in_(COUNTED))
    return session.scalars(newest.order_by(Plan.version.desc()).limit(1)).one_or_none()


def choose(session: AnySession, edition: Edition, plan: Plan, *, by: Person | None, now: datetime) -> None:
    """Make ``plan`` the one that is worked on.

    Raises RefusedPlan for another edition's plan and for one that supposes what is not so, FrozenPlan for a release.
    """
    if plan.frozen_at is not None:
        raise FrozenPlan
    if plan.edition_id != edition.id or plan.kind not in COUNTED:
        raise RefusedPlan(_("Cette version ne peut pas devenir le planning en cours : elle suppose une autre édition."))
    journal.lock(session)
    desk = session.get(Desk, edition.id)
    before = desk.plan if desk is not None else None
    if desk is None:
        desk = Desk(edition_id=edition.id, changed_at=now)
        session.add(desk)
    desk.plan_id, desk.changed_at = plan.id, now
    versions = [before.version if before is not None else None, plan.version]
    journal.record(session, "plan.chosen", plan, by=by, now=now, edition_id=edition.id, changes={"version": versions})


def mark_of(plan: Plan) -> str:
    """Return what a form keeps of the state that it was shown with: version and revision."""
    return f"{plan.version}.{plan.revision}"


def as_seen(session: AnySession, edition: Edition, mark: str) -> tuple[Plan, int]:
    """Return the working plan and the revision that a form was shown with.

    Raises ChangedMeanwhile when another version is worked on since, or RefusedPlan when there is none.
    """
    plan = working_plan(session, edition)
    if plan is None:
        raise RefusedPlan(_("Cette édition n’a pas encore de planning : calculez-le d’abord."))
    version, _dot, revision = mark.partition(".")
    if version != str(plan.version) or not (revision.isascii() and revision.isdigit() and len(revision) < 9):
        raise ChangedMeanwhile(
            _("Le planning en cours est maintenant la version %(n)s : rien n’a été fait.", n=plan.version)
        )
    return plan, int(revision)


def require_revision(session: AnySession, plan: Plan, seen: int) -> None:
    """Raise ChangedMeanwhile, saying what others did, unless ``plan`` is still at the revision ``seen``."""
    journal.lock(session)
    session.refresh(plan)
    if plan.revision != seen:
        raise ChangedMeanwhile(_told(session, plan))


def begin(session: AnySession, plan: Plan, seen: int, *, now: datetime) -> None:
    """Hold ``plan`` for a change by someone who was shown its revision ``seen``; the next revision is counted.

    From the first change on it is the working plan by choice: a newer calculation does not take its place.
    Raises FrozenPlan, or ChangedMeanwhile saying what the others did.
    """
    journal.lock(session)  # first, as everywhere: what others are changing is waited for in one order
    if plan.frozen_at is not None:
        raise FrozenPlan
    taken = session.execute(
        update(Plan)
        .where(Plan.id == plan.id, Plan.revision == seen, Plan.frozen_at.is_(None))
        .values(revision=Plan.revision + 1)
    )
    session.expire(plan)
    if not cast("CursorResult[Any]", taken).rowcount:
        raise ChangedMeanwhile(_told(session, plan))
    desk = session.get(Desk, plan.edition_id)
    if desk is None:
        session.add(Desk(edition_id=plan.edition_id, plan_id=plan.id, changed_at=now))
    elif desk.plan_id is None:
        desk.plan_id = plan.id


def _told(session: AnySession, plan: Plan) -> str:
    """Say who changed the plan last, and how: the journal knows it, changes taken back included."""
    last = session.scalars(
        select(JournalEntry)
        .where(JournalEntry.object_type == plan.__tablename__, JournalEntry.object_id == plan.id)
        .where(JournalEntry.action.in_(("plan.corrected", "plan.undone")))
        .order_by(JournalEntry.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return str(
            _("Le planning a changé depuis que cette page est ouverte : rien n’a été fait. Voici son état présent.")
        )
    person = session.get(Person, last.actor_id) if last.actor_id is not None else None
    before, after = last.changes.get("sentence", ["", ""])
    what = after or _("annulation de « %(what)s »", what=before)
    return str(
        _(
            "%(who)s a changé le planning entre-temps (%(what)s) : rien n’a été fait. Voici son état présent.",
            who=person.shown_name if person is not None else _("Quelqu’un"),
            what=what,
        )
    )


def copied(session: AnySession, plan: Plan, *, kind: str, name: str, now: datetime, frozen: bool = False) -> Plan:
    """Return a new version of the edition's plan that holds the same meetings; does not commit."""
    newest = session.scalar(select(func.max(Plan.version)).where(Plan.edition_id == plan.edition_id)) or 0
    copy = Plan(
        edition_id=plan.edition_id, version=newest + 1, status=plan.status, objectives=plan.objectives, seed=plan.seed,
        seconds=plan.seconds, problem_digest=plan.problem_digest, created_at=now, kind=kind, name=name,
        parent_id=plan.id, frozen_at=now if frozen else None,
    )  # fmt: skip
    session.add(copy)
    session.flush()
    session.execute(
        insert(Meeting).from_select(
            ["plan_id", "wish_id", "slot_id", "table_id"],
            select(_number(copy), Meeting.wish_id, Meeting.slot_id, Meeting.table_id)
            .where(Meeting.plan_id == plan.id)
            .order_by(Meeting.id),
        )
    )
    told = ["wish_id", "reason", "sentence", "would_need"]
    columns = [getattr(UnservedWish, name) for name in told]
    session.execute(
        insert(UnservedWish).from_select(
            ["plan_id", *told], select(_number(copy), *columns).where(UnservedWish.plan_id == plan.id)
        )
    )
    return copy


def _number(plan: Plan) -> Any:
    return select(Plan.id).where(Plan.id == plan.id).scalar_subquery()
