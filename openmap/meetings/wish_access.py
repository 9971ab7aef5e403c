"""Who may open the pages of wishes: whoever acts for a participant, and who organises."""

from __future__ import annotations

from flask import abort, g
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.directory.models import Delegate
from openmap.directory.queries import acts_for
from openmap.events.access import bare_edition_or_404
from openmap.events.models import Edition
from openmap.events.permissions import may_organise
from openmap.extensions import AnySession, db
from openmap.meetings.models import Participation
from openmap.people.access import only
from openmap.people.models import Person


def may_wish(person: Person | None, participation: Participation) -> bool:
    """Say whether ``person`` may see and say what a participant wishes: its own people, and the organisers."""
    if person is None or person.erased_at is not None:
        return False
    return may_organise(person, participation.edition) or acts_for(db.session, person, participation.organisation)


def own_participations(session: AnySession, person: Person, edition: Edition | None = None) -> list[Participation]:
    """Return where ``person`` acts for a participant, in one edition or in all."""
    asked = (
        select(Participation)
        .join(Delegate, Delegate.organisation_id == Participation.organisation_id)
        .where(Delegate.person_id == person.id)
        .options(joinedload(Participation.organisation), joinedload(Participation.edition))
    )
    if edition is not None:
        asked = asked.where(Participation.edition_id == edition.id)
    return list(session.scalars(asked.order_by(Participation.id)))


def participation_or_404(slug: str, participation_id: int) -> Participation:
    """Return a participation of an edition that the person who is here may see."""
    edition = bare_edition_or_404(slug)
    found: Participation | None = g.get("participation")  # the guard and the view ask alike
    if found is None or found.id != participation_id:
        with_name = [joinedload(Participation.organisation)]
        found = g.participation = db.session.get(Participation, participation_id, options=with_name)
    return found if found is not None and found.edition_id == edition.id else abort(404)


def _takes_part(person: Person, *, slug: str, **_arguments: object) -> bool:
    edition = bare_edition_or_404(slug)
    return may_organise(person, edition) or bool(own_participations(db.session, person, edition))


takers_only = only(_takes_part)
"""Guard a view of whoever acts for a participant of the edition ``slug``, or organises it."""

wishers_only = only(
    lambda person, *, slug, participation_id, **_arguments: may_wish(
        person, participation_or_404(slug, participation_id)
    )
)
"""Guard a view of whoever acts for this participation, or organises its edition."""
