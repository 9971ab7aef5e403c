"""Verbs that load reference data."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from openmap.extensions import db
from openmap.reference.indexing import rebuild
from openmap.reference.loading import (
    ILE_DE_FRANCE,
    TAXONOMY,
    Report,
    UnreadableFile,
    load_taxonomy,
    load_territories,
)
from openmap.reference.queries import loads

UNUSABLE = 2
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("territories")
def territories_group() -> None:
    """Charger les territoires : communes, départements, intercommunalités."""


@territories_group.command("load")
@click.argument("file", type=FILE, default=ILE_DE_FRANCE)
@with_appcontext
def load_territories_command(file: Path) -> None:
    """Charger une région ; sans fichier, l’Île-de-France livrée avec le programme."""
    _say("Territoires", _loaded(load_territories, file))


@click.group("taxonomy")
def taxonomy_group() -> None:
    """Charger les filières, activités, types de structure et labels."""


@taxonomy_group.command("load")
@click.argument("file", type=FILE, default=TAXONOMY)
@with_appcontext
def load_taxonomy_command(file: Path) -> None:
    """Charger un vocabulaire ; ce qui a été modifié dans les pages reste tel quel."""
    _say("Vocabulaire", _loaded(load_taxonomy, file))


@click.group("index")
def index_group() -> None:
    """Tenir l’index de la recherche en texte intégral."""


@index_group.command("rebuild")
@with_appcontext
def rebuild_command() -> None:
    """Refaire l’index : besoins déclarés, candidatures déposées, organisations."""
    counts = rebuild(db.session)
    db.session.commit()
    told = {"need": "besoin(s)", "application": "candidature(s)", "organisation": "organisation(s)"}
    click.echo(f"Index refait : {', '.join(f'{number} {told.get(kind, kind)}' for kind, number in counts.items())}.")


def load_packaged() -> None:
    """Load what comes with the program into a database that has none of it yet."""
    now = datetime.now(UTC)
    for kind, load, file in (
        ("territories", load_territories, ILE_DE_FRANCE),
        ("taxonomy", load_taxonomy, TAXONOMY),
    ):
        if not loads(db.session, kind):
            load(db.session, file, now=now)
            db.session.commit()


def _loaded(load: object, file: Path) -> Report:
    try:
        report: Report = load(db.session, file, now=datetime.now(UTC))  # type: ignore[operator]
    except UnreadableFile as refusal:
        db.session.rollback()
        click.echo(str(refusal), err=True)
        sys.exit(UNUSABLE)
    db.session.commit()
    return report


def _say(what: str, report: Report) -> None:
    click.echo(f"{what} {report.version} : {report.added} ajout(s), {report.changed} changement(s).")
    if report.kept:
        click.echo(f"Modifié dans les pages, laissé tel quel : {', '.join(report.kept)}.")


commands = (territories_group, taxonomy_group, index_group)
