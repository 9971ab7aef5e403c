"""What if: another problem, the same edition; side by side; made so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.events.models import Edition, Slot, Table
from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.comparing import figures_of_plan, mutual_wishes
from openmap.meetings.models import Choice, Participation, Plan, Solve, Wish
from openmap.meetings.services import plan_now, request_solve, run_solve
from openmap.meetings.solved import SolveOutcome
from openmap.meetings.suppose_page import lines_of
from openmap.meetings.supposing import Assumptions, RefusedSupposition, Someone, supposed
from openmap.meetings.tasks import clock
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.meetings.supposing import make_what_if
from tests.signing import now, sent

WHAT_IF = "/editions/essai/planning/hypotheses"


def future(**changes: Any) -> Edition:
    """Return an edition that is still to come, with a table that belongs to nobody."""
    return make_edition("essai", held_on=datetime(2099, 11, 16, tzinfo=UTC).date(), tables=4, **changes)


def after(edition: Edition, minutes: int = 0) -> str:
    """Return an instant that long after the last slot."""
    return (edition.slots[-1].end + timedelta(minutes=minutes)).astimezone(edition.zone).isoformat()


def problem(edition: Edition) -> Any:
    """Return the edition's problem."""
    return planning.problem_of(db.session, edition)


@pytest.mark.usefixtures("app")
def test_nothing_supposed_is_the_edition_itself() -> None:
    known = problem(future())
    assert supposed(known, Assumptions()) is known


@pytest.mark.usefixtures("app")
def test_slots_more_follow_the_last_and_suit_everyone() -> None:
    edition = future()
    known = problem(edition)
    made = supposed(known, Assumptions(more=2, start=after(edition), minutes=10))
    new = made.slots[len(known.slots) :]
    assert [(slot.id, slot.block) for slot in new] == [("H01", "Après la pause"), ("H02", "Après la pause")]
    assert [slot.end - slot.start for slot in new] == [timedelta(minutes=10)] * 2
    assert planning.validated(made) == []
    assert all(one.available is None or {"H01", "H02"} <= set(one.available) for one in made.participants)
    apart = supposed(known, Assumptions(more=1, start=after(edition, 60)))
    assert apart.slots[-1].block not in {slot.block for slot in known.slots}


@pytest.mark.usefixtures("app")
def test_slots_more_that_overlap_are_refused() -> None:
    edition = future()
    with pytest.raises(RefusedSupposition, match="chevauchent"):
        supposed(problem(edition), Assumptions(more=1, start=after(edition, -10)))


@pytest.mark.usefixtures("app")
def test_slots_fewer_take_their_locks_and_wishes_along() -> None:
    edition = future()
    wish = db.session.scalars(select(Wish).order_by(Wish.code)).first()
    assert wish is not None
    wish.slots = [edition.slots[-1]]
    db.session.commit()
    made = supposed(problem(edition), Assumptions(fewer=1))
    assert len(made.slots) == 5
    assert next(one for one in made.requests if one.id == wish.code).slots == ()
    assert planning.validated(made) == []
    with pytest.raises(RefusedSupposition, match="aucun créneau"):
        supposed(problem(edition), Assumptions(fewer=6))


@pytest.mark.usefixtures("app")
def test_tables_more_and_fewer() -> None:
    known = problem(future())
    assert [table.id for table in supposed(known, Assumptions(tables=2)).tables][-2:] == ["A5", "A6"]
    assert [table.id for table in supposed(known, Assumptions(tables=-1)).tables] == ["A1", "A2", "A3"]
    with pytest.raises(RefusedSupposition, match="sans titulaire"):
        supposed(known, Assumptions(tables=-2))
    with pytest.raises(RefusedSupposition, match="ne compte pas ses tables"):
        supposed(problem(make_edition("sans", tables=0)), Assumptions(tables=1))


@pytest.mark.usefixtures("app")
def test_participants_have_the_limits_supposed() -> None:
    known = problem(future())
    told = (Someone("B01", delegates=2, max_meetings=3), Someone("S03", absent=("T01", "T02")))
    made = {one.id: one for one in supposed(known, Assumptions(people=told)).participants}
    assert (made["B01"].delegates, made["B01"].max_meetings) == (2, 3)
    assert made["S03"].available == ("T03", "T04", "T05", "T06")
    with pytest.raises(RefusedSupposition, match="ne participe pas"):
        supposed(known, Assumptions(people=(Someone("Z99", delegates=2),)))


