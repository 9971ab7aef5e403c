"""Corrections through the pages: each is judged, told, dated, and taken back; nothing is overwritten unseen."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import desk, editing, planning
from openmap.meetings.meeting_page import LONGEST_LIST, refusals_of
from openmap.meetings.models import Choice, Desk, Exclusion, Meeting, Participation, Plan, PlanEdit, UnservedWish, Wish
from openmap.people.models import ORGANISER
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.signing import administrator_client, client_of, make_person, now, sent

PLAN = "/editions/essai/planning"


@pytest.fixture
def plan(app: Flask) -> Plan:
    """Return the plan of an edition that leaves some wishes out."""
    del app
    made = make_plan(make_edition("essai", buyers=3, structures=5, slots=6))
    last = made.meetings[-1]
    made.unserved.append(UnservedWish(wish_id=last.wish_id, reason="buyer_full", sentence="Complet.", would_need=[]))
    made.meetings.remove(last)
    db.session.commit()
    return made


def text_of(client: FlaskClient, path: str) -> str:
    """Return a page's text with plain spaces."""
    response = client.get(path)
    assert response.status_code == 200
    return plain(response.text)


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").replace("<wbr>", "").split())


def held(plan: Plan) -> dict[int, tuple[int, int | None]]:
    asked = select(Meeting).where(Meeting.plan_id == plan.id).execution_options(populate_existing=True)
    return {one.wish_id: (one.slot_id, one.table_id) for one in db.session.scalars(asked)}


def target(plan: Plan, *, refused: bool = False) -> tuple[Wish, int, str]:
    """Return a meeting, a slot that it may (or may not) go to by itself, and why not."""
    for wish_id in held(plan):
        wish = db.session.get_one(Wish, wish_id)
        for slot, refusal in refusals_of(db.session, plan, wish).items():
            if bool(refusal) == refused and slot != held(plan)[wish_id][0]:
                return wish, slot, refusal
    raise AssertionError("no such target")


def do(client: FlaskClient, plan: Plan, wish: Wish, deed: str, **data: object) -> str:
    """Send a form as the meeting's page does, and return what the page that follows says."""
    response = sent(
        client, f"{PLAN}/rendez-vous/{wish.id}/{deed}", {"vu": desk.mark_of(plan), **data}, follow_redirects=True
    )
    assert response.status_code == 200
    db.session.expire_all()
    return plain(response.text)


def test_the_page_of_a_meeting_shows_every_hour_with_its_table_or_the_rule_against_it(
    client: FlaskClient, plan: Plan
) -> None:
    wish, slot, _none = target(plan)
    text = text_of(client, f"{PLAN}/rendez-vous/{wish.id}")
    refusals = refusals_of(db.session, plan, wish)
    hours = text[text.index('id="heures-titre"') : text.index('id="echange-titre"')]
    assert hours.count('<li class="target') == len(plan.edition.slots)
    assert f'name="slot" value="{slot}"' in hours
    told = [plain(refusal) for refusal in refusals.values() if refusal]
    assert told
    assert all(sentence in hours for sentence in told)
    assert hours.count("Déplacer à") == sum(not one for one in refusals.values()) - 1
    assert all("R0" not in sentence for sentence in told)


def test_a_refusal_says_whom_someone_meets_already_or_who_is_away(client: FlaskClient, plan: Plan) -> None:
    meetings = list(db.session.scalars(select(Meeting).where(Meeting.plan_id == plan.id).order_by(Meeting.id)))
    first = meetings[0]
    other = next(one for one in meetings[1:] if one.wish.buyer_id == first.wish.buyer_id)
    buyer, met = first.wish.buyer.organisation.name, other.wish.structure.organisation.name
    free = next(slot for slot in plan.edition.slots if slot.id not in {one.slot_id for one in meetings})
    first.wish.buyer.absent_slots = [free]
    db.session.commit()
    refusals = refusals_of(db.session, plan, first.wish)
    assert plain(refusals[other.slot_id]).startswith(f"{buyer} rencontre déjà {met} à 11 h")
    assert plain(refusals[free.id]).startswith(f"{buyer} n’est pas disponible à ")
    first.wish.structure.absent_slots = [free]
    db.session.commit()
    assert "ne sont pas disponibles à" in refusals_of(db.session, plan, first.wish)[free.id]


def test_a_meeting_moves_and_the_correction_is_named_and_taken_back(client: FlaskClient, plan: Plan) -> None:
    wish, slot, _none = target(plan)
    before = held(plan)
    text = do(client, plan, wish, "place", slot=slot)
    assert held(plan)[wish.id][0] == slot
    sentence = db.session.scalars(select(PlanEdit)).one().sentence
    assert text.count(plain(sentence).replace("'", "&#39;")) == 2  # what was done, and what can be taken back
    text = text_of(client, f"{PLAN}/corrections")
    assert "Administration, " in text
    assert "1 geste" in text
    response = sent(client, f"{PLAN}/annulation", {"vu": desk.mark_of(plan)})
    assert response.location == f"{PLAN}#vue"
    assert held(plan) == before
    text = text_of(client, f"{PLAN}/corrections")
    assert "Annulé :" in text
    assert "Annuler cette correction" not in text


