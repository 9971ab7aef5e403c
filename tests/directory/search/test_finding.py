"""What a search finds, counts and says; what it does not find any more once it has changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import delete, update
from werkzeug.datastructures import MultiDict

from openmap.directory import revising
from openmap.directory.models import ClientReference, Offer, Structure
from openmap.directory.search.finding import Results, find, matching_ids
from openmap.directory.search.holding import snapshot
from openmap.directory.search.query import Query
from openmap.extensions import db
from openmap.reference.models import Activity, Commune, Label
from tests.directory.search.conftest import NOW, TODAY, area, offer, structure
from tests.house.counting import statements


@pytest.fixture(autouse=True)
def _in_french(region: Flask) -> object:
    with region.test_request_context():
        yield


def codes() -> tuple[str, str]:
    """Return two activities of different trades."""
    first = db.session.query(Activity).filter(Activity.code.like("espaces-verts.%")).order_by(Activity.rank).first()
    other = db.session.query(Activity).filter(Activity.code.like("restauration.%")).order_by(Activity.rank).first()
    assert first is not None
    assert other is not None
    return first.code, other.code


def asked(address: str) -> Query:
    return Query.read(MultiDict(pair.split("=", 1) for pair in address.split("&") if pair))


def found(address: str) -> list[str]:
    ids = matching_ids(db.session, asked(address), today=TODAY)
    names = {one.id: one.name for one in db.session.query(Structure)}
    return [names[one] for one in ids]


def page(address: str) -> Results:
    return find(db.session, asked(address), today=TODAY)


def test_what_where_and_how_must_hold_of_one_offer() -> None:
    green, cleaning = codes()
    structure(
        "Deux métiers (fictif)", "93066",
        offer(green, places=(area("departement", "93"),)), offer(cleaning, places=(area("departement", "77"),)),
    )  # fmt: skip
    db.session.commit()
    assert found(f"activite={green}&lieu=departement:93") == ["Deux métiers (fictif)"]
    assert found(f"activite={cleaning}&lieu=departement:93") == []
    counted = page("lieu=departement:93").facets
    assert [(one.value, one.count) for one in counted["activite"]] == [(green, 1)]


def test_only_listed_structures_are_found_and_changes_are_seen_at_once() -> None:
    green, cleaning = codes()
    one = structure("Les Pelouses (fictif)", "93066", offer(green, km=10))
    structure("Pas encore (fictif)", "93066", offer(green, km=10), listed_at=None)
    db.session.commit()
    assert found(f"activite={green}") == ["Les Pelouses (fictif)"]
    one.offers[0].activity = db.session.query(Activity).filter_by(code=cleaning).one()
    db.session.commit()
    assert found(f"activite={green}") == []
    assert found(f"activite={cleaning}") == ["Les Pelouses (fictif)"]
    one.name = "Les Balais (fictif)"
    db.session.commit()
    assert found("q=balais") == ["Les Balais (fictif)"]
    assert found("q=pelouses") == []
    one.delisted_at, one.delisted_reason = NOW, "a fermé"
    db.session.commit()
    assert found("") == []
    one.delisted_at, one.delisted_reason = None, ""
    db.session.commit()
    assert found("") == ["Les Balais (fictif)"]
    db.session.delete(one)
    db.session.commit()
    assert found("") == []


def test_bulk_statements_that_touch_are_seen() -> None:
    green, _cleaning = codes()
    one = structure("En lot (fictif)", "93066", offer(green, km=10))
    db.session.commit()
    assert found("type=esat") == []
    db.session.execute(update(Structure).where(Structure.id == one.id).values(kind="esat"))
    revising.touch(db.session, [one.id])
    db.session.commit()
    assert found("type=esat") == ["En lot (fictif)"]


def test_an_index_brought_up_to_date_many_times_is_the_one_read_anew(region: Flask) -> None:
    green, cleaning = codes()
    made = [structure(f"Numéro {at} (fictif)", "93066", offer(green, km=5 + at)) for at in range(6)]
    db.session.commit()
    find(db.session, Query(), today=TODAY)
    for step in range(40):
        one = made[step % 6]
        one.description = f"pelouse {'taille ' * (step % 3)} passage{step}"
        one.offers.append(offer((green, cleaning)[step % 2], km=3 + step, title=f"Passage {step}"))
        if step % 5 == 0:
            one.clients.append(ClientReference(client=f"Ville {step}", year=2024))
        db.session.commit()
        snapshot(db.session)
    grown = [page(address) for address in ("", "q=pelouse taille", "q=passage39", "lieu=departement:77")]
    region.extensions.pop("openmap_directory_index")
    anew = [page(address) for address in ("", "q=pelouse taille", "q=passage39", "lieu=departement:77")]
    assert grown == [replace(one, place=before.place) for one, before in zip(anew, grown, strict=True)]


def test_a_structure_that_tells_no_area_is_found_where_its_seat_is() -> None:
    structure("Sans offre (fictif)", "93066")
    structure("Sans adresse (fictif)", None)
    db.session.commit()
    assert found("lieu=commune:93066") == ["Sans offre (fictif)"]
    assert found("lieu=departement:93") == ["Sans offre (fictif)"]
    assert found("lieu=departement:75") == []


def test_words_filters_and_numbers_find() -> None:
    green, cleaning = codes()
    label = db.session.query(Label).first()
    assert label is not None
    one = structure(
        "Atelier du Chêne (fictif)", "93066",
        offer(green, km=20, title="Entretien de parcs", description="Désherbage à la vapeur", is_staff=True),
        kind="ei", also_kinds=["aci"], workforce=30, siret="73282932000074",
    )  # fmt: skip
    one.labels = [label]
    one.clients = [ClientReference(client="Ville d’exemple", year=2025)]
    structure("Autre (fictif)", "77288", offer(cleaning, km=5), kind="esat", workforce=3)
    db.session.commit()
    name = "Atelier du Chêne (fictif)"
    for address in (
        "q=CHENE", "q=désherbages vapeur", "q=732 829 320", "q=73282932000074", "type=aci", "taille=10",
        "references=oui", f"label={label.code}", "livraison=staff", "filiere=espaces-verts", "ou=Saint-Denis (93066)",
        "ou=93200&q=parc",
    ):  # fmt: skip
        assert found(address) == [name], address
    assert found("q=chêne&type=esat") == []
    assert found("q=732829321") == []
    assert set(found("")) == {name, "Autre (fictif)"}


def test_facets_count_what_a_choice_would_show_and_relaxations_what_dropping_would_add() -> None:
    green, cleaning = codes()
    for at in range(7):
        structure(
            f"N° {at} (fictif)", ("93066", "77288")[at % 2],
            *(offer(code, km=10) for code in ((green,), (cleaning,), (green, cleaning, green))[at % 3]),
            kind=("ei", "esat", "aci")[at % 3], workforce=(5, 20, None)[at % 3],
        )  # fmt: skip
    db.session.commit()
    for address in ("", f"activite={green}", "type=ei", "lieu=departement:93&type=ei&type=esat", "taille=1"):
        result = page(address)
        assert result.total == len(found(address))
        for name in ("activite", "filiere", "type", "livraison", "taille"):
            alone = asked(address)
            if name in {"activite", "filiere"}:
                alone = alone.without("activite").without("filiere")
            for value in result.facets[name]:
                chosen = alone.without(name).with_(name, value.value)
                assert value.count == find(db.session, chosen, today=TODAY).total, (address, name, value)
        for one in result.relaxations:
            wider = result.query.without(one.name)
            wider = wider.without("filiere") if one.name == "activite" else wider
            dropped = find(db.session, wider, today=TODAY)
            assert dropped.total == result.total + one.more


def test_equals_take_turns_and_the_same_day_tells_everyone_the_same() -> None:
    green, _cleaning = codes()
    for at in range(7):
        structure(f"Égale {at} (fictif)", "93066", offer(green, km=10))
    db.session.commit()
    days = [TODAY + timedelta(days=at) for at in range(60)]
    orders = [matching_ids(db.session, Query(), today=day) for day in days]
    first = Counter(order[0] for order in orders)
    assert len(first) == 7
    assert max(first.values()) - min(first.values()) <= 3
    assert all(sorted(one) == sorted(other) for one, other in pairwise(orders))
    assert orders[3] == matching_ids(db.session, Query(), today=days[3])


def test_the_better_answer_comes_first_and_says_why() -> None:
    green, cleaning = codes()
    near = structure("Près (fictif)", "93066", offer(green, km=30))
    structure("Loin (fictif)", "77288", offer(green, km=200))
    structure("Autre métier (fictif)", "93066", offer(cleaning, km=30))
    db.session.commit()
    result = page(f"activite={green}&lieu=commune:93066")
    assert result.hits[0].structure_id == near.id
    assert found(f"activite={green}&lieu=commune:93066") == ["Près (fictif)", "Loin (fictif)"]
    assert result.hits[0].distance_km == pytest.approx(0, abs=1e-3)
    far = result.hits[1].distance_km
    assert far is not None
    assert 40 < far < 60
    assert any("Saint-Denis" in reason for reason in result.hits[1].reasons)
    assert any(reason.startswith("Propose") for reason in result.hits[1].reasons)


def test_what_does_not_exist_is_told_and_never_widens() -> None:
    structure("Une (fictif)", "93066", offer(codes()[0], km=10))
    db.session.commit()
    for address in ("activite=x.y", "label=x", "lieu=commune:99999", "rencontre=jamais"):
        result = page(address)
        assert result.total == 0, address
        assert result.notes, address
    wrong = page("type=zz&taille=zz&livraison=zz&page=-1&references=zz")
    assert (wrong.total, len(wrong.notes)) == (1, 5)
    assert page("ou=Saint-D").places


def test_queries_are_the_same_for_few_and_many() -> None:
    green, _cleaning = codes()
    structure("Première (fictif)", "93066", offer(green, km=10))
    db.session.commit()
    counts = []
    for _step in range(2):
        page("q=pelouse&lieu=departement:93")  # the index is brought up to date
        with statements() as sent:
            page("q=pelouse&lieu=departement:93")
        counts.append(len(sent))
        for at in range(30):
            structure(f"N° {at} (fictif)", "93066", offer(green, km=10))
        db.session.commit()
    assert counts[0] == counts[1]
    assert counts[0] <= 4


def test_an_address_says_all_of_a_query() -> None:
    query = asked(
        "q=parc&activite=a.b&activite=c.d&type=ei&lieu=ept:T6&livraison=staff&taille=10&references=oui&page=3"
    )
    assert Query.read(MultiDict(query.pairs())) == query
    assert query.without("activite", "a.b").activities == frozenset({"c.d"})
    assert query.without("page").page == 1
    assert query.without("q").pairs() == [pair for pair in query.pairs() if pair[0] not in {"q", "page"}]
    assert ("page", "3") not in query.filters()


def test_a_former_commune_means_the_one_of_today() -> None:
    structure("Treizième (fictif)", "75113", offer(codes()[0], places=(db.session.get_one(Commune, "75113"),)))
    db.session.commit()
    assert found("lieu=commune:75056") == ["Treizième (fictif)"]
    assert found("lieu=commune:75101") == ["Treizième (fictif)"]
    db.session.execute(delete(Offer))
