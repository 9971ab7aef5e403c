"""A small world with every state a page can show, and someone of every role in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO

from flask import current_app
from sqlalchemy import func, select

from openmap.directory.models import Delegate
from openmap.events.access_plans import put_up
from openmap.events.letters import token_of
from openmap.events.models import Category, Edition, Phase, Registration, Resource, Stand
from openmap.events.phases import make_late_code
from openmap.events.registering import cancel, register
from openmap.events.team import INVITATION
from openmap.extensions import db
from openmap.mail.composing import as_email
from openmap.mail.services import write
from openmap.meetings import planning
from openmap.meetings.models import Participation, Wish
from openmap.people.models import ADMINISTRATOR, ORGANISER, Person, Role
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Label, Load, StructureKind, Trade
from openmap.reference.words import folded
from openmap.web.uploads import keep
from tests.factories import make_edition, make_plan, make_solve
from tests.house.addresses import EML
from tests.house.parts import PARTS
from tests.house.table import IN_EDITION
from tests.pictures import shown_png
from tests.signing import make_person

FAR = datetime(2100, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def furnish() -> dict[str, Person]:
    """Fill the database with what the addresses above name; return the visitors that sign in."""
    # Still to come: a worker that a test starts purges what is past its retention, registrations included.
    edition = make_edition("essai", buyers=4, structures=7, slots=5, held_on=date(2099, 11, 17))
    first = make_plan(edition, proved=False)
    digest = planning.digest_of(planning.problem_of(db.session, edition))
    second = make_plan(edition, digest=digest)
    make_solve(edition, "finished", plan=second, progress=second.objectives)
    make_solve(edition, "failed")
    make_solve(edition, "lost", plan=first)
    running = make_edition("encours", held_on=date(2101, 3, 1))
    levels = [{"name": "coverage", "value": 8, "bound": None, "proved": False, "meetings": 9, "seconds": 0.1}]
    make_solve(running, "running", plan=make_plan(running, proved=False), beat_at=FAR, progress=levels)
    make_solve(make_edition("attente"), "queued")
    make_edition("sansplan")
    empty = make_edition("vide", trade="", venue="", address="")
    empty.programme.clear()
    empty.stands.clear()
    db.session.query(Wish).filter_by(edition_id=empty.id).delete()
    db.session.commit()
    elsewhere = make_edition("ailleurs")
    people = {
        "administrator": make_person("admin@essai.example", ADMINISTRATOR),
        "organiser": make_person("organisation@essai.example", name="Dominique d’Essai"),
        "other_organiser": make_person("autre@essai.example", ORGANISER, edition_id=elsewhere.id),
        "nobody": make_person("personne@essai.example"),
    }
    for organised in db.session.scalars(select(Edition).where(Edition.id != elsewhere.id).order_by(Edition.id)):
        make_person("organisation@essai.example", ORGANISER, edition_id=organised.id)
    for role in IN_EDITION:
        people[role] = make_person(f"{role}@essai.example", role, edition_id=edition.id)
    _write_mails(edition, people)
    _name_words()
    _register(edition, people)
    for side in ("buyer", "structure"):
        last = select(func.max(Participation.organisation_id))
        last = last.where(Participation.edition_id == edition.id, Participation.side == side)
        organisation_id = db.session.scalar(last)  # the one that is in this edition only
        person_id = people[f"{side}_delegate"].id
        db.session.add(Delegate(person_id=person_id, organisation_id=organisation_id, invited_at=NOW))
    db.session.commit()
    for room in PARTS:
        room.furnish(edition, people)
        db.session.commit()
    return people


def _name_words() -> None:
    """Write a trade with its activities, one of them retired, a kind, and a territory of two communes."""
    trade = Trade(code="essai", name="Filière d’essai", definition="Ce que l’on essaie.")
    rest = {"synonyms": ["gazon"], "cpv": ["77310000"], "lemarche": ["Espaces verts > Tonte"]}
    trade.activities = [
        Activity(code="essai.tonte", name="Tonte", definition="Couper l’herbe.", **rest),
        Activity(code="essai.fauche", name="Fauche", rank=1, retired_at=NOW, replaced_by="essai.tonte", **rest),
    ]
    area = Area(level="ept", code="T99", name="Plaine d’Essai", is_cell=True, communes_outside=1)
    other = Area(level="departement", code="99", name="Essai-et-Marne")
    db.session.add_all(
        [trade, StructureKind(code="esat", name="ESAT", family="handicap", law="L. 2113-12"), area, other]
    )
    db.session.add(Label(code="essai", name="Réseau d’essai", family="network"))
    db.session.add(Load(kind="territories", version="2026", digest="0" * 64, sources=["essai"], loaded_at=NOW))
    db.session.flush()
    for number, name in enumerate(("Essai-sur-Seine", "Essai-le-Grand")):
        code = f"9900{number}"
        commune = Commune(code=code, name=name, folded=folded(name), population=1_000 * number, postal_codes=["99000"])
        db.session.add(commune)
        db.session.flush()
        db.session.add_all([AreaCommune(area_id=one.id, commune_code=code) for one in (area, other)])
    db.session.commit()


def _register(edition: Edition, people: dict[str, Person]) -> None:
    """Open the registrations of the edition, with someone in every state, a stand asked for and a document."""
    edition.capacity, edition.contact_email, edition.access = 1, "contact@essai.example", "RER C, cinq minutes à pied."
    edition.phases = [Phase(kind="registration", opens_at=NOW, closes_at=FAR), Phase(kind="wishes", opens_at=FAR)]
    edition.stands.append(
        Stand(name="Partenaire qui demande", person_id=people["partner"].id, state="requested", position=2)
    )
    db.session.flush()
    for name in ("juror", "partner", "nobody"):
        made = register(
            db.session, edition, people[name], edition.categories[0], name=people[name].name, organisation="Essai",
            by=None, now=NOW, told=lambda _one: None,
        )  # fmt: skip
    cancel(db.session, edition, made, by=None, now=NOW, told=lambda _one: None)
    kept = keep(BytesIO(b"%PDF-1.7 essai"), "essai.pdf")
    edition.resources.append(
        Resource(title="Présentation", filename=kept.filename, media_type=kept.media_type, size=kept.size,
                 digest=kept.digest, added_at=NOW)
    )  # fmt: skip
    plan = keep(BytesIO(shown_png()), "plan.png")
    put_up(db.session, edition, plan, "Depuis la gare, tout droit.", by=people["organiser"], now=NOW)
    make_late_code(db.session, edition, "Ressourcerie en retard", by=people["organiser"], now=NOW)
    db.session.commit()


def _write_mails(edition: Edition, people: dict[str, Person]) -> None:
    """Write a queued, a failed and a sent mail, and a file as development has them."""
    values = dict(INVITATION.sample)
    for number, state in enumerate(("queued", "failed", "sent")):
        message = write(
            db.session, INVITATION, people["juror"], values, key=str(number), now=NOW, edition_id=edition.id, due_at=FAR
        )
        assert message is not None
        message.state, message.error = state, "550 boîte pleine" if state == "failed" else ""
        message.sent_at = NOW if state == "sent" else None
    db.session.commit()
    folder = current_app.config["OPENMAP"].instance / "outbox"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / EML).write_bytes(as_email(message, sender="OpenMap ESS <essai@essai.example>").as_bytes())


class Numbers(dict[str, object]):
    """What stands between braces; a placeholder of a mail stays as it is."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def numbers() -> Numbers:
    """Return what stands between braces in the addresses above: numbers and tokens that only the database knows."""
    acting = {one.organisation.type: one for one in db.session.scalars(select(Delegate).order_by(Delegate.id.desc()))}
    delegate, buying = acting.get("structure"), acting.get("buyer")
    states = {one.state: token_of(one) for one in db.session.scalars(select(Registration))}
    return Numbers(
        **{
            "juror": db.session.scalar(select(func.min(Role.id)).where(Role.role == "juror")),
            "held": db.session.scalar(select(func.min(Role.id)).where(Role.person_id == 2)),
            "new": db.session.scalar(select(func.max(Person.id))),
            "category": db.session.scalar(select(func.min(Category.id))),
            "trade": db.session.scalar(select(func.min(Trade.id))),
            "stand": db.session.scalar(select(Stand.id).where(Stand.state == "requested")),
            "delegate": delegate and delegate.id,
            "organisation": delegate and delegate.organisation_id,
            "buyer": buying and buying.organisation_id,
            **states,
        },
        **{name: value for room in PARTS for name, value in room.numbers().items()},
    )
