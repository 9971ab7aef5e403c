"""Full-text search: French endings and accents, synonyms, and an index that follows what is kept."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from openmap.cli import main
from openmap.directory.models import Buyer
from openmap.extensions import db
from openmap.needs.models import Need
from openmap.reference import fulltext
from openmap.reference.fulltext import Document, SearchDocument
from openmap.reference.loading import TAXONOMY, load_taxonomy
from openmap.reference.models import Activity
from openmap.reference.relevance import Question, search
from openmap.reference.stems import stems_of
from openmap.reference.widening import Synonyms
from tests.applying import make_application
from tests.factories import make_edition
from tests.needing import make_need

pytestmark = pytest.mark.usefixtures("app")

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def ask(kind: str, words: str) -> list[int]:
    """Return the objects that answer ``words``, best first."""
    return [one.object_id for one in search(db.session, kind, Synonyms(db.session).question({words: 1.0}))]


def put(*texts: str) -> None:
    documents = {number: Document(plain=one) for number, one in enumerate(texts, start=1)}
    fulltext.write(db.session, "essai", documents)
    db.session.commit()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("espaces verts", "Espace VERT"),
        ("traiteurs", "le traiteur"),
        ("électricité", "ELECTRICITE"),
        ("l’entretien", "entretiens"),
        ("nettoyages de bureaux", "Nettoyage du bureau"),
        ("main-d’œuvre", "main d oeuvre"),
        ("plateaux-repas", "plateau repas"),
    ],
)
def test_endings_accents_and_case_make_no_difference(one: str, other: str) -> None:
    assert stems_of(one) == stems_of(other) != []


def test_stemming_is_safe_in_threads() -> None:
    words = [f"entretien{letter}s nettoyage{letter}s" for letter in "bcdfghjklm"] * 20
    expected = [stems_of(one) for one in words]
    found: list[list[list[str]]] = []
    from openmap.reference import stems

    stems._read.cache_clear()
    threads = [threading.Thread(target=lambda: found.append([stems_of(one) for one in words])) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [expected] * 4


def test_engine_itself_indexes_and_finds() -> None:
    put("Collecte de papiers", "Tonte de pelouses")
    if db.engine.dialect.name == "sqlite":
        found = db.session.execute(text("SELECT rowid FROM search_index WHERE search_index MATCH 'pelous'"))
    else:
        found = db.session.execute(text("SELECT id FROM search_documents WHERE vector @@ 'pelous'::tsquery"))
        plan = db.session.execute(text("SELECT indexdef FROM pg_indexes WHERE indexname='ix_search_documents_vector'"))
        assert "USING gin" in plan.scalar_one()
    assert len(found.all()) == 1


def test_words_of_a_field_are_counted_by_the_engine() -> None:
    fulltext.write(db.session, "essai", {7: Document("Tri", "tri, tris et trier", "collecte")})
    found = {
        (one.stem, one.field): one.count for one in fulltext.postings(db.session, "essai", stems_of("tri collecte"))
    }
    assert found == {("tri", 0): 1, ("tri", 1): 2, ("collect", 2): 1}


def test_rare_words_count_more_than_common_ones() -> None:
    put("nettoyage de voirie", "nettoyage de bureaux", "nettoyage de vitres", "lavage de bureaux")
    assert ask("essai", "nettoyage de vitres")[0] == 3
    assert set(ask("essai", "nettoyage")) == {1, 2, 3}


def test_synonyms_of_an_activity_widen_a_question() -> None:
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    put("Tonte et taille de haies", "Repas de midi", "Location de salles")
    assert ask("essai", "Entretien des espaces verts") == [1]
    assert Question({"espac": 1.0}, {}).weights() == {"espac": 1.0}


def test_word_that_several_activities_share_names_none() -> None:
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    synonyms = Synonyms(db.session)
    named = {one.id: one.code for one in db.session.scalars(select(Activity))}
    assert synonyms.implied(stems_of("maroquinerie")) == []
    found = synonyms.implied(stems_of("Nettoyage de bureaux au siège"))
    assert [named[one] for one in found] == ["proprete.locaux"]


def test_document_that_changes_or_leaves_is_no_longer_found_by_what_it_was() -> None:
    put("Collecte de papiers")
    put("Tonte de pelouses")
    assert ask("essai", "papier") == []
    assert ask("essai", "pelouse") == [1]
    fulltext.forget(db.session, "essai", [1])
    assert fulltext.postings(db.session, "essai", ["pelous"]) == []


def test_need_is_found_once_declared_follows_its_changes_and_leaves_with_its_withdrawal() -> None:
    buyer = Buyer(name="Ville d’essai", is_invented=True)
    need = make_need(buyer, "Taille de haies", state="draft", declared_at=None)
    db.session.add(need)
    db.session.commit()
    assert ask("need", "haies") == []
    need.state, need.declared_at = "declared", NOW
    db.session.commit()
    assert ask("need", "haie") == [need.id]
    need.title = "Fauchage de talus"
    db.session.commit()
    assert (ask("need", "haie"), ask("need", "talus")) == ([], [need.id])
    need.state = "withdrawn"
    db.session.commit()
    assert ask("need", "talus") == []
    assert ask("organisation", "ville essai") == [buyer.id]


def test_what_is_rolled_back_is_not_indexed() -> None:
    db.session.add(make_need(Buyer(name="Ville d’essai"), "Taille de haies"))
    db.session.flush()
    db.session.rollback()
    db.session.commit()
    assert db.session.scalar(select(func.count(SearchDocument.id))) == 0


def test_application_is_found_by_an_activity_chosen_later() -> None:
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    file = make_application(make_edition(), offers="Des services.")
    make_application(make_edition("autre"), 2, state="draft", offers="Blanchisserie")
    db.session.commit()
    assert ask("application", "blanchisserie") == []
    file.activities = list(db.session.scalars(select(Activity).where(Activity.code == "textile.blanchisserie")))
    db.session.commit()
    assert ask("application", "blanchisserie") == [file.id]
    db.session.delete(file)
    db.session.commit()
    assert ask("application", "blanchisserie") == []


def test_rebuilding_brings_in_what_no_session_saw_and_drops_what_is_gone(app: Flask) -> None:
    edition = make_edition()
    kept = db.session.scalar(select(func.count(SearchDocument.id)).where(SearchDocument.kind == "need"))
    db.session.execute(text("UPDATE needs SET title = 'Fauchage'"))
    fulltext.write(db.session, "need", {999: Document("Fauchage")})
    db.session.commit()
    assert ask("need", "fauchage") == [999]
    result = app.test_cli_runner().invoke(main, ["index", "rebuild"])
    assert result.exit_code == 0, result.output
    assert "besoin(s)" in result.output
    assert len(ask("need", "fauchage")) == kept == db.session.scalar(select(func.count(Need.id)))
    assert edition.id


def test_first_upgrade_indexes_what_was_there(app: Flask) -> None:
    make_edition()
    db.session.execute(text("DELETE FROM search_documents"))
    db.session.commit()
    assert app.test_cli_runner().invoke(main, ["init"]).exit_code == 0
    assert ask("need", "mobilier")


def test_words_with_quotes_and_operators_are_only_words() -> None:
    put("Tri de papiers")
    for hostile in ("'", "tri' | 'x", "papier* NOT tri", "tri:A & (", '"', "\\", json.dumps("tri")):
        ask("essai", hostile)
    assert ask("essai", "tri:A & (papier") == [1]
