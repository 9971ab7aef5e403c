"""What a match is judged on: the declared needs of the buyers and the files of the structures of an edition.

Everything is read at once, in a number of queries that does not depend on how many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select

from openmap.applications.models import Application, application_activities, application_areas
from openmap.directory.models import Organisation
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Participation
from openmap.needs.models import Need, need_activities, need_areas, need_communes
from openmap.reference.models import Activity, AreaCommune, Commune, Trade
from openmap.reference.relevance import Question
from openmap.reference.stems import stems_and_words
from openmap.reference.widening import Synonyms

SHOWN_TO_PARTICIPANTS: Final = ("public", "participants")
"""A need that only organisers see counts for nothing: a score or its reasons would tell of it."""

TITLE, REST = 1.0, 0.5
"""What a word of a need's object is worth, and one of its lots or description."""


@dataclass(frozen=True, slots=True)
class Party:
    """A participant as far as a match is judged on it: plain values, which outlive the session that read them."""

    id: int
    code: str
    side: str
    organisation_id: int
    activity: str


@dataclass(frozen=True, slots=True)
class NeedFacts:
    """A need as it is judged; ``need_id`` is ``None`` for a buyer that declared none: only what it does is known."""

    need_id: int | None
    buyer: int
    """The place of its buyer among ``Facts.buyers``."""
    title: str
    question: Question
    words: Mapping[str, str]
    """How each stem of the need is written in it."""
    activities: frozenset[int]
    communes: frozenset[str]
    amount: str


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """A structure as it is judged: where its texts are indexed, what it does, where (``None``: not told), how many."""

    kind: str
    object_id: int
    activities: frozenset[int]
    areas: frozenset[int]
    commune: str | None
    radius: int | None
    workforce: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an edition's matches are judged on."""

    buyers: list[Party]
    structures: list[Party]
    needs: list[NeedFacts]
    """By buyer, in the order of ``buyers``."""
    offers: list[OfferFacts]
    """As ``structures``."""
    names: Mapping[int, str]
    """Of activities."""
    trade_of: Mapping[int, int]
    trade_names: Mapping[int, str]
    area_communes: Mapping[int, frozenset[str]]
    points: Mapping[str, tuple[float, float]]
    """Longitude and latitude of the communes of today; none where nobody works within a radius."""
    written: Mapping[str, str]
    """How the stems of synonyms are written."""


def facts_of(session: AnySession, edition: Edition, only: Participation | None = None) -> Facts:
    """Return the facts of an edition.

    Where ``only`` is a buyer, the needs are its own; where it is a structure, the others are told by their texts alone,
    which make words rare or common.
    """
    people = _people(session, edition)
    buyers = [
        one for one in people if one.side == "buyer" and (only is None or only.side != "buyer" or one.id == only.id)
    ]
    structures = [one for one in people if one.side == "structure"]
    words = _Words(session)
    places = _Places(session)
    needs = _needs(session, edition, buyers, words, places)
    offers = _offers(session, edition, structures, words, places, only)
    return Facts(
        buyers=buyers,
        structures=structures,
        needs=needs,
        offers=offers,
        names=words.names,
        trade_of=words.trade_of,
        trade_names=words.trade_names,
        area_communes=places.areas(),
        points=places.points() if any(offer.radius for offer in offers) else {},
        written=words.synonyms.written,
    )


def _people(session: AnySession, edition: Edition) -> list[Party]:
    asked = select(
        Participation.id, Participation.code, Participation.side, Participation.organisation_id, Organisation.activity
    ).join(Participation.organisation)
    here = asked.where(Participation.edition_id == edition.id).order_by(Participation.code)
    return [Party(*row) for row in session.execute(here)]


class _Words:
    """The vocabulary: an activity that was replaced counts as the one that did."""

    def __init__(self, session: AnySession) -> None:
        asked = select(Activity.id, Activity.code, Activity.name, Activity.trade_id, Activity.cpv, Activity.replaced_by)
        rows = session.execute(asked).all()
        codes = {row.code: row.id for row in rows}
        self._follows = {row.id: codes[row.replaced_by] for row in rows if row.replaced_by in codes}
        self.names: dict[int, str] = {row.id: row.name for row in rows}
        self.trade_of: dict[int, int] = {row.id: row.trade_id for row in rows}
        self.trade_names = dict(session.execute(select(Trade.id, Trade.name)).all())
        self._cpv = [(code.rstrip("0"), self.today(row.id)) for row in rows for code in row.cpv]
        self.synonyms = Synonyms(session)

    def today(self, activity: int) -> int:
        for _step in range(len(self._follows)):  # a circle of replacements ends too
            if activity not in self._follows:
                break
            activity = self._follows[activity]
        return activity

    def of_cpv(self, codes: Iterable[str]) -> frozenset[int]:
        """Return the activities whose CPV codes hold one of these, those that do so most closely."""
        found: set[int] = set()
        for code in codes:
            holding = [
                (len(start), activity) for start, activity in self._cpv if len(start) > 2 and code.startswith(start)
            ]
            closest = max((length for length, _activity in holding), default=0)
            found |= {activity for length, activity in holding if length == closest}
        return frozenset(found)


