"""Versions: which is worked on, releases that never change, differences by person, going back."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.meetings import desk, editing, release_parts, releasing
from openmap.meetings.differing import PER_PAGE, difference_page
from openmap.meetings.models import Meeting, Plan, Release, Wish
from openmap.meetings.plan_links import PlanLink, plan_links, register_plan_link
from openmap.people.models import JournalEntry
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.meetings.test_correcting_pages import PLAN, held, plain, text_of
from tests.signing import administrator_client, make_person, now, sent

VERSIONS = f"{PLAN}/versions"


@pytest.fixture
def plan(app: Flask) -> Plan:
    """Return a first version."""
    del app
    return make_plan(make_edition("essai"))


def freeze(client: FlaskClient, plan: Plan, name: str = "Première version") -> Release:
    """Release the working plan through its page."""
    answer = sent(client, f"{VERSIONS}/figer", {"vu": desk.mark_of(plan), "name": name, "note": "À relire."})
    assert answer.status_code == 303
    db.session.expire_all()
    return db.session.scalars(select(Release).order_by(Release.number.desc())).first() or pytest.fail("no release")


def remove(plan: Plan) -> Wish:
    """Take the first meeting out of a plan by hand."""
    wish = db.session.get_one(Wish, min(held(plan)))
    editing.remove(db.session, plan, wish, seen=plan.revision, by=None, now=now())
    db.session.commit()
    return wish


def test_a_release_keeps_what_the_working_plan_held_and_tells_nobody(client: FlaskClient, plan: Plan) -> None:
    before = held(plan)
    made = freeze(client, plan)
    remove(plan)
    assert held(made.plan) == before
    assert (made.number, made.note, made.published_at) == (1, "À relire.", None)
    text = text_of(client, f"{VERSIONS}/figees/1")
    assert "non diffusée" in text
    assert "À relire." in text
    assert "Administration" in text
    text = text_of(client, VERSIONS)
    assert "1 version<" in text
    assert "corrigé à la main" in text


@pytest.mark.parametrize("name", ["", "   "])
def test_a_release_needs_a_name(client: FlaskClient, plan: Plan, name: str) -> None:
    answer = sent(client, f"{VERSIONS}/figer", {"vu": desk.mark_of(plan), "name": name, "note": "Gardée"})
    assert answer.status_code == 422
    assert "Donnez un nom" in answer.text
    assert "Gardée" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Release)) == 0


def test_what_is_frozen_is_what_was_seen(client: FlaskClient, plan: Plan) -> None:
    mark = desk.mark_of(plan)
    remove(plan)
    answer = sent(client, f"{VERSIONS}/figer", {"vu": mark, "name": "Trop tard"})
    assert answer.status_code == 422
    assert "a changé le planning entre-temps" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Release)) == 0


def test_an_empty_plan_is_not_frozen(client: FlaskClient, plan: Plan) -> None:
    db.session.query(Meeting).delete()
    db.session.commit()
    answer = sent(client, f"{VERSIONS}/figer", {"vu": desk.mark_of(plan), "name": "Vide"})
    assert "aucun entretien" in answer.text


def test_the_form_that_freezes_shows_what_changes_since_the_last_release(client: FlaskClient, plan: Plan) -> None:
    assert "Ce qui change depuis" not in text_of(client, f"{VERSIONS}/figer")
    freeze(client, plan)
    assert "Aucune différence" in text_of(client, f"{VERSIONS}/figer")
    wish = remove(plan)
    text = text_of(client, f"{VERSIONS}/figer")
    assert "Ce qui change depuis « Première version »" in text
    assert "2 personnes concernées : 1 annulé" in text
    for side in (wish.buyer, wish.structure):
        part = text[text.index(f'id="change-{side.id}"') :]
        part = part[: part.index("</article>")]
        assert "annulé" in part


def test_any_two_versions_are_compared_person_by_person(client: FlaskClient, plan: Plan) -> None:
    first, second = plan, make_plan(plan.edition)
    held_here = list(second.meetings)
    moved, dropped = held_here[0], held_here[1]
    free = next(
        slot for slot in plan.edition.slots
        if slot.id not in {one.slot_id for one in held_here if one.wish.buyer_id == moved.wish.buyer_id}
    )  # fmt: skip
    moved.slot_id = free.id
    second.meetings.remove(dropped)
    db.session.commit()
    text = text_of(client, f"{VERSIONS}/differences?avant={first.version}&apres={second.version}")
    assert "1 déplacé" in text
    assert "1 annulé" in text
    back = text_of(client, f"{VERSIONS}/differences?avant={second.version}&apres={first.version}")
    assert "1 ajouté" in back
    everything = text_of(client, f"{VERSIONS}/differences?apres={first.version}")
    assert f"{len(first.meetings)} ajoutés" in everything
    for query in ("", "?apres=99", "?avant=1", "?apres=x"):
        assert client.get(f"{VERSIONS}/differences{query}").status_code == 404


def test_a_version_is_chosen_as_the_working_plan_and_the_journal_says_so(client: FlaskClient, plan: Plan) -> None:
    second = make_plan(plan.edition)
    assert desk.working_plan(db.session, plan.edition) is second
    answer = sent(client, f"{VERSIONS}/{plan.version}/choix", follow_redirects=True)
    assert "La version 1 est le planning en cours." in plain(answer.text)
    db.session.expire_all()
    assert desk.working_plan(db.session, plan.edition) is plan
    assert db.session.scalar(select(func.count()).where(JournalEntry.action == "plan.chosen")) == 1
    assert "planning en cours" in text_of(client, f"{PLAN}?version=1")


def test_a_release_and_a_supposition_are_not_worked_on(client: FlaskClient, plan: Plan) -> None:
    made = freeze(client, plan)
    answer = sent(client, f"{VERSIONS}/{made.plan.version}/choix", follow_redirects=True)
    assert "figée" in answer.text
    supposed = desk.copied(db.session, plan, kind="what_if", name="Treize créneaux", now=now())
    db.session.commit()
    answer = sent(client, f"{VERSIONS}/{supposed.version}/choix", follow_redirects=True)
    assert "suppose" in answer.text
    assert desk.working_plan(db.session, plan.edition) is plan
    listed = text_of(client, VERSIONS)
    assert "hypothèse « Treize créneaux »" in listed
    assert f"{VERSIONS}/{supposed.version}/choix" not in listed


def test_a_release_is_taken_up_again_as_a_version_of_its_own(client: FlaskClient, plan: Plan) -> None:
    before = held(plan)
    made = freeze(client, plan)
    remove(plan)
    answer = sent(client, f"{VERSIONS}/figees/1/reprise", follow_redirects=True)
    assert "« Première version » est reprise" in plain(answer.text)
    db.session.expire_all()
    again = desk.working_plan(db.session, plan.edition)
    assert again is not None
    assert again.id not in {plan.id, made.plan_id}
    assert held(again) == before
    assert db.session.get(Plan, plan.id) is not None
    assert "version figée reprise" in text_of(client, VERSIONS)


def test_the_rooms_below_add_their_part_to_a_release(app: Flask, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_parts, "_parts", {})
    freeze(administrator_client(app), plan)
    template = "meetings/_state.html"  # any template of the house that asks for little
    release_parts.register_release_part(release_parts.ReleasePart("vide", template, 1, lambda _session, _one: None))
    assert release_parts.release_parts(db.session, db.session.scalars(select(Release)).one()) == []
    told = release_parts.ReleasePart("dit", "errors/_essai.html", 2, lambda _session, one: {"nom": one.name})
    release_parts.register_release_part(told)
    (found,) = release_parts.release_parts(db.session, db.session.scalars(select(Release)).one())
    assert found == (told, {"nom": "Première version"})
    assert render_template_string("{{ data.nom }}", data=found[1]) == "Première version"


def test_pages_about_the_plan_stand_in_their_order(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from flask_babel import lazy_gettext

    del app
    monkeypatch.setattr("openmap.meetings.plan_links._links", {})
    register_plan_link("b", PlanLink(lazy_gettext("Deux"), lambda _edition: "/b", 2))
    register_plan_link("a", PlanLink(lazy_gettext("Un"), lambda _edition: "/a", 1, bare=True))
    assert [str(link.label) for link in plan_links(planned=True)] == ["Un", "Deux"]
    assert [str(link.label) for link in plan_links(planned=False)] == ["Un"]


def test_differences_come_by_pages_in_a_number_of_queries_that_size_does_not_change(app: Flask) -> None:
    counts = []
    for size in (30, 300):
        edition = make_edition(f"taille{size}", buyers=size, structures=12, slots=8)
        number = make_plan(edition).id
        client = administrator_client(app)
        db.session.remove()
        with statements() as listened:
            page = client.get(f"/editions/taille{size}/planning/versions/differences?apres=1")
        assert page.status_code == 200
        counts.append(len(listened))
        plan = db.session.get_one(Plan, number)
        found = difference_page(db.session, None, plan, page=99)
        assert (found.page, found.pages) == (found.pages, -(-found.people // PER_PAGE))
    assert counts[0] == counts[1]


def test_the_list_of_versions_takes_as_many_queries_for_three_as_for_thirty(app: Flask) -> None:
    counts = []
    for size in (3, 30):
        edition = make_edition(f"taille{size}")
        plan = make_plan(edition)
        by = make_person("camille@essai.example")
        for number in range(size):
            releasing.release(db.session, edition, plan, f"Version {number}", by=by, now=now())
        db.session.commit()
        client = administrator_client(app)
        db.session.remove()
        with statements() as listened:
            assert client.get(f"/editions/taille{size}/planning/versions").status_code == 200
        counts.append(len(listened))
    assert counts[0] == counts[1]
