"""Verbs of signing in."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from openmap.extensions import db
from openmap.people.models import Person
from openmap.people.queries import person_by_email
from openmap.signin.services import drop_second_factor, link_address, make_link

UNUSABLE = 2


@click.group("signin")
def signin_group() -> None:
    """Ouvrir l’accès à une personne."""


@signin_group.command("link")
@click.argument("email")
@with_appcontext
def link(email: str) -> None:
    """Imprimer un lien de connexion, valable une fois et 20 minutes."""
    token = make_link(db.session, _person_or_exit(email), now=datetime.now(UTC))
    click.echo(link_address(current_app.config["OPENMAP"], token))


@signin_group.command("drop-second-factor")
@click.argument("email")
@with_appcontext
def drop(email: str) -> None:
    """Retirer le second facteur d’une personne qui a perdu son appareil."""
    person = _person_or_exit(email)
    drop_second_factor(db.session, person, by=None, now=datetime.now(UTC))
    click.echo(f"{person.email} se connecte désormais sans second facteur.")


def _person_or_exit(email: str) -> Person:
    person = person_by_email(db.session, email)
    if person is None:
        click.echo(f"Personne n’a l’adresse {email} : vérifiez-la, ou créez d’abord la personne.", err=True)
        sys.exit(UNUSABLE)
    return person


commands = (signin_group,)