def test_an_illegal_place_is_refused_with_the_rule_and_nothing_is_done(client: FlaskClient, plan: Plan) -> None:
    wish, slot, refusal = target(plan, refused=True)
    before = held(plan)
    text = do(client, plan, wish, "place", slot=slot, grille="1", q="ville", page="1")
    assert f"Refusé. {plain(refusal)}".replace("'", "&#39;") in text
    assert 'name="q" value="ville"' in text  # back where the meeting was dropped
    assert held(plan) == before
    assert db.session.scalar(select(func.count()).select_from(PlanEdit)) == 0


def test_the_script_of_the_grid_learns_what_the_page_says(client: FlaskClient, plan: Plan) -> None:
    wish, _slot, _none = target(plan)
    answer = client.get(f"{PLAN}/rendez-vous/{wish.id}/cibles").json
    assert answer == {str(slot): refusal for slot, refusal in refusals_of(db.session, plan, wish).items()}


def test_removed_it_is_left_out_with_its_reason_and_its_hours_and_can_be_added(client: FlaskClient, plan: Plan) -> None:
    wish, _slot, _none = target(plan)
    before = held(plan)
    text = do(client, plan, wish, "retrait")
    assert "Retiré à la main." in text
    assert "Placer à" in text
    listed = text_of(client, f"{PLAN}?vue=souhaits&motif=by_hand")
    assert "1 sur" in listed
    assert f"/rendez-vous/{wish.id}" in listed
    do(client, plan, wish, "place", slot=before[wish.id][0], table=before[wish.id][1])
    assert held(plan) == before


def test_a_locked_meeting_offers_only_to_be_let_go(client: FlaskClient, plan: Plan) -> None:
    wish, slot, _none = target(plan)
    text = do(client, plan, wish, "verrou")
    assert "Déverrouiller" in text
    assert "Déplacer à" not in text
    assert "verrouillé" in text_of(client, PLAN)
    assert "Refusé. Cet entretien est verrouillé" in do(client, plan, wish, "place", slot=slot)
    do(client, plan, wish, "verrou", libre="1")
    assert db.session.get_one(Wish, wish.id).lock is None


def test_two_meetings_change_places_or_the_rule_is_told(client: FlaskClient, plan: Plan) -> None:
    for wish_id, (slot, _table) in held(plan).items():
        page = text_of(client, f"{PLAN}/rendez-vous/{wish_id}")
        found = re.search(r'name="autre" value="(\d+)"', page)
        if found is None:
            continue
        other = int(found[1])
        taken = held(plan)[other][0]
        do(client, plan, db.session.get_one(Wish, wish_id), "echange", autre=other)
        assert (held(plan)[wish_id][0], held(plan)[other][0]) == (taken, slot)
        assert planning.violations_of(db.session, plan) == []
        return
    pytest.fail("no exchange is offered anywhere")


def test_a_common_table_can_be_changed_and_when_none_is_free_it_is_said(app: Flask) -> None:
    edition = make_edition("essai", buyers=2, structures=4, slots=4, tables=2)
    plan = make_plan(edition)
    for person in db.session.scalars(select(Participation).where(Participation.edition_id == edition.id)):
        person.table_id = None
    meetings = list(db.session.scalars(select(Meeting).where(Meeting.plan_id == plan.id).order_by(Meeting.id)))
    busy = max({one.slot_id for one in meetings}, key=lambda slot: sum(one.slot_id == slot for one in meetings))
    crowd = [one for one in meetings if one.slot_id == busy]
    assert len(crowd) == 2
    for one, table in zip(crowd, edition.tables, strict=True):
        one.table_id = table.id
    alone = next(one for one in meetings if one.slot_id != busy)
    alone.table_id = edition.tables[0].id
    for one in meetings:
        if one not in {alone, *crowd}:
            db.session.delete(one)
    db.session.commit()
    client = administrator_client(app)
    page = text_of(client, f"{PLAN}/rendez-vous/{alone.wish_id}")
    assert "Toutes les tables sont prises à" in page
    assert "Changer de table" in page
    do(client, plan, alone.wish, "place", slot=alone.slot_id, table=edition.tables[1].id)
    assert held(plan)[alone.wish_id] == (alone.slot_id, edition.tables[1].id)
    assert "déjà à cette heure" in do(client, plan, alone.wish, "place", slot=alone.slot_id)


