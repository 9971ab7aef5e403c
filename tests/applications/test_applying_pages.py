"""The whole way of a structure through the pages, without JavaScript, and what strangers are refused."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.applications.models import Application, Attachment, Question, Revision
from openmap.directory.models import Delegate, Structure
from openmap.events.models import Edition, Phase
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import Person
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from openmap.signin.models import SignInRequest
from tests.applying import make_application, siret
from tests.factories import make_edition
from tests.signing import client_of, make_person, now, sent

CALL = "/editions/essai/candidature"
PDF = b"%PDF-1.7 plaquette"
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def edition(app: Flask) -> Edition:
    edition = make_edition("essai", held_on=(now() + timedelta(days=60)).date())
    edition.phases = [Phase(kind="call", opens_at=now() - timedelta(days=1), closes_at=now() + timedelta(days=10))]
    trade = Trade(code="essai", name="Essai")
    edition.activities = [Activity(code="essai.tonte", name="Tonte", trade=trade)]
    region, place = (
        Area(level="region", code="99", name="Région d’essai"),
        Commune(code="99001", name="Essai-sur-Seine"),
    )
    other = Commune(code="99002", name="Essai-le-Grand", folded="essai le grand", postal_codes=["99000"])
    place.folded, place.postal_codes = "essai sur seine", ["99000"]
    db.session.add_all([region, place, other])
    db.session.flush()
    db.session.add(AreaCommune(area_id=region.id, commune_code="99001"))
    db.session.add(Structure(name="Ressourcerie", siret=siret(7), kind="aci", city="Essai-sur-Seine"))
    db.session.commit()
    return edition


@pytest.fixture
def camille(app: Flask, edition: Edition) -> FlaskClient:
    return client_of(app, make_person("camille@exemple.fr", name="Camille Essai"))


def own() -> Application:
    db.session.expire_all()
    return db.session.scalars(select(Application).order_by(Application.id.desc())).first()  # type: ignore[return-value]


def hidden(page: str) -> dict[str, str]:
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("version", "seen")}  # type: ignore[index]


def go_on(client: FlaskClient, step: str, expected: str, **fields: Any) -> None:
    """Open a step, fill it in and go on."""
    path = f"/candidatures/{own().id}/{step}"
    data = {**hidden(client.get(path).text), "continuer": "1", **fields}
    answer = sent(client, path, data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    assert answer.location == f"/candidatures/{own().id}{expected}"


def test_someone_who_has_never_been_here_gets_a_link_that_leads_back(app: Flask, edition: Edition) -> None:
    client = app.test_client()
    known = make_person("connue@exemple.fr")
    answers = [sent(client, f"{CALL}/lien", {"email": email}) for email in ("inconnue@exemple.fr", known.email)]
    assert {(one.status_code, one.location) for one in answers} == {(303, "/connexion/message")}
    asked = db.session.scalars(select(SignInRequest).order_by(SignInRequest.id)).all()
    assert [(one.email, one.next_page) for one in asked] == [("inconnue@exemple.fr", CALL), ("connue@exemple.fr", CALL)]
    assert db.session.scalar(select(func.count()).select_from(Person)) == 2
    assert sent(client, f"{CALL}/lien", {"email": "pas une adresse"}).status_code == 422


def test_a_structure_applies_from_the_call_to_the_receipt(camille: FlaskClient, edition: Edition) -> None:
    typed = " ".join((siret(7)[:3], siret(7)[3:9], siret(7)[9:]))
    begun = sent(camille, CALL, {"siret": typed})
    assert begun.location == f"/candidatures/{own().id}/identite"
    assert (own().name, own().kind, own().commune_code) == ("Ressourcerie", "aci", "99001")
    go_on(camille, "identite", "/activite", name="Ressourcerie du Pont", siret=siret(7), kind="aci",
          commune="Essai-sur-Seine (99000)")  # fmt: skip
    activity = str(edition.activities[0].id)
    go_on(camille, "activite", "/territoires", activities=activity, offers="Mobilier", workforce="1 024",
          supported_share="60 %")  # fmt: skip
    go_on(camille, "territoires", "/participants", areas=str(db.session.scalar(select(Area.id))), radius_km="")
    go_on(camille, "participants", "/pitch", attendee_0_name="Camille Essai", attendee_0_email="camille@exemple.fr",
          attendee_0_phone="01 23 45 67 89", absent_slots=str(edition.slots[1].id))  # fmt: skip
    go_on(camille, "pitch", "/rendez-vous", wants_pitch="oui", pitch_title="Titre", pitch_summary="Résumé",
          pitch_novelty="Neuf", pitch_impact="Effet", fichier=(BytesIO(PDF), "plaquette.html.pdf"))  # fmt: skip
    assert sent(camille, f"/candidatures/{own().id}/depot").status_code == 422
    go_on(camille, "rendez-vous", "", wants_meetings="non")
    assert (own().workforce, own().absent_slots[0].code, own().attendees[0].phone) == (1024, "T02", "+33123456789")
    for _ in range(2):
        assert sent(camille, f"/candidatures/{own().id}/depot").status_code == 303
    assert own().state == "submitted"
    assert own().structure is not None
    assert own().structure.siret == siret(7)
    assert db.session.scalars(select(Message.purpose)).all() == ["application.received"]
    assert [one.filename for one in own().attachments] == ["plaquette_html.pdf"]


def test_a_draft_keeps_what_it_cannot_read_and_names_it(camille: FlaskClient) -> None:
    sent(camille, CALL, {"siret": ""})
    go_on(camille, "identite", "/identite?verifier=1", siret="123 456", name="X", kind="aci", commune="99000",
          website="javascript:alert(1)")  # fmt: skip
    page = camille.get(f"/candidatures/{own().id}/identite").text
    assert 'value="123 456"' in page
    assert "Un SIRET compte 14 chiffres" in page
    assert "Plusieurs communes correspondent" in page
    assert 'value="javascript:alert(1)"' in page
    assert "Un SIRET compte 14 chiffres" in camille.get(f"/candidatures/{own().id}").text
    go_on(camille, "identite", "/activite", siret=siret(3), name="X", kind="aci", commune="99000", commune_pick="99002",
          website="exemple.fr")  # fmt: skip
    assert (own().commune_code, own().website, own().typed) == ("99002", "https://exemple.fr", {})


def test_a_save_by_htmx_says_when_and_goes_on_where_it_should(camille: FlaskClient) -> None:
    sent(camille, CALL, {"siret": ""})
    path = f"/candidatures/{own().id}/rendez-vous"
    data = hidden(camille.get(path).text)
    saved = sent(camille, path, {**data, "wants_meetings": "oui"}, headers=SCRIPT)
    assert saved.status_code == 200
    assert "Enregistré à" in saved.text
    assert hidden(saved.text)["version"] == "2"
    on = sent(camille, path, {**hidden(saved.text), "wants_meetings": "non", "continuer": "1"}, headers=SCRIPT)
    assert (on.status_code, on.headers["HX-Redirect"]) == (204, f"/candidatures/{own().id}")
    assert own().wants_meetings is False


def test_the_second_device_is_shown_both_and_nothing_is_overwritten(camille: FlaskClient) -> None:
    sent(camille, CALL, {"siret": ""})
    path = f"/candidatures/{own().id}/pitch"
    old = hidden(camille.get(path).text)
    sent(camille, path, {**old, "pitch_title": "Du téléphone", "continuer": "1"})
    second = sent(camille, path, {**old, "pitch_title": "De l’ordinateur", "continuer": "1"})
    assert second.status_code == 409
    assert "Du téléphone" in second.text
    assert "De l’ordinateur" in second.text
    assert own().pitch_title == "Du téléphone"
    told = sent(camille, path, {**old, "pitch_title": "De l’ordinateur"}, headers=SCRIPT)
    assert "Modifié ailleurs" in told.text
    kept = sent(camille, path, {**hidden(second.text), "pitch_title": "De l’ordinateur", "continuer": "1"})
    assert kept.status_code == 303
    assert own().pitch_title == "De l’ordinateur"


def test_another_step_saved_meanwhile_is_no_conflict(camille: FlaskClient) -> None:
    sent(camille, CALL, {"siret": ""})
    path = f"/candidatures/{own().id}/pitch"
    old = hidden(camille.get(path).text)
    go_on(camille, "rendez-vous", "", wants_meetings="oui")
    assert sent(camille, path, {**old, "pitch_title": "Titre", "continuer": "1"}).status_code == 303


def test_a_question_that_an_answer_leads_to_is_asked_at_once(camille: FlaskClient, edition: Edition) -> None:
    first = Question(edition_id=edition.id, kind="boolean", label="Un véhicule ?", position=0)
    db.session.add(first)
    db.session.flush()
    then = Question(edition_id=edition.id, kind="text", label="Lequel ?", position=1, depends_on_id=first.id,
                    depends_value="oui")  # fmt: skip
    files = Question(edition_id=edition.id, kind="file", label="Attestation", position=2, is_required=True)
    db.session.add_all([then, files])
    db.session.commit()
    sent(camille, CALL, {"siret": ""})
    path = f"/candidatures/{own().id}/questions"
    page = camille.get(path).text
    assert "Lequel" not in page
    data = {**hidden(page), f"question_{first.id}": "oui", "shown": [str(first.id), str(files.id)]}
    assert "Lequel" in sent(camille, path, data, headers=SCRIPT).text
    assert sent(camille, path, {**hidden(camille.get(path).text), f"question_{first.id}": "oui",
                                f"question_{then.id}": "Fourgon", "continuer": "1"}).status_code == 303  # fmt: skip
    assert "Attestation" in camille.get(f"/candidatures/{own().id}").text
    go_on(camille, "questions", "", **{f"fichier_{files.id}": (BytesIO(PDF), "a.pdf")})
    go_on(camille, "questions", "", **{f"fichier_{files.id}": (BytesIO(PDF + b" 2"), "b.pdf")})
    versions = db.session.scalars(select(Attachment).order_by(Attachment.id)).all()
    assert [(one.filename, one.replaced_at is None) for one in versions] == [("a.pdf", False), ("b.pdf", True)]
    assert {answer.value for answer in own().answers} == {True, "Fourgon"}


def test_five_attachments_and_no_more(camille: FlaskClient) -> None:
    sent(camille, CALL, {"siret": ""})
    for number in range(5):
        go_on(camille, "pitch", "/rendez-vous", fichier=(BytesIO(PDF + b"%d" % number), f"{number}.pdf"))
    path = f"/candidatures/{own().id}/pitch"
    data = {**hidden(camille.get(path).text), "fichier": (BytesIO(PDF), "six.pdf"), "continuer": "1"}
    refused = sent(camille, path, data, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert "Cinq pièces jointes au plus" in refused.text
    go_on(camille, "pitch", "/rendez-vous", fichier=(BytesIO(PDF + b" neuf"), "4.pdf"))  # replaces its namesake
    first = own().attachments[0].id
    assert sent(camille, path, {**hidden(camille.get(path).text), "retirer": str(first)}).status_code == 303
    assert len([one for one in own().attachments if one.replaced_at is None]) == 4
    assert len(own().attachments) == 6


def test_an_attachment_leaves_as_one_in_a_sandbox(camille: FlaskClient) -> None:
    sent(camille, CALL, {"siret": ""})
    go_on(camille, "pitch", "/rendez-vous", fichier=(BytesIO(PDF), "plaquette.pdf"))
    with camille.get(f"/candidatures/{own().id}/pieces/{own().attachments[0].id}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["", "/identite", "/pitch", "/pieces/{piece}"], ids=["file", "step", "other step", "attachment"]
)
def test_a_file_is_closed_to_other_structures(app: Flask, camille: FlaskClient, path: str) -> None:
    sent(camille, CALL, {"siret": ""})
    go_on(camille, "pitch", "/rendez-vous", fichier=(BytesIO(PDF), "plaquette.pdf"))
    number, piece = own().id, own().attachments[0].id
    stranger = client_of(app, make_person("autre@exemple.fr"))
    assert stranger.get(f"/candidatures/{number}{path}".format(piece=piece)).status_code == 403
    assert app.test_client().get(f"/candidatures/{number}{path}".format(piece=piece)).status_code == 302
    sent(stranger, CALL, {"siret": ""})
    assert stranger.get(f"/candidatures/{own().id}/pieces/{piece}").status_code == 404  # by way of one's own file
    for deed in ("depot", "retrait", "autorisation", "pitch"):
        assert sent(stranger, f"/candidatures/{number}/{deed}", {"pitch_title": "Volé"}).status_code == 403


def test_a_change_after_submission_is_told_field_by_field(camille: FlaskClient, edition: Edition) -> None:
    person = db.session.scalars(select(Person)).one()
    application = make_application(edition, 4, person=person, radius_km=20)
    application.activities = list(edition.activities)
    application.attendees[0].email = "camille@exemple.fr"
    db.session.commit()
    go_on(camille, "activite", "", activities=str(edition.activities[0].id), offers="Autre", workforce="30",
          supported_share="60", presentation=application.presentation, clients=application.clients)  # fmt: skip
    refused = sent(camille, f"/candidatures/{own().id}/activite", {"version": str(own().version), "offers": ""})
    assert refused.status_code == 422
    assert "elle doit rester complète" in refused.text
    revision = db.session.scalars(select(Revision)).one()
    assert set(revision.changes) == {"offers", "workforce"}


def test_a_submitted_file_shows_no_form_that_would_be_refused(app: Flask, edition: Edition) -> None:
    person = make_person("camille@exemple.fr")
    application = make_application(edition, person=person)
    db.session.commit()
    step = f"/candidatures/{application.id}/identite"
    assert client_of(app, person).get(step).status_code == 200
    edition.phases[0].closes_at = now() - timedelta(hours=1)
    db.session.commit()
    closed = client_of(app, person).get(step)
    assert (closed.status_code, closed.location) == (302, f"/candidatures/{application.id}")


def test_a_page_left_open_elsewhere_does_not_change_a_submitted_file_by_itself(
    app: Flask, camille: FlaskClient, edition: Edition
) -> None:
    application = make_application(edition, 4, state="draft", person=db.session.scalars(select(Person)).one())
    application.activities, application.radius_km = list(edition.activities), 20
    db.session.commit()
    path = f"/candidatures/{application.id}/pitch"
    words = {f"pitch_{name}": "Texte" for name in ("title", "summary", "novelty", "impact")}
    open_page = {**hidden(camille.get(path).text), "wants_pitch": "oui", **words}
    assert sent(camille, f"/candidatures/{application.id}/depot").status_code == 303
    half = sent(camille, path, {**open_page, "pitch_title": "Un titre à moit"}, headers=SCRIPT)
    assert "déposée depuis un autre appareil" in half.text
    files = {**open_page, "fichier": (BytesIO(PDF), "brouillon.pdf")}
    sent(camille, path, files, headers=SCRIPT, content_type="multipart/form-data")
    assert (own().pitch_title, own().revisions, own().attachments) == ("Le réemploi n° 4", [], [])
    asked = sent(camille, path, {**open_page, "pitch_title": "Un titre entier", "continuer": "1"}, headers=SCRIPT)
    assert asked.status_code == 204
    assert (own().pitch_title, len(own().revisions)) == ("Un titre entier", 1)


def test_a_step_says_where_it_is_and_what_may_be_left_out(camille: FlaskClient, edition: Edition) -> None:
    asks = {"kind": "text", "edition_id": edition.id}
    db.session.add_all(
        [Question(label="Nécessaire", is_required=True, **asks), Question(label="À loisir", position=1, **asks)]
    )
    db.session.commit()
    sent(camille, CALL, {"siret": ""})
    page = camille.get(f"/candidatures/{own().id}/questions").text
    assert "Étape 7 sur 8" in page
    labels = [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<label[^>]*>(.*?)</label>", page, re.DOTALL)]
    assert labels == ["Nécessaire", "À loisir (facultatif)"]
    page = camille.get(f"/candidatures/{own().id}/participants").text
    assert page.count("(facultatif)") == 2


def test_a_structure_that_applies_already_is_not_offered_a_second_time(app: Flask, edition: Edition) -> None:
    person = make_person("camille@exemple.fr")
    application = make_application(edition, person=person)
    assert application.structure is not None
    db.session.add(Delegate(person=person, organisation=application.structure, invited_at=now()))
    db.session.commit()
    client = client_of(app, person)
    begin = f"Pour {application.structure.name}"
    assert begin not in client.get(CALL).text
    application.state, application.withdrawn_at = "withdrawn", now()
    db.session.commit()
    assert begin in client.get(CALL).text


def test_the_call_of_an_edition_that_is_over_announces_nothing(app: Flask) -> None:
    make_edition("passee", held_on=(now() - timedelta(days=40)).date())
    make_edition("ce-jour", held_on=now().date())
    db.session.commit()
    page = app.test_client().get("/editions/passee/candidature").text
    assert "Cette rencontre a eu lieu" in page
    assert "Revenez bientôt" not in page
    assert "Revenez bientôt" in app.test_client().get("/editions/ce-jour/candidature").text