@pytest.mark.usefixtures("app")
def test_order_of_objectives_is_supposed() -> None:
    made = supposed(problem(future()), Assumptions(order="balance"))
    assert made.settings.objectives.index("balance") < made.settings.objectives.index("value")


@pytest.mark.usefixtures("app")
def test_run_leaves_the_edition_as_it_is_and_keeps_figures() -> None:
    edition = future(slots=2)
    before = planning.digest_of(problem(edition))
    told = Assumptions(more=2, start=after(edition))
    solve = request_solve(
        db.session, edition, time_limit=5, seed=1, now=now(), kind="what_if", name="Quatre créneaux", assumptions=told
    )
    run_solve(db.session, solve.id, clock=clock)
    db.session.refresh(solve)
    assert (solve.state, solve.plan_id) == ("finished", None)
    outcome = db.session.scalars(select(SolveOutcome)).one()
    assert outcome.figures["slots"] == 4
    assert {meeting["slot"] for meeting in outcome.document["meetings"]} & {"H01", "H02"}
    assert planning.digest_of(problem(edition)) == before
    assert db.session.scalar(select(func.count()).select_from(Plan)) == 0
    assert outcome.figures["held"] > plan_now(db.session, edition, time_limit=5, seed=1, clock=clock).meetings.__len__()


@pytest.mark.usefixtures("app")
def test_figures_are_counted_on_the_plan() -> None:
    edition = future()
    plan = make_plan(edition)
    first, second = plan.meetings[0].wish, plan.meetings[1].wish
    first.required = True
    for one, other in ((first.buyer_id, first.structure_id), (first.structure_id, first.buyer_id),
                       (second.buyer_id, second.structure_id)):  # fmt: skip
        db.session.add(Choice(participation_id=one, other_id=other, level="want", said_at=now()))
    db.session.commit()
    assert mutual_wishes(db.session, edition) == {first.code}
    figures = figures_of_plan(db.session, plan)
    assert (figures.held, figures.mutual, figures.mutual_asked) == (len(plan.meetings), 1, 1)
    assert (figures.required, figures.required_asked) == (1, 1)
    assert figures.seats == 4 * 6
    assert figures.value == sum(meeting.wish.value for meeting in plan.meetings)


@pytest.mark.usefixtures("app")
def test_best_figure_is_marked_where_columns_differ() -> None:
    edition = future()
    plan = make_plan(edition)
    full = figures_of_plan(db.session, plan)
    plan.meetings.pop()
    db.session.commit()
    lines = {line.label: line for line in lines_of([figures_of_plan(db.session, plan), full])}
    assert lines["Entretiens tenus sur demandés"].best == {1}
    assert lines["Créneaux"].best == frozenset()


def test_form_asks_for_a_run(client: FlaskClient) -> None:
    edition = future()
    data = {
        "name": "Deux de plus", "more": "2", "start": "20:00", "minutes": "15", "order": "usual", "time_limit": "10",
        "person_1": "B01 – Ville de Montfleury", "delegates_1": "2", "from_1": "T02", "until_1": "T03",
    }  # fmt: skip
    response = sent(client, WHAT_IF, data)
    solve = db.session.scalars(select(Solve)).one()
    assert (response.status_code, response.location) == (303, f"/editions/essai/planning/calculs/{solve.id}")
    told = Assumptions.of(solve.assumptions)
    assert (told.more, told.begins.astimezone(edition.zone).hour) == (2, 20)
    assert told.people == (Someone("B01", 2, None, ("T02", "T03")),)


@pytest.mark.parametrize(
    ("data", "sentence", "status"),
    [
        ({"name": ""}, "Donnez un nom", 422),
        ({"name": "x", "more": "2"}, "à quelle heure", 422),
        ({"name": "x", "person_1": "Z99", "delegates_1": "2"}, "dans la liste", 422),
        ({"name": "x", "person_1": "B01"}, "Dites ce qui change", 422),
        ({"name": "x", "more": "99"}, "de 0 à 20", 422),
        ({"name": "x", "fewer": "6"}, "aucun créneau", 409),
        ({"name": "x", "tables": "-4"}, "sans titulaire", 409),
    ],
)
def test_form_refuses_what_cannot_be(client: FlaskClient, data: dict[str, str], sentence: str, status: int) -> None:
    future()
    response = sent(client, WHAT_IF, {"time_limit": "10", **data})
    assert (response.status_code, sentence in response.text) == (status, True)
    assert db.session.scalar(select(func.count()).select_from(Solve)) == 0


