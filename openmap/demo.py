"""``openmap demo``: the morning of 16 November 2017 from an empty folder to open pages."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import select

from openmap.agendas.services import write_agendas
from openmap.demo_parts import furnish
from openmap.demo_parts.publishing import demo_publishing_real
from openmap.demo_parts.sourcing import demo_sourcing
from openmap.demo_parts.wishing import demo_wishing
from openmap.directory.models import Organisation
from openmap.directory.services import invite
from openmap.events.models import Edition
from openmap.events.phases import set_phase
from openmap.events.services import copy, publish
from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.cli import ProgressTeller, tell_plan
from openmap.meetings.models import Participation, Plan
from openmap.meetings.services import plan_now
from openmap.meetings.workbook.importing import import_edition
from openmap.people.labels import role_label
from openmap.people.models import ADMINISTRATOR, ORGANISER, ROLES, Person
from openmap.people.services import give_role, welcome
from openmap.reference.cli import load_packaged
from openmap.serving import PORT, refuse_taken, serve
from openmap.signin.services import link_address, make_link
from openmap.web.french import duration, long_date

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
    load_packaged()
    edition = _imported()
    plan = _planned(edition)
    out = Path(current_app.instance_path) / "agendas" / edition.slug
    report = write_agendas(db.session, edition, out, now=_now(), plan=plan)
    click.echo(f"3. Agendas : {report.sentence}")
    click.echo(f"   dans {_short(out)}")
    _named_here(port)
    _people(edition)
    coming = _next_edition(edition)
    _calls(edition, coming)
    wishing = _wishes(edition)
    demo_publishing_real(edition, {role: _person(role) for role in ROLES}, _now())
    click.echo("7. Diffusion : les agendas de la matinée et ceux de l’édition passée, aux seules personnes fictives.")
    made = demo_sourcing(db.session, {role: _person(role) for role in ROLES}, _now())
    db.session.commit()
    click.echo(f"8. Annuaire : {made} structures fictives de plus." if made else "8. Annuaire : déjà garni.")
    links = _links(edition, coming)
    click.echo(f"Prêt en {duration(time.monotonic() - began)}.")
    if not no_serve:
        base = f"http://127.0.0.1:{port}"
        serve(
            port,
            f"\nÀ ouvrir :\n   accueil         {base}/\n   page publique   {base}/editions/{edition.slug}\n"
            f"   inscription     {base}/editions/{coming.slug}/inscription\n"
            f"   candidature     {base}/editions/{coming.slug}/candidature\n"
            f"   souhaits        {base}/editions/{wishing.slug}/souhaits\n"
            f"   filières        {base}/referentiel\n"
            f"   territoires     {base}/territoires\n"
            f"   besoins         {base}/besoins\n"
            f"   courrier écrit  {base}/courrier/fichiers\n\n"
            f"Pour entrer, un lien par rôle (une fois, 20 minutes ; ensuite {base}/connexion) ;\n"
            "celui de l’organisation ouvre le planning, celui du jury ses lectures :\n"
            + "".join(f"   {role:<15} {link}\n" for role, link in links)
            + "Ctrl-C pour arrêter.\n",
        )


def _named_here(port: int) -> None:
    """Let links begin with the address that is served, here and in the server that is started."""
    config = current_app.config["OPENMAP"]
    if "OPENMAP_BASE_URL" not in os.environ:
        os.environ["OPENMAP_BASE_URL"] = f"http://127.0.0.1:{port}"
        current_app.config["OPENMAP"] = replace(config, base_url=os.environ["OPENMAP_BASE_URL"])


def _people(edition: Edition) -> None:
    """Make an invented person of every role."""
    for role in ROLES:
        person = welcome(
            db.session, _address(role), name=f"Personne fictive, {role_label(role).lower()}", by=None, now=_now()
        )
        give_role(db.session, person, role, None if role == ADMINISTRATOR else edition.id, by=None, now=_now())
        side = {"buyer_delegate": "buyer", "structure_delegate": "structure"}.get(role)
        if side is not None:
            here = select(Participation).join(Participation.organisation)
            here = here.where(Participation.edition_id == edition.id, Participation.side == side)
            first = here.order_by(Organisation.is_invented.desc(), Participation.id).limit(1)
            organisation = db.session.scalars(first).one().organisation
            invite(db.session, organisation, person, by=person, now=_now())
        db.session.commit()
    click.echo(f"4. Personnes : {len(ROLES)}, fictives, une par rôle.")


def _links(edition: Edition, coming: Edition) -> list[tuple[str, str]]:
    """Return a sign-in link for each role, which leads to what this role comes for."""
    pages = {
        ORGANISER: f"/editions/{edition.slug}/planning",
        "juror": f"/editions/{coming.slug}/jury",
        "structure_delegate": f"/editions/{coming.slug}/candidature",
        "buyer_delegate": "/besoins",
    }
    links = []
    for role in ROLES:
        token = make_link(db.session, _person(role), next_page=pages.get(role, ""), now=_now())
        links.append((role_label(role), link_address(current_app.config["OPENMAP"], token)))
    return links


def _next_edition(model: Edition) -> Edition:
    """Copy the edition to a Thursday two months ahead and open its registrations and its call, once."""
    now = _now()
    coming, is_new = _copied(model, "OpenMap ESS – prochaine édition (fictive)", days=60)
    if is_new:
        by = _person(ORGANISER)
        coming.capacity = 180
        set_phase(db.session, coming, "registration", now, _evening(now + timedelta(days=50), coming), by=by, now=now)
        set_phase(
            db.session,
            coming,
            "call",
            now - timedelta(days=20),
            _evening(now + timedelta(days=20), coming),
            by=by,
            now=now,
        )
        publish(db.session, coming, public=True, by=by, now=now)
        db.session.commit()
        click.echo(f"5. Prochaine édition : recopiée au {long_date(coming.held_on)}, inscriptions et appel ouverts.")
    return coming


def _evening(day: datetime, edition: Edition) -> datetime:
    """Return six in the evening of that day where the edition is held: calls do not close at four in the morning."""
    return day.astimezone(edition.zone).replace(hour=18, minute=0, second=0, microsecond=0).astimezone(UTC)


def _copied(model: Edition, title: str, *, days: int) -> tuple[Edition, bool]:
    """Return the copy of this title, on the first Thursday in so many days, and whether it is new."""
    known = db.session.scalars(select(Edition).where(Edition.title == title)).first()
    if known is not None:
        return known, False
    then = _now().date() + timedelta(days=days)
    thursday = then + timedelta(days=(3 - then.weekday()) % 7)
    return copy(db.session, model, title=title, held_on=thursday, by=_person(ORGANISER), now=_now()), True


def _calls(model: Edition, coming: Edition) -> None:
    """Show applications in every state and a jury half-way; and a released selection in a former edition.

    The structures that pitched on the real morning are real: no jury is invented for them.
    """
    former, is_new = _copied(model, "OpenMap ESS – édition précédente (fictive)", days=-180)
    people = {role: _person(role) for role in ROLES}
    for role in ROLES:
        for edition in (coming, former):
            if role != ADMINISTRATOR:
                give_role(db.session, people[role], role, edition.id, by=None, now=_now())
    if is_new:
        publish(db.session, former, public=True, by=people[ORGANISER], now=_now())
    furnish(db.session, former, coming, people, _now())
    click.echo(
        "6. Candidatures : dans tous les états, un jury à mi-chemin ; une sélection publiée dans une édition passée."
    )


def _wishes(model: Edition) -> Edition:
    """Show an edition in which both sides are saying whom they wish to meet; nobody in it is real."""
    edition, is_new = _copied(model, "OpenMap ESS – rendez-vous en préparation (fictive)", days=28)
    people = {role: _person(role) for role in ROLES}
    for role in ROLES:
        if role != ADMINISTRATOR:
            give_role(db.session, people[role], role, edition.id, by=None, now=_now())
    if is_new:
        publish(db.session, edition, public=True, by=people[ORGANISER], now=_now())
    demo_wishing(edition, people, _now())
    db.session.commit()
    click.echo("7. Souhaits : ouverts dans une édition fictive, la moitié des participants a répondu.")
    return edition


def _person(role: str) -> Person:
    return db.session.scalars(select(Person).where(Person.email == _address(role))).one()


def _address(role: str) -> str:
    return f"{role.replace('_', '-')}@demonstration.example"


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
