"""What the page of the what-if runs shows: the runs, and some of them side by side with the working plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings import desk
from openmap.meetings.comparing import Figures, figures_of_plan
from openmap.meetings.models import Participation, Plan, Solve
from openmap.meetings.solved import SolveOutcome
from openmap.meetings.supposing import Assumptions, told
from openmap.web.french import duration, number, percent

SIDE_BY_SIDE: Final = 4
"""As many what-if runs fit beside the working plan."""

LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Run:
    """A what-if run: what it supposed in words, and its figures once it is over."""

    solve: Solve
    sentences: Sequence[str]
    figures: Figures | None
    outcome: SolveOutcome | None


@dataclass(frozen=True, slots=True)
class Line:
    """A figure for each column, ``best`` telling the columns that have the best of it."""

    label: str
    values: Sequence[str]
    best: frozenset[int]


@dataclass(frozen=True, slots=True)
class SupposePage:
    """Everything the page shows; ``compared`` are the runs beside the working plan, ``lines`` their figures."""

    working: Plan | None
    runs: Sequence[Run]
    compared: Sequence[Run]
    lines: Sequence[Line]
    participants: Sequence[tuple[str, str]]


def suppose_page(session: AnySession, edition: Edition, wanted: Sequence[str]) -> SupposePage:
    """Gather the page, with the runs ``wanted`` (by id) side by side, else the newest; a fixed number of queries."""
    names = participants_of(session, edition)
    runs = runs_of(session, edition, names)
    over = [run for run in runs if run.figures is not None]
    chosen = [run for run in over if str(run.solve.id) in wanted] or over
    compared = chosen[:SIDE_BY_SIDE]
    working = desk.working_plan(session, edition)
    columns = [figures_of_plan(session, working)] if working is not None and compared else []
    columns += [run.figures for run in compared if run.figures is not None]
    return SupposePage(
        working=working, runs=runs, compared=compared, lines=lines_of(columns) if compared else [],
        participants=[(code, f"{code} – {name}") for code, name in names.items()],
    )  # fmt: skip


def participants_of(session: AnySession, edition: Edition) -> dict[str, str]:
    """Return the participants' names by code."""
    asked = select(Participation).where(Participation.edition_id == edition.id).order_by(Participation.code)
    people = session.scalars(asked.options(joinedload(Participation.organisation)))
    return {one.code: one.organisation.name for one in people}


def runs_of(session: AnySession, edition: Edition, names: Mapping[str, str]) -> list[Run]:
    """Return the newest what-if runs of an edition, newest first."""
    asked = select(Solve, SolveOutcome).outerjoin(SolveOutcome, SolveOutcome.solve_id == Solve.id)
    asked = asked.where(Solve.edition_id == edition.id, Solve.kind == "what_if")
    return [
        Run(
            solve=solve,
            sentences=told(Assumptions.of(solve.assumptions), edition, names),
            figures=Figures(**outcome.figures) if outcome is not None and outcome.figures else None,
            outcome=outcome,
        )
        for solve, outcome in session.execute(asked.order_by(Solve.id.desc()).limit(LISTED))
    ]


def lines_of(columns: Sequence[Figures]) -> list[Line]:
    """Return the figures of plans side by side, one line a figure, the best of each marked."""
    most = [
        (_("Créneaux"), [number(one.slots) for one in columns], None),
        (_("Entretiens tenus sur demandés"), [_of(one.held, one.asked) for one in columns],
         [one.held for one in columns]),
        (_("Souhaits réciproques servis"), [_of(one.mutual, one.mutual_asked) for one in columns],
         [one.mutual or 0 for one in columns]),
        (_("Obligatoires tenus"), [_of(one.required, one.required_asked) for one in columns],
         [one.required for one in columns]),
        (_("Participants qui ont un entretien"), [_of(one.covered, one.people) for one in columns],
         [one.covered for one in columns]),
        (_("Valeur servie"), [_of(one.value, one.value_asked) for one in columns], [one.value for one in columns]),
        (_("Entretiens par participant, du moins au plus servi"),
         [_("%(fewest)s à %(most)s", fewest=one.fewest, most=one.most) for one in columns],
         [one.fewest for one in columns]),
        (_("Créneaux d’attente"), [number(one.idle) for one in columns], [-one.idle for one in columns]),
        (_("Occupation des tables"), [_load(one) for one in columns], None),
        (_("Preuve"), [_proof(one) for one in columns], None),
        (_("Temps de calcul"), [duration(one.seconds) for one in columns], None),
    ]  # fmt: skip
    return [Line(label, values, _best(figures)) for label, values, figures in most]


def _best(figures: Sequence[int] | None) -> frozenset[int]:
    """Return the columns that have the best figure, none where all are alike."""
    if figures is None or len(set(figures)) < 2:
        return frozenset()
    return frozenset(column for column, figure in enumerate(figures) if figure == max(figures))


def _of(part: int | None, whole: int | None) -> str:
    if part is None or not whole:
        return "–"
    return str(_("%(part)s sur %(whole)s", part=number(part), whole=number(whole)))


def _load(one: Figures) -> str:
    return percent(one.held / one.seats) if one.seats else "–"


def _proof(one: Figures) -> str:
    if not one.levels:
        return str(_("aucune (corrigé à la main)"))
    if one.proved == one.levels:
        return str(_("prouvé optimal"))
    return str(_("%(proved)s objectifs prouvés sur %(levels)s", proved=one.proved, levels=one.levels))
