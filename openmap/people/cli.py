"""Verbs about people and the journal."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from openmap.extensions import db
from openmap.people import journal, privacy
from openmap.people.models import ADMINISTRATOR
from openmap.people.services import RefusedChange, give_role, welcome

UNUSABLE = 2


@click.group("people")
def people_group() -> None:
    """Gérer les personnes."""


@people_group.command("administrator")
@click.argument("email")
@click.option("--name", default="", help="Prénom et nom.")
@with_appcontext
def administrator(email: str, name: str) -> None:
    """Nommer une personne qui administre OpenMap ESS, la première par exemple."""
    now = datetime.now(UTC)
    try:
        person = welcome(db.session, email, name=name, by=None, now=now)
    except RefusedChange as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(UNUSABLE)
    given = give_role(db.session, person, ADMINISTRATOR, None, by=None, now=now)
    db.session.commit()
    click.echo(f"{person.email} administre {'désormais' if given else 'déjà'} OpenMap ESS.")


@people_group.command("purge")
@with_appcontext
def purge() -> None:
    """Oublier ce qui dépasse sa durée de conservation."""
    counts = privacy.purge(db.session, now=datetime.now(UTC))
    db.session.commit()
    click.echo(", ".join(f"{table} : {count}" for table, count in counts.items()) or "Rien à oublier.")


@click.group("journal")
def journal_group() -> None:
    """Vérifier le journal des actions."""


@journal_group.command("verify")
@with_appcontext
def verify() -> None:
    """Suivre la chaîne du journal, du début à la fin."""
    verdict = journal.verify(db.session)
    if verdict.broken_at is None:
        click.echo(f"Le journal est entier : {verdict.entries} entrée(s).")
        return
    where = f"à l’entrée {verdict.broken_at}" if verdict.broken_at else "à sa fin : des entrées manquent"
    click.echo(f"Le journal a été modifié {where} ; {verdict.entries} entrée(s) se suivent avant.", err=True)
    sys.exit(1)


commands = (people_group, journal_group)
