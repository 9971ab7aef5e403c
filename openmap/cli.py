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
from openmap.agendas import tasks as publishing
from openmap.agendas.cli import commands as agenda_commands
from openmap.config import ConfigurationError
from openmap.demo import demo
from openmap.directory.reminding import write_reminders as ask_to_confirm
from openmap.extensions import db
from openmap.jobs import queue_of
from openmap.meetings import wish_tasks
from openmap.meetings.cli import commands as meeting_commands
from openmap.meetings.tasks import resume, tend
from openmap.needs.outcome_pages import ask_outcomes
from openmap.people.cli import commands as people_commands
from openmap.reference.cli import commands as reference_commands
from openmap.reference.cli import load_packaged
from openmap.reference.indexing import rebuild_if_empty
from openmap.serving import PORT, serve
from openmap.signin import postman
from openmap.signin.cli import commands as signin_commands

TEND_SECONDS: Final = 5.0
REMIND_SECONDS: Final = 300.0
PURGE_SECONDS: Final = 600.0
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
    """Créer la base de données avec son référentiel, ou la mettre à niveau."""
    upgrade()
    load_packaged()
    rebuild_if_empty(db.session)
    db.session.commit()
    click.echo("La base de données est à jour.")


@main.command("worker")
@with_appcontext
def worker() -> None:
    """Mener les calculs demandés depuis les pages et envoyer le courrier, jusqu’à l’arrêt (Ctrl-C)."""
    _require_today()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for noisy in ("huey", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    resume()
    click.echo("Programme de calcul prêt. Ctrl-C pour l’arrêter.")
    post = (postman.go_round, postman.EVERY_SECONDS)
    reminders = (postman.write_reminders, REMIND_SECONDS)
    nightly = (postman.purge_nightly, PURGE_SECONDS)
    silent = (wish_tasks.complete_silent, wish_tasks.EVERY_SECONDS)
    asked = (ask_outcomes, REMIND_SECONDS)
    confirmed = (ask_to_confirm, PURGE_SECONDS)
    publications = (publishing.tend, publishing.TEND_SECONDS)
    queue_of(current_app).work(tend, TEND_SECONDS, post, reminders, nightly, silent, asked, confirmed, publications)


@main.command("serve")
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port, sur cette machine seulement.")
@with_appcontext
def serve_command(port: int) -> None:
    """Ouvrir les pages sur cette machine, avec un programme de calcul."""
    _require_today()
    serve(port, f"Pages ouvertes : http://127.0.0.1:{port}/\nCtrl-C pour arrêter.\n")


for commands in (people_commands, signin_commands, reference_commands, meeting_commands, agenda_commands):
    for command in commands:
        main.add_command(command)
for command in (demo, migration_commands):
    main.add_command(command)
