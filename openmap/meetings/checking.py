"""What is wrong with an edition before its plan is calculated: each finding in words, with what would cure it.

Everything is read off the problem that the engine would be given, so that a check says what a calculation would meet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext as _
from sqlalchemy import select

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings import planning
from openmap.meetings.models import Exclusion, Participation
from openmap.web.french import counted

if TYPE_CHECKING:
    from openmap.meetings.planning import AnyProblem

BLOCKING: Final = "blocking"
WARNING: Final = "warning"
NOTE: Final = "note"
SEVERITIES: Final = (BLOCKING, WARNING, NOTE)
"""No plan can be made · something that is asked will not be had · worth knowing."""


@dataclass(frozen=True, slots=True)
class Cure:
    """Where it is put right: ``kind`` of page, and the code of the participant or wish that it is about."""

    kind: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, by the rule that found it."""

    rule: str
    severity: str
    sentence: str
    cures: tuple[Cure, ...] = ()


@dataclass(frozen=True)
class Facts:
    """An edition's problem, indexed for the rules. Slots are bits: bit ``n`` is the slot of rank ``n``.

    ``stage`` gives the slots that a participant spends on stage; ``excluded`` the pairs that organisers keep apart,
    among those that the problem excludes; the others are vetoes.
    """

    problem: AnyProblem
    stage: Mapping[str, int] = field(default_factory=dict)
    excluded: Collection[tuple[str, str]] = ()

    @cached_property
    def ranks(self) -> dict[str, int]:
        """The rank of each slot."""
        return {slot.id: rank for rank, slot in enumerate(self.problem.slots)}

    @cached_property
    def people(self) -> dict[str, Any]:
        """Participants by code."""
        return {person.id: person for person in self.problem.participants}

    @cached_property
    def here(self) -> dict[str, int]:
        """The slots in which each participant can meet."""
        every = (1 << len(self.ranks)) - 1
        return {
            person.id: every if person.available is None else self._bits(person.available)
            for person in self.problem.participants
        }

    @cached_property
    def wishes(self) -> dict[str, list[Any]]:
        """The wishes of each participant."""
        found: dict[str, list[Any]] = defaultdict(list)
        for wish in self.problem.requests:
            found[wish.buyer].append(wish)
            found[wish.structure].append(wish)
        return found

    @cached_property
    def apart(self) -> frozenset[tuple[str, str]]:
        """The pairs that must not meet."""
        return frozenset((pair.buyer, pair.structure) for pair in self.problem.exclusions)

    @cached_property
    def common(self) -> dict[str, int]:
        """The slots in which each wish could be served."""
        return {
            wish.id: self.here[wish.buyer]
            & self.here[wish.structure]
            & (-1 if wish.slots is None else self._bits(wish.slots))
            for wish in self.problem.requests
        }

    @cached_property
    def servable(self) -> dict[str, int]:
        """How many wishes of each participant could be served, each taken alone."""
        return Counter(
            code
            for wish in self.problem.requests
            if self.common[wish.id] and (wish.buyer, wish.structure) not in self.apart
            for code in (wish.buyer, wish.structure)
        )

    def room_of(self, code: str) -> int:
        """Return how many meetings a participant can hold at most: its delegates in the slots where it is here."""
        person = self.people[code]
        room: int = person.delegates * self.here[code].bit_count()
        return room if person.max_meetings is None else min(room, person.max_meetings)

    def name(self, code: str) -> str:
        """Return what a participant is called."""
        return self.people[code].name or code

    def pair(self, wish: Any) -> str:
        """Return what a wish is called."""
        return f"{self.name(wish.buyer)} × {self.name(wish.structure)}"

    def _bits(self, slots: Collection[str]) -> int:
        return sum(1 << self.ranks[code] for code in slots if code in self.ranks)


def facts_of(session: AnySession, edition: Edition) -> Facts:
    """Read an edition; a fixed number of queries."""
    problem = planning.problem_of(session, edition)
    here = select(Participation).where(Participation.edition_id == edition.id)
    people = session.scalars(here).all()
    code = {person.id: person.code for person in people}
    rank = {slot.id: rank for rank, slot in enumerate(edition.slots)}
    on_stage = planning.pitching_slots(session, edition, edition.slots, people)
    rows = session.execute(
        select(Exclusion.buyer_id, Exclusion.structure_id)
        .join(Participation, Participation.id == Exclusion.buyer_id)
        .where(Participation.edition_id == edition.id)
    )
    return Facts(
        problem,
        {code[person]: sum(1 << rank[slot] for slot in slots) for person, slots in on_stage.items()},
        frozenset((code[buyer], code[structure]) for buyer, structure in rows),
    )


