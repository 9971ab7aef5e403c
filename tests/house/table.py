"""What the table of addresses is made of: a line an address, and who may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from openmap.people.models import ADMINISTRATOR, ORGANISER, ROLES

Who = Literal[
    "everyone", "signed_in", "applicant", "reader", "juror", "jury", "manager", "publisher", "buyer", "participant",
    "some_organiser", "organiser",
    "administrator",
]  # fmt: skip
"""Who may: everyone · whoever has signed in · whose file it is, or who examines it · they and the jurors it was given
to · who sits in the jury · the jury and who organises · who acts for an organisation or looks after it · who acts for
it, or administers · who acts for the buyer of the table, or looks after it · both sides of the edition and who
organises it · who organises any edition · who organises this one · who administers."""

IN_EDITION: Final = tuple(role for role in ROLES if role not in {ADMINISTRATOR, ORGANISER})
VISITORS: Final = ("anonymous", "nobody", *IN_EDITION, "other_organiser", "organiser", "administrator")
"""Someone of every role, in the edition of the table; ``other_organiser`` organises another one, ``nobody`` none."""

ALLOWED: Final[Mapping[Who, frozenset[str]]] = {
    "everyone": frozenset(VISITORS),
    "signed_in": frozenset(VISITORS) - {"anonymous"},
    "applicant": frozenset({"structure_delegate", "organiser", "administrator"}),
    "reader": frozenset({"structure_delegate", "juror", "organiser", "administrator"}),
    "juror": frozenset({"juror"}),
    "jury": frozenset({"juror", "organiser", "administrator"}),
    "manager": frozenset({"structure_delegate", "organiser", "administrator"}),
    "publisher": frozenset({"structure_delegate", "administrator"}),
    "buyer": frozenset({"buyer_delegate", "organiser", "administrator"}),
    "participant": frozenset({"buyer_delegate", "structure_delegate", "organiser", "administrator"}),
    "some_organiser": frozenset({"other_organiser", "organiser", "administrator"}),
    "organiser": frozenset({"organiser", "administrator"}),
    "administrator": frozenset({"administrator"}),
}

READER: Final[Mapping[Who, str]] = {
    "everyone": "anonymous",
    "signed_in": "nobody",
    "applicant": "structure_delegate",
    "reader": "juror",
    "juror": "juror",
    "jury": "juror",
    "manager": "structure_delegate",
    "publisher": "structure_delegate",
    "buyer": "buyer_delegate",
    "participant": "structure_delegate",
    "some_organiser": "organiser",
    "organiser": "organiser",
    "administrator": "administrator",
}
"""The one who opens a page in the sweeps: who has least, of those who may."""


@dataclass(frozen=True, slots=True)
class Page:
    """An address that answers GET with a page of HTML."""

    endpoint: str
    path: str
    who: Who = "everyone"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Action:
    """An address that answers POST; ``redirects`` to where it leads the one who may, or has a ``status``."""

    endpoint: str
    path: str
    who: Who
    redirects: str | None
    data: Mapping[str, str] = field(default_factory=dict)
    status: int = 303


@dataclass(frozen=True, slots=True)
class File:
    """An address that hands over a file, or a fragment of a page."""

    endpoint: str
    path: str
    who: Who = "organiser"
