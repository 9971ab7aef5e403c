"""A second import replaces only what it may; exclusions, locks, the command line."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from openmap.cli import main
from openmap.directory.models import Organisation
from openmap.events.models import Edition, Slot
from openmap.extensions import db
from openmap.meetings.models import Exclusion, Lock, Participation, Plan, Wish
from openmap.meetings.workbook.importing import AlreadyImported, ReplacementDeclined, import_edition
from openmap.web.workbook.reading import WorkbookUnusable
from tests.meetings.folders import SMALL, bring_in, count, folder, structures, wishes


@pytest.mark.usefixtures("app")
def test_second_import_is_refused_unless_replacing(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    with pytest.raises(AlreadyImported, match="--replace"):
        bring_in(source)
    bring_in(source, replace=True)
    assert (count(Edition), count(Slot), count(Participation), count(Organisation), count(Wish)) == (1, 3, 4, 4, 3)


@pytest.mark.usefixtures("app")
def test_same_content_changes_nothing(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    before = db.session.scalars(select(Edition.id)).one()
    assert "déjà à jour" in bring_in(source, replace=True, if_changed=True)
    assert db.session.scalars(select(Edition.id)).one() == before
    shutil.copy(source / "souhaits.csv", tmp_path / "souhaits.csv")
    (source / "souhaits.csv").write_text(SMALL["souhaits"].replace("5", "6"))
    assert "importée" in bring_in(source, replace=True, if_changed=True)


@pytest.mark.usefixtures("app")
def test_plans_are_not_lost_without_a_word(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    edition = db.session.scalars(select(Edition)).one()
    row = Plan(
        edition_id=edition.id, version=1, status="feasible", seed=1, problem_digest="x", created_at=datetime.now(UTC)
    )
    db.session.add(row)
    db.session.commit()
    asked: list[str] = []

    def decline(sentence: str) -> bool:
        asked.append(sentence)
        return False

    with pytest.raises(ReplacementDeclined):
        import_edition(db.session, source, replace=True, confirm=decline)
    assert "supprime ses 1 planning(s)" in asked[0]
    assert count(Plan) == 1


@pytest.mark.usefixtures("app")
def test_failed_replacement_leaves_the_old_edition(tmp_path: Path) -> None:
    source = folder(tmp_path)
    bring_in(source)
    (source / "souhaits.csv").write_text(str(wishes("B02;S01;1;;;T03", "B02;S02;1;;;T03")["souhaits"]))
    with pytest.raises(WorkbookUnusable):
        bring_in(source, replace=True)
    assert (count(Edition), count(Wish), count(Lock)) == (1, 3, 0)


@pytest.mark.usefixtures("app")
def test_exclusions_and_locks_come_in(tmp_path: Path) -> None:
    bring_in(folder(tmp_path, **wishes("B01;S01;5;oui;T03;T03;A1", "B02;S02;3;;T01, T02-T03", "B02;S01;;;;;;oui")))
    assert (count(Wish), count(Lock), count(Exclusion)) == (2, 1, 1)


def run(app: Flask, *arguments: str) -> Result:
    """Run the command line on the test's application."""
    return app.test_cli_runner().invoke(main, list(arguments))


def test_command_line_tells_faults_and_leaves_with_two(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", "edition", str(folder(tmp_path, **structures("S01;;ACI"))))
    assert result.exit_code == 2
    assert "feuille « structures.csv », ligne 2, colonne « Nom »" in result.stderr
    assert "rien n'a été enregistré" in result.stderr


def test_template_does_not_overwrite(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "edition.xlsx"
    assert run(app, "template", str(file)).exit_code == 0
    before = file.read_bytes()
    assert run(app, "template", str(file)).exit_code == 2
    assert file.read_bytes() == before
