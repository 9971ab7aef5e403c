"""Changes made by hand to the working plan: each is judged by the engine's rules, noted, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings import desk
from openmap.meetings.holding import hold
from openmap.meetings.models import Choice, Exclusion, Lock, Meeting, Participation, Plan, PlanEdit, UnservedWish, Wish
from openmap.meetings.trying import Spot, Trial, locked_words
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.french import clock


class RefusedEdit(desk.RefusedPlan):
    """A change that would break a rule; the message names it."""


def move(
    session: AnySession, plan: Plan, wish: Wish, slot: int, table: int | None = None, *,
    seen: int, by: Person | None, now: datetime,
) -> PlanEdit:  # fmt: skip
    """Hold a meeting in another slot, at ``table`` or at the one it would have.

    Raises RefusedEdit, FrozenPlan or ChangedMeanwhile.
    """
    desk.begin(session, plan, seen, now=now)
    trial = Trial(session, plan, [wish])
    _require_held(trial, wish)
    _require_free(wish)
    before = trial.held[wish.id]
    _require_there(trial, slot, table)
    after = Spot(slot, table if table is not None else trial.table_for(wish, slot))
    if after == before:
        raise RefusedEdit(_("Cet entretien est déjà à cette heure et à cette table."))
    _require_right(trial, {wish.id: after})
    told = _(
        "%(pair)s : de %(before)s à %(after)s",
        pair=_pair(wish),
        before=_place(trial, before),
        after=_place(trial, after),
    )
    return _change(session, plan, "move", told, {wish.id: after}, trial, by=by, now=now)


def swap(
    session: AnySession, plan: Plan, wish: Wish, other: Wish, *, seen: int, by: Person | None, now: datetime
) -> PlanEdit:
    """Let two meetings change places. Raises as ``move`` does."""
    desk.begin(session, plan, seen, now=now)
    trial = Trial(session, plan, [wish, other])
    for one in (wish, other):
        _require_held(trial, one)
        _require_free(one)
    if trial.held[wish.id].slot == trial.held[other.id].slot:
        raise RefusedEdit(_("Ces deux entretiens ont lieu à la même heure : il n’y a rien à échanger."))
    changes = trial.exchanged(wish, other)
    _require_right(trial, changes)
    told = _("Échange : %(one)s, %(other)s", one=_pair(wish), other=_pair(other))
    return _change(session, plan, "swap", told, changes, trial, by=by, now=now)


def add(
    session: AnySession, plan: Plan, wish: Wish, slot: int, table: int | None = None, *,
    seen: int, by: Person | None, now: datetime,
) -> PlanEdit:  # fmt: skip
    """Hold the meeting of a wish that the plan leaves out. Raises as ``move`` does."""
    desk.begin(session, plan, seen, now=now)
    trial = Trial(session, plan, [wish])
    if wish.id in trial.held:
        raise RefusedEdit(_("Cet entretien est déjà dans le planning : déplacez-le."))
    _require_there(trial, slot, table)
    after = Spot(slot, table if table is not None else trial.table_for(wish, slot))
    _require_right(trial, {wish.id: after})
    told = _("%(pair)s : ajouté, %(after)s", pair=_pair(wish), after=_place(trial, after))
    return _change(session, plan, "add", told, {wish.id: after}, trial, by=by, now=now)


def remove(session: AnySession, plan: Plan, wish: Wish, *, seen: int, by: Person | None, now: datetime) -> PlanEdit:
    """Take a meeting out of the plan; its wish stays, left out. Raises as ``move`` does."""
    desk.begin(session, plan, seen, now=now)
    trial = Trial(session, plan, [wish])
    _require_held(trial, wish)
    _require_free(wish)
    told = _("%(pair)s : retiré, %(before)s", pair=_pair(wish), before=_place(trial, trial.held[wish.id]))
    return _change(session, plan, "remove", told, {wish.id: None}, trial, by=by, now=now)


def lock(
    session: AnySession, plan: Plan, wish: Wish, *, off: bool = False, seen: int, by: Person | None, now: datetime
) -> PlanEdit:
    """Keep a meeting where it is in every calculation to come, or let it go (``off``). Raises as ``move`` does."""
    desk.begin(session, plan, seen, now=now)
    trial = Trial(session, plan, [wish])
    _require_held(trial, wish)
    spot = trial.held[wish.id]
    row = _row(wish.id, spot, locked=wish.lock is not None)
    wish.lock = None if off else Lock(slot_id=spot.slot, table_id=spot.table)
    session.flush()
    words = _("%(pair)s : déverrouillé") if off else _("%(pair)s : verrouillé")
    told = words % {"pair": _pair(wish)}
    after = row | {"lock": not off}
    return _note(session, plan, "unlock" if off else "lock", told, [row], [after], by=by, now=now)


def undo(session: AnySession, plan: Plan, *, seen: int, by: Person | None, now: datetime) -> PlanEdit:
    """Take back the last change that still stands; undoing again takes back the one before it.

    Raises RefusedEdit when there is none, or when what has changed since forbids it.
    """
    desk.begin(session, plan, seen, now=now)
    last = last_edit(session, plan)
    if last is None:
        raise RefusedEdit(_("Il n’y a rien à annuler."))
    wishes = [session.get_one(Wish, row["wish"]) for row in last.before or last.after]
    if last.kind in {"lock", "unlock"}:
        for wish, row in zip(wishes, last.before, strict=True):
            wish.lock = Lock(slot_id=row["slot"], table_id=row["table"]) if row["lock"] else None
        session.flush()
    else:
        trial = Trial(session, plan, wishes)
        spots = {row["wish"]: Spot(row["slot"], row["table"]) for row in last.before}
        changes: dict[int, Spot | None] = {wish.id: spots.get(wish.id) for wish in wishes}
        for wish in wishes:
            _require_free(wish)
        _require_right(trial, changes)
        _write(session, plan, changes)
    last.undone_at = now
    changed = {"sentence": [last.sentence, None]}
    journal.record(session, "plan.undone", plan, by=by, now=now, edition_id=plan.edition_id, changes=changed)
    return last


def is_held(session: AnySession, plan: Plan, wish: Wish) -> bool:
    """Say whether ``plan`` holds the meeting of a wish."""
    held = select(Meeting.id).where(Meeting.plan_id == plan.id, Meeting.wish_id == wish.id)
    return session.scalar(held) is not None


def last_edit(session: AnySession, plan: Plan) -> PlanEdit | None:
    """Return the last change that has not been taken back."""
    standing = select(PlanEdit).where(PlanEdit.plan_id == plan.id, PlanEdit.undone_at.is_(None))
    return session.scalars(standing.order_by(PlanEdit.number.desc()).limit(1)).one_or_none()


def wish_between(session: AnySession, edition: Edition, buyer: Participation, structure: Participation) -> Wish:
    """Return the wish of a pair, made in the organisers' name where neither side had it.

    Raises RefusedEdit for a pair that must not meet.
    """
    if {buyer.edition_id, structure.edition_id} != {edition.id} or (buyer.side, structure.side) != (
        "buyer",
        "structure",
    ):
        raise RefusedEdit(_("Choisissez un acheteur et une structure de cette édition."))
    sides = (buyer.id, structure.id)
    vetoed = select(Choice.id).where(
        Choice.level == "veto", Choice.participation_id.in_(sides), Choice.other_id.in_(sides)
    )
    if session.get(Exclusion, sides) is not None or session.scalar(vetoed.limit(1)) is not None:
        raise RefusedEdit(_("Cette paire est exclue : elle ne doit pas se rencontrer."))
    journal.lock(session)
    hold(session, edition.id)  # codes are given to those who wish too
    known = session.scalars(
        select(Wish).where(Wish.buyer_id == buyer.id, Wish.structure_id == structure.id)
    ).one_or_none()
    if known is not None:
        known.withdrawn_at = None
        return known
    count = session.scalar(select(func.count()).select_from(Wish).where(Wish.edition_id == edition.id)) or 0
    taken = set(session.scalars(select(Wish.code).where(Wish.edition_id == edition.id)))
    code = next(code for number in range(count + 1, 2 * count + 3) if (code := f"R{number:03d}") not in taken)
    made = Wish(edition_id=edition.id, code=code, buyer=buyer, structure=structure, value=1, source="organiser")
    session.add(made)
    session.flush()
    return made


def withdraw(session: AnySession, wish: Wish, *, now: datetime) -> None:
    """Take back a wish made in the organisers' name that no working plan holds. Raises RefusedEdit."""
    journal.lock(session)
    hold(session, wish.edition_id)
    plan = desk.working_plan(session, session.get_one(Edition, wish.edition_id))
    held = select(Meeting.id).where(Meeting.wish_id == wish.id, Meeting.plan_id == (plan.id if plan else 0))
    if wish.source != "organiser" or session.scalar(held) is not None:
        raise RefusedEdit(_("Seul un souhait ajouté par l’organisation, et hors du planning, se retire ici."))
    wish.withdrawn_at = now


