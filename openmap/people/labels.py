"""French labels of roles and of what the journal tells."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask_babel import LazyString, lazy_gettext

from openmap.web.french import here_moment

ROLE_LABELS: dict[str, LazyString] = {
    "administrator": lazy_gettext("Administration"),
    "organiser": lazy_gettext("Organisation"),
    "juror": lazy_gettext("Jury"),
    "buyer_delegate": lazy_gettext("Acheteur"),
    "structure_delegate": lazy_gettext("Structure"),
    "partner": lazy_gettext("Partenaire"),
    "front_desk": lazy_gettext("Accueil"),
}

ACTION_LABELS: dict[str, LazyString] = {
    "person.welcomed": lazy_gettext("compte créé"),
    "person.changed": lazy_gettext("identité modifiée"),
    "person.erased": lazy_gettext("données effacées"),
    "person.exported": lazy_gettext("données exportées"),
    "role.given": lazy_gettext("rôle donné"),
    "role.taken": lazy_gettext("rôle retiré"),
    "signed_in.link": lazy_gettext("connexion par lien"),
    "signed_in.password": lazy_gettext("connexion par mot de passe"),
    "session.ended": lazy_gettext("session fermée"),
    "password.chosen": lazy_gettext("mot de passe choisi"),
    "second_factor.on": lazy_gettext("second facteur activé"),
    "second_factor.off": lazy_gettext("second facteur retiré"),
    "word.added": lazy_gettext("mot ajouté"),
    "word.changed": lazy_gettext("mot modifié"),
    "feed.made": lazy_gettext("adresse d’abonnement à l’agenda créée"),
    "feed.revoked": lazy_gettext("adresse d’abonnement à l’agenda retirée"),
    "replies.imported": lazy_gettext("réponses aux invitations importées"),
    "release.published": lazy_gettext("planning diffusé aux participants"),
    "mail.reminder": lazy_gettext("rappel activé ou arrêté"),
    "edition.created": lazy_gettext("édition créée"),
    "edition.cloned": lazy_gettext("édition recopiée"),
    "edition.changed": lazy_gettext("édition modifiée"),
    "edition.published": lazy_gettext("édition rendue publique"),
    "edition.hidden": lazy_gettext("édition retirée du public"),
    "edition.phase": lazy_gettext("dates d’une étape modifiées"),
    "edition.late_code": lazy_gettext("code de retard créé"),
    "edition.slots": lazy_gettext("créneaux générés"),
    "access_plan.kept": lazy_gettext("plan d’accès mis en ligne"),
    "access_plan.removed": lazy_gettext("plan d’accès retiré"),
    "part.added": lazy_gettext("élément ajouté"),
    "part.changed": lazy_gettext("élément modifié"),
    "part.removed": lazy_gettext("élément supprimé"),
    "stand.decided": lazy_gettext("demande de stand tranchée"),
    "registration.made": lazy_gettext("inscription"),
    "registration.cancelled": lazy_gettext("inscription annulée"),
    "registration.promoted": lazy_gettext("place donnée à une personne en attente"),
    "delegate.invited": lazy_gettext("personne invitée dans une organisation"),
    "delegate.removed": lazy_gettext("personne retirée d’une organisation"),
    "participation.limited": lazy_gettext("présence et limites modifiées"),
    "wish.amended": lazy_gettext("souhait corrigé"),
    "slot.closed": lazy_gettext("créneau fermé"),
    "solve.dropped": lazy_gettext("planning calculé laissé de côté"),
    "plan.chosen": lazy_gettext("planning en cours choisi"),
    "plan.corrected": lazy_gettext("planning corrigé à la main"),
    "plan.undone": lazy_gettext("correction du planning annulée"),
    "plan.released": lazy_gettext("version du planning figée"),
    "participation.added": lazy_gettext("participant aux rendez-vous ajouté"),
    "participation.removed": lazy_gettext("participant aux rendez-vous retiré"),
    "participation.changed": lazy_gettext("disponibilités ou limites modifiées"),
    "wishes.answered": lazy_gettext("souhaits de rendez-vous reçus"),
    "wishes.filled": lazy_gettext("souhaits saisis au nom d’un participant"),
    "wishes.completed": lazy_gettext("souhaits complétés d’après le score"),
    "wishes.gathered": lazy_gettext("souhaits recueillis"),
    "wishes.allowed": lazy_gettext("réponse tardive autorisée"),
    "wishes.reminded": lazy_gettext("participants silencieux relancés"),
    "wishes.setting": lazy_gettext("réglage des souhaits modifié"),
    "application.started": lazy_gettext("candidature commencée"),
    "application.submitted": lazy_gettext("candidature déposée"),
    "application.changed": lazy_gettext("candidature modifiée après son dépôt"),
    "application.withdrawn": lazy_gettext("candidature retirée"),
    "application.allowed": lazy_gettext("modification autorisée après la clôture"),
    "attachment.added": lazy_gettext("pièce jointe ajoutée"),
    "attachment.removed": lazy_gettext("pièce jointe retirée"),
    "application.judged": lazy_gettext("recevabilité décidée"),
    "application.merged": lazy_gettext("candidatures réunies"),
    "application.invited": lazy_gettext("structure invitée à candidater"),
    "structure.called": lazy_gettext("structure de l’annuaire invitée à candidater"),
    "application.imported": lazy_gettext("candidature importée"),
    "question.added": lazy_gettext("question ajoutée"),
    "question.changed": lazy_gettext("question modifiée"),
    "question.moved": lazy_gettext("question déplacée"),
    "question.removed": lazy_gettext("question supprimée"),
    "jury.opened": lazy_gettext("délibération ouverte"),
    "selection.decided": lazy_gettext("décision notée sur un dossier"),
    "selection.moved": lazy_gettext("réserve rangée"),
    "selection.adopted": lazy_gettext("choix adopté"),
    "selection.released": lazy_gettext("décisions publiées"),
    "selection.withdrawn": lazy_gettext("désistement noté"),
    "selection.promoted": lazy_gettext("structure de la réserve retenue"),
    "passage.moved": lazy_gettext("ordre de passage modifié"),
    "coaching.slots": lazy_gettext("créneaux d’accompagnement ajoutés"),
    "coaching.changed": lazy_gettext("créneau d’accompagnement modifié"),
    "coaching.removed": lazy_gettext("créneau d’accompagnement supprimé"),
    "coaching.booked": lazy_gettext("accompagnement réservé"),
    "coaching.cancelled": lazy_gettext("accompagnement annulé"),
    "coaching.attended": lazy_gettext("présence à l’accompagnement notée"),
    "coaching.deadlines": lazy_gettext("dates de l’accompagnement modifiées"),
    "deck.added": lazy_gettext("support de présentation déposé"),
    "mail.reworded": lazy_gettext("modèle de message modifié"),
    "mail.edited": lazy_gettext("message modifié"),
    "need.started": lazy_gettext("besoin commencé"),
    "need.declared": lazy_gettext("besoin déclaré"),
    "need.changed": lazy_gettext("besoin modifié après sa déclaration"),
    "need.withdrawn": lazy_gettext("besoin retiré"),
    "need.restored": lazy_gettext("besoin rétabli"),
    "need.discarded": lazy_gettext("brouillon de besoin supprimé"),
    "import.begun": lazy_gettext("plan d’achat envoyé"),
    "import.done": lazy_gettext("plan d’achat importé"),
    "import.undone": lazy_gettext("import d’un plan d’achat annulé"),
    "import.abandoned": lazy_gettext("import d’un plan d’achat abandonné"),
    "outcome.answered": lazy_gettext("suite d’un besoin déclarée"),
    "mail.released": lazy_gettext("message libéré"),
    "mail.dropped": lazy_gettext("message abandonné"),
    "jury.changed": lazy_gettext("réglages du jury modifiés"),
    "jury.criteria": lazy_gettext("critères du jury modifiés"),
    "jury.reminded": lazy_gettext("jurés relancés"),
    "conflicts.declared": lazy_gettext("conflits d’intérêts parcourus"),
    "conflict.told": lazy_gettext("conflit d’intérêts déclaré"),
    "conflict.lifted": lazy_gettext("conflit d’intérêts levé"),
    "readings.shared": lazy_gettext("lectures réparties"),
    "reading.finished": lazy_gettext("lecture terminée"),
    "matching.weights": lazy_gettext("poids du rapprochement modifiés"),
    "reading.dropped": lazy_gettext("lecture retirée pour conflit d’intérêts"),
}


FIELD_LABELS: dict[str, LazyString] = {
    "name": lazy_gettext("nom"),
    "title": lazy_gettext("titre"),
    "email": lazy_gettext("adresse électronique"),
    "position": lazy_gettext("fonction"),
    "phone": lazy_gettext("téléphone"),
    "role": lazy_gettext("rôle"),
    "state": lazy_gettext("état"),
    "opens_at": lazy_gettext("ouverture"),
    "closes_at": lazy_gettext("clôture"),
    "held_on": lazy_gettext("date"),
    "from": lazy_gettext("copie de"),
    "trade": lazy_gettext("filière"),
    "venue": lazy_gettext("lieu"),
    "address": lazy_gettext("adresse"),
    "access": lazy_gettext("accès"),
    "description": lazy_gettext("présentation"),
    "contact_name": lazy_gettext("contact"),
    "contact_email": lazy_gettext("adresse de contact"),
    "contact_phone": lazy_gettext("téléphone de contact"),
    "capacity": lazy_gettext("places"),
    "activities": lazy_gettext("activités"),
    "slots": lazy_gettext("créneaux"),
    "start": lazy_gettext("début"),
    "end": lazy_gettext("fin"),
    "code": lazy_gettext("code"),
    "label": lazy_gettext("emplacement"),
    "seats": lazy_gettext("chaises"),
    "place": lazy_gettext("emplacement"),
    "equipment": lazy_gettext("matériel"),
    "website": lazy_gettext("site internet"),
    "room": lazy_gettext("salle"),
    "speakers": lazy_gettext("intervenants"),
    "kind": lazy_gettext("nature"),
    "block": lazy_gettext("bloc"),
    "definition": lazy_gettext("définition"),
    "synonyms": lazy_gettext("synonymes"),
    "cpv": lazy_gettext("codes CPV"),
    "lemarche": lazy_gettext("secteurs du Marché de l’inclusion"),
    "retired_at": lazy_gettext("n’est plus utilisé depuis"),
    "replaced_by": lazy_gettext("remplacé par"),
    "delegate": lazy_gettext("personne n°"),
    "readers": lazy_gettext("lecteurs par dossier"),
    "picks": lazy_gettext("structures à choisir"),
    "comment_under": lazy_gettext("commentaire jusqu’à la note"),
    "chair_id": lazy_gettext("présidence, personne n°"),
    "criteria": lazy_gettext("critères"),
    "criterion": lazy_gettext("critère"),
    "names": lazy_gettext("noms parcourus"),
    "file": lazy_gettext("dossier"),
    "juror": lazy_gettext("juré, personne n°"),
    "why": lazy_gettext("motif"),
    "marks": lazy_gettext("notes"),
    "added": lazy_gettext("confiées"),
    "removed": lazy_gettext("retirées"),
    "reminders": lazy_gettext("rappels"),
    "decision": lazy_gettext("décision"),
    "stage": lazy_gettext("étape du jury"),
    "picked": lazy_gettext("structures retenues"),
    "quotas": lazy_gettext("quotas"),
    "mails": lazy_gettext("messages écrits"),
    "passage": lazy_gettext("passage"),
    "rank": lazy_gettext("place"),
    "booking_until": lazy_gettext("réservation jusqu’au"),
    "decks_until": lazy_gettext("supports jusqu’au"),
    "coach": lazy_gettext("qui accompagne"),
    "attended": lazy_gettext("venue"),
    "fields": lazy_gettext("réponses modifiées"),
    "filename": lazy_gettext("fichier"),
    "timezone": lazy_gettext("fuseau horaire"),
    "alternative": lazy_gettext("description"),
    "standing": lazy_gettext("recevabilité"),
    "standing_reason": lazy_gettext("motif"),
    "merged_into_id": lazy_gettext("réunie au dossier n°"),
    "wishes": lazy_gettext("souhaits"),
    "participants": lazy_gettext("participants"),
    "organisation": lazy_gettext("organisation n°"),
    "completed": lazy_gettext("participants complétés"),
    "both_must": lazy_gettext("obligatoire si indispensable des deux côtés"),
    "delegates": lazy_gettext("rendez-vous en même temps"),
    "max_meetings": lazy_gettext("rendez-vous au plus"),
    "max_run": lazy_gettext("rendez-vous d’affilée"),
    "absent_slots": lazy_gettext("créneaux d’absence"),
    "note": lazy_gettext("mot à l’organisation"),
    "options": lazy_gettext("choix"),
    "help": lazy_gettext("aide"),
    "is_required": lazy_gettext("obligatoire"),
    "depends_on_id": lazy_gettext("dépend de la question n°"),
    "depends_value": lazy_gettext("si la réponse est"),
    "match_sector": lazy_gettext("poids des activités"),
    "match_territory": lazy_gettext("poids du territoire"),
    "match_text": lazy_gettext("poids des mots du besoin"),
    "match_capacity": lazy_gettext("poids de la taille"),
    "match_novelty": lazy_gettext("poids d’une nouvelle rencontre"),
    "match_met": lazy_gettext("poids d’une rencontre passée"),
    "match_completes": lazy_gettext("souhaits proposés à un participant silencieux"),
}
VALUE_LABELS: dict[str, LazyString] = {
    **ROLE_LABELS,
    "confirmed": lazy_gettext("place confirmée"),
    "waiting": lazy_gettext("liste d’attente"),
    "cancelled": lazy_gettext("annulée"),
    "requested": lazy_gettext("demandé"),
    "accepted": lazy_gettext("accepté"),
    "refused": lazy_gettext("refusé"),
    "draft": lazy_gettext("brouillon"),
    "submitted": lazy_gettext("déposée"),
    "withdrawn": lazy_gettext("retirée"),
    "merged": lazy_gettext("réunie à une autre"),
    "eligible": lazy_gettext("recevable"),
    "ineligible": lazy_gettext("non recevable"),
}

OBJECT_LABELS: dict[str, LazyString] = {
    "people": lazy_gettext("personne"),
    "editions": lazy_gettext("édition"),
    "phases": lazy_gettext("étape"),
    "late_codes": lazy_gettext("code de retard"),
    "programme_items": lazy_gettext("moment du programme"),
    "slots": lazy_gettext("créneau"),
    "tables": lazy_gettext("table"),
    "registration_categories": lazy_gettext("catégorie d’inscription"),
    "registrations": lazy_gettext("inscription"),
    "stands": lazy_gettext("stand"),
    "resources": lazy_gettext("document"),
    "access_plans": lazy_gettext("plan d’accès"),
    "messages": lazy_gettext("message"),
    "mail_templates": lazy_gettext("modèle de message"),
    "reminder_settings": lazy_gettext("rappel"),
    "organisations": lazy_gettext("organisation"),
    "applications": lazy_gettext("candidature"),
    "application_questions": lazy_gettext("question de la candidature"),
    "application_attachments": lazy_gettext("pièce jointe"),
    "juries": lazy_gettext("jury"),
    "criteria": lazy_gettext("critère"),
    "declarations": lazy_gettext("déclaration d’intérêts"),
    "conflicts": lazy_gettext("conflit d’intérêts"),
    "readings": lazy_gettext("lecture"),
    "selections": lazy_gettext("décision du jury"),
    "coaching_slots": lazy_gettext("créneau d’accompagnement"),
    "decks": lazy_gettext("support de présentation"),
    "trades": lazy_gettext("filière"),
    "activities": lazy_gettext("activité"),
    "structure_kinds": lazy_gettext("type de structure"),
    "labels": lazy_gettext("label ou réseau"),
    "needs": lazy_gettext("besoin"),
    "need_imports": lazy_gettext("import d’un plan d’achat"),
    "need_outcomes": lazy_gettext("suite d’un besoin"),
    "participations": lazy_gettext("participant aux rendez-vous"),
}

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_LONGEST = 120


def object_label(table: str) -> str:
    """Return what a kind of object of the journal is called."""
    return str(OBJECT_LABELS.get(table, table.replace("_", " ")))


def field_label(field: str) -> str:
    """Return what a field of the journal is called."""
    return str(FIELD_LABELS.get(field, field.replace("_", " ")))


def told(value: Any) -> str:
    """Return a value of the journal as a person reads it: dates in words, lists joined, long texts cut."""
    if value in (None, "", []):
        return str(lazy_gettext("rien"))
    if isinstance(value, bool):
        return str(lazy_gettext("oui") if value else lazy_gettext("non"))
    if isinstance(value, list):
        return ", ".join(told(one) for one in value)
    text = str(VALUE_LABELS.get(str(value), value))
    if _INSTANT.match(text):
        with suppress(ValueError, OverflowError):  # someone typed what only looks like an instant
            return here_moment(datetime.fromisoformat(text))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def role_label(role: str) -> str:
    """Return a role's French name."""
    return str(ROLE_LABELS.get(role, role))


def action_label(action: str) -> str:
    """Return what an action of the journal is called."""
    return str(ACTION_LABELS.get(action, action))
