"""The guard of the pages: who is here, and what becomes of those who may not enter.

Permissions themselves are questions of the room that owns the object; here is only what follows from the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from openmap.people.models import Person
from openmap.people.permissions import may_administer
from openmap.web.headers import forbid_storage

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]


def current_person() -> Person | None:
    """Return who is signed in, or ``None``."""
    person: Person | None = getattr(current_user, "person", None)
    return person


def here() -> Person:
    """Return who is signed in, inside a guarded view."""
    return current_person() or abort(403)


def only(allowed: Callable[..., bool]) -> Callable[[View[P]], View[P]]:
    """Guard a view by a question that is given the person and the view's own arguments.

    Someone who has not signed in is asked to; someone who may not is told so. Nothing of the page is stored anywhere.
    """

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            person = current_person()
            if person is None:
                return ask_to_sign_in()
            if not allowed(person, **kwargs):
                abort(403)
            return forbid_storage(make_response(view(*args, **kwargs)))

        return guarded

    return guard


def ask_to_sign_in() -> ResponseReturnValue:
    """Lead to the sign-in page, and from there back here; a form that was sent is refused instead."""
    if request.method != "GET":
        abort(401)
    target = request.full_path if request.query_string else request.path
    return forbid_storage(make_response(redirect(url_for("signin.ask", suite=target))))


signed_in = only(lambda _person, **_arguments: True)
"""Guard a view of everyone who has signed in."""

administrators_only = only(lambda person, **_arguments: may_administer(person))
"""Guard a view of administrators."""
