"""Writing a folder of agendas: whole or not at all, the same when the plan is the same."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import event, func, select

from openmap.agendas import errors
from openmap.agendas.cli import agendas_command
from openmap.agendas.folders import MANIFEST
from openmap.agendas.models import CalendarEntry
from openmap.agendas.queries import load_sheet, published_entries
from openmap.agendas.services import write_agendas
from openmap.extensions import db
from tests.agendas.factory import FIRST_PLAN, NOW, Morning, build


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder of its own, beside the test's database."""
    folder = tmp_path / "agendas"
    folder.mkdir()
    return folder


@pytest.fixture
def morning(app: Flask) -> Morning:
    return build(db.session)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_it_writes_a_calendar_and_an_agenda_each_and_the_common_documents(morning: Morning, out: Path) -> None:
    morning.plan()
    report = write_agendas(db.session, morning.edition, out / "a" / "b", now=NOW)
    found = set(contents(out / "a" / "b"))
    names = {
        "B01-ville-de-paris", "B02-departement-du-val-de-marne",
        "S01-ares-services", "S02-extramuros", "S03-lemon-aide",
    }  # fmt: skip
    assert found == {
        "agendas.pdf", "tables.pdf", "portes.pdf", "planning.pdf", "planning.xlsx", MANIFEST,
        *(f"calendriers/{name}.ics" for name in names), *(f"agendas/{name}.pdf" for name in names),
    }  # fmt: skip
    assert (
        report.sentence
        == "planning n°\u00a01, 4\u00a0entretiens pour 5\u00a0participants\u00a0: 15\u00a0fichiers écrits."
    )


def test_a_second_run_changes_no_byte_and_touches_no_file(morning: Morning, out: Path) -> None:
    morning.plan()
    write_agendas(db.session, morning.edition, out, now=NOW)
    before = contents(out)
    stamps = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    report = write_agendas(db.session, morning.edition, out, now=NOW + timedelta(days=3))
    assert contents(out) == before
    assert {file: file.stat().st_mtime_ns for file in stamps} == stamps
    assert (len(report.changes.written), len(report.changes.unchanged), report.updated) == (0, 15, 0)


def test_another_folder_gets_the_same_bytes(morning: Morning, out: Path) -> None:
    morning.plan()
    write_agendas(db.session, morning.edition, out / "a", now=NOW)
    write_agendas(db.session, morning.edition, out / "b", now=NOW + timedelta(days=3))
    assert contents(out / "a") == contents(out / "b")


def test_stale_files_go_and_foreign_files_stay(morning: Morning, out: Path) -> None:
    morning.plan()
    write_agendas(db.session, morning.edition, out, now=NOW)
    (out / "calendriers" / "mes-notes.txt").write_text("à garder")
    morning.people["S03"].organisation.name = "Lemon Aide et Cie"
    morning.plan([("B01", "S01", "T03", "A1")], version=2)
    report = write_agendas(db.session, morning.edition, out, now=NOW)
    found = set(contents(out))
    assert set(report.changes.removed) == {"agendas/S03-lemon-aide.pdf", "calendriers/S03-lemon-aide.ics"}
    assert not found.intersection(report.changes.removed)
    assert {"calendriers/mes-notes.txt", "calendriers/S03-lemon-aide-et-cie.ics"} <= found
    assert (report.updated, report.cancelled) == (1, 3)


def test_a_manifest_cannot_point_outside_the_folder(morning: Morning, out: Path) -> None:
    morning.plan()
    precious = out / "precieux.txt"
    precious.write_text("à garder")
    folder = out / "dedans"
    folder.mkdir()
    (folder / MANIFEST).write_text(f'{{"edition": "matin", "files": ["../precieux.txt", "{precious}"]}}')
    write_agendas(db.session, morning.edition, folder, now=NOW)
    assert precious.read_text() == "à garder"


def test_a_foreign_file_is_never_overwritten(morning: Morning, out: Path) -> None:
    morning.plan()
    (out / "planning.xlsx").write_text("le mien")
    with pytest.raises(errors.ForeignFileError, match="n’a pas été écrit par OpenMap"):
        write_agendas(db.session, morning.edition, out, now=NOW)
    assert contents(out) == {"planning.xlsx": b"le mien"}
    assert db.session.scalar(select(func.count()).select_from(CalendarEntry)) == 0


def test_one_folder_serves_one_edition(app: Flask, out: Path) -> None:
    first, second = build(db.session), build(db.session, slug="soir")
    first.plan()
    second.plan()
    write_agendas(db.session, first.edition, out, now=NOW)
    with pytest.raises(errors.OtherEditionError, match="« matin »"):
        write_agendas(db.session, second.edition, out, now=NOW)


def test_without_a_plan_it_says_how_to_make_one(morning: Morning, out: Path) -> None:
    with pytest.raises(errors.NoPlanError, match="openmap plan matin"):
        write_agendas(db.session, morning.edition, out / "out", now=NOW)
    assert not (out / "out").exists()


