"""Where a structure's public page is, for answers that name thousands of them."""

from __future__ import annotations

from typing import Final

from flask import current_app

STRUCTURES: Final = "/annuaire/structures/"


def structure_page(structure_id: int) -> str:
    """Return the whole address of a structure's page."""
    return f"{current_app.config['OPENMAP'].base_url}{STRUCTURES}{structure_id}"
