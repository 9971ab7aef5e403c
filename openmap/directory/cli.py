"""Verbs of the directory."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from openmap.directory.import_models import DirectoryImport, ImportFault
from openmap.directory.lists import running
from openmap.directory.lists.listing import media_type_of
from openmap.directory.lists.reading import read_list
from openmap.directory.lists.shapes import FORMAT_LABELS
from openmap.extensions import db
from openmap.web.inspecting import RefusedFile
from openmap.web.uploads import keep_own

UNUSABLE = 2
SHOWN = 20


@click.group("directory")
def directory_group() -> None:
    """Tenir l’annuaire des structures."""


@directory_group.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--source", default="", help="Ce qu’est la liste et de quand : l’origine affichée de chaque information.")
@click.option("--format", "key", type=click.Choice(list(FORMAT_LABELS)), default=None, help="Sans elle, reconnu seul.")
@click.option("--dry-run", is_flag=True, help="Dire ce que la liste ferait, sans rien changer.")
@with_appcontext
def import_command(file: Path, source: str, key: str | None, dry_run: bool) -> None:
    """Importer une liste de structures (CSV, XLSX ou JSON)."""
    content = file.read_bytes()
    try:
        sheet = read_list(content, file.name)
    except RefusedFile as refusal:
        _refuse(str(refusal))
    kept = keep_own(content, file.name, media_type_of(content))
    brought = running.begin(
        db.session, sheet, digest=kept["digest"], filename=file.name, size=len(content), media_type=kept["type"],
        source=source, by=None, now=_now(), key=key or "",
    )  # fmt: skip
    db.session.commit()
    if brought.state == "mapping":
        address = f"/annuaire/imports/{brought.id}"
        _refuse(f"Les colonnes de cette liste ne sont pas reconnues : associez-les à la page {address}.")
    running.check(db.session, brought.id, now=_now)
    db.session.refresh(brought)
    _tell_check(brought)
    if dry_run or brought.state != "checked":
        return
    running.start(db.session, brought, listing=True, by=None, now=_now())
    db.session.commit()
    running.bring_in(db.session, brought.id, now=_now)
    db.session.refresh(brought)
    _tell("Importé", brought.counts.get("result", {}))


def _now() -> datetime:
    return datetime.now(UTC)


def _refuse(why: str) -> None:
    db.session.rollback()
    click.echo(why, err=True)
    sys.exit(UNUSABLE)


def _tell_check(brought: DirectoryImport) -> None:
    if brought.state == "failed":
        _refuse(brought.failure)
    label = FORMAT_LABELS.get(brought.format, brought.format)
    encoding = f", {brought.encoding}" if brought.encoding else ""
    click.echo(f"{brought.filename} : {label}{encoding}, {brought.all_lines} ligne(s).")
    _tell("Vérifié", brought.counts)
    faults = select(ImportFault).where(ImportFault.import_id == brought.id).order_by(ImportFault.line, ImportFault.id)
    for fault in db.session.scalars(faults.limit(SHOWN)):
        where = f", {fault.column} « {fault.value} »" if fault.column else ""
        click.echo(f"  ligne {fault.line}{where} : {fault.message}")
    if brought.counts.get("faults", 0) > SHOWN:
        click.echo(f"  … {brought.counts['faults']} remarques en tout, à la page /annuaire/imports/{brought.id}.")


def _tell(what: str, counts: dict[str, Any]) -> None:
    words = {
        "new": "nouvelle(s)", "changed": "modifiée(s)", "unchanged": "inchangée(s)", "doubtful": "à rapprocher",
        "left_out": "laissée(s) de côté", "repeated": "en double", "refused": "refusée(s)",
        "outside": "hors des territoires chargés",
    }  # fmt: skip
    told = [f"{counts[name]} {word}" for name, word in words.items() if counts.get(name)]
    click.echo(f"{what} : {', '.join(told) or 'rien'}.")


commands = (directory_group,)