class _Places:
    """Communes of today, and those of the areas that are asked for."""

    def __init__(self, session: AnySession) -> None:
        self._session = session
        self._areas: dict[int, frozenset[str]] = {}
        former = select(Commune.code, Commune.current_code).where(Commune.current_code.is_not(None))
        self._today: dict[str, str | None] = dict(session.execute(former).all())

    def points(self) -> dict[str, tuple[float, float]]:
        """Return where the communes of today are."""
        asked = select(Commune.code, Commune.lon, Commune.lat)
        asked = asked.where(Commune.current_code.is_(None), Commune.lon.is_not(None))
        return {code: (lon or 0.0, lat or 0.0) for code, lon, lat in self._session.execute(asked)}

    def today(self, code: str) -> str:
        return self._today.get(code) or code

    def read(self, areas: set[int]) -> None:
        """Read the communes of areas, once for all."""
        held: defaultdict[int, set[str]] = defaultdict(set)
        asked = select(AreaCommune.area_id, AreaCommune.commune_code).where(AreaCommune.area_id.in_(areas))
        for area, code in self._session.execute(asked):
            held[area].add(self.today(code))
        self._areas |= {area: frozenset(codes) for area, codes in held.items()}

    def areas(self) -> Mapping[int, frozenset[str]]:
        return self._areas

    def communes(self, areas: Iterable[int]) -> frozenset[str]:
        return frozenset().union(*(self._areas.get(area, frozenset()) for area in areas))


def _sets(session: AnySession, owner: Any, value: Any, among: Any) -> dict[int, set[Any]]:
    """Return what each owner has chosen, from an association table."""
    sets: defaultdict[int, set[Any]] = defaultdict(set)
    for number, chosen in session.execute(select(owner, value).where(owner.in_(among))):
        sets[number].add(chosen)
    return sets


def _needs(
    session: AnySession, edition: Edition, buyers: list[Party], words: _Words, places: _Places
) -> list[NeedFacts]:
    """Return the needs that count: declared, shown to participants, and not over before the edition is held."""
    open_still = (
        Need.state == "declared",
        Need.visibility.in_(SHOWN_TO_PARTICIPANTS),
        or_(Need.ends_on.is_(None), Need.ends_on >= edition.held_on),
        Need.buyer_id.in_([one.organisation_id for one in buyers]),
    )
    asked = select(Need.id, Need.buyer_id, Need.title, Need.description, Need.lots, Need.cpv, Need.amount)
    rows = session.execute(asked.where(*open_still).order_by(Need.id)).all()
    among = select(Need.id).where(*open_still)
    activities = _sets(session, need_activities.c.need_id, need_activities.c.activity_id, among)
    areas = _sets(session, need_areas.c.need_id, need_areas.c.area_id, among)
    communes = _sets(session, need_communes.c.need_id, need_communes.c.commune_code, among)
    places.read({area for chosen in areas.values() for area in chosen})
    stated: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        stated[row.buyer_id].append(row)
    made: list[NeedFacts] = []
    for place, buyer in enumerate(buyers):
        for row in stated[buyer.organisation_id]:
            chosen = frozenset(words.today(one) for one in activities.get(row.id, ()))
            meant = chosen or words.of_cpv(row.cpv)
            rest = f"{row.lots} {row.description}"
            where = places.communes(areas.get(row.id, ())) | {places.today(one) for one in communes.get(row.id, ())}
            made.append(
                NeedFacts(
                    row.id,
                    place,
                    row.title,
                    words.synonyms.question({row.title: TITLE, rest: REST}, meant),
                    _written(f"{row.title} {rest}"),
                    meant,
                    where,
                    row.amount,
                )
            )
        if not stated[buyer.organisation_id]:
            known = buyer.activity
            question = words.synonyms.question({known: REST})
            made.append(NeedFacts(None, place, "", question, _written(known), frozenset(), frozenset(), ""))
    return made


def _written(text: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for stem, word in stems_and_words(text):
        words.setdefault(stem, word)
    return words


def _offers(
    session: AnySession,
    edition: Edition,
    structures: list[Party],
    words: _Words,
    places: _Places,
    only: Participation | None,
) -> list[OfferFacts]:
    """Return each structure's submitted file as it is judged; without one, its line of the directory."""
    asked = select(
        Application.id, Application.structure_id, Application.commune_code, Application.radius_km, Application.workforce
    ).where(Application.edition_id == edition.id, Application.state == "submitted")
    files = {row.structure_id: row for row in session.execute(asked.order_by(Application.submitted_at, Application.id))}
    among = select(Application.id).where(Application.edition_id == edition.id, Application.state == "submitted")
    if only is not None and only.side == "structure":
        among = among.where(Application.structure_id == only.organisation_id)
    activities = _sets(
        session, application_activities.c.application_id, application_activities.c.activity_id, among
    )  # fmt: skip
    areas = _sets(session, application_areas.c.application_id, application_areas.c.area_id, among)
    places.read({area for chosen in areas.values() for area in chosen})
    offers = []
    for one in structures:
        row = files.get(one.organisation_id)
        if row is None:
            nothing: frozenset[int] = frozenset()
            offers.append(OfferFacts("organisation", one.organisation_id, nothing, nothing, None, None, None))
            continue
        offers.append(
            OfferFacts(
                "application",
                row.id,
                frozenset(words.today(number) for number in activities.get(row.id, ())),
                frozenset(areas.get(row.id, ())),
                places.today(row.commune_code) if row.commune_code else None,
                row.radius_km,
                row.workforce,
            )
        )
    return offers
