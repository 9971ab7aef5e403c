"""The addresses of organisers who examine the applications."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from openmap.applications.messaging import recipients_of, write_all
from openmap.applications.models import Answer, Application, Question, Revision
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from tests.applying import SUBMITTED, make_application, siret
from tests.house.table import Action, File, Page

FILES_OF = "/editions/essai/candidatures"
ASKED = "/editions/essai/preparation/questions"
BATCH = "0123456789abcdef"
WORDS = {"subject": "À propos de {structure}", "body": "Bonjour {prenom_nom},\n\n{dossier}"}
QUESTION = {"label": "Avez-vous un local ?", "kind": "boolean", "condition": ""}
CONTACT = {"name": "Structure d’essai", "email": "contact@essai.example", "contact": "Claude Essai", "how": "inviter"}

PAGES: tuple[Page, ...] = (
    Page("examining.index", FILES_OF, "organiser"),
    Page("calling.show", f"{FILES_OF}/annuaire", "organiser"),
    Page("calling.show", f"{FILES_OF}/annuaire?q=essai&nouvelles=oui", "organiser"),
    Page("examining.index", f"{FILES_OF}?q=rien-de-tel&page=9", "organiser"),
    Page("examining.index", f"{FILES_OF}?etat=submitted&recevabilite=undecided&pitch=oui&tri=nom", "organiser"),
    Page("examining.index", f"{FILES_OF}?doublons=1&retard=1&activite=1&territoire=1&type=aci", "organiser"),
    Page("examining.index", "/editions/vide/candidatures", "organiser"),
    Page("examining.show", f"{FILES_OF}/{{application}}", "organiser"),
    Page("examining.show", f"{FILES_OF}/{{draft}}?etat=draft", "organiser"),
    Page("examining.show", f"{FILES_OF}/{{twin}}", "organiser"),
    Page("writing.compose", f"{FILES_OF}/message?tout=1&etat=submitted", "organiser"),
    Page("writing.compose", f"{FILES_OF}/message", "organiser"),
    Page("writing.batch", f"{FILES_OF}/message/{BATCH}", "organiser"),
    Page("bringing.form", f"{FILES_OF}/import", "organiser"),
    Page("behalf.new", f"{FILES_OF}/nouvelle", "organiser"),
    Page("merging.compare", f"{FILES_OF}/{{application}}/reunion/{{twin}}", "organiser"),
    Page("questions.index", ASKED, "organiser"),
    Page("questions.index", "/editions/vide/preparation/questions", "organiser"),
    Page("questions.edit", f"{ASKED}/{{question}}", "organiser"),
)
ACTIONS: tuple[Action, ...] = (
    Action("calling.send", f"{FILES_OF}/annuaire?q=traiteur", "organiser", f"{FILES_OF}/annuaire?q=traiteur"),
    Action(
        "examining.choose",
        f"{FILES_OF}/selection",
        "organiser",
        FILES_OF,
        {"choix": "{application}", "action": "recevables"},
    ),
    Action(
        "examining.judge",
        f"{FILES_OF}/{{application}}",
        "organiser",
        f"{FILES_OF}/{{application}}",
        {"standing": "ineligible", "standing_reason": "Hors sujet."},
    ),
    Action(
        "writing.write",
        f"{FILES_OF}/message",
        "organiser",
        f"{FILES_OF}/message/fedcba9876543210",
        {**WORDS, "envoi": "fedcba9876543210", "choix": "{application}"},
    ),
    Action("writing.release", f"{FILES_OF}/message/{BATCH}", "organiser", f"{FILES_OF}/message/{BATCH}"),
    Action("bringing.bring", f"{FILES_OF}/import", "organiser", None, {"submitting": "y"}, status=422),
    Action("behalf.begin", f"{FILES_OF}/nouvelle", "organiser", f"{FILES_OF}/{{next_file}}", CONTACT),
    Action("merging.merge", f"{FILES_OF}/{{application}}/reunion/{{twin}}", "organiser", f"{FILES_OF}/{{application}}"),
    Action("questions.add", ASKED, "organiser", ASKED, QUESTION),
    Action("questions.change", f"{ASKED}/{{question}}", "organiser", ASKED, QUESTION),
    Action("questions.arrange", f"{ASKED}/{{question}}/monter", "organiser", ASKED),
)
FILES: tuple[File, ...] = (
    File("handing.pdf", f"{FILES_OF}/{{application}}/dossier.pdf"),
    File("bringing.template", f"{FILES_OF}/import/modele.xlsx"),
    File("handing.table", "/editions/essai/candidatures.xlsx?etat=submitted"),
    File("handing.archive", "/editions/essai/candidatures.zip?etat=draft"),
)
DOORS: frozenset[str] = frozenset()


def furnish(edition: Edition, people: Mapping[str, Person]) -> None:
    """Add a file of the same SIRET as the first, a late change, two questions with an answer, and a message held."""
    twin = make_application(edition, 9, siret=siret(1), name="La même, écrite autrement", structure=None, is_late=True)
    first = db.session.scalars(
        select(Application).where(Application.edition_id == edition.id, Application.siret == siret(1)).limit(1)
    ).one()
    parent = Question(edition_id=edition.id, kind="boolean", label="Avez-vous un véhicule ?", is_required=False)
    db.session.add(parent)
    db.session.flush()
    child = Question(
        edition_id=edition.id, position=1, kind="choices", label="Lesquels ?", options=["Camion", "Vélo"],
        depends_on_id=parent.id, depends_value="oui", help="Tous ceux qui servent.",
    )  # fmt: skip
    db.session.add(child)
    first.answers.append(Answer(question=parent, value=True))
    changes = {"pitch_title": ["Ancien titre", first.pitch_title], "workforce": [None, 21]}
    first.revisions.append(Revision(at=SUBMITTED, is_late=True, changes=changes))
    recipients, _nobody = recipients_of([first, twin])
    write_all(db.session, recipients, **WORDS, batch=BATCH, by=people["organiser"], now=SUBMITTED)


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    return {
        "twin": db.session.scalar(
            select(func.max(Application.id)).where(Application.name == "La même, écrite autrement")
        ),
        "question": db.session.scalar(select(func.min(Question.id))),
        "next_file": (db.session.scalar(select(func.max(Application.id))) or 0) + 1,
    }
