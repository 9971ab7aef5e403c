"""What the words of a search are taken for: slips, codes, articles of the law, kinds, places; what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from openmap.directory.models import STRUCTURE_KINDS
from openmap.directory.search import legal
from openmap.directory.search.reading import Understood, understand
from openmap.extensions import db
from openmap.reference import cpv
from openmap.reference.lexicon import Lexicon, root_of
from openmap.reference.loading import ILE_DE_FRANCE, TAXONOMY, load_taxonomy, load_territories
from openmap.reference.meaning import meanings
from openmap.reference.stems import stems_and_words, stems_of
from tests.house.counting import statements

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def reference(app: Flask) -> Flask:
    """Return the application with its packaged vocabulary and Île-de-France."""
    load_territories(db.session, ILE_DE_FRANCE, now=NOW)
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    db.session.commit()
    return app


pytestmark = pytest.mark.usefixtures("reference")


def heard(*texts: str) -> Lexicon:
    lexicon = Lexicon()
    for text in texts:
        lexicon.learn(stems_and_words(text))
    return lexicon


def read(words: str) -> Understood:
    """Return what words mean where structures bear these names."""
    return understand(db.session, words, heard("Emmaüs Alternatives", "Régie de quartier Montreuil", "Halage"))


def codes(found: Understood) -> list[str]:
    entries = meanings(db.session).entries
    return [entries[number].code for number in found.meant]


@pytest.mark.parametrize(
    ("typed", "activity", "told"),
    [
        ("netoyage bureau", "proprete.locaux", "« netoyage » a été lu « nettoyage »."),
        ("trateur", "restauration.traiteur", "« trateur » a été lu « traiteur »."),
        ("espaces verst", "espaces-verts.entretien", "« verst » a été lu « verts »."),
        ("BLANCHISERIES", "textile.blanchisserie", "« blanchiseries » a été lu « blanchisserie »."),
        ("jardiniers", "espaces-verts.entretien", ""),
        ("électricien", "batiment.electricite", ""),
        ("90911200-8", "proprete.locaux", "Code CPV 90911200 : Services de nettoyage de bâtiments."),
        ("77314000", "espaces-verts.entretien", "Code CPV 77314000 : Services d'entretien de terrains."),
        ("cpv 9831", "textile.blanchisserie", "Code CPV 98310000 : Services de blanchisserie et de nettoyage à sec."),
    ],
)
def test_words_lead_to_their_activity_and_what_was_mended_is_told(typed: str, activity: str, told: str) -> None:
    found = read(typed)
    assert codes(found)[0] == activity
    assert list(found.notes) == ([told] if told else [])


def test_a_word_that_structures_use_is_no_slip() -> None:
    assert read("halage").notes == ()
    assert understand(db.session, "halagge", heard("Halage")).notes == ("« halagge » a été lu « halage ».",)
    assert read("altrenatives").question.own.keys() == set(stems_of("alternatives"))


@pytest.mark.parametrize("short", ["buz", "sols", "bus", "12345x"])
def test_short_words_and_words_with_digits_are_left_alone(short: str) -> None:
    assert not [note for note in read(short).notes if "a été lu" in note]


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [
        ("L2113-12", {"ea", "eatt", "esat"}),
        ("l. 2113-12 numérisation", {"ea", "eatt", "esat"}),
        ("article L.2113‑13", {"ei", "ai", "aci", "etti", "eiti"}),
        ("L. 2113-14", {"ei", "ai", "aci", "etti", "eiti", "ea", "eatt", "esat"}),
        ("L. 2113-13-1 impression", set[str]()),
        ("marchés réservés entretien", {"ei", "ai", "aci", "etti", "eiti", "ea", "eatt", "esat"}),
        ("marché réservé L2113-12 tonte", {"ea", "eatt", "esat"}),
        ("clause sociale", {"ei", "ai", "aci", "etti", "eiti", "geiq", "ea", "eatt", "esat"}),
        ("entreprise adaptée numérisation", {"ea", "eatt"}),
        ("entreprises adaptées de travail temporaire", {"eatt"}),
        ("ESAT blanchisserie", {"esat"}),
        ("chantier d’insertion maraîchage", {"aci"}),
        ("atelier et chantier d'insertion", {"aci"}),
        ("interim insertion", {"etti"}),
        ("peinture insertion", {"ei", "ai", "aci", "etti", "eiti", "geiq"}),
        ("ETTI Pantin", {"etti"}),
        ("mise sous pli handicap", {"ea", "eatt", "esat"}),
        ("transport d’élèves handicapés", set[str]()),
        ("j’ai un toit", set[str]()),
        ("nettoyage", set[str]()),
    ],
)
def test_law_and_kinds_keep_to_the_kinds_they_name(typed: str, kinds: set[str]) -> None:
    found = read(typed)
    assert found.kinds == kinds
    assert found.kinds <= set(STRUCTURE_KINDS)
    assert bool(found.kinds) <= any("montré" in note for note in found.notes)


def test_every_rule_names_kinds_that_exist() -> None:
    assert all(rule.kinds <= set(STRUCTURE_KINDS) for rule in legal.RULES)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("nettoyage Montreuil", "commune:93048"),
        ("traiteur 93", "departement:93"),
        ("traiteur dans le 93 demain", "departement:93"),
        ("jardiniers à Versailles", "commune:78646"),
        ("ménage Ivry", "commune:94041"),
        ("tonte évry", "commune:91228"),
        ("tonte st denis", "commune:93066"),
        ("tonte Plaine Commune", "ept:T6"),
        ("tonte en Seine-Saint-Denis", "departement:93"),
        ("tonte Paris 19e", "departement:75"),
        ("tonte 93100", "commune:93048"),
        ("tonte montreuill", "commune:93048"),
        ("espaces vert", ""),
        ("tonte à Vert", "commune:78647"),
        ("buffet pour 75 couverts", ""),
        ("nettoyage", ""),
    ],
)
def test_places_are_found_among_the_words(typed: str, place: str) -> None:
    found = read(typed)
    assert found.place == place
    assert bool(place) == any("lu comme un lieu" in note for note in found.notes)


@pytest.mark.parametrize(
    ("typed", "siren"),
    [
        ("424 501 948 00014", "42450194800014"),
        ("42450194800014", "42450194800014"),
        ("SIRET : 424.501.948", "424501948"),
        ("424 501 948 000", ""),
    ],
)
def test_a_siret_is_a_number_with_or_without_spaces(typed: str, siren: str) -> None:
    assert read(typed).siren == siren


def test_a_naf_code_is_read_and_told() -> None:
    found = read("81.22Z Pantin")
    assert (found.only, found.place) == (frozenset(), "commune:93055")
    assert found.notes[0].startswith("Code NAF 81.22Z")
    assert read("2000 m").only is None


def test_a_code_of_another_key_is_read_without_it() -> None:
    assert any("clé" in note for note in read("90911200-3").notes)
    assert read("99999999").notes == ("Le code CPV 99999999 n’existe pas : vérifiez-le.",)


def test_codes_within_one_another_share_digits_only() -> None:
    assert cpv.is_within("90911200", "90910000")
    assert cpv.is_within("90000000", "90911200")
    assert not cpv.is_within("90911200", "90919200")
    assert cpv.label_of("77314923") == "Services d'entretien de terrains"


@pytest.mark.parametrize(("one", "other"), [("peintre", "peinture"), ("laveur", "lavage"), ("plombier", "plomberie")])
def test_who_does_it_and_what_is_done_share_a_root(one: str, other: str) -> None:
    assert root_of(stems_of(one)[0]) == root_of(stems_of(other)[0])


def test_landscape_is_no_country() -> None:
    assert root_of(stems_of("paysage")[0]) != root_of(stems_of("pays")[0])


def test_words_cost_a_few_statements_whatever_they_say() -> None:
    read("nettoyage")
    with statements() as few:
        read("nettoyage")
    with statements() as many:
        read("marché réservé L2113-12 netoyage trateur espaces verst Montreuil 90911200-8 81.22Z")
    assert len(few) == 2
    assert len(many) == 3  # and who has the NAF code


@pytest.mark.parametrize("typed", ["", " ", "«»", "'; DROP TABLE", "%", "\\", "l.", "cpv", "-" * 200, "à", "\x00"])
def test_anything_can_be_typed(typed: str) -> None:
    assert isinstance(read(typed), Understood)
