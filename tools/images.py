"""Take the pictures of the README anew from a running demonstration: ``python -m tools.images [address]``.

Needs Chromium and ``openmap demo``, with the same ``OPENMAP_INSTANCE``. Only pages of its fictitious edition are
shown; the pictures are to be looked at before they are kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import current_app
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from openmap import create_app
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.signin.services import link_address, make_link

IMAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
CHROMIUM: Final = os.environ.get("OPENMAP_CHROMIUM", "/usr/bin/chromium")
TITLE: Final = "OpenMap ESS – rendez-vous en préparation (fictive)"
WIDTH: Final = 1280
PICTURES: Final[Mapping[str, tuple[tuple[str, str, int], ...]]] = {
    # whose pages: file, address below the edition, height in pixels
    "organiser": (("plan.png", "planning", 1345), ("hypotheses.png", "planning/hypotheses", 1090)),
    "buyer-delegate": (("souhaits.png", "souhaits#autres", 1000),),
}


def main(address: str = "http://127.0.0.1:8000") -> None:
    """Take every picture from the demonstration that runs at ``address``."""
    with create_app().app_context():
        slug = db.session.scalars(select(Edition.slug).where(Edition.title == TITLE)).one()
        ways_in = {who: _way_in(who) for who in PICTURES}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for who, pictures in PICTURES.items():
            page = _entered(browser, address + ways_in[who])
            for name, path, height in pictures:
                page.set_viewport_size({"width": WIDTH, "height": height})
                page.goto(f"{address}/editions/{slug}/{path}")
                page.screenshot(path=IMAGES / name)
        browser.close()


def _way_in(who: str) -> str:
    """Return the path of a link that lets someone of the demonstration in."""
    person = db.session.scalars(select(Person).where(Person.email == f"{who}@demonstration.example")).one()
    token = make_link(db.session, person, next_page="", now=datetime.now(UTC))
    db.session.commit()
    return urlsplit(link_address(current_app.config["OPENMAP"], token)).path


def _entered(browser: Browser, link: str) -> Page:
    page = browser.new_page(locale="fr-FR")
    page.goto(link)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()
    return page


if __name__ == "__main__":
    main(*sys.argv[1:2])
