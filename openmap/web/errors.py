"""Error pages: what happened, and what to do next, in French."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from openmap.web.headers import forbid_storage


@dataclass(frozen=True, slots=True)
class Refusal:
    """The words of one error page."""

    title: LazyString
    cause: LazyString
    remedy: LazyString


REFUSALS: dict[int, Refusal] = {
    400: Refusal(
        lazy_gettext("Demande incomprise"),
        lazy_gettext("L’adresse ou le formulaire envoyé contient une valeur que cette page ne connaît pas."),
        lazy_gettext("Revenez à la page précédente, vérifiez votre saisie, puis recommencez."),
    ),
    401: Refusal(
        lazy_gettext("Votre session est fermée"),
        lazy_gettext("Vous n’avez plus accès à cette page, et rien n’a été enregistré."),
        lazy_gettext("Connectez-vous de nouveau, puis recommencez."),
    ),
    403: Refusal(
        lazy_gettext("Page réservée"),
        lazy_gettext("Votre compte ne donne pas accès à cette page."),
        lazy_gettext("Si vous devriez la voir, demandez le rôle qui convient à la personne qui organise la rencontre."),
    ),
    404: Refusal(
        lazy_gettext("Page introuvable"),
        lazy_gettext("Il n’y a rien à cette adresse : elle a changé, ou elle est incomplète."),
        lazy_gettext("Vérifiez l’adresse, ou repartez de la liste des éditions."),
    ),
    405: Refusal(
        lazy_gettext("Action impossible à cette adresse"),
        lazy_gettext("Cette adresse ne s’ouvre pas de cette manière."),
        lazy_gettext("Revenez à la page précédente et utilisez ses boutons, ou repartez de la liste des éditions."),
    ),
    413: Refusal(
        lazy_gettext("Envoi trop volumineux"),
        lazy_gettext("Ce que vous envoyez dépasse la taille acceptée, 16 Mo."),
        lazy_gettext("Réduisez le fichier ou envoyez-le en plusieurs fois, puis recommencez."),
    ),
    429: Refusal(
        lazy_gettext("Trop de demandes à la fois"),
        lazy_gettext("Vous avez envoyé beaucoup de demandes en peu de temps."),
        lazy_gettext("Attendez une minute, puis recommencez. Rien n’a été perdu."),
    ),
    500: Refusal(
        lazy_gettext("Erreur de notre côté"),
        lazy_gettext("Le programme n’a pas pu terminer votre demande. L’erreur a été notée dans son journal."),
        lazy_gettext("Recommencez dans un instant. Si l’erreur revient, signalez-la en donnant l’heure et l’adresse."),
    ),
}

EXPIRED_FORM = Refusal(
    lazy_gettext("Formulaire expiré"),
    lazy_gettext("Ce formulaire est resté ouvert trop longtemps, ou les cookies du site sont bloqués."),
    lazy_gettext("Revenez à la page précédente, rechargez-la, puis envoyez de nouveau le formulaire."),
)


_otherwise: dict[str, Callable[[HTTPException], Response]] = {}


def register(prefix: str, answer: Callable[[HTTPException], Response]) -> None:
    """Let errors under an address be answered otherwise than by a page: programs read them."""
    _otherwise[prefix] = answer


def init_app(app: Flask) -> None:
    """Answer every HTTP error with a page of the house."""
    app.register_error_handler(HTTPException, _answer)


def _answer(error: HTTPException) -> ResponseReturnValue:
    """Render the page of ``error``; redirections and answers made by hand pass as they are."""
    status = error.code
    if status is None or status < 400 or error.response is not None:
        return error
    for prefix, answer in _otherwise.items():
        if request.path.startswith(prefix):
            return answer(error)
    refusal = _refusal(error, status)
    page = render_template("errors/error.html", refusal=refusal, status=status)
    response = error.get_response()
    response.data = page
    response.content_type = "text/html; charset=utf-8"
    return forbid_storage(response)  # type: ignore[arg-type]


def _refusal(error: HTTPException, status: int) -> Refusal:
    if isinstance(error, CSRFError):
        return EXPIRED_FORM
    fallback = 500 if isinstance(error, InternalServerError) or status >= 500 else 400
    return REFUSALS.get(status, REFUSALS[fallback])
