"""Applications for tests: as many as asked, in every state. Every structure in them is invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from openmap.applications.models import Application, Attendee
from openmap.directory.models import Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person

SUBMITTED = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)


def siret(number: int) -> str:
    """Return a valid SIRET that nobody has: one establishment more of the same SIREN, both with their Luhn key."""
    body = f"999000003{number:04d}"
    digits = [int(digit) * (2 if rank % 2 == 0 else 1) for rank, digit in enumerate(reversed(body))]
    total = sum(digit - 9 if digit > 9 else digit for digit in digits)
    return body + str(-total % 10)


def make_application(
    edition: Edition, number: int = 1, *, state: str = "submitted", person: Person | None = None, **changes: Any
) -> Application:
    """Add an application, complete and with a pitch unless ``changes`` say otherwise."""
    sent = state in {"submitted", "withdrawn"}
    values = {
        "siret": siret(number),
        "name": f"Structure d’essai n° {number}",
        "kind": "aci",
        "legal_form": "association",
        "address": "1 rue des Essais",
        "presentation": "Un chantier d’insertion d’essai.",
        "offers": "Collecte, tri et réemploi de mobilier de bureau.",
        "clients": "Ville de Montfleury, 2025.",
        "workforce": 20 + number,
        "supported_share": 60,
        "wants_pitch": True,
        "pitch_title": f"Le réemploi n° {number}",
        "pitch_summary": "Ce que nous présentons en quelques phrases.",
        "pitch_novelty": "Ce qui est nouveau.",
        "pitch_impact": "Douze parcours d’insertion.",
        "wants_meetings": True,
        "created_at": SUBMITTED - timedelta(days=1),
        "changed_at": SUBMITTED,
        "submitted_at": SUBMITTED + timedelta(minutes=number) if sent else None,
        "withdrawn_at": SUBMITTED + timedelta(days=1) if state == "withdrawn" else None,
        **changes,
    }
    application = Application(edition=edition, person=person, state=state, **values)
    if sent and "structure" not in changes:
        known = db.session.query(Structure).filter_by(siret=values["siret"]).one_or_none()
        application.structure = known or Structure(
            name=values["name"], siret=values["siret"], kind=values["kind"] or "ess", is_invented=True
        )
    application.attendees.append(Attendee(name=f"Camille Essai {number}", email=f"camille{number}@essai.example"))
    db.session.add(application)
    db.session.flush()
    return application