def _require_held(trial: Trial, wish: Wish) -> None:
    if wish.id not in trial.held:
        raise RefusedEdit(_("Cet entretien n’est pas dans le planning."))


def _require_free(wish: Wish) -> None:
    if wish.lock is not None:
        raise RefusedEdit(locked_words())


def _require_there(trial: Trial, slot: int, table: int | None) -> None:
    if slot not in trial.slots or (table is not None and table not in trial.tables):
        raise RefusedEdit(_("Ce créneau ou cette table n’existe plus : rechargez la page."))


def _require_right(trial: Trial, changes: Mapping[int, Spot | None]) -> None:
    for spot in changes.values():
        if spot is not None:
            _require_there(trial, spot.slot, spot.table)
    refusal = trial.refusal(dict(changes))
    if refusal:
        raise RefusedEdit(refusal)


def _change(
    session: AnySession, plan: Plan, kind: str, told: str, changes: Mapping[int, Spot | None], trial: Trial, *,
    by: Person | None, now: datetime,
) -> PlanEdit:  # fmt: skip
    before = [_row(wish, trial.held[wish], locked=False) for wish in changes if wish in trial.held]
    after = [_row(wish, spot, locked=False) for wish, spot in changes.items() if spot is not None]
    _write(session, plan, changes)
    return _note(session, plan, kind, told, before, after, by=by, now=now)


