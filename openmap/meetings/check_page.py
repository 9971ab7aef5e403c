"""What the page of the checks shows: findings by gravity, with links to what cures them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.checking import SEVERITIES, Cure, Finding, counts_of, facts_of, findings_of
from openmap.meetings.models import Participation, Wish
from openmap.meetings.wording import Names

PER_PAGE: Final = 100

ADDRESSES: Final[Mapping[str, str]] = {"bloquants": "blocking", "alertes": "warning", "remarques": "note"}
"""Gravities as the address says them."""

SEVERITY_LABELS: Final[Mapping[str, LazyString]] = {
    "blocking": lazy_gettext("À corriger avant de calculer"),
    "warning": lazy_gettext("Demandes qui ne seront pas satisfaites"),
    "note": lazy_gettext("Bon à savoir"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """Where a finding is put right."""

    address: str
    label: str


@dataclass(frozen=True, slots=True)
class CheckPage:
    """A page of findings with their links. ``counts`` is of all; ``asked`` is the gravity that is shown, empty: all."""

    shown: Sequence[tuple[Finding, Sequence[Link]]]
    counts: Mapping[str, int]
    asked: str
    found: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.found // PER_PAGE))

    @property
    def total(self) -> int:
        """How many findings there are of every gravity."""
        return sum(self.counts.values())


def check_page(session: AnySession, edition: Edition, *, asked: str = "", page: int = 1) -> CheckPage:
    """Check an edition and gather the page; a fixed number of queries."""
    findings = findings_of(facts_of(session, edition))
    severity = ADDRESSES.get(asked, "")
    found = [one for one in findings if severity in {"", one.severity}]
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    people, wishes = _named(session, edition, [cure for one in shown for cure in one.cures])
    names = Names(people.values(), wishes.values(), edition)
    rows = [
        (
            Finding(
                one.rule,
                one.severity,
                names.told(one.sentence) if one.rule in {"locks", "unusable"} else one.sentence,
                one.cures,
            ),
            [link for cure in one.cures if (link := _link(edition, cure, people, wishes)) is not None],
        )
        for one in shown
    ]
    asked = asked if severity else ""
    return CheckPage(shown=rows, counts=counts_of(findings), asked=asked, found=len(found), page=page)


def counts_of_edition(session: AnySession, edition: Edition) -> dict[str, int]:
    """Return how many findings an edition has of each gravity."""
    return counts_of(findings_of(facts_of(session, edition)))


def _named(
    session: AnySession, edition: Edition, cures: Sequence[Cure]
) -> tuple[dict[str, Participation], dict[str, Wish]]:
    """Return the participants and the wishes that cures name, by code."""
    codes = {kind: {cure.code for cure in cures if cure.kind == kind} for kind in ("limits", "wish")}
    wishes = select(Wish).where(Wish.edition_id == edition.id, Wish.code.in_(codes["wish"]))
    people = select(Participation).where(
        Participation.edition_id == edition.id, Participation.code.in_(codes["limits"])
    )
    return (
        {one.code: one for one in session.scalars(people.options(joinedload(Participation.organisation)))},
        {one.code: one for one in session.scalars(wishes)},
    )


def _link(edition: Edition, cure: Cure, people: Mapping[str, Participation], wishes: Mapping[str, Wish]) -> Link | None:
    slug = edition.slug
    if cure.kind == "limits" and cure.code in people:
        person = people[cure.code]
        label = _("Présence et limites de %(name)s", name=person.organisation.name)
        return Link(url_for("checks.limits", slug=slug, number=person.id), label)
    if cure.kind == "wish" and cure.code in wishes:
        wish = wishes[cure.code]
        return Link(url_for("checks.wish", slug=slug, number=wish.id), _("Ce souhait (%(code)s)", code=wish.code))
    parts = {"slots": ("creneaux", _("Créneaux")), "tables": ("tables", _("Tables")),
             "programme": ("programme", _("Programme et passages"))}  # fmt: skip
    if cure.kind in parts:
        part, label = parts[cure.kind]
        return Link(url_for("parts.index", slug=slug, part=part), label)
    if cure.kind == "wishes":
        return Link(url_for("following.index", slug=slug), _("Suivi des souhaits"))
    return None


def severity_address(severity: str) -> str:
    """Return how the address says a gravity."""
    return next(name for name, value in ADDRESSES.items() if value == severity)


__all__ = ["SEVERITIES", "SEVERITY_LABELS", "CheckPage", "check_page", "counts_of_edition", "severity_address"]
