"""What the meetings add to an edition's public page: who takes part, never who meets whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext, ngettext
from sqlalchemy import select

from openmap.directory.labels import KIND_LABELS
from openmap.directory.models import Organisation
from openmap.directory.permissions import register_care
from openmap.events.models import Edition
from openmap.events.sections import (
    Figure,
    OrganiserLink,
    Section,
    register_figures,
    register_organiser_link,
    register_section,
)
from openmap.events.slots import register_use
from openmap.extensions import AnySession
from openmap.meetings.models import Participation
from openmap.meetings.queries import (
    buyers_and_structures,
    needs_of,
    newest_meeting_count,
    published_meeting_count,
    side_counts,
)
from openmap.people.models import Person
from openmap.people.permissions import organises


def kind_label(kind: str) -> str:
    """Return the French label of a kind of structure."""
    return str(KIND_LABELS[kind])


def buyers_section(session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    """Return the buyers with their needs."""
    buyers, _structures = buyers_and_structures(session, edition)
    return {"buyers": buyers, "needs": needs_of(session, buyers)} if buyers else None


def structures_section(session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    """Return the structures, those that pitch first."""
    _buyers, structures = buyers_and_structures(session, edition)
    if not structures:
        return None
    ordered = sorted(structures, key=lambda structure: not structure.pitches)
    return {"structures": ordered, "pitching": sum(structure.pitches for structure in structures)}


def figures(session: AnySession, edition: Edition) -> list[Figure]:
    """Return how many come, and how many interviews are planned once a plan is published."""
    counts = side_counts(session, edition)
    buyers, structures = counts.get("buyer", 0), counts.get("structure", 0)
    found = []
    if buyers or structures:
        found = [
            Figure(buyers, ngettext("acheteur", "acheteurs", buyers)),
            Figure(structures, ngettext("structure", "structures", structures)),
        ]
    meetings = published_meeting_count(session, edition)
    if meetings is not None:
        found.append(Figure(meetings, ngettext("entretien prévu", "entretiens prévus", meetings)))
    return found


def slots_in_use(session: AnySession, edition: Edition) -> str | None:
    """Say why the slots must stay: a plan places meetings in them."""
    count = newest_meeting_count(session, edition)
    if not count:
        return None
    return (
        "Un planning place déjà des entretiens dans ces créneaux : modifiez leurs heures plutôt que de les supprimer."
    )


def looks_after(session: AnySession, person: Person, organisation: Organisation) -> bool:
    """Say whether ``person`` organises an edition in which an organisation takes part."""
    asked = select(Participation.edition_id).where(Participation.organisation_id == organisation.id)
    return any(organises(person, edition_id) for edition_id in session.scalars(asked))


def register() -> None:
    """Fill the registries of the rooms above."""
    register_use(slots_in_use)
    register_care(looks_after)
    register_figures("meetings", figures)
    register_section(Section("acheteurs", lazy_gettext("Acheteurs"), "meetings/_buyers.html", 20, buyers_section))
    register_section(
        Section("structures", lazy_gettext("Structures"), "meetings/_structures.html", 30, structures_section)
    )
    register_organiser_link(
        "plan",
        OrganiserLink(
            lazy_gettext("Planning des entretiens"), lambda edition: url_for("meetings.plan", slug=edition.slug)
        ),
    )
