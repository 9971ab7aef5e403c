"""The addresses of a structure that applies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Final

from sqlalchemy import func, select

from openmap.applications.models import Application, Attachment
from openmap.events.models import Edition, Phase
from openmap.extensions import db
from openmap.people.models import Person
from openmap.web.uploads import keep
from tests.applying import make_application
from tests.house.table import Action, File, Page

OPENED: Final = datetime(2026, 10, 1, 9, tzinfo=UTC)
FAR: Final = datetime(2099, 10, 1, 18, tzinfo=UTC)
CALL = "/editions/essai/candidature"
OWN = "/candidatures/{draft}"
STEPS = ("identite", "activite", "territoires", "participants", "pitch", "rendez-vous")

PAGES: tuple[Page, ...] = (
    Page("applying.call", "/editions/essai/candidature"),
    Page("applying.call", "/editions/vide/candidature"),
    Page("applying.call", "/editions/attente/candidature"),
    Page("applying.index", "/candidatures", "signed_in"),
    Page("applying.show", OWN, "applicant"),
    Page("applying.show", "/candidatures/{own}", "applicant"),
    Page("applying.show", "/candidatures/{withdrawn}", "organiser"),
    *(Page("applying.step", f"{OWN}/{step}", "applicant") for step in STEPS),
    *(Page("applying.step", f"/candidatures/{{own}}/{step}", "applicant") for step in STEPS),
)
ACTIONS: tuple[Action, ...] = (
    Action(
        "applying.ask",
        "/editions/essai/candidature/lien",
        "everyone",
        "/connexion/message",
        {"email": "nouvelle@essai.example"},
    ),
    Action(
        "applying.begin", "/editions/essai/candidature", "signed_in", "/candidatures/{next}/identite", {"siret": ""}
    ),
    Action(
        "applying.late",
        "/editions/essai/candidature/code",
        "signed_in",
        "/editions/essai/candidature",
        {"code": "RIEN"},
    ),
    Action(
        "applying.keep",
        f"{OWN}/rendez-vous",
        "applicant",
        OWN,
        {"wants_meetings": "oui", "version": "1", "continuer": "1", "retour": "1"},
    ),
    Action("applying.submit", f"{OWN}/depot", "applicant", None, status=422),
    Action("applying.withdraw", "/candidatures/{own}/retrait", "applicant", "/candidatures/{own}"),
    Action("applying.allow", "/candidatures/{own}/autorisation", "organiser", "/candidatures/{own}"),
)
FILES: tuple[File, ...] = (File("attachments.download", "/candidatures/{own}/pieces/{piece}", "reader"),)
DOORS: frozenset[str] = frozenset()


def furnish(edition: Edition, people: Mapping[str, Person]) -> None:
    """Open the call, with files in every state: two of the delegate's own, one of them with an attachment."""
    edition.phases.append(Phase(kind="call", opens_at=OPENED, closes_at=FAR))
    closed = db.session.scalars(select(Edition).where(Edition.slug == "attente")).one()
    closed.phases.append(Phase(kind="call", opens_at=OPENED, closes_at=OPENED + timedelta(days=1)))
    for number in range(1, 6):
        make_application(edition, number)
    delegate = people["structure_delegate"]
    typed = {"siret": {"text": "123 456", "reason": "Un SIRET compte 14 chiffres."}}
    make_application(edition, 6, state="draft", person=delegate, pitch_summary="", workforce=None, typed=typed)
    make_application(edition, 7, state="withdrawn")
    ineligible = make_application(edition, 8)
    ineligible.standing, ineligible.standing_reason = "ineligible", "Hors de la région."
    ineligible.standing_at = ineligible.submitted_at
    own = make_application(edition, 9, person=delegate)
    kept = keep(BytesIO(b"%PDF-1.7 essai"), "plaquette.pdf")
    own.attachments.append(
        Attachment(
            filename=kept.filename, media_type=kept.media_type, size=kept.size, digest=kept.digest, added_at=OPENED
        )
    )


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above: files by their state, and the delegate's own."""
    first = select(func.min(Application.id))
    own = db.session.scalar(select(func.max(Attachment.application_id)))
    return {
        "application": db.session.scalar(first.where(Application.state == "submitted")),
        "draft": db.session.scalar(first.where(Application.state == "draft")),
        "withdrawn": db.session.scalar(first.where(Application.state == "withdrawn")),
        "own": own,
        "piece": db.session.scalar(select(Attachment.id).where(Attachment.application_id == own)),
        "next": (db.session.scalar(select(func.max(Application.id))) or 0) + 1,
    }
