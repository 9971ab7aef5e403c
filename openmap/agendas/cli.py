"""The organiser's verb: write what leaves a plan."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext

from openmap.agendas.errors import AgendasError
from openmap.agendas.services import write_agendas
from openmap.extensions import db
from openmap.meetings.cli import UNUSABLE, edition_or_exit


@click.command("agendas")
@click.argument("slug", metavar="ÉDITION")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Dossier où écrire, existant ou à créer.")
@with_appcontext
def agendas_command(slug: str, out: Path) -> None:
    """Écrire calendriers, agendas, cartons de table, affiche et classeur du dernier planning."""
    edition = edition_or_exit(slug)
    try:
        report = write_agendas(db.session(), edition, out, now=datetime.now(UTC))
    except AgendasError as error:
        click.echo(str(error), err=True)
        sys.exit(UNUSABLE)
    click.echo(f"Agendas\u00a0: {report.sentence}")
    click.echo(f"Dossier\u00a0: {out}")


commands: Final = [agendas_command]
