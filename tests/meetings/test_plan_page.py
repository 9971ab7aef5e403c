"""The organiser's plan page tells what the rows say, in French, and its address keeps what was asked."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.ledger import indicators_of, ledger_of, mutual_wishes
from openmap.meetings.models import Meeting, Participation, Plan, Wish
from openmap.meetings.queries import buyers_and_structures, wishes_of
from openmap.meetings.services import plan_now
from openmap.meetings.tasks import clock
from openmap.meetings.wording import REASONS, Names, level_lines
from tests.factories import make_edition, make_plan, make_solve
from tests.house.counting import statements
from tests.signing import administrator_client

PLAN = "/editions/essai/planning"


def text_of(client: FlaskClient, path: str) -> str:
    """Return a page's text with plain spaces."""
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.text.replace("\u00a0", " ").replace("\u202f", " ").replace("<wbr>", "").split())


def cells_of(text: str) -> list[str]:
    """Return what the cells of the grid say, without mark-up."""
    body = text[text.index("<tbody") : text.index("</tbody>")]
    return [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", body)]


def test_without_a_plan_the_page_says_how_to_make_one(client: FlaskClient) -> None:
    make_edition("essai")
    text = text_of(client, PLAN)
    assert "Pas encore de planning" in text
    assert "Calculer le planning" in text


def test_without_a_wish_the_page_says_how_to_import_them(client: FlaskClient) -> None:
    edition = make_edition("essai")
    db.session.query(Wish).filter_by(edition_id=edition.id).delete()
    db.session.commit()
    assert "openmap import edition" in text_of(client, PLAN)


def test_the_grid_holds_every_interview_once(client: FlaskClient) -> None:
    plan = make_plan(make_edition("essai"))
    held = sorted(meeting.wish.structure.organisation.name for meeting in plan.meetings)
    told = sorted(cell for cell in cells_of(text_of(client, PLAN)) if cell not in {"libre", "attente", "indisponible"})
    assert told == held


def test_a_table_is_named_where_it_is_not_the_buyers_own(client: FlaskClient) -> None:
    edition = make_edition("essai", tables=4)
    plan = make_plan(edition)
    assert "cell__table" not in text_of(client, PLAN)
    meeting = plan.meetings[0]
    meeting.table = edition.tables[3]
    db.session.commit()
    assert f"{meeting.wish.structure.organisation.name} Table 4" in cells_of(text_of(client, PLAN))


def test_absence_and_waiting_are_told_in_words(client: FlaskClient) -> None:
    edition = make_edition("essai", buyers=1, structures=4, slots=6)
    wishes = db.session.query(Wish).filter_by(edition_id=edition.id).order_by(Wish.code).all()
    wishes[0].buyer.absent_slots = [edition.slots[5]]
    plan = make_plan(edition)
    db.session.query(Meeting).delete()
    for wish, slot in zip(wishes, (edition.slots[0], edition.slots[2]), strict=False):
        db.session.add(Meeting(plan_id=plan.id, wish_id=wish.id, slot_id=slot.id))
    db.session.commit()
    cells = cells_of(text_of(client, PLAN))
    assert cells[1:] == ["attente", wishes[1].structure.organisation.name, "libre", "libre", "indisponible"]


def test_parallel_delegates_share_a_cell(client: FlaskClient) -> None:
    edition = make_edition("essai", buyers=1)
    plan = make_plan(edition)
    for meeting in plan.meetings:
        meeting.slot = edition.slots[0]
    db.session.commit()
    names = [meeting.wish.structure.organisation.name for meeting in plan.meetings]
    assert all(name in cells_of(text_of(client, PLAN))[0] for name in names)


def test_the_indicators_agree_with_the_engine(app: Flask) -> None:
    edition = make_edition("essai", buyers=4, structures=7, slots=5)
    for person in db.session.query(Participation).filter(Participation.code.in_(("S02", "S05"))):
        person.absent_slots = [edition.slots[1], edition.slots[4]]
    db.session.commit()
    plan = plan_now(db.session, edition, time_limit=20, seed=1, clock=clock)
    levels = {level["name"]: level["value"] for level in plan.objectives}
    mutual = mutual_wishes(db.session, edition)
    figures = indicators_of(ledger_of(db.session, edition, plan), edition.slots, mutual)
    assert figures.value == levels["value"]
    assert figures.idle == levels["idle"]
    assert figures.buyers_met + figures.structures_met == levels["coverage"]


def test_lists_by_person_hold_each_side_of_every_interview(client: FlaskClient) -> None:
    plan = make_plan(make_edition("essai"))
    meeting = plan.meetings[0]
    for view, person, other in (
        ("acheteurs", meeting.wish.buyer, meeting.wish.structure),
        ("structures", meeting.wish.structure, meeting.wish.buyer),
    ):
        text = text_of(client, f"{PLAN}?vue={view}")
        agenda = text[text.index(f'id="personne-{person.id}"') :]
        agenda = agenda[: agenda.index("</article>")]
        assert "11 h<" in agenda
        assert other.organisation.name in agenda


def test_filters_stay_in_the_address_of_every_view(client: FlaskClient) -> None:
    edition = make_edition("essai")
    make_plan(edition)
    make_plan(edition)
    text = text_of(client, f"{PLAN}?vue=acheteurs&version=1&q=ville")
    assert "1 sur 3 acheteurs" in text
    for view in ("structures", "souhaits"):
        assert f"vue={view}&amp;version=1&amp;q=ville" in text
    assert "Voir le planning en cours" in text


def test_search_forgets_accents_and_case_and_finds_partners(client: FlaskClient) -> None:
    plan = make_plan(make_edition("essai"))
    partner = plan.meetings[0].wish.structure.organisation
    partner.name = "Éco-Réemploi"
    db.session.commit()
    text = text_of(client, f"{PLAN}?vue=acheteurs&q=eco-reem")
    assert plan.meetings[0].wish.buyer.organisation.name in text
    assert "Aucun résultat" in text_of(client, f"{PLAN}?q=rien-de-tel")


def test_a_wish_left_out_is_told_with_names_and_hours(client: FlaskClient) -> None:
    plan = make_plan(make_edition("essai", buyers=2, structures=6, slots=2))
    left, held = plan.unserved[0].wish, plan.meetings[0].wish
    plan.unserved[0].sentence = f"{left.buyer.code} et {left.structure.code} n'ont aucun créneau commun."
    plan.unserved[0].would_need = [
        f"libérer T02 de {left.buyer.code}, au prix de {held.code} ({held.buyer.code} – {held.structure.code})",
        f"placer {left.code} en T01, table A1",
    ]
    db.session.commit()
    text = text_of(client, f"{PLAN}?vue=souhaits")
    buyer, structure = left.buyer.organisation.name, left.structure.organisation.name
    pair = f"{held.buyer.organisation.name} – {held.structure.organisation.name}"
    assert f"{buyer} et {structure} n’ont aucun créneau commun." in text
    assert f"Libérer 11 h 30 chez {buyer}, au prix de l’entretien « {pair} »." in text
    assert "Placer cet entretien à 11 h, table 1." in text


def test_wishes_left_out_can_be_read_by_reason(client: FlaskClient) -> None:
    edition = make_edition("essai", buyers=4, structures=8, slots=2)
    plan = make_plan(edition)
    plan.unserved[0].reason = "no_table"
    db.session.commit()
    text = text_of(client, f"{PLAN}?vue=souhaits&motif=no_table")
    assert f"1 sur {len(plan.unserved)} souhaits non servis" in text
    assert text.count("<strong>Plus de table libre</strong>") == 1


def test_long_lists_of_wishes_come_by_pages(client: FlaskClient) -> None:
    make_plan(make_edition("essai", buyers=10, structures=30, slots=2))
    first, second = (text_of(client, f"{PLAN}?vue=souhaits&page={page}") for page in (1, 2))
    assert "page 1 sur 2" in first
    assert first.count('data-label="Raison"') == 100
    assert "Page précédente" in second
    assert second.count('data-label="Raison"') > 0


def test_a_wish_not_told_yet_says_when_it_will_be(client: FlaskClient) -> None:
    plan = make_plan(make_edition("essai", buyers=2, structures=6, slots=2))
    plan.unserved.clear()
    db.session.commit()
    assert "Souhait venu après le calcul" in text_of(client, f"{PLAN}?vue=souhaits")
    make_solve(plan.edition, "running", plan=plan, beat_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert "La raison sera donnée à la fin du calcul." in text_of(client, f"{PLAN}?vue=souhaits")


def test_a_plan_says_when_the_wishes_have_changed_since(client: FlaskClient) -> None:
    edition = make_edition("essai")
    make_plan(edition, digest=planning.digest_of(planning.problem_of(db.session, edition)))
    stale = "Les souhaits ont changé depuis ce calcul."
    assert stale not in text_of(client, PLAN)
    wish = db.session.query(Wish).first()
    assert wish is not None
    wish.value += 1
    db.session.commit()
    assert stale in text_of(client, PLAN)


def test_quality_gives_value_bound_gap_and_proof(client: FlaskClient) -> None:
    make_plan(make_edition("essai"), proved=False)
    text = text_of(client, PLAN)
    row = text[text.index("Attente<span") :]
    row = re.sub("<[^>]+>", " ", row[: row.index("</tr>")])
    assert row.split()[-7:] == ["7", "4", "3", "(43", "%)", "meilleur", "connu"]
    assert "Meilleur planning connu : 3 objectifs prouvés sur 4." in text


def test_levels_are_worded_whatever_the_engine_knows(app: Flask) -> None:
    lines = level_lines(
        [
            {"name": "balance", "value": [10, 8], "bound": [10, 9], "proved": False},
            {"name": "value", "value": 1234, "bound": None, "proved": False},
            {"name": "early", "value": 0, "bound": 0, "proved": True},
            {"name": "from-the-future", "value": 1, "bound": 1, "proved": True},
        ]
    )
    assert [(line.value.replace("\u202f", " "), line.bound, line.gap.replace("\u00a0", " ")) for line in lines] == [
        ("10 / 8", "10 / 9", "1 (11 %)"),
        ("1 234", "", ""),
        ("0", "0", ""),
    ]
    assert [line.proof for line in lines] == ["meilleur connu, borne 10 / 9", "meilleur connu", "prouvé optimal"]


def test_every_reason_of_the_engine_has_its_words() -> None:
    from typing import get_args

    from scheduler.plan import Reason

    assert set(REASONS) == {*get_args(Reason), "by_hand"}


def test_words_that_look_like_codes_are_left_alone(app: Flask) -> None:
    edition = make_edition("essai")
    names = Names(itertools.chain(*buyers_and_structures(db.session, edition)), wishes_of(db.session, edition), edition)
    assert names.told("XT01 et S01-bis, table Z9 (en fin)") == "XT01 et S01-bis, table Z9 (en fin)."
    assert names.told("") == ""


@pytest.mark.parametrize("view", ["grille", "acheteurs", "structures", "creneaux", "souhaits", "chiffres"])
def test_the_number_of_rows_does_not_change_the_number_of_queries(app: Flask, view: str) -> None:
    counts = []
    for buyers, structures in ((3, 3), (10, 20), (30, 270)):
        slug = f"taille{buyers + structures}"
        make_plan(make_edition(slug, buyers=buyers, structures=structures, slots=12))
        client = administrator_client(app)
        db.session.remove()
        with statements() as sent:
            assert client.get(f"/editions/{slug}/planning?vue={view}").status_code == 200
        counts.append(len(sent))
    assert len(set(counts)) == 1


def test_documents_leave_as_attachments(client: FlaskClient) -> None:
    plan = make_plan(make_edition("essai"))
    page = text_of(client, f"{PLAN}?vue=acheteurs")
    links = re.findall(r'href="(/editions/essai/planning/1/documents/[^"]+)"', page)
    assert {link.rsplit("/", 1)[1] for link in links} >= {"classeur", "agendas", "agenda", "calendrier"}
    for name in ("classeur", "B01/calendrier"):
        response = client.get(f"{PLAN}/{plan.version}/documents/{name}")
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert len(response.data) > 100


def test_a_plan_of_another_edition_is_not_handed_over(client: FlaskClient) -> None:
    make_plan(make_edition("autre"))
    make_edition("essai")
    assert db.session.query(Plan).count() == 1
    assert client.get(f"{PLAN}/1/documents/classeur").status_code == 404
