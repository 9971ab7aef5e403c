"""The addresses of publication, calendars, feeds and replies."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from openmap.agendas.feeds import make_token, token_of
from openmap.agendas.models import Mailing
from openmap.agendas.publishing import request_mailing, run_mailing
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Plan, Release
from openmap.people.models import Person
from tests.house.table import Action, File, Page
from tests.signing import now

SECRET = "only-for-tests-" + "0123456789abcdef" * 2
PUBLISHING = "/editions/essai/planning/diffusion"
OWN = "/editions/essai/mon-agenda"

PAGES: tuple[Page, ...] = (
    Page("publication.show", PUBLISHING, "organiser"),
    Page("publication.show", "/editions/vide/planning/diffusion", "organiser"),
    Page("publication.follow", f"{PUBLISHING}/{{mailing}}", "organiser"),
    Page("publication.replies", f"{PUBLISHING}/reponses", "organiser"),
    Page("publication.replies", f"{PUBLISHING}/reponses?reponse=declined", "organiser"),
    Page("publication.replies", "/editions/vide/planning/diffusion/reponses", "organiser"),
    Page("own_agenda.show", OWN, "participant"),
    Page("own_agenda.show", f"{OWN}?participant=B01", "participant"),
    Page("own_agenda.show", "/editions/vide/mon-agenda", "organiser"),
    Page("own_agenda.index", "/agenda", "signed_in"),
)
ACTIONS: tuple[Action, ...] = (
    Action("publication.publish", PUBLISHING, "organiser", None, {"version": "{release}"}),
    Action("publication.import_replies", f"{PUBLISHING}/reponses", "organiser", None, status=422),
    Action("own_agenda.subscribe", "/agenda/abonnement", "signed_in", "/agenda#abonnement"),
    Action("own_agenda.unsubscribe", "/agenda/abonnement/fin", "signed_in", "/agenda#abonnement"),
)
FILES: tuple[File, ...] = (
    File("publication.progress", f"{PUBLISHING}/{{mailing}}/avancement?vu=finished", "organiser"),
    File("own_agenda.printed", f"{OWN}/agenda.pdf?participant=B01", "participant"),
    File("own_agenda.calendar", f"{OWN}/agenda.ics?participant=B01", "participant"),
    File("own_agenda.feed", "/agenda/{feed}.ics", "everyone"),
)
DOORS: tuple[Page, ...] = ()


def furnish(edition: Edition, people: Mapping[str, Person]) -> None:
    """Publish the edition's newest plan, and give the buyer's delegate an address to follow."""
    plan = db.session.scalars(
        select(Plan).where(Plan.edition_id == edition.id).order_by(Plan.version.desc()).limit(1)
    ).one()
    number = 1 + (db.session.scalar(select(func.max(Release.number)).where(Release.edition_id == edition.id)) or 0)
    release = Release(edition_id=edition.id, number=number, name="Publiée", plan=plan, released_at=now())
    db.session.add(release)
    db.session.flush()
    mailing = request_mailing(db.session, edition, release.id, by=people["organiser"], now=now())
    db.session.commit()
    run_mailing(db.session, mailing.id, sender="OpenMap ESS <essai@essai.example>", clock=now)
    make_token(db.session, people["buyer_delegate"], secret=SECRET, now=now())


def numbers() -> dict[str, object]:
    """Return the numbers that stand in these addresses."""
    buyer = db.session.scalars(select(Person).where(Person.email == "buyer_delegate@essai.example")).one_or_none()
    return {
        "mailing": db.session.scalar(select(func.min(Mailing.id))),
        "release": db.session.scalar(select(func.max(Release.id))),
        "feed": buyer and token_of(db.session, buyer, secret=SECRET),
    }
