"""``openmap demo``: the morning of 16 November 2017 from an empty folder to open pages."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import select

from openmap.agendas.services import write_agendas
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.cli import ProgressTeller, tell_plan
from openmap.meetings.models import Plan
from openmap.meetings.services import plan_now
from openmap.meetings.workbook.importing import import_edition
from openmap.serving import PORT, refuse_taken, serve
from openmap.web.french import duration

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "circular-economy-2017"
TIME_LIMIT = 60.0


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="S’arrêter avant d’ouvrir les pages.")
@click.option(
    "--port", type=PORT, default=8000, show_default=True, help="Port du serveur, sur cette machine seulement."
)
@with_appcontext
def demo(no_serve: bool, port: int) -> None:
    """Préparer l’édition de démonstration : base, import, planning, agendas, pages."""
    began = time.monotonic()
    if not EXAMPLE.is_dir():
        raise click.ClickException(
            "L’édition de démonstration vient avec le dépôt : lancez « make demo » depuis sa racine."
        )
    if not no_serve:
        refuse_taken(port)
    upgrade()
    edition = _imported()
    plan = _planned(edition)
    out = Path(current_app.instance_path) / "agendas" / edition.slug
    report = write_agendas(db.session, edition, out, now=_now(), plan=plan)
    click.echo(f"3. Agendas : {report.sentence}")
    click.echo(f"   dans {_short(out)}")
    click.echo(f"Prêt en {duration(time.monotonic() - began)}.")
    if not no_serve:
        base = f"http://127.0.0.1:{port}/editions/{edition.slug}"
        serve(
            port,
            f"\nÀ ouvrir :\n   page publique            {base}\n   planning (organisateur)  {base}/planning\n"
            "Ctrl-C pour arrêter.\n",
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _imported() -> Edition:
    report = import_edition(db.session, EXAMPLE, replace=True, if_changed=True)
    click.echo(f"1. Édition : {report.sentence}")
    return db.session.scalars(select(Edition).where(Edition.slug == report.slug)).one()


def _planned(edition: Edition) -> Plan:
    """Return the newest plan when it is proved and still true, else a new one."""
    newest = db.session.scalars(
        select(Plan).where(Plan.edition_id == edition.id).order_by(Plan.version.desc()).limit(1)
    ).one_or_none()
    if newest is not None and newest.status == "optimal" and not planning.is_stale(db.session, newest):
        click.echo(f"2. Planning : la version {newest.version} est à jour et prouvée optimale, rien à recalculer.")
    else:
        click.echo("2. Planning : calcul en cours…")
        newest = plan_now(db.session, edition, time_limit=TIME_LIMIT, seed=1, clock=_now, on_tick=ProgressTeller())
    tell_plan(newest)
    return newest


def _short(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
