"""The addresses of jurors who declare, read and score."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select

from openmap.applications.models import Revision
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.pitches.conflicts import declare
from openmap.pitches.jury import begin_with_ours, keep_jury
from openmap.pitches.models import Conflict, Criterion, Reading
from openmap.pitches.queries import read_files
from openmap.pitches.reading import save
from openmap.pitches.sharing import propose, share_out
from tests.house.table import Action, File, Page
from tests.signing import make_person

NOW: Final = datetime(2026, 11, 5, 20, tzinfo=UTC)
PREP = "/editions/essai/preparation/jury"
BARE = "/editions/sansplan/preparation/jury"
JURY = "/editions/essai/jury"
READ = f"{JURY}/lectures"
WORDS = {f"word_{mark}": f"mot {mark}" for mark in range(6)}
CRITERION = {"name": "Autre critère", "weight": "2", "help": "", **WORDS}
SETTINGS = {"readers": "2", "picks": "6", "comment_under": "1", "chair_id": "0"}

PAGES: tuple[Page, ...] = (
    Page("jury.setup", PREP, "organiser"),
    Page("jury.setup", BARE, "organiser"),
    Page("jury.new_criterion", f"{PREP}/criteres", "organiser"),
    Page("jury.criterion", f"{PREP}/criteres/{{criterion}}", "organiser"),
    Page("jury.sharing", f"{PREP}/repartition", "organiser"),
    Page("jury.sharing", f"{BARE}/repartition", "organiser"),
    Page("jury.progress", f"{JURY}/avancement", "jury"),
    Page("jury.progress", f"{JURY}/avancement?dossiers=manque", "jury"),
    Page("readings.home", JURY, "juror"),
    Page("readings.conflicts", f"{JURY}/conflits", "juror"),
    Page("readings.read", f"{JURY}/lectures/{{to_read}}", "juror"),
    Page("readings.read", f"{JURY}/lectures/{{changed}}", "juror"),
)
ACTIONS: tuple[Action, ...] = (
    Action("jury.settings", PREP, "organiser", PREP, SETTINGS),
    Action("jury.begin", f"{BARE}/criteres/depart", "organiser", BARE),
    Action("jury.add_criterion", f"{BARE}/criteres", "organiser", BARE, CRITERION),
    Action("jury.change_criterion", f"{PREP}/criteres/{{criterion}}", "organiser", None, CRITERION, status=409),
    Action("jury.remove_criterion", f"{PREP}/criteres/{{criterion}}/suppression", "organiser", PREP),
    Action("jury.lift", f"{PREP}/conflits/{{conflict}}/levee", "organiser", f"{JURY}/avancement", {"motif": "Erreur"}),
    Action("jury.share", f"{PREP}/repartition", "organiser", f"{JURY}/avancement", {"proposition": "{proposal}"}),
    Action("jury.remind", f"{JURY}/avancement/rappels", "jury", f"{JURY}/avancement"),
    Action("readings.declare", f"{JURY}/conflits", "juror", JURY, {"nom": "{application}"}),
    Action("readings.add_conflict", f"{JURY}/conflits/{{to_read}}", "juror", JURY, {"raison": "J’y suis bénévole."}),
    Action("readings.mark", f"{JURY}/lectures/{{to_read}}", "juror", None, {"remarque": "À suivre."}, status=422),
    Action("readings.autosave", f"{JURY}/lectures/{{to_read}}/brouillon", "juror", None, {"remarque": "x"}, status=200),
    Action(
        "readings.see", f"{JURY}/lectures/{{changed}}/vu", "juror", f"{JURY}/lectures/{{changed}}", {"revision": "1"}
    ),
)
FILES: tuple[File, ...] = ()
DOORS: frozenset[str] = frozenset()


def furnish(edition: Edition, people: Mapping[str, Person]) -> None:
    """Make a jury of two, half-way: the visitor chairs it, the other has finished one reading and told one conflict."""
    organiser, chair = people["organiser"], people["juror"]
    other = make_person("lecture@essai.example", "juror", edition_id=edition.id, name="Lou Lecture")
    jury = keep_jury(db.session, edition)
    jury.readers, jury.chair_id = 2, chair.id
    begin_with_ours(db.session, edition, by=organiser, now=NOW)
    files = read_files(db.session, edition.id)
    names = [one.id for one in files]
    declare(db.session, edition, chair, {}, shown=names, by=chair, now=NOW)
    declare(db.session, edition, other, {names[-1]: "Un proche y travaille."}, shown=names, by=other, now=NOW)
    share_out(db.session, edition, expected=propose(db.session, edition).digest, by=organiser, now=NOW)
    _mark(other, edition, by=other)
    done = _mark(chair, edition, by=chair)
    db.session.add(Revision(application_id=done.application_id, at=NOW, is_late=True, changes={"workforce": [21, 30]}))


def _mark(juror: Person, edition: Edition, *, by: Person) -> Reading:
    """Finish the first reading of a juror."""
    own = select(Reading).where(Reading.person_id == juror.id).order_by(Reading.application_id).limit(1)
    reading = db.session.scalars(own).one()
    criteria = db.session.scalars(select(Criterion.id).where(Criterion.edition_id == edition.id))
    save(db.session, reading, marks=dict.fromkeys(criteria, 4), comments={}, seen=0, by=by, now=NOW)
    return reading


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    edition = db.session.scalars(select(Edition).where(Edition.slug == "essai")).one_or_none()
    if edition is None:
        return {}
    chair = select(Person.id).where(Person.email == "juror@essai.example").scalar_subquery()
    own = select(func.min(Reading.application_id)).where(Reading.person_id == chair)
    return {
        "criterion": db.session.scalar(select(func.min(Criterion.id)).where(Criterion.edition_id == edition.id)),
        "to_read": db.session.scalar(own.where(Reading.opened_at.is_(None))),
        "changed": db.session.scalar(own.where(Reading.finished_at.is_not(None))),
        "conflict": db.session.scalar(select(func.min(Conflict.id))),
        "proposal": propose(db.session, edition).digest,
    }
