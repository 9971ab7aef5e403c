"""The mails of a message to structures: to each structure, to its sender with an answer, to administrators.

What buyers and structures write to each other is theirs: none of it is in the outbox of who looks after mails, and
with it not the address of a structure that nobody represents.
"""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement

from openmap.directory.sourcing_models import InquiryRecipient
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.permissions import register_bar
from openmap.mail.purposes import Purpose, register
from openmap.people.models import Person


def recipient_of(session: AnySession, message: Message) -> InquiryRecipient | None:
    """Return whom a mail was written for: the number is the second part of its key."""
    number = message.key.split(":")[1]
    return session.get(InquiryRecipient, int(number)) if number.isdecimal() else None


def _gone(session: AnySession, message: Message) -> str:
    gone = recipient_of(session, message) is None
    return "La personne qui écrivait a effacé son compte avant l’envoi." if gone else ""


def _sender_of(session: AnySession, message: Message) -> str:
    """Return the sender's address: they are told, before writing, that structures get it."""
    recipient = recipient_of(session, message)
    sender = recipient and recipient.inquiry.person
    return (sender.email or "") if sender else ""


ASKED: Final = register(
    Purpose(
        "inquiry.asked",
        lazy_gettext("Message à une structure"),
        "{objet}",
        "Bonjour,\n\n{expediteur} écrit à « {structure} » depuis l’annuaire OpenMap ESS :\n\n{texte}\n\n"
        "Pour répondre « intéressé » ou « décline », avec un mot si vous voulez, sans vous connecter :\n\n{adresse}\n\n"
        "Vous pouvez aussi répondre à ce message : votre réponse part à {courriel}.\n\n"
        "Ce message n’engage personne. S’il est abusif, signalez-le depuis la même page.",
        {
            "objet": lazy_gettext("objet du message"),
            "expediteur": lazy_gettext("qui écrit, et pour quelle organisation"),
            "structure": lazy_gettext("nom de la structure"),
            "texte": lazy_gettext("texte du message"),
            "adresse": lazy_gettext("adresse où répondre"),
            "courriel": lazy_gettext("adresse électronique de qui écrit"),
        },
        {
            "objet": "Entretien d’un parc",
            "expediteur": "Camille Exemple (Ville exemple)",
            "structure": "Ressourcerie exemple",
            "texte": "Pouvez-vous entretenir deux hectares au printemps ?",
            "adresse": "https://…/annuaire/reponses/exemple",
            "courriel": "camille@exemple.example",
        },
        in_edition=False,
        refusal=_gone,
        reply_to=_sender_of,
    )
)
ANSWERED: Final = register(
    Purpose(
        "inquiry.answered",
        lazy_gettext("Réponse d’une structure"),
        "{structure} : {reponse} – {objet}",
        "Bonjour {prenom_nom},\n\n« {structure} » a répondu à votre message « {objet} » : {reponse}.\n\n{texte}\n\n"
        "Toutes les réponses :\n\n{adresse}",
        {
            "prenom_nom": lazy_gettext("prénom et nom de la personne, ou rien"),
            "structure": lazy_gettext("nom de la structure"),
            "objet": lazy_gettext("objet du message"),
            "reponse": lazy_gettext("réponse de la structure"),
            "texte": lazy_gettext("ce que la structure a ajouté"),
            "adresse": lazy_gettext("adresse de la page du message"),
        },
        {
            "prenom_nom": "Camille Exemple",
            "structure": "Ressourcerie exemple",
            "objet": "Entretien d’un parc",
            "reponse": "Intéressée",
            "texte": "Nous passons quand vous voulez.",
            "adresse": "https://…/annuaire/messages/1",
        },
        in_edition=False,
        refusal=_gone,
    )
)
REPORTED: Final = register(
    Purpose(
        "inquiry.reported",
        lazy_gettext("Message signalé comme abusif"),
        "Message signalé : {objet}",
        "Bonjour,\n\n« {structure} » signale un message reçu depuis l’annuaire, écrit par {expediteur} "
        "({courriel}).\n\nMotif : {motif}\n\nObjet : {objet}\n\n{texte}\n\n"
        "Vous pouvez écrire à cette personne. Le signalement est inscrit au journal.",
        {
            "structure": lazy_gettext("nom de la structure"),
            "expediteur": lazy_gettext("qui a écrit"),
            "courriel": lazy_gettext("adresse électronique de qui a écrit"),
            "motif": lazy_gettext("motif du signalement"),
            "objet": lazy_gettext("objet du message"),
            "texte": lazy_gettext("texte du message"),
        },
        {
            "structure": "Ressourcerie exemple",
            "expediteur": "Camille Exemple",
            "courriel": "camille@exemple.example",
            "motif": "Publicité",
            "objet": "Offre",
            "texte": "Achetez…",
        },
        in_edition=False,
    )
)

_PRIVATE: Final = (ASKED.name, ANSWERED.name)


def _is_private(_reader: Person) -> ColumnElement[bool]:
    return Message.purpose.in_(_PRIVATE)


register_bar(_is_private)
