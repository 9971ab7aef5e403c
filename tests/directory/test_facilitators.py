"""Who answers where, day by day; what is wrong with the coverage; who sees whom to write to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.demo_parts.facilitating import HOLES, demo_facilitating
from openmap.directory import facilitating
from openmap.directory.coverage_faults import Folder, anomalies
from openmap.directory.covering import Coverage, answers_for, facilitators_of
from openmap.directory.facilitator_models import Facilitator
from openmap.directory.models import Buyer, Delegate, Structure
from openmap.directory.page_parts import parts_of
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people import privacy
from openmap.people.journal import entries_about
from openmap.reference.cli import load_packaged
from openmap.reference.models import Area, Commune
from tests.facilitators import make_facilitator
from tests.house.counting import statements
from tests.signing import client_of, make_person, now, sent

TODAY = date(2026, 11, 25)
HOME = "/annuaire/facilitateurs"


@pytest.fixture
def region(app: Flask) -> Flask:
    """Return the application with the communes and areas of the région."""
    load_packaged()
    return app


def area(level: str, code: str) -> Area:
    return db.session.scalars(select(Area).where(Area.level == level, Area.code == code)).one()


def added(organisation: str, *areas: Area, **more: object) -> Facilitator:
    made = make_facilitator(organisation, areas=areas, **more)
    db.session.add(made)
    db.session.commit()
    return made


def named(code: str, on: date = TODAY) -> list[str]:
    return [one.organisation for one in facilitators_of(db.session, code, on)]


def test_the_narrowest_answers_first_and_wider_ones_are_the_fallback(region: Flask) -> None:
    added("Région", area("region", "11"))
    added("Département", area("departement", "93"), role="coordination")
    added("Plaine", area("ept", "T6"))
    added("Ville", communes=["93066"])
    assert named("93066") == ["Ville", "Plaine", "Département", "Région"]
    assert named("93001") == ["Plaine", "Département", "Région"]
    assert named("75056") == ["Région"]
    assert named("75111") == ["Région"]  # an arrondissement, whose commune is Paris
    assert named("00000") == []


def test_a_territory_over_two_departements_is_cut_by_neither(region: Flask) -> None:
    """T5 lies in the 92 and in the 95: each commune has its own département's coordination behind its territory's."""
    territory = area("ept", "T5")
    added("Boucle Nord", territory)
    added("Hauts-de-Seine", area("departement", "92"))
    added("Val-d’Oise", area("departement", "95"))
    behind = {commune.code[:2]: named(commune.code) for commune in territory.communes}
    assert behind == {"92": ["Boucle Nord", "Hauts-de-Seine"], "95": ["Boucle Nord", "Val-d’Oise"]}


def test_a_deputy_answers_while_one_is_away(region: Flask) -> None:
    deputy = added("Suppléant", area("ept", "T8"))
    away = added("Absent", area("ept", "T6"), active_until=TODAY, deputy=deputy)
    assert named("93066") == ["Absent"]
    after = TODAY + timedelta(days=1)
    assert named("93066", after) == ["Suppléant"]
    assert answers_for(db.session, "93066", after)[0].for_ == away
    deputy.deputy, deputy.active_until = away, TODAY  # a circle of two who are both away
    db.session.commit()
    assert named("93066", after) == []


def test_every_commune_of_the_region_has_an_answer_or_is_told_as_a_hole(region: Flask) -> None:
    administrator = make_person("admin@essai.example", "administrator")
    demo_facilitating(Edition(), {"administrator": administrator}, now())
    db.session.commit()
    today = now().date()
    coverage = Coverage(db.session, today)
    assert len(coverage.codes) == 1_266
    told = [one for one in anomalies(db.session, now=now(), on=today) if one.kind == "nobody"]
    holes = {commune.code for where in told for one in where.where.areas for commune in one.communes}
    holes |= {one.code for where in told for one in where.where.communes}
    assert len([one for one in told[0].where.areas if one.is_cell]) == HOLES
    for code in coverage.codes:
        assert bool(coverage.answers(code)) != (code in holes), code
    assert holes == coverage.holes() != set()


@pytest.mark.parametrize("take", [("departement", "94"), ("ept", "T5"), ("region", "11")])
def test_communes_are_folded_into_areas_that_share_none_and_lose_none(region: Flask, take: tuple[str, str]) -> None:
    codes = {one.code for one in area(*take).communes}
    for missing in (set(), {min(codes)}):
        folded = Folder(db.session).fold(codes - missing)
        listed = [one.code for place in folded.areas for one in place.communes]
        listed += [one.code for one in folded.communes]
        assert sorted(listed) == sorted(codes - missing)
        assert len(folded.areas) + len(folded.communes) < 45
    assert [one.code for one in Folder(db.session).fold(codes).areas] == [take[1]]


def test_each_kind_of_anomaly_is_told(region: Flask) -> None:
    today = now().date()
    old, yesterday = now() - timedelta(days=600), today - timedelta(days=1)
    added("Première", area("ept", "T6"))
    added("Seconde", area("ept", "T6"))
    added("Coordination", area("departement", "93"), role="coordination")
    added("Parti", area("ept", "T8"), active_until=yesterday)
    added("Ancien", area("ept", "T9"), confirmed_at=old)
    added("Muet", area("ept", "T10"), contact_email="")
    added("Nulle part")
    former = db.session.scalars(select(Commune).where(Commune.current_code.is_not(None))).first()
    assert former is not None
    added("Autrefois", communes=[former.code])
    found = {(one.kind, *(who.organisation for who in one.facilitators)) for one in
             anomalies(db.session, now=now(), on=today)}  # fmt: skip
    assert found == {
        ("nobody",), ("double", "Première", "Seconde"), ("left", "Parti"), ("stale", "Ancien"),
        ("no_contact", "Muet"), ("no_place", "Nulle part"), ("former", "Autrefois"),
    }  # fmt: skip
    keeper = client_of(region, make_person("admin@essai.example", "administrator"))
    page, sheet = keeper.get(f"{HOME}/anomalies").text, keeper.get(f"{HOME}/anomalies.csv").text
    for word in ("Personne ne répond", "Deux à la fois", "Parti sans suppléant", "À confirmer", "Sans contact"):
        assert word in page
        assert word in sheet


def test_a_place_that_is_typed_is_answered_in_words(region: Flask) -> None:
    added("Plaine Emploi", area("ept", "T6"))
    client = region.test_client()
    page = client.get(f"{HOME}?q=saint-denis").text
    assert "adressez-vous à Plaine Emploi, qui répond pour le territoire Plaine Commune" in page
    assert "Quel lieu" in client.get(f"{HOME}?q=saint").text
    assert "Aucun lieu" in client.get(f"{HOME}?q=zzzz").text
    assert "Personne ne répond encore pour Provins" in client.get(f"{HOME}?q=provins").text
    assert "8\u00a0communes" in client.get(f"{HOME}?lieu=departement:93").text


def test_a_contact_is_seen_by_buyers_and_by_everyone_once_its_person_agreed(region: Flask) -> None:
    entry = added("Plaine Emploi", area("ept", "T6"), contact_email="dominique@essai.example")
    buyer, structure = Buyer(name="Ville"), Structure(name="Structure", kind="ei")
    db.session.add_all([buyer, structure])
    db.session.flush()
    people = {name: make_person(f"{name}@essai.example") for name in ("buying", "selling")}
    for name, one in (("buying", buyer), ("selling", structure)):
        db.session.add(Delegate(person_id=people[name].id, organisation_id=one.id, invited_at=now()))
    db.session.commit()
    for path in (f"{HOME}/{entry.id}", f"{HOME}?lieu=commune:93066"):
        seen = {name: "dominique@essai" in client_of(region, people.get(name)).get(path).text
                for name in ("buying", "selling", "visitor")}  # fmt: skip
        assert seen == {"buying": True, "selling": False, "visitor": False}
    entry.published_at = now()
    db.session.commit()
    assert "dominique@essai" in region.test_client().get(f"{HOME}/{entry.id}").text


def _typed(entry: Facilitator, **more: object) -> dict[str, object]:
    return {
        "role": entry.role, "organisation": entry.organisation, "areas": [str(one.id) for one in entry.areas],
        "contact_name": entry.contact_name, "contact_email": entry.contact_email, "deputy_id": "",
        "version": str(entry.version),
    } | more  # fmt: skip


def test_the_second_of_two_tabs_overwrites_nothing(region: Flask) -> None:
    entry = added("Plaine Emploi", area("ept", "T6"))
    keeper = client_of(region, make_person("admin@essai.example", "administrator"))
    both = [_typed(entry, organisation=name) for name in ("Un", "Deux")]
    path = f"{HOME}/{entry.id}/modifier"
    assert sent(keeper, path, both[0]).status_code == 303
    refused = sent(keeper, path, both[1])
    assert (refused.status_code, "modifiée ailleurs" in refused.text, 'value="Deux"' in refused.text) == (
        409,
        True,
        True,
    )
    db.session.refresh(entry)
    assert (entry.organisation, entry.version) == ("Un", 2)
    assert sent(keeper, path, _typed(entry)).status_code == 303  # nothing changes: nothing is counted
    assert entry.version == 2


def test_consent_is_dated_and_does_not_outlive_the_person_who_gave_it(region: Flask) -> None:
    entry = added("Plaine Emploi", area("ept", "T6"))
    keeper = client_of(region, make_person("admin@essai.example", "administrator"))
    path = f"{HOME}/{entry.id}/modifier"
    sent(keeper, path, _typed(entry, is_published="y"))
    first = entry.published_at
    assert first is not None
    sent(keeper, path, _typed(entry, is_published="y", contact_email="autre@essai.example"))
    db.session.refresh(entry)
    assert entry.published_at is not None
    assert entry.published_at > first
    changes = [change for one in entries_about(db.session, entry) for change in one.changes.values()]
    assert "autre@essai.example" not in str(changes)
    sent(keeper, path, _typed(entry))
    assert entry.published_at is None


def test_deputies_do_not_stand_in_for_one_another_in_a_circle(region: Flask) -> None:
    first, second = added("Un", area("ept", "T6")), added("Deux", area("ept", "T8"))
    keeper = client_of(region, make_person("admin@essai.example", "administrator"))
    assert sent(keeper, f"{HOME}/{first.id}/modifier", _typed(first, deputy_id=str(second.id))).status_code == 303
    refused = sent(keeper, f"{HOME}/{second.id}/modifier", _typed(second, deputy_id=str(first.id)))
    assert (refused.status_code, "tourneraient en rond" in refused.text) == (409, True)


def test_who_is_erased_is_named_no_more_and_the_entry_stays(region: Flask) -> None:
    person = make_person("dominique@essai.example", name="Dominique")
    entry = added("Plaine Emploi", area("ept", "T6"), contact_name="Dominique", published_at=now(),
                  contact_email="Dominique@essai.example", person_id=person.id)  # fmt: skip
    ended = added("Parti", contact_name="Alex", active_until=now().date() - timedelta(days=400))
    assert privacy.export(db.session, person)["facilitators"][0]["organisation"] == "Plaine Emploi"
    privacy.forget(db.session, person, by=None, now=now())
    privacy.purge(db.session, now=now())
    db.session.commit()
    for one in (entry, ended):
        assert (one.contact_name, one.contact_email, one.published_at, one.person_id) == ("", "", None, None)


def test_a_structure_s_page_names_the_facilitators_of_its_commune(region: Flask) -> None:
    added("Plaine <b>Emploi</b>", area("ept", "T6"))
    structure = Structure(name="Structure", kind="ei", commune_code="93066")
    db.session.add(structure)
    db.session.commit()
    with region.test_request_context():
        told = "".join(parts_of(db.session, structure, None, "main"))
    assert "Plaine &lt;b&gt;Emploi&lt;/b&gt;" in told


@pytest.mark.parametrize("path", [HOME, f"{HOME}?lieu=departement:93", f"{HOME}/anomalies"])
def test_pages_cost_the_same_for_three_entries_and_thirty(region: Flask, path: str) -> None:
    keeper = client_of(region, make_person("admin@essai.example", "administrator"))
    counts = []
    for rows in (3, 27):
        for rank in range(rows):
            added(f"Maison {rows} {rank}", area("ept", f"T{2 + rank % 11}"))
        db.session.expunge_all()
        with statements() as told:
            assert keeper.get(path).status_code == 200
        counts.append(len(told))
    assert counts[0] == counts[1]


def test_a_confirmation_is_dated(region: Flask) -> None:
    entry = added("Plaine Emploi", area("ept", "T6"), confirmed_at=now() - timedelta(days=900))
    by = make_person("admin@essai.example", "administrator")
    facilitating.confirm(db.session, entry, by=by, now=now())
    db.session.commit()
    assert entry.confirmed_at is not None
    assert entry.confirmed_at > now() - timedelta(minutes=1)


def test_communes_of_several_territories_are_told_together_without_naming_one(region: Flask) -> None:
    added("Mission", area("ept", "T6"), area("ept", "T7"))
    page = region.test_client().get(f"{HOME}?lieu=departement:93").text
    assert "qui répond pour le territoire de chacune" in page
    assert "territoire Plaine Commune" not in page


def test_a_level_of_territory_is_called_by_its_name(region: Flask) -> None:
    """The wishes have levels too: a filter of the same name called every département « Sans réponse »."""
    assert region.jinja_env.filters["level_label"]("departement") == "Département"
