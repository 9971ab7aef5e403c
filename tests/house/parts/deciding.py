"""The addresses of the jury that decides, and the coaching."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO

from sqlalchemy import func, select

from openmap.applications.models import Application
from openmap.events.models import Edition, ProgrammeItem
from openmap.extensions import db
from openmap.people.models import ORGANISER, Person
from openmap.pitches import decks, releasing, selecting
from openmap.pitches.models import CoachingSlot, Deck, Jury
from tests.deciding import declare, make_room
from tests.factories import make_edition
from tests.house.table import Action, File, Page
from tests.signing import make_person, now

OPEN = "/editions/delibere/jury/deliberation"
OVER = "/editions/choisie/jury/deliberation"
COACHING = "/editions/choisie/accompagnement"
HALF_DAY = {
    "demi-day": "2099-10-20",
    "demi-start": "14:00",
    "demi-end": "17:00",
    "demi-duration": "30",
    "demi-coaches": "Agence Essai",
}
SLOT = {"coach": "Agence B", "start": "2099-10-20T10:00", "end": "2099-10-20T10:30"}

PAGES: tuple[Page, ...] = (
    Page("deliberation.room", OPEN, "jury"),
    Page("deliberation.room", f"{OPEN}?type=ea", "jury"),
    Page("deliberation.room", OVER, "jury"),
    Page("deliberation.room", "/editions/lecture/jury/deliberation", "jury"),
    Page("deliberation.file", f"{OPEN}/{{debated}}", "jury"),
    Page("deliberation.file", f"{OVER}/{{picked}}", "jury"),
    Page("deliberation.quotas", f"{OPEN}/quotas", "jury"),
    Page("deliberation.quotas", f"{OPEN}/quotas?trait=kind:aci&least=2", "jury"),
    Page("deliberation.screen", f"{OPEN}/ecran", "jury"),
    Page("deliberation.releasing_page", f"{OPEN}/publication", "jury"),
    Page("deliberation.releasing_page", f"{OVER}/publication", "jury"),
    Page("coaching.show", COACHING, "applicant"),
    Page("coaching.show", "/editions/delibere/accompagnement", "organiser"),
    Page("coaching.edit", f"{COACHING}/creneaux/{{slot}}", "organiser"),
    Page("events.edition", "/editions/choisie"),
)
ACTIONS: tuple[Action, ...] = (
    Action("deliberation.open_room", "/editions/lecture/jury/deliberation/ouverture", "jury",
           "/editions/lecture/jury/deliberation"),
    Action("deliberation.decide", f"{OPEN}/{{debated}}/decision", "jury", f"{OPEN}#dossier-{{debated}}",
           {"decision": "picked"}),
    Action("deliberation.move", f"{OPEN}/{{debated}}/reserve", "jury", f"{OPEN}#reserve", {"sens": "haut"}),
    Action("deliberation.decline_rest", f"{OPEN}/reste", "jury", OPEN),
    Action("deliberation.adopt", f"{OPEN}/quotas", "jury", OPEN, {"choix": "1-2"}),
    Action("deliberation.release", f"{OPEN}/publication", "jury", OPEN, {"courrier": "held"}),
    Action("deliberation.replace", f"{OVER}/{{picked}}/remplacement", "jury", OVER),
    Action("coaching.generate", f"{COACHING}/creneaux/generation", "organiser", COACHING, HALF_DAY),
    Action("coaching.change", f"{COACHING}/creneaux/{{slot}}", "organiser", COACHING, SLOT),
    Action("coaching.remove", f"{COACHING}/creneaux/{{free}}/suppression", "organiser", COACHING),
    Action("coaching.book", f"{COACHING}/creneaux/{{free}}/reservation", "applicant", COACHING,
           {"dossier": "{chosen}"}),
    Action("coaching.cancel", f"{COACHING}/creneaux/{{slot}}/annulation", "applicant", COACHING),
    Action("coaching.attend", f"{COACHING}/creneaux/{{slot}}/presence", "organiser", COACHING, {"presence": "oui"}),
    Action("coaching.deadlines", f"{COACHING}/dates", "organiser", COACHING, {"dates-booking": "2099-10-18T18:00"}),
    Action("coaching.hand_in", f"{COACHING}/supports/{{chosen}}", "applicant", None, status=422),
    Action("coaching.move", f"{COACHING}/passage/{{chosen}}", "organiser", f"{COACHING}#passage", {"sens": "bas"}),
)  # fmt: skip
FILES: tuple[File, ...] = (
    File("deliberation.export", f"{OPEN}.csv", "jury"),
    File("deliberation.export", f"{OPEN}.xlsx?decision=none", "jury"),
    File("deliberation.minutes", f"{OPEN}/proces-verbal.pdf", "jury"),
    File("deliberation.minutes", f"{OVER}/proces-verbal.pdf", "jury"),
    File("coaching.deck", f"{COACHING}/supports/{{deck}}", "applicant"),
    File("coaching.archive", f"{COACHING}/supports.zip"),
)
DOORS: frozenset[str] = frozenset()


def furnish(edition: Edition, people: Mapping[str, Person]) -> None:
    """Add three editions: readings under way, a room that is open, a selection that is released and coached.

    The visitor who is a juror chairs each jury; the structure's delegate pitches in the last one.
    """
    del edition
    for slug, stage in (("lecture", "blind"), ("delibere", "open"), ("choisie", "open")):
        _room(slug, stage, people)
    chosen = db.session.scalars(select(Edition).where(Edition.slug == "choisie")).one()
    files = list(db.session.scalars(select(Application).where(Application.edition_id == chosen.id)))
    files[0].person = people["structure_delegate"]
    organiser = people["organiser"]
    for application, decision in zip(files, ("picked", "picked", "reserve", "declined"), strict=True):
        selecting.decide(db.session, chosen, application, decision, by=organiser, now=now())
    releasing.release(db.session, chosen, held=True, by=organiser, now=now())
    begin = datetime(2099, 10, 20, 12, tzinfo=UTC)
    for number in range(2):
        start = begin + timedelta(hours=number)
        slot = CoachingSlot(edition_id=chosen.id, coach="Agence A", start=start, end=start + timedelta(minutes=45))
        if number == 0:
            slot.application, slot.booked_at = files[0], now()
        db.session.add(slot)
    decks.add(db.session, files[0], BytesIO(b"%PDF-1.7 support"), "support.pdf", by=organiser, now=now())


def _room(slug: str, stage: str, people: Mapping[str, Person]) -> None:
    held = make_edition(slug, held_on=datetime(2099, 11, 18, tzinfo=UTC).date())
    start = min(one.start for one in held.slots)
    held.programme.append(ProgrammeItem(kind="pitches", title="Pitchs", start=start - timedelta(hours=1), end=start))
    make_room(held, stage=stage)
    make_person("juror@essai.example", "juror", edition_id=held.id)
    make_person("organisation@essai.example", ORGANISER, edition_id=held.id)
    declare(held, people["juror"])
    db.session.get_one(Jury, held.id).chair = people["juror"]
    db.session.commit()


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    first = select(func.min(Application.id)).join(Edition, Edition.id == Application.edition_id)
    return {
        "debated": db.session.scalar(first.where(Edition.slug == "delibere")),
        "picked": db.session.scalar(first.where(Edition.slug == "choisie")),
        "chosen": db.session.scalar(first.where(Edition.slug == "choisie")),
        "slot": db.session.scalar(select(func.min(CoachingSlot.id))),
        "free": db.session.scalar(select(func.max(CoachingSlot.id))),
        "deck": db.session.scalar(select(func.min(Deck.id))),
    }
