"""A small world with every state a page can show, and the list of all pages with who may enter.

A page added later is added here once: the linter, the permission table and the browser sweep then all open it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.models import Wish
from tests.factories import make_edition, make_plan, make_solve

Who = Literal["everyone", "organiser"]

FAR = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """An address that answers GET with a page of HTML."""

    endpoint: str
    path: str
    who: Who = "everyone"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Action:
    """An address that answers POST; ``redirects`` to where it leads the one who may."""

    endpoint: str
    path: str
    who: Who
    redirects: str


@dataclass(frozen=True, slots=True)
class File:
    """An address that hands over a file, or a fragment of a page."""

    endpoint: str
    path: str
    who: Who = "organiser"


PLAN = "/editions/essai/planning"

PAGES = (
    Page("events.editions", "/"),
    Page("events.edition", "/editions/essai"),
    Page("events.edition", "/editions/vide"),
    Page("meetings.plan", PLAN, "organiser"),
    Page("meetings.plan", f"{PLAN}?version=1", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=acheteurs", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=structures&q=ate", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=souhaits", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=souhaits&q=rien-de-tel", "organiser"),
    Page("meetings.plan", "/editions/attente/planning", "organiser"),
    Page("meetings.plan", "/editions/vide/planning", "organiser"),
    Page("solves.history", f"{PLAN}/calculs", "organiser"),
    Page("solves.history", "/editions/vide/planning/calculs", "organiser"),
    Page("solves.show", f"{PLAN}/calculs/1", "organiser"),
    Page("solves.show", f"{PLAN}/calculs/2", "organiser"),
    Page("solves.show", f"{PLAN}/calculs/3", "organiser"),
    Page("solves.show", "/editions/encours/planning/calculs/4", "organiser"),
    Page("solves.show", "/editions/attente/planning/calculs/5", "organiser"),
)
"""Every page, in every state that looks different. Solves are numbered in the order that ``furnish`` makes them."""

ACTIONS = (
    Action("solves.ask", "/editions/sansplan/planning/calculs", "organiser", "/editions/sansplan/planning/calculs/6"),
    Action(
        "solves.stop",
        "/editions/attente/planning/calculs/5/arret",
        "organiser",
        "/editions/attente/planning/calculs/5",
    ),
    Action("organiser.leave", "/organisateur/quitter", "everyone", "/"),
)

FILES = (
    File("solves.progress", "/editions/encours/planning/calculs/4/avancement?vu=running"),
    File("meetings.plan_document", f"{PLAN}/2/documents/classeur"),
    File("meetings.plan_document", f"{PLAN}/2/documents/affiche"),
    File("meetings.plan_document", f"{PLAN}/2/documents/agendas"),
    File("meetings.plan_document", f"{PLAN}/2/documents/tables"),
    File("meetings.person_document", f"{PLAN}/2/documents/B01/agenda"),
    File("meetings.person_document", f"{PLAN}/2/documents/S01/calendrier"),
)

DOORS = frozenset({"organiser.enter", "organiser.enter_post"})
"""The page that asks for the token has tests of its own: it only shows itself when there is one."""


def furnish() -> None:
    """Fill the database with what the addresses above name."""
    edition = make_edition("essai", buyers=4, structures=7, slots=5)
    first = make_plan(edition, proved=False)
    digest = planning.digest_of(planning.problem_of(db.session, edition))
    second = make_plan(edition, digest=digest)
    make_solve(edition, "finished", plan=second, progress=second.objectives)
    make_solve(edition, "failed")
    make_solve(edition, "lost", plan=first)
    running = make_edition("encours", held_on=date(2101, 3, 1))
    levels = [{"name": "coverage", "value": 8, "bound": None, "proved": False, "meetings": 9, "seconds": 0.1}]
    make_solve(running, "running", plan=make_plan(running, proved=False), beat_at=FAR, progress=levels)
    make_solve(make_edition("attente"), "queued")
    make_edition("sansplan")
    empty = make_edition("vide", trade="", venue="", address="")
    empty.programme.clear()
    empty.stands.clear()
    db.session.query(Wish).filter_by(edition_id=empty.id).delete()
    db.session.commit()
