"""From one's account to what rooms keep for a person."""

from __future__ import annotations

from flask import Flask

from tests.applying import make_application
from tests.factories import make_edition
from tests.signing import client_of, make_person


def test_the_account_leads_each_to_their_own_pages_only(app: Flask) -> None:
    edition = make_edition("essai")
    applicant, nobody = make_person("candidate@essai.example"), make_person("personne@essai.example")
    juror = make_person("jure@essai.example", "juror", edition_id=edition.id)
    make_application(edition, state="draft", person=applicant)
    texts = {one.id: client_of(app, one).get("/compte").text for one in (applicant, nobody, juror)}
    assert "Mes candidatures (1)" in texts[applicant.id]
    assert f"Jury : {edition.title}" in texts[juror.id]
    for person, absent in ((applicant, "Jury :"), (juror, "Mes candidatures"), (nobody, "Mes candidatures")):
        assert absent not in texts[person.id]