def test_runs_are_compared_with_the_working_plan(client: FlaskClient) -> None:
    edition = future()
    make_plan(edition)
    runs = [make_what_if(edition, f"Essai {number}", Assumptions(tables=number)) for number in (1, 2)]
    text = client.get(WHAT_IF).text
    assert text.count('scope="col"') == 4
    assert "Planning en cours (version" in text
    text = client.get(f"{WHAT_IF}?avec={runs[0].id}").text
    assert text.count('scope="col"') == 3


def test_adoption_names_what_changes_then_does_it(client: FlaskClient) -> None:
    edition = future()
    make_plan(edition)
    told = Assumptions(
        more=1, start=after(edition), fewer=0, tables=1, people=(Someone("B01", 2, 4, ("T01",)),), order="balance"
    )
    run = make_what_if(edition, "Tout", told)
    path = f"{WHAT_IF}/{run.id}/adoption"
    page = client.get(path).text
    for words in (
        "est ajouté (H01)",
        "Table 5",
        "délégués 1 → 2",
        "maximum d’entretiens aucun → 4",
        "l’équilibre avant",
    ):
        assert words in page
    seen = page.split('name="vu" value="')[1].split('"')[0]
    assert sent(client, path, {"vu": "autre"}).status_code == 409
    assert db.session.scalar(select(func.count()).select_from(Slot)) == 6
    response = sent(client, path, {"vu": seen})
    asked = db.session.scalars(select(Solve).order_by(Solve.id.desc())).first()
    assert asked is not None
    assert (response.status_code, response.location) == (303, f"/editions/essai/planning/calculs/{asked.id}")
    assert (asked.kind, asked.assumptions["order"], asked.assumptions["more"]) == ("solve", "balance", 0)
    person = db.session.scalars(select(Participation).where(Participation.code == "B01")).one()
    assert (person.delegates, person.max_meetings, [slot.code for slot in person.absent_slots]) == (2, 4, ["T01"])
    assert db.session.scalar(select(func.count()).select_from(Slot)) == 7
    assert db.session.scalar(select(func.count()).select_from(Table)) == 5
    run_solve(db.session, asked.id, clock=clock)
    db.session.refresh(asked)
    assert asked.plan is not None
    assert not planning.is_stale(db.session, asked.plan)
    assert sent(client, path, {"vu": seen}).status_code == 409


def test_adopting_fewer_slots_closes_them_without_losing_a_plan(client: FlaskClient) -> None:
    edition = future()
    plan = make_plan(edition)
    count = len(plan.meetings)
    run = make_what_if(edition, "Moins", Assumptions(fewer=2, tables=-1))
    path = f"{WHAT_IF}/{run.id}/adoption"
    page = client.get(path).text
    assert page.count("est fermé") == 2
    sent(client, path, {"vu": page.split('name="vu" value="')[1].split('"')[0]})
    db.session.expire_all()
    assert len(plan.meetings) == count
    assert all(
        {"T05", "T06"} <= {slot.code for slot in one.absent_slots}
        for one in db.session.scalars(select(Participation).where(Participation.edition_id == edition.id))
    )
    assert db.session.scalar(select(func.count()).select_from(Table)) == 3


def test_page_asks_the_same_number_of_times_at_every_size(client: FlaskClient) -> None:
    counts = []
    for slug, buyers, runs in (("petite", 3, 1), ("large", 30, 5)):
        edition = make_edition(slug, buyers=buyers, tables=buyers + 1)
        make_plan(edition)
        for number in range(runs):
            make_what_if(edition, f"Essai {number}", Assumptions(tables=1))
        path = f"/editions/{slug}/planning/hypotheses"
        client.get(path)
        with statements() as asked:
            client.get(path)
        counts.append(len(asked))
    assert counts[0] == counts[1]