def test_who_saw_an_older_state_learns_who_changed_it_and_how(app: Flask, plan: Plan) -> None:
    one, other = (
        client_of(app, make_person(f"{name}@essai.example", ORGANISER, edition_id=plan.edition_id, name=name.title()))
        for name in ("camille", "dominique")
    )
    mark, wishes = desk.mark_of(plan), list(held(plan))
    sent(one, f"{PLAN}/rendez-vous/{wishes[0]}/retrait", {"vu": mark})
    after = held(plan)
    answer = sent(other, f"{PLAN}/rendez-vous/{wishes[1]}/retrait", {"vu": mark}, follow_redirects=True)
    assert re.search(r"Camille a changé le planning entre-temps \(.* : retiré", plain(answer.text))
    assert held(plan) == after
    db.session.expire_all()
    sent(one, f"{PLAN}/annulation", {"vu": desk.mark_of(plan)})
    answer = sent(other, f"{PLAN}/rendez-vous/{wishes[1]}/retrait", {"vu": mark}, follow_redirects=True)
    assert re.search(r"Camille a changé le planning entre-temps \(annulation de «", plain(answer.text))


def test_a_form_of_another_version_changes_nothing(client: FlaskClient, plan: Plan) -> None:
    wish, _slot, _none = target(plan)
    newer = make_plan(plan.edition)
    before = held(newer)
    text = do(client, plan, wish, "retrait")  # both are at revision 1: only the version tells them apart
    assert "Le planning en cours est maintenant la version 2" in text
    assert held(newer) == before


def test_once_corrected_a_plan_stays_the_working_one_beside_a_newer_calculation(
    client: FlaskClient, plan: Plan
) -> None:
    wish, _slot, _none = target(plan)
    do(client, plan, wish, "verrou")
    assert db.session.get_one(Desk, plan.edition_id).plan_id == plan.id
    newer = make_plan(plan.edition)
    assert desk.working_plan(db.session, plan.edition) is plan
    text = text_of(client, PLAN)
    assert f"Une version plus récente existe : la version {newer.version}." in text
    assert "verrouillé" in text
    assert "n’est pas le planning en cours" in text_of(client, f"{PLAN}?version=2")


@pytest.mark.parametrize("mark", ["", "1", "1.", "1.x", "9.1", "1.99999999999", "²", "1.1.1"])
def test_a_mark_that_is_none_is_no_licence(client: FlaskClient, plan: Plan, mark: str) -> None:
    before = held(plan)
    response = sent(client, f"{PLAN}/rendez-vous/{min(before)}/retrait", {"vu": mark}, follow_redirects=True)
    assert response.status_code == 200
    assert held(plan) == before


def test_any_pair_can_be_added_and_a_wish_of_the_organisers_given_up(client: FlaskClient, plan: Plan) -> None:
    pair = _pair_without_a_wish(plan.edition)
    data = {"buyer": str(pair[0]), "structure": str(pair[1])}
    where = sent(client, f"{PLAN}/ajout", data).location
    wish = db.session.scalars(select(Wish).where(Wish.buyer_id == pair[0], Wish.structure_id == pair[1])).one()
    assert where == f"{PLAN}/rendez-vous/{wish.id}"
    assert "Retirer ce souhait" in text_of(client, where)
    sent(client, f"{PLAN}/rendez-vous/{wish.id}/abandon")
    db.session.refresh(wish)
    assert wish.withdrawn_at is not None
    sent(client, f"{PLAN}/ajout", data)
    db.session.refresh(wish)
    assert wish.withdrawn_at is None
    slot = next(slot for slot, refusal in refusals_of(db.session, plan, wish).items() if not refusal)
    do(client, plan, wish, "place", slot=slot)
    assert wish.id in held(plan)
    refused = sent(client, f"{PLAN}/rendez-vous/{wish.id}/abandon", follow_redirects=True)
    assert "hors du planning" in refused.text


def test_a_pair_that_must_not_meet_is_not_added(client: FlaskClient, plan: Plan) -> None:
    buyer, structure = _pair_without_a_wish(plan.edition)
    data = {"buyer": str(buyer), "structure": str(structure)}
    db.session.add(Choice(participation_id=structure, other_id=buyer, level="veto", said_at=now()))
    db.session.commit()
    assert "paire est exclue" in sent(client, f"{PLAN}/ajout", data, follow_redirects=True).text
    db.session.query(Choice).delete()
    db.session.add(Exclusion(buyer_id=buyer, structure_id=structure))
    db.session.commit()
    assert "paire est exclue" in sent(client, f"{PLAN}/ajout", data, follow_redirects=True).text
    swapped = {"buyer": str(structure), "structure": str(buyer)}
    assert "acheteur et une structure" in sent(client, f"{PLAN}/ajout", swapped, follow_redirects=True).text
    assert db.session.scalar(select(func.count()).where(Wish.source == "organiser")) == 0