def _row(wish: int, spot: Spot, *, locked: bool) -> dict[str, Any]:
    return {"wish": wish, "slot": spot.slot, "table": spot.table, "lock": locked}


def _write(session: AnySession, plan: Plan, changes: Mapping[int, Spot | None]) -> None:
    """Put the meetings where they go. A plan changed by hand has no proof any more."""
    session.execute(delete(Meeting).where(Meeting.plan_id == plan.id, Meeting.wish_id.in_(changes)))
    session.execute(delete(UnservedWish).where(UnservedWish.plan_id == plan.id, UnservedWish.wish_id.in_(changes)))
    for wish, spot in changes.items():
        if spot is not None:
            session.add(Meeting(plan_id=plan.id, wish_id=wish, slot_id=spot.slot, table_id=spot.table))
        else:
            sentence = _("Cet entretien a été retiré à la main.")
            session.add(UnservedWish(plan_id=plan.id, wish_id=wish, reason="by_hand", sentence=sentence))
    plan.status, plan.objectives, plan.kind = "feasible", [], "hand"
    session.flush()


def _note(
    session: AnySession, plan: Plan, kind: str, told: str, before: list[dict[str, Any]], after: list[dict[str, Any]], *,
    by: Person | None, now: datetime,
) -> PlanEdit:  # fmt: skip
    last = session.scalar(select(func.max(PlanEdit.number)).where(PlanEdit.plan_id == plan.id)) or 0
    edit = PlanEdit(
        plan_id=plan.id, number=last + 1, kind=kind, sentence=told[:500], person_id=by.id if by is not None else None,
        at=now, before=before, after=after,
    )  # fmt: skip
    session.add(edit)
    session.flush()
    changes = {"sentence": [None, edit.sentence]}
    journal.record(session, "plan.corrected", plan, by=by, now=now, edition_id=plan.edition_id, changes=changes)
    return edit


def _pair(wish: Wish) -> str:
    return f"{wish.buyer.organisation.name} × {wish.structure.organisation.name}"


def _place(trial: Trial, spot: Spot) -> str:
    slot = trial.slots.get(spot.slot)
    hour = clock(slot.start, slot.edition.zone) if slot is not None else "?"
    table = trial.tables.get(spot.table) if spot.table is not None else None
    return f"{hour} ({table.label or table.code})" if table is not None else hour