def test_a_plan_of_another_edition_is_refused(app: Flask, out: Path) -> None:
    first, second = build(db.session), build(db.session, slug="soir")
    with pytest.raises(errors.ForeignPlanError, match="« soir »"):
        write_agendas(db.session, second.edition, out, now=NOW, plan=first.plan())


@pytest.mark.parametrize("below", ["", "dossier"])
def test_a_file_in_place_of_the_folder_is_refused(morning: Morning, out: Path, below: str) -> None:
    morning.plan()
    (out / "out").write_text("un fichier")
    with pytest.raises(errors.NotAFolderError, match="n’est pas un dossier"):
        write_agendas(db.session, morning.edition, out / "out" / below, now=NOW)
    assert (out / "out").read_text() == "un fichier"


def test_a_folder_that_refuses_writing_is_told(morning: Morning) -> None:
    morning.plan()
    with pytest.raises(errors.NotWritableError, match="vérifiez vos droits"):
        write_agendas(db.session, morning.edition, Path("/proc/openmap-agendas"), now=NOW)


def test_a_directory_in_place_of_a_file_leaves_the_former_set_whole(morning: Morning, out: Path) -> None:
    """The swap fails midway: what it had already replaced comes back, what it had added goes."""
    morning.plan()
    write_agendas(db.session, morning.edition, out, now=NOW)
    (out / "planning.xlsx").unlink()
    (out / "planning.xlsx").mkdir()
    before = contents(out)
    morning.plan([("B01", "S01", "T03", "A1")], version=2)
    with pytest.raises(errors.NotWritableError):
        write_agendas(db.session, morning.edition, out, now=NOW)
    assert contents(out) == before
    assert not list(out.glob(".openmap-agendas-*"))


def test_a_failure_while_building_leaves_folder_and_record_as_they_were(
    morning: Morning, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning.plan()
    write_agendas(db.session, morning.edition, out, now=NOW)
    before, entries = contents(out), published(morning)
    morning.plan([("B01", "S01", "T03", "A1")], version=2)
    monkeypatch.setattr("openmap.web.typesetting.PRINT_TEMPLATES", out / "nowhere")
    with pytest.raises(errors.PrintError):
        write_agendas(db.session, morning.edition, out, now=NOW)
    assert contents(out) == before
    assert published(morning) == entries


def test_what_a_killed_run_left_behind_is_cleared(morning: Morning, out: Path) -> None:
    morning.plan()
    leftover = out / ".openmap-agendas-killed"
    leftover.mkdir()
    (leftover / "half.pdf").write_text("%PDF")
    write_agendas(db.session, morning.edition, out, now=NOW)
    assert not leftover.exists()


def published(morning: Morning) -> list[tuple[str, int, bool]]:
    rows = published_entries(db.session, morning.edition)
    return sorted((row.uid, row.sequence, row.cancelled) for told in rows.values() for row in told.values())


def test_names_that_a_file_system_takes_for_one_stay_apart(app: Flask, out: Path) -> None:
    morning = build(db.session, buyers=["../../etc/passwd", "🌱"])
    morning.people["B01"].code, morning.people["B02"].code = "a/1", "A 1"
    morning.people["B01"].organisation.name = "🌱🌱"
    morning.plan()
    write_agendas(db.session, morning.edition, out, now=NOW)
    calendars = [file.name.lower() for file in (out / "calendriers").iterdir()]
    assert len(calendars) == len(set(calendars)) == 5
    assert all(os.sep not in name for name in calendars)


@pytest.mark.parametrize("side", ["buyers", "structures"])
def test_reading_a_plan_costs_the_same_queries_for_3_and_30(app: Flask, side: str) -> None:
    def queries(morning: Morning, meetings: list[tuple[str, str, str, str]]) -> int:
        plan = morning.plan(meetings)
        db.session.expire_all()
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        load_sheet(db.session, morning.edition, plan)
        event.remove(db.engine, "before_cursor_execute", listener)
        return len(seen)

    few = queries(build(db.session), list(FIRST_PLAN[:3]))
    more = {side: [f"Participant {i}" for i in range(30)]}
    many = build(db.session, slug="soir", slots=30, **more)
    pairs = [(f"B{i:02}", "S01") if side == "buyers" else ("B01", f"S{i:02}") for i in range(1, 31)]
    assert queries(many, [(b, s, f"T{i:02}", "A1") for i, (b, s) in enumerate(pairs, 1)]) == few


def _run(app: Flask, folder: Path, slug: str = "matin") -> Result:
    return app.test_cli_runner().invoke(agendas_command, [slug, "--out", str(folder)])


def test_the_command_writes_and_tells(app: Flask, out: Path) -> None:
    build(db.session).plan()
    result = _run(app, out)
    assert result.exit_code == 0
    assert "15\u00a0fichiers écrits" in result.output
    assert (out / "agendas.pdf").is_file()


def test_the_command_refuses_in_french(app: Flask, out: Path) -> None:
    build(db.session)
    without_plan, unknown = _run(app, out), _run(app, out, "inconnue")
    assert (without_plan.exit_code, unknown.exit_code) == (2, 2)
    assert "n’a pas encore de planning" in without_plan.output
    assert "inconnue" in unknown.output