def test_the_lists_to_choose_from_are_searched_where_they_are_long(app: Flask) -> None:
    edition = make_edition("essai", buyers=1, structures=LONGEST_LIST + 5, slots=2)
    make_plan(edition)
    client = administrator_client(app)
    text = text_of(client, f"{PLAN}/ajout")
    assert f"Les {LONGEST_LIST} premiers sur {LONGEST_LIST + 5}" in text
    found = text_of(client, f"{PLAN}/ajout?structure=eco-nettoyage services 2")
    assert found.count("<option") < 20
    assert "Éco-Nettoyage Services 2" in found


def test_mutual_wishes_and_loads_are_counted_on_the_rows(client: FlaskClient, plan: Plan) -> None:
    assert "souhaits mutuels" not in text_of(client, PLAN)
    wishes = list(db.session.scalars(select(Wish).where(Wish.edition_id == plan.edition_id).order_by(Wish.id)))
    kept = set(held(plan))
    mutual = [next(one for one in wishes if one.id in kept), next(one for one in wishes if one.id not in kept)]
    for wish in mutual:
        for mine, other in ((wish.buyer_id, wish.structure_id), (wish.structure_id, wish.buyer_id)):
            db.session.add(Choice(participation_id=mine, other_id=other, level="want", said_at=now()))
    one_sided, silent = (one for one in wishes if one.id in kept and one not in mutual[:1]), "completed"
    alone, completed = next(one_sided), next(one_sided)
    db.session.add(Choice(participation_id=alone.buyer_id, other_id=alone.structure_id, level="must", said_at=now()))
    for mine, other in (
        (completed.buyer_id, completed.structure_id),
        (completed.structure_id, completed.buyer_id),
    ):
        db.session.add(Choice(participation_id=mine, other_id=other, level="want", source=silent, said_at=now()))
    db.session.commit()
    text = text_of(client, PLAN)
    figure = text[text.index("mutuel") - 40 : text.index("mutuel") + 220]
    assert re.search(r"souhait mutuel servi.*> 1 <.*sur 2", figure)
    loads = text_of(client, f"{PLAN}?vue=chiffres")
    assert "Entretiens par personne" in loads
    assert loads.count("sur 3</td>") == len(plan.edition.slots)


def test_every_wish_left_out_leads_to_what_would_serve_it(client: FlaskClient, plan: Plan) -> None:
    left = db.session.scalars(select(UnservedWish.wish_id).where(UnservedWish.plan_id == plan.id)).all()
    text = text_of(client, f"{PLAN}?vue=souhaits")
    assert left
    assert all(f"/rendez-vous/{wish}" in text for wish in left)


def test_meetings_and_history_of_another_edition_are_not_shown(client: FlaskClient, plan: Plan) -> None:
    other = make_plan(make_edition("autre"))
    assert client.get(f"{PLAN}/rendez-vous/{min(held(other))}").status_code == 404
    assert client.get(f"{PLAN}/corrections?version=9").status_code == 404
    wish = db.session.get_one(Wish, min(held(plan)))
    stranger = sent(client, f"/editions/autre/planning/rendez-vous/{wish.id}/retrait", {"vu": desk.mark_of(other)})
    assert stranger.status_code == 404
    make_edition("vide")
    assert client.get("/editions/vide/planning/corrections").status_code == 404


@pytest.mark.parametrize("path", ["rendez-vous/{wish}", "corrections", "ajout", "versions", "versions/figer"])
def test_the_size_of_an_edition_does_not_change_the_number_of_queries(app: Flask, path: str) -> None:
    counts = []
    for size in (3, 30):
        plan = make_plan(make_edition(f"taille{size}", buyers=size, structures=size, slots=8))
        for _again in range(size // 3):
            by = make_person(f"{_again}@essai.example")
            editing.lock(db.session, plan, db.session.get_one(Wish, min(held(plan))), seen=plan.revision, by=by,
                         now=now())  # fmt: skip
        db.session.commit()
        client = administrator_client(app)
        wish = min(held(plan))
        db.session.remove()
        with statements() as listened:
            page = client.get(f"/editions/taille{size}/planning/{path.format(wish=wish)}")
        assert page.status_code == 200
        counts.append(len(listened))
    assert counts[0] == counts[1]


def _pair_without_a_wish(edition: Edition) -> tuple[int, int]:
    people = db.session.scalars(select(Participation).where(Participation.edition_id == edition.id)).all()
    wished = {(one.buyer_id, one.structure_id) for one in db.session.scalars(select(Wish))}
    return next(
        (b.id, s.id)
        for b in people
        for s in people
        if b.side == "buyer" and s.side == "structure" and (b.id, s.id) not in wished
    )
