"""The table of all addresses: who may enter each, and what becomes of the one who does.

An address added later is added here once: the linter, the permission table and the browser sweep then all open it.
"""

from __future__ import annotations

from typing import Final

from tests.house.parts import PARTS as ROOMS
from tests.house.table import Action, File, Page

EML = "20261102-093000-000001-essai.eml"


PLAN = "/editions/essai/planning"

PREP = "/editions/essai/preparation"
PARTS = ("programme", "creneaux", "tables", "categories", "stands")

PAGES = (
    Page("events.editions", "/"),
    Page("events.edition", "/editions/essai"),
    Page("events.edition", "/editions/vide"),
    Page("registrations.form", "/editions/essai/inscription"),
    Page("registrations.form", "/editions/vide/inscription"),
    Page("registrations.received", "/editions/essai/inscription/recue"),
    Page("registrations.own", "/inscriptions/{confirmed}"),
    Page("registrations.own", "/inscriptions/{waiting}"),
    Page("registrations.own", "/inscriptions/{cancelled}"),
    Page("stands.partners", "/editions/essai/partenaires"),
    Page("stands.partners", "/editions/vide/partenaires"),
    Page("stands.request_form", "/editions/essai/stand", "signed_in"),
    Page("reference.territories", "/territoires"),
    Page("reference.territories", "/territoires?q=essai"),
    Page("reference.territories", "/territoires?q=rien-de-tel"),
    Page("reference.territory", "/territoires/ept/T99"),
    Page("reference.words", "/referentiel"),
    Page("reference.word", "/referentiel/filieres/essai"),
    Page("reference.word", "/referentiel/activites/essai.tonte"),
    Page("reference.word", "/referentiel/activites/essai.fauche"),
    Page("reference.edit", "/referentiel/activites/essai.tonte/modifier", "administrator"),
    Page("reference.edit", "/referentiel/types/esat/modifier", "administrator"),
    Page("reference.new", "/referentiel/labels/ajouter", "administrator"),
    Page("organisations.index", "/organisations", "signed_in"),
    Page("organisations.people", "/organisations/{organisation}/personnes", "manager"),
    Page("preparing.new", "/editions/nouvelle", "some_organiser"),
    Page("preparing.show", PREP, "organiser"),
    Page("preparing.show", "/editions/vide/preparation", "organiser"),
    Page("preparing.identity", f"{PREP}/identite", "organiser"),
    Page("preparing.phases", f"{PREP}/etapes", "organiser"),
    Page("preparing.copying", f"{PREP}/copie", "organiser"),
    *(Page("parts.index", f"{PREP}/{part}/liste", "organiser") for part in PARTS),
    *(Page("parts.index", f"/editions/vide/preparation/{part}/liste", "organiser") for part in PARTS),
    *(Page("parts.edit", f"{PREP}/{part}/1", "organiser") for part in PARTS),
    Page("access_plans.edit", f"{PREP}/plan-d-acces", "organiser"),
    Page("access_plans.edit", "/editions/vide/preparation/plan-d-acces", "organiser"),
    Page("resources.index", f"{PREP}/documents", "organiser"),
    Page("resources.index", "/editions/vide/preparation/documents", "organiser"),
    Page("registrations.index", "/editions/essai/inscrits", "organiser"),
    Page("registrations.index", "/editions/essai/inscrits?etat=waiting&q=rien-de-tel", "organiser"),
    Page("registrations.index", "/editions/vide/inscrits", "organiser"),
    Page("signin.ask", "/connexion"),
    Page("signin.asked", "/connexion/message"),
    Page("signin.link", "/connexion/lien/faux", status=410),
    Page("signin.password", "/connexion/mot-de-passe"),
    Page("people.privacy_page", "/vie-privee"),
    Page("mail.files", "/courrier/fichiers"),
    Page("mail.file", f"/courrier/fichiers/{EML}"),
    Page("account.show", "/compte", "signed_in"),
    Page("account.password", "/compte/mot-de-passe", "signed_in"),
    Page("account.second_factor", "/compte/second-facteur", "signed_in"),
    Page("account.leave_for_good", "/compte/effacement", "signed_in"),
    Page("people.index", "/personnes", "administrator"),
    Page("people.index", "/personnes?q=rien-de-tel&page=9", "administrator"),
    Page("people.show", "/personnes/1", "administrator"),
    Page("people.show", "/personnes/2", "administrator"),
    Page("team.index", "/editions/essai/equipe", "organiser"),
    Page("history.show", "/editions/essai/journal", "organiser"),
    Page("history.show", "/editions/essai/journal?sur=registrations&numero=1", "organiser"),
    Page("history.show", "/editions/vide/journal?sur=rien-de-tel", "organiser"),
    Page("team.index", "/editions/vide/equipe", "organiser"),
    Page("mail.index", "/courrier", "some_organiser"),
    Page("mail.index", "/courrier?etat=failed&q=rien-de-tel", "some_organiser"),
    Page("mail.show", "/courrier/1", "organiser"),
    Page("mail.show", "/courrier/2", "organiser"),
    Page("mail.show", "/courrier/3", "organiser"),
    Page("mail.templates", "/courrier/modeles/1", "organiser"),
    Page("mail.template", "/courrier/modeles/1/people.invited", "organiser"),
    Page("meetings.plan", PLAN, "organiser"),
    Page("meetings.plan", f"{PLAN}?version=1", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=acheteurs", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=structures&q=ate", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=souhaits", "organiser"),
    Page("meetings.plan", f"{PLAN}?vue=souhaits&q=rien-de-tel", "organiser"),
    Page("meetings.plan", "/editions/attente/planning", "organiser"),
    Page("meetings.plan", "/editions/vide/planning", "organiser"),
    Page("solves.history", f"{PLAN}/calculs", "organiser"),
    Page("solves.history", "/editions/vide/planning/calculs", "organiser"),
    Page("solves.show", f"{PLAN}/calculs/1", "organiser"),
    Page("solves.show", f"{PLAN}/calculs/2", "organiser"),
    Page("solves.show", f"{PLAN}/calculs/3", "organiser"),
    Page("solves.show", "/editions/encours/planning/calculs/4", "organiser"),
    Page("solves.show", "/editions/attente/planning/calculs/5", "organiser"),
    *(page for room in ROOMS for page in room.PAGES),
)
"""Every page, in every state that looks different. Solves are numbered in the order that ``furnish`` makes them."""

SOLVE = {"time_limit": "10", "seed": "1"}
WORDS = {"subject": "Autre objet", "body": "Bonjour {prenom_nom}"}
SOMEONE = {"email": "camille@essai.example", "name": "Camille Essai", "role": "juror"}
TWICE = dict.fromkeys(("password", "again"), "cheval agrafe pile correcte")

RHYTHM = {"rythme-start": "10:00", "rythme-end": "12:00", "rythme-duration": "15", "rythme-transfer": "0"}
REGISTERS = {"name": "Alex Essai", "email": "alex@essai.example", "category_id": "{category}"}
IDENTITY = {"title": "Autre titre", "held_on": "2017-11-17", "area_id": "0", "capacity": "150"}
WORD = {"version": "1", "name": "Autre mot", "replaced_by": ""}

ACTIONS = (
    Action(
        "registrations.send", "/editions/essai/inscription", "everyone", "/editions/essai/inscription/recue", REGISTERS
    ),
    Action("registrations.own_cancel", "/inscriptions/{confirmed}", "everyone", "/inscriptions/{confirmed}"),
    Action("registrations.add", "/editions/essai/inscrits", "organiser", "/editions/essai/inscrits", REGISTERS),
    Action("registrations.cancel", "/editions/essai/inscrits/1/annulation", "organiser", "/editions/essai/inscrits"),
    Action("stands.ask", "/editions/essai/stand", "signed_in", "/editions/essai/stand", {"name": "Partenaire"}),
    Action("stands.decide", "/editions/essai/stands/{stand}/accepter", "organiser", f"{PREP}/stands/liste"),
    Action(
        "preparing.create",
        "/editions/nouvelle",
        "some_organiser",
        "/editions/titre-2030/preparation",
        {"title": "Titre", "held_on": "2030-01-02"},
    ),
    Action("preparing.publish", f"{PREP}/publier", "organiser", PREP, {"retirer": "1"}),
    Action("preparing.identity_post", f"{PREP}/identite", "organiser", PREP, IDENTITY),
    Action(
        "preparing.set_phase",
        f"{PREP}/etapes/call",
        "organiser",
        f"{PREP}/etapes",
        {"call-opens_at": "2017-10-01T09:00", "call-closes_at": "2017-10-20T18:00"},
    ),
    Action("preparing.late_code", f"{PREP}/codes", "organiser", f"{PREP}/etapes", {"note": "Ressourcerie"}),
    Action(
        "preparing.copy",
        f"{PREP}/copie",
        "organiser",
        "/editions/copie-2018/preparation",
        {"title": "Copie", "held_on": "2018-05-17"},
    ),
    Action("parts.add", f"{PREP}/tables/liste", "organiser", f"{PREP}/tables/liste", {"code": "Z9", "seats": "4"}),
    Action("parts.change", f"{PREP}/tables/1", "organiser", f"{PREP}/tables/liste", {"code": "Z8", "seats": "2"}),
    Action("parts.remove", f"{PREP}/programme/1/suppression", "organiser", f"{PREP}/programme/liste"),
    Action(
        "parts.generate",
        "/editions/sansplan/preparation/creneaux/generation",
        "organiser",
        "/editions/sansplan/preparation/creneaux/liste",
        RHYTHM,
    ),
    Action(
        "access_plans.keep", f"{PREP}/plan-d-acces", "organiser", f"{PREP}/plan-d-acces", {"alternative": "Tout droit."}
    ),
    Action("access_plans.remove", f"{PREP}/plan-d-acces/suppression", "organiser", f"{PREP}/plan-d-acces"),
    Action("resources.add", f"{PREP}/documents", "organiser", None, {"title": "Sans fichier"}, status=422),
    Action("resources.remove", f"{PREP}/documents/1/suppression", "organiser", f"{PREP}/documents"),
    Action(
        "mail.remind", "/courrier/modeles/1/rappels/day_before", "organiser", "/courrier/modeles/1", {"arreter": "1"}
    ),
    Action(
        "organisations.invite",
        "/organisations/{organisation}/personnes",
        "manager",
        "/organisations/{organisation}/personnes",
        SOMEONE,
    ),
    Action(
        "organisations.remove",
        "/organisations/{organisation}/personnes/{delegate}/retrait",
        "manager",
        "/organisations",
    ),
    Action(
        "reference.edit_post",
        "/referentiel/activites/essai.tonte/modifier",
        "administrator",
        "/referentiel/activites/essai.tonte",
        {**WORD, "trade_id": "{trade}"},
    ),
    Action(
        "reference.new_post",
        "/referentiel/labels/ajouter",
        "administrator",
        "/referentiel/labels/label-d-essai",
        {"name": "Label d’essai", "family": "label"},
    ),
    Action(
        "solves.ask",
        "/editions/sansplan/planning/calculs",
        "organiser",
        "/editions/sansplan/planning/calculs/{calc_next}",
        SOLVE,
    ),
    Action(
        "solves.stop",
        "/editions/attente/planning/calculs/5/arret",
        "organiser",
        "/editions/attente/planning/calculs/5",
    ),
    Action("signin.ask_post", "/connexion", "everyone", "/connexion/message", {"email": "x@essai.example"}),
    Action("signin.link_post", "/connexion/lien/faux", "everyone", None, status=410),
    Action(
        "signin.password_post",
        "/connexion/mot-de-passe",
        "everyone",
        None,
        {"email": "x@essai.example", "password": "faux"},
        status=403,
    ),
    Action("signin.code_post", "/connexion/code", "everyone", "/connexion", {"code": "123456"}, status=302),
    Action("signin.leave", "/deconnexion", "everyone", "/"),
    Action("account.change", "/compte", "signed_in", "/compte", {"name": "Autre Nom"}),
    Action(
        "account.password_post",
        "/compte/mot-de-passe",
        "signed_in",
        "/compte",
        TWICE,
    ),
    Action("account.second_factor_post", "/compte/second-facteur", "signed_in", None, {"code": "000000"}, status=422),
    Action("account.drop_second_factor", "/compte/second-facteur/retrait", "signed_in", "/compte"),
    Action("account.end_session", "/compte/sessions/999/fin", "signed_in", None, status=404),
    Action("account.leave_for_good_post", "/compte/effacement", "signed_in", "/", {"sure": "y"}),
    Action("people.invite", "/personnes", "administrator", "/personnes/{new}", {**SOMEONE, "role": "administrator"}),
    Action("people.take", "/personnes/2/roles/{held}/retrait", "administrator", "/personnes/2"),
    Action("team.invite", "/editions/essai/equipe", "organiser", "/editions/essai/equipe", SOMEONE),
    Action("team.take", "/editions/essai/equipe/{juror}/retrait", "organiser", "/editions/essai/equipe"),
    Action("mail.edit", "/courrier/1", "organiser", "/courrier/1", WORDS),
    Action("mail.drop", "/courrier/1/abandon", "organiser", "/courrier/1"),
    Action("mail.release", "/courrier/2/envoi", "organiser", "/courrier/2"),
    Action(
        "mail.reword",
        "/courrier/modeles/1/people.invited",
        "organiser",
        "/courrier/modeles/1/people.invited",
        WORDS,
    ),
    *(action for room in ROOMS for action in room.ACTIONS),
)

FILES = (
    File("account.data", "/compte/donnees", "signed_in"),
    File("events.calendar", "/editions/essai/programme.ics", "everyone"),
    File("access_plans.shown", "/editions/essai/plan-d-acces", "everyone"),
    File("resources.download", "/editions/essai/documents/1", "everyone"),
    File("registrations.export", "/editions/essai/inscrits.csv"),
    File("registrations.export", "/editions/essai/inscrits.xlsx?etat=waiting"),
    File("solves.progress", "/editions/encours/planning/calculs/4/avancement?vu=running"),
    File("meetings.plan_document", f"{PLAN}/2/documents/classeur"),
    File("meetings.plan_document", f"{PLAN}/2/documents/affiche"),
    File("meetings.plan_document", f"{PLAN}/2/documents/agendas"),
    File("meetings.plan_document", f"{PLAN}/2/documents/tables"),
    File("meetings.person_document", f"{PLAN}/2/documents/B01/agenda"),
    File("meetings.person_document", f"{PLAN}/2/documents/S01/calendrier"),
    *(file for room in ROOMS for file in room.FILES),
)

DOORS: Final = frozenset({"signin.code"}).union(*(room.DOORS for room in ROOMS))
"""Pages that only show themselves half-way through something; they have tests of their own."""
