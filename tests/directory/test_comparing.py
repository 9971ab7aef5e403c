"""Up to four structures side by side, told apart in words."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from openmap.directory.models import ClientReference, Offer, Structure
from openmap.directory.sourcing.comparing import compared
from openmap.extensions import db
from openmap.reference.models import Activity, Area, Label, Trade
from tests.house.counting import statements
from tests.signing import now
from tests.sourcing import make_structure

PATH = "/annuaire/comparer"


def test_what_is_shared_and_what_only_one_says_is_told_in_words(app: Flask) -> None:
    first = make_structure("Une", workforce=12, kind="ei")
    second = make_structure("Deux", workforce=12, kind="esat", also_kinds=["ea"], confirmed_at=now())
    second.offers.append(Offer(title="Élagage", reach="radius", radius_km=30, is_service=False, is_staff=True))
    second.clients.append(ClientReference(client="Ville d’essai", year=2024, amount="10k_40k"))
    db.session.commit()
    rows = {row.key: row for row in compared([first, second])}
    assert rows["size"].verdict == "Identique"
    assert rows["kinds"].verdict == "Différent"
    assert rows["offers"].verdict == "En partie commun"
    assert [(said.text, said.alone) for said in rows["offers"].cells[1]] == [
        ("Tonte des pelouses", False), ("Élagage", True),
    ]  # fmt: skip
    assert rows["labels"].verdict == "Aucune ne le dit"
    assert rows["references"].cells[1][0].text == "Ville d’essai (2024, de 10 000 à 40 000 €)"
    assert rows["area"].cells[1][1].text == "30\u00a0km autour de son adresse"
    page = app.test_client().get(f"{PATH}?structures={first.id},{second.id}").text
    for told in ("Identique", "Différent", "En partie commun", "seule à l’indiquer", "non renseigné"):
        assert told in page, told


def test_a_fifth_is_refused_in_words(app: Flask) -> None:
    ids = [make_structure(f"Structure {n}").id for n in range(5)]
    client = app.test_client()
    assert client.get(f"{PATH}?" + "&".join(f"structures={one}" for one in ids[:4])).status_code == 200
    refused = client.get(f"{PATH}?structures={','.join(map(str, ids))}")
    assert refused.status_code == 422
    assert "quatre structures au plus" in refused.text
    assert f"{PATH}?structures={ids[0]},{ids[1]},{ids[2]},{ids[3]}" in refused.text.replace("%2C", ",")


def test_what_is_not_in_the_directory_is_not_compared(app: Flask) -> None:
    shown = make_structure("Visible")
    hidden = make_structure("Cachée", listed_at=None)
    gone = make_structure("Partie", delisted_at=now(), delisted_reason="Fermée")
    page = app.test_client().get(f"{PATH}?structures={shown.id},{hidden.id},{gone.id},x,-1,{'9' * 30}")
    assert page.status_code == 200
    assert "Cachée" not in page.text
    assert "Partie" not in page.text
    assert "2\u00a0structures demandées ne sont pas" in page.text


def test_contact_is_never_compared(app: Flask) -> None:
    one = make_structure("Une", contact_email="cachee@essai.example")
    assert "cachee@" not in app.test_client().get(f"{PATH}?structures={one.id}").text


def test_four_that_offer_much_ask_the_database_as_two_that_offer_little(app: Flask) -> None:
    trade = Trade(code="essai", name="Essai")
    trade.activities = [Activity(code=f"essai.{n}", name=f"Activité {n}", rank=n) for n in range(20)]
    area = Area(level="departement", code="99", name="Essai-et-Marne")
    db.session.add_all([trade, area, Label(code="l", name="Label", family="label")])
    db.session.commit()
    small = [_rich(f"Petite {n}", trade.activities[:1], area) for n in range(2)]
    large = [_rich(f"Grande {n}", trade.activities, area) for n in range(4)]
    client = app.test_client()
    assert _count(client, small) == _count(client, large)


def _rich(name: str, activities: list[Activity], area: Area) -> Structure:
    structure = make_structure(name)
    for one in activities:
        structure.offers.append(Offer(activity=one, reach="places", areas=[area]))
    db.session.commit()
    return structure


def _count(client: FlaskClient, structures: list[Structure]) -> int:
    path = f"{PATH}?structures={','.join(str(one.id) for one in structures)}"
    db.session.expire_all()
    db.session.rollback()
    with statements() as asked:
        assert client.get(path).status_code == 200
    return len(asked)