def findings_of(facts: Facts) -> list[Finding]:
    """Return everything that is wrong, the gravest first."""
    found = [finding for rule in RULES for finding in rule(facts)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def counts_of(findings: Collection[Finding]) -> dict[str, int]:
    """Return how many findings there are of each severity."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in SEVERITIES}


def _empty_edition(facts: Facts) -> Iterator[Finding]:
    if not facts.problem.slots:
        yield Finding("no_slots", BLOCKING, _("L’édition n’a aucun créneau d’entretien."), (Cure("slots"),))
    if not facts.problem.requests:
        sentence = _("L’édition n’a encore aucun souhait de rendez-vous.")
        yield Finding("no_wishes", BLOCKING, sentence, (Cure("wishes"),))


def _contradictions(facts: Facts) -> Iterator[Finding]:
    """What the engine itself refuses: hours that overlap, limits that contradict each other, locks in conflict."""
    if not facts.problem.slots:
        return
    faults = planning.validated(facts.problem)
    for sentence in faults:
        yield Finding("unusable", BLOCKING, sentence[:1].upper() + sentence[1:], (Cure("slots"),))
    conflict = planning.conflict_of(facts.problem) if not faults else None
    if conflict is not None:
        sentence = _("Des entretiens verrouillés se contredisent\u00a0: %(why)s", why=conflict[0])
        yield Finding("locks", BLOCKING, sentence, tuple(Cure("wish", code) for code in conflict[1]))


def _absent(facts: Facts) -> Iterator[Finding]:
    for code, person in facts.people.items():
        cure = (Cure("limits", code),)
        if not facts.here[code] and facts.problem.slots and facts.wishes[code]:
            wishes = counted(len(facts.wishes[code]), _("souhait"))
            sentence = _("%(name)s n’est là dans aucun créneau, et a %(wishes)s.", name=facts.name(code), wishes=wishes)
            yield Finding("no_slot", WARNING, sentence, cure)
        elif person.max_meetings == 0 and facts.wishes[code]:
            sentence = _(
                "%(name)s a un maximum de 0 entretien\u00a0: aucun de ses souhaits ne sera servi.",
                name=facts.name(code),
            )
            yield Finding("max_zero", WARNING, sentence, cure)
        elif not facts.wishes[code] and facts.problem.requests:
            sentence = _(
                "%(name)s n’a aucun souhait\u00a0: le planning ne lui donnera aucun entretien.", name=facts.name(code)
            )
            yield Finding("no_wish", NOTE, sentence, cure)


def _impossible_numbers(facts: Facts) -> Iterator[Finding]:
    for code, person in facts.people.items():
        wishes = facts.wishes[code]
        if not wishes and not person.min_meetings:
            continue
        name, least, cure = facts.name(code), person.min_meetings, (Cure("limits", code),)
        slots = person.delegates * facts.here[code].bit_count()
        if least > slots:
            sentence = _(
                "%(name)s a un minimum de %(least)s, mais n’a de place que pour %(room)s.",
                name=name, least=least, room=slots,
            )  # fmt: skip
            yield Finding("min_over_slots", WARNING, sentence, cure)
        elif least > facts.servable[code]:
            sentence = _(
                "%(name)s a un minimum de %(least)s, mais seulement %(wishes)s qui peuvent être servis.",
                name=name, least=least, wishes=counted(facts.servable[code], _("souhait")),
            )  # fmt: skip
            yield Finding("min_over_wishes", WARNING, sentence, cure)
        required = sum(wish.required for wish in wishes)
        room = facts.room_of(code)
        if required > room:
            sentence = _(
                "%(name)s a %(required)s, mais ne peut tenir que %(room)s\u00a0: certains ne seront pas tenus.",
                name=name, room=room,
                required=counted(required, _("entretien obligatoire"), _("entretiens obligatoires")),
            )  # fmt: skip
            yield Finding("required_over_room", WARNING, sentence, cure)
        elif 0 < room < facts.servable[code]:
            sentence = _(
                "%(name)s a %(wishes)s pour %(room)s au plus\u00a0: tous ne pourront pas être servis.",
                name=name, wishes=counted(len(wishes), _("souhait")), room=counted(room, _("entretien")),
            )  # fmt: skip
            yield Finding("wishes_over_room", NOTE, sentence, cure)


def _never_served(facts: Facts) -> Iterator[Finding]:
    for wish in facts.problem.requests:
        if facts.common[wish.id] and (wish.buyer, wish.structure) not in facts.apart:
            continue
        pair = facts.pair(wish) + (_(" (obligatoire)") if wish.required else "")
        mine = Cure("wish", wish.id)
        if (wish.buyer, wish.structure) in facts.apart:
            if (wish.buyer, wish.structure) in facts.excluded:
                sentence = _("%(pair)s\u00a0: cette paire est exclue, son souhait ne sera jamais servi.", pair=pair)
                yield Finding("excluded", WARNING, sentence, (mine,))
            else:
                sentence = _("%(pair)s\u00a0: l’une des deux parties ne veut pas de cet entretien.", pair=pair)
                yield Finding("vetoed", WARNING, sentence, (mine,))
            continue
        sides = (wish.buyer, wish.structure)
        if not all(facts.here[code] for code in sides):
            continue  # told once, of the participant
        limits = tuple(Cure("limits", code) for code in sides)
        with_stage = (facts.here[wish.buyer] | facts.stage.get(wish.buyer, 0)) & (
            facts.here[wish.structure] | facts.stage.get(wish.structure, 0)
        )
        if facts.here[wish.buyer] & facts.here[wish.structure]:
            sentence = _("%(pair)s\u00a0: les créneaux imposés à ce souhait ne conviennent pas aux deux.", pair=pair)
            yield Finding("own_slots", WARNING, sentence, (mine, *limits))
        elif with_stage:
            sentence = _("%(pair)s\u00a0: le seul créneau commun est pris par un passage sur scène.", pair=pair)
            yield Finding("stage", WARNING, sentence, (Cure("programme"), *limits))
        else:
            sentence = _("%(pair)s\u00a0: aucun créneau commun.", pair=pair)
            yield Finding("no_common_slot", WARNING, sentence, limits)


def _tables(facts: Facts) -> Iterator[Finding]:
    """Count, slot by slot, how many meetings the free tables can hold, against those that people could hold."""
    tables = facts.problem.tables
    if tables is None:
        return
    owners = Counter(person.table for person in facts.people.values() if person.table is not None)
    for code, count in sorted(owners.items()):
        if count > 1:
            sentence = _(
                "La table %(code)s est attitrée à %(count)s participants\u00a0: ils ne s’en servent qu’un à la fois.",
                code=code, count=count,
            )  # fmt: skip
            yield Finding("shared_table", NOTE, sentence, (Cure("tables"),))
    roaming = [
        wish for wish in facts.problem.requests
        if facts.people[wish.buyer].table is None and facts.people[wish.structure].table is None
    ]  # fmt: skip
    if not roaming:
        return
    pool = sum(table.id not in owners for table in tables)
    asked = _held_at_most(facts, roaming)
    room = sum(min(pool, _held_in(facts, roaming, rank)) for rank in range(len(facts.ranks)))
    if room < asked:
        sentence = _(
            "%(pool)s sans titulaire pour %(wishes)s\u00a0: elles peuvent accueillir %(room)s au plus, quand "
            "les participants pourraient en tenir jusqu’à %(asked)s.",
            pool=counted(pool, _("table")), wishes=counted(len(roaming), _("souhait")),
            room=counted(room, _("entretien")), asked=asked,
        )  # fmt: skip
        yield Finding("few_tables", WARNING, sentence, (Cure("tables"), Cure("slots")))


def _held_at_most(facts: Facts, wishes: Collection[Any]) -> int:
    """Return a bound on the meetings of ``wishes``: what each side could hold, tables apart."""
    asked: Counter[str] = Counter()
    for wish in wishes:
        if facts.common[wish.id] and (wish.buyer, wish.structure) not in facts.apart:
            asked.update((wish.buyer, wish.structure))
    held = {code: min(count, facts.room_of(code)) for code, count in asked.items()}
    return min(
        sum(count for code, count in held.items() if facts.people[code].side == side) for side in ("buyer", "structure")
    )


def _held_in(facts: Facts, wishes: Collection[Any], rank: int) -> int:
    """Return a bound on the meetings of ``wishes`` in one slot: the delegates who are there, on the smaller side."""
    there: set[str] = {
        code for wish in wishes if facts.common[wish.id] >> rank & 1 for code in (wish.buyer, wish.structure)
    }
    return min(
        sum(int(facts.people[code].delegates) for code in there if facts.people[code].side == side)
        for side in ("buyer", "structure")
    )


RULES: Final[tuple[Callable[[Facts], Iterator[Finding]], ...]] = (
    _empty_edition, _contradictions, _absent, _impossible_numbers, _never_served, _tables,
)  # fmt: skip
