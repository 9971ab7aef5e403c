"""The organiser's verbs: import an edition, get an empty workbook, make a plan."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy import func, or_, select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Meeting, Participation, Plan, Solve, Wish
from openmap.meetings.services import RefusedSolve, SolveFailed, plan_now
from openmap.meetings.wording import REASONS, level_lines
from openmap.meetings.workbook.importing import AlreadyImported, import_edition
from openmap.meetings.workbook.template import write_template
from openmap.web.french import counted, duration
from openmap.web.workbook.reading import WorkbookUnusable

UNUSABLE: Final = 2


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@click.group("import")
def import_group() -> None:
    """Importer des données préparées dans un tableur."""


@import_group.command("edition")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Remplacer l'édition si elle existe déjà.")
@click.option("--if-changed", is_flag=True, help="Ne rien faire si le contenu est celui du dernier import.")
@click.option("--yes", is_flag=True, help="Ne pas demander confirmation.")
@with_appcontext
def import_edition_command(source: Path, replace: bool, if_changed: bool, yes: bool) -> None:
    """Importer une édition depuis un classeur .xlsx ou un dossier de fichiers CSV."""
    try:
        report = import_edition(
            db.session,
            source,
            replace=replace,
            if_changed=if_changed,
            confirm=lambda sentence: yes or click.confirm(sentence, default=False),
        )
    except WorkbookUnusable as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        click.echo(f"{len(error.faults)} erreur(s) ; rien n'a été enregistré.", err=True)
        sys.exit(UNUSABLE)
    except AlreadyImported as error:
        click.echo(str(error), err=True)
        sys.exit(UNUSABLE)
    click.echo(report.sentence)


@click.command("template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def template_command(file: Path) -> None:
    """Écrire un classeur vide, avec listes déroulantes et aide."""
    if file.exists():
        click.echo(f"{file} existe déjà : choisissez un autre nom, pour ne pas perdre ce qu'il contient.", err=True)
        sys.exit(UNUSABLE)
    try:
        write_template(file)
    except OSError as error:
        click.echo(f"{file} ne peut être écrit ({error.strerror}) : choisissez un autre dossier.", err=True)
        sys.exit(UNUSABLE)
    click.echo(f"{file} est prêt : remplissez-le, puis « openmap import edition {file} ».")


@click.command("plan")
@click.argument("slug")
@click.option("--time-limit", type=click.FloatRange(0.1, 14_400), default=60.0, show_default=True, help="En secondes.")
@click.option("--seed", type=click.IntRange(1, 2**31 - 1), default=1, show_default=True)
@with_appcontext
def plan_command(slug: str, time_limit: float, seed: int) -> None:
    """Calculer le planning d’une édition ; Ctrl-C garde le meilleur trouvé."""
    edition = edition_or_exit(slug)
    try:
        plan = plan_now(db.session, edition, time_limit=time_limit, seed=seed, clock=now, on_tick=ProgressTeller())
    except (RefusedSolve, SolveFailed) as error:
        click.echo(str(error), err=True)
        sys.exit(UNUSABLE)
    tell_plan(plan)


def edition_or_exit(slug: str) -> Edition:
    """Return the edition called ``slug``, or say which exist and leave."""
    edition = db.session.scalars(select(Edition).where(Edition.slug == slug)).one_or_none()
    if edition is not None:
        return edition
    known = ", ".join(db.session.scalars(select(Edition.slug).order_by(Edition.held_on.desc()))) or "aucune"
    click.echo(f"Il n'y a pas d'édition « {slug} ». Éditions enregistrées : {known}.", err=True)
    sys.exit(UNUSABLE)


class ProgressTeller:
    """Prints where a running calculation is, on standard error, each time something has changed."""

    def __init__(self) -> None:
        self._told: tuple[object, ...] = ()

    def __call__(self, solve: Solve) -> None:
        """Print the last figure heard, unless it was told already."""
        if not solve.progress:
            return
        last = solve.progress[-1]
        line = level_lines([last])
        told = (last["name"], last["value"], last["bound"])
        if not line or told == self._told:
            return
        self._told = told
        bound = "" if last["bound"] is None else f" (borne {line[0].bound})"
        click.echo(
            f"   {duration(last['seconds']):>10}  {counted(last['meetings'], 'entretien')}  "
            f"{line[0].label} : {line[0].value}{bound}",
            err=True,
        )


def tell_plan(plan: Plan) -> None:
    """Print a plan's figures: who meets, each level with its bound and proof, what is left out and why."""
    meetings = db.session.scalar(select(func.count()).select_from(Meeting).where(Meeting.plan_id == plan.id)) or 0
    proved = "prouvé optimal" if plan.status == "optimal" else "meilleur planning connu"
    people = f"{counted(_meeting_people(plan, 'buyer'), 'acheteur')}, "
    people += counted(_meeting_people(plan, "structure"), "structure")
    click.echo(f"   version {plan.version} : {counted(meetings, 'entretien')}, {people}")
    click.echo(f"   {proved}, en {duration(plan.seconds)}")
    for level, line in zip(plan.objectives, level_lines(plan.objectives), strict=True):
        click.echo(f"   - {line.label} : {line.value} ({line.proof}, {duration(level['seconds'])})")
    reasons = Counter(left.reason for left in plan.unserved)
    if reasons:
        told = ", ".join(f"{number} × {str(REASONS[reason]).lower()}" for reason, number in reasons.most_common())
        click.echo(f"   {counted(reasons.total(), 'souhait non servi', 'souhaits non servis')} : {told}")


def _meeting_people(plan: Plan, side: str) -> int:
    """Return how many participants of a side have an interview in this plan."""
    return (
        db.session.scalar(
            select(func.count(Participation.id.distinct()))
            .join(Wish, or_(Wish.buyer_id == Participation.id, Wish.structure_id == Participation.id))
            .join(Meeting, Meeting.wish_id == Wish.id)
            .where(Meeting.plan_id == plan.id, Participation.side == side)
        )
        or 0
    )


import_group.add_command(import_edition_command)
commands: Final = [import_group, template_command, plan_command]
