"""The command line: ``openmap …``. Each room brings its own verbs in its ``cli.py``."""

from __future__ import annotations

import logging
from typing import Any, Final

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import ScriptInfo, with_appcontext
from flask_migrate import upgrade
from flask_migrate.cli import db as migration_commands
from sqlalchemy.exc import OperationalError, ProgrammingError

from openmap import create_app
from openmap.agendas.cli import commands as agenda_commands
from openmap.config import ConfigurationError
from openmap.demo import demo
from openmap.extensions import db
from openmap.jobs import queue_of
from openmap.meetings.cli import commands as meeting_commands
from openmap.meetings.tasks import resume, tend
from openmap.serving import PORT, serve

TEND_SECONDS: Final = 5.0
OUTDATED: Final = "La base de données n’est pas à jour : lancez « openmap init », puis recommencez."


class Verbs(click.Group):
    """The group of all verbs: builds the application when one needs it, and words what keeps it from working."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> click.Context:
        """Bring the application, unless the caller has brought its own."""
        extra.setdefault("obj", ScriptInfo(create_app=create_app))
        return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; a weak setting or an absent database is a sentence, any other failure is a fault of ours."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as refusal:
            raise click.ClickException(str(refusal)) from None
        except (OperationalError, ProgrammingError):
            with ctx.ensure_object(ScriptInfo).load_app().app_context():
                _require_today()
            raise


def _require_today() -> None:
    """Refuse a database that does not answer, or that another version of the program has made."""
    history = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    try:
        with db.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_heads()
    except OperationalError as error:
        cause = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(
            f"La base de données ne répond pas ({cause}) : vérifiez qu’elle est lancée, et DATABASE_URL."
        ) from None
    if set(found) != set(history.get_heads()):
        raise click.ClickException(OUTDATED)


@click.group(cls=Verbs)
def main() -> None:
    """Ouvrir, planifier et publier les rencontres d’une édition OpenMap ESS."""


@main.command("init")
@with_appcontext
def init() -> None:
    """Créer la base de données, ou la mettre à niveau."""
    upgrade()
    click.echo("La base de données est à jour.")


@main.command("worker")
@with_appcontext
def worker() -> None:
    """Mener les calculs demandés depuis les pages, jusqu’à l’arrêt (Ctrl-C)."""
    _require_today()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for noisy in ("huey", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    resume()
    click.echo("Programme de calcul prêt. Ctrl-C pour l’arrêter.")
    queue_of(current_app).work(tend, TEND_SECONDS)


@main.command("serve")
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port, sur cette machine seulement.")
@with_appcontext
def serve_command(port: int) -> None:
    """Ouvrir les pages sur cette machine, avec un programme de calcul."""
    _require_today()
    serve(port, f"Pages ouvertes : http://127.0.0.1:{port}/\nCtrl-C pour arrêter.\n")


for command in (*meeting_commands, *agenda_commands, demo, migration_commands):
    main.add_command(command)
