"""Facilitators for tests; invented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openmap.directory.facilitator_models import Facilitator
from openmap.extensions import db
from openmap.reference.models import Area, Commune
from tests.signing import now


def make_facilitator(
    organisation: str, *, areas: Sequence[Area] = (), communes: Sequence[str] = (), **more: Any
) -> Facilitator:
    """Return an entry that is confirmed and whole; the caller adds it."""
    given: dict[str, Any] = {
        "role": "facilitator", "presentation": "", "website": "", "contact_name": "Camille Essai",
        "contact_email": "camille@essai.example", "contact_phone": "", "confirmed_at": now(), "is_invented": True,
    } | more  # fmt: skip
    single = [db.session.get_one(Commune, code) for code in communes]
    return Facilitator(organisation=organisation, areas=list(areas), communes=single, **given)
