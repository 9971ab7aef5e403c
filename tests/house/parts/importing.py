"""The addresses of lists of structures brought into the directory."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from openmap.directory.import_models import DirectoryImport
from openmap.directory.lists import running
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from tests.directory.listed import HEAD, line, now, sent
from tests.house.table import Action, File, Page

BASE = "/annuaire/imports"
STATES = ("mapping", "checking", "checked", "importing", "done", "failed", "abandoned")
DOUBTS = f"{BASE}/{{list_checked}}/doutes"

PAGES: tuple[Page, ...] = (
    Page("directory_imports.index", BASE, "administrator"),
    Page("directory_imports.new", f"{BASE}/nouveau", "administrator"),
    *(Page("directory_imports.show", f"{BASE}/{{list_{state}}}", "administrator") for state in STATES),
    Page("directory_imports.show", f"{BASE}/{{list_checked}}?page=9", "administrator"),
    Page("directory_imports.columns", f"{BASE}/{{list_checked}}/colonnes", "administrator"),
    Page("directory_imports.doubts", DOUBTS, "administrator"),
)
ACTIONS: tuple[Action, ...] = (
    Action("directory_imports.send", f"{BASE}/nouveau", "administrator", None, {}, 422),
    Action(
        "directory_imports.match", f"{BASE}/{{list_mapping}}/colonnes", "administrator", f"{BASE}/{{list_mapping}}",
        {"colonne-0": "name", "colonne-1": "kind"},
    ),
    Action("directory_imports.match", f"{BASE}/{{list_mapping}}/colonnes", "administrator", None, {}, 422),
    Action("directory_imports.decide", DOUBTS, "administrator", DOUBTS),
    Action("directory_imports.start", f"{BASE}/{{list_checked}}/import", "administrator", f"{BASE}/{{list_checked}}"),
    Action("directory_imports.stop", f"{BASE}/{{list_importing}}/arret", "administrator", f"{BASE}/{{list_importing}}"),
)  # fmt: skip
FILES: tuple[File, ...] = (
    File("directory_imports.faults", f"{BASE}/{{list_checked}}/remarques.csv", "administrator"),
    File("directory_imports.progress", f"{BASE}/{{list_checking}}/avancement?vu=checking", "administrator"),
)
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """Add an import in every state, one with faults and a doubt."""
    for state in STATES:
        known = line(1, f"Régie d’essai {state}", siret="", insee="", commune="Essai-sur-Seine", cp="99000")
        alike = line(2, f"Regie d’essai {state}s", insee="", commune="Essai-sur-Seine", cp="99000")
        wrong = line(3, "", type="mairie", cp="9")
        if state == "checked":
            first = sent("\n".join([HEAD, known]), "avant.csv")
            running.check(db.session, first.id, now=now)
            running.start(db.session, first, listing=True, by=None, now=now())
            db.session.commit()
            running.bring_in(db.session, first.id, now=now)
        brought = sent("\n".join([HEAD, known, alike, wrong]), f"liste-{state}.csv")
        brought.person_id = people["administrator"].id
        if state != "checking":
            db.session.commit()
            running.check(db.session, brought.id, now=now)
        brought.state = state
        brought.done_at = now() if state == "done" else None
        brought.failure = "Le fichier n’est plus là : envoyez-le de nouveau." if state == "failed" else ""


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    asked = select(DirectoryImport.filename, DirectoryImport.id)
    found = {row.filename: row.id for row in db.session.execute(asked)}
    return {f"list_{state}": found.get(f"liste-{state}.csv", 0) for state in STATES}
