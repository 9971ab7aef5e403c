"""A purchase plan that an invented buyer brought in, another that waits for answers, and what came of past needs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

from sqlalchemy import select

from openmap.demo_parts.applying import MARK
from openmap.demo_parts.stating import BUYERS
from openmap.directory.models import Buyer
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.needs import bringing, outcomes
from openmap.needs.models import Need, NeedChange, NeedImport, Outcome
from openmap.needs.periods import bounds, quarter_of
from openmap.needs.recognising import load_vocabulary
from openmap.needs.sheets import read_plan
from openmap.people.models import Person
from openmap.reference.models import Activity, Area

EXAMPLE: Final = Path(__file__).resolve().parents[2] / "examples" / "purchase-plan" / "plan-achat-fictif.csv"
_YEAR: Final = 2027
"""The year that the example's plan is for; the others in it are left out on purpose."""

_PAST: Final = (
    # object, activity, days since the end of its period, answer, note, recurrence
    ("Réemploi des uniformes", "dechets.reemploi-textile", 190, "inclusive", "Un chantier d’insertion.", "once"),
    ("Désherbage des cimetières", "espaces-verts.entretien", 100, "clause", "", "yearly"),
    ("Réfection des salles de réunion", "batiment.peinture", 95, "postponed", "Budget reporté d’un an.", "once"),
    ("Plateaux-repas des bureaux de vote", "restauration.plateaux", 8, None, "", "yearly"),
)  # fmt: skip


def demo_purchasing(_edition: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Bring the example in for the buyer that the demonstration's delegate acts for, once."""
    buyer = db.session.scalars(select(Buyer).where(Buyer.name == BUYERS[0][0] + MARK)).first()
    if buyer is None or not EXAMPLE.is_file():
        return
    if db.session.scalar(select(NeedImport.id).where(NeedImport.buyer_id == buyer.id).limit(1)) is not None:
        return
    by, at = people["buyer_delegate"], now - timedelta(days=1)
    done = _begun(buyer, "plan-achat-fictif.csv", _this_year(now), by, at)
    bringing.confirm_columns(db.session, done, {int(rank): name for rank, name in done.columns.items()})
    known = {"activity:valorisation organique": "dechets.biodechets", "lever:selon l avis du facilitateur": ""}
    known |= {"period:courant automne": "", "activity:informatique": "dechets.reemploi-informatique"}
    known |= {"activity:reemploi": "dechets.reemploi-mobilier"}
    memory, words = bringing.memory_of(db.session, buyer.id), load_vocabulary(db.session)
    asked = bringing.judged(db.session, done, memory, words, today=now.date()).questions
    rest = {key: one.meaning.value if one.meaning.is_probable else "" for key, one in asked.items()}
    bringing.keep_values(db.session, done, rest | known)
    bringing.bring_in(db.session, done, by=by, now=at)
    waiting = (
        _this_year(now).replace("Valorisation organique", "Compostage de proximité").replace("1;Nett", "1;Grand nett")
    )
    _begun(buyer, "plan-achat-fictif-suite.csv", waiting.replace("Famille d’achat", "Domaine concerné"), by, now)
    for row in _PAST:
        _past(buyer, row, by, now)
    outcomes.ask_due(db.session, now=now)
    for message in db.session.scalars(select(Message).where(Message.purpose == outcomes.ASKED.name)):
        message.due_at = now  # the demonstration does not wait for the morning


def _begun(buyer: Buyer, name: str, text: str, by: Person, at: datetime) -> NeedImport:
    return bringing.begin(db.session, buyer, read_plan(BytesIO(text.encode()), name), name, by=by, now=at)


def _this_year(now: datetime) -> str:
    """Return the example with its plan moved to next year, so that it lies ahead whenever it is shown."""
    return EXAMPLE.read_text(encoding="utf-8").replace(str(_YEAR), str(now.year + 1))


def _past(buyer: Buyer, row: tuple[str, str, int, str | None, str, str], by: Person, now: datetime) -> None:
    title, activity, passed, answer, note, recurrence = row
    ends_on = now.date() - timedelta(days=passed)
    starts_on, stated = bounds(quarter_of(ends_on))[0], now - timedelta(days=passed + 200)
    need = Need(
        buyer=buyer, person=by, title=title, description="Besoin inventé pour la démonstration.", starts_on=starts_on,
        ends_on=ends_on, state="declared", visibility="public", recurrence=recurrence, lever="clause",
        contact_name=by.name, contact_email=by.email or "", created_at=stated, changed_at=stated, declared_at=stated,
    )  # fmt: skip
    need.activities = list(db.session.scalars(select(Activity).where(Activity.code == activity)))
    need.areas = list(db.session.scalars(select(Area).where(Area.level == "departement", Area.code == "94")))
    need.log.append(NeedChange(kind="declared", at=stated, changes={}))
    db.session.add(need)
    db.session.flush()
    if answer is None:
        return
    step = "months_6" if passed > 180 else "months_3"
    hashed, asked_at = outcomes.token_hash(secrets.token_urlsafe(24)), now - timedelta(days=4)
    asked = Outcome(need=need, step=step, token_hash=hashed, asked_at=asked_at)
    db.session.add(asked)
    db.session.flush()
    outcomes.answer(db.session, asked, answer, note=note, now=now - timedelta(days=3))
