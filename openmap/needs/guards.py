"""Who enters the pages of needs, and the rows that their addresses name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, make_response
from flask.typing import ResponseReturnValue

from openmap.directory.models import Buyer, Organisation
from openmap.extensions import db
from openmap.needs.models import Need
from openmap.needs.permissions import may_read_need, may_state
from openmap.people.access import ask_to_sign_in, current_person, only
from openmap.people.models import Person
from openmap.web.headers import forbid_storage


def need_or_404(need_id: int) -> Need:
    """Return a need."""
    return db.session.get(Need, need_id) or abort(404)


def buyer_or_404(organisation_id: int) -> Buyer:
    """Return a buyer; a structure states no needs."""
    found = db.session.get(Organisation, organisation_id)
    return found if isinstance(found, Buyer) else abort(404)


def readers_only(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Guard the page of a need: everyone's where it is public, else of those whom its visibility names."""

    @wraps(view)
    def guarded(need_id: int, **kwargs: Any) -> ResponseReturnValue:
        need, person = need_or_404(need_id), current_person()
        if may_read_need(person, need):
            return kept_apart(view(need_id=need_id, **kwargs))
        return ask_to_sign_in() if person is None else abort(403)

    return guarded


def kept_apart(answer: ResponseReturnValue) -> ResponseReturnValue:
    """Let no one store what was answered to someone who has signed in: others see less of the same address."""
    response = make_response(answer)
    return response if current_person() is None else forbid_storage(response)


def _states_for(person: Person, *, organisation_id: int, **_arguments: object) -> bool:
    return may_state(person, buyer_or_404(organisation_id))


def _states(person: Person, *, need_id: int, **_arguments: object) -> bool:
    return may_state(person, need_or_404(need_id).buyer)


buyers_only = only(_states_for)
"""Guard a view under ``/organisations/<organisation_id>`` of those who state needs for this buyer."""

stating_only = only(_states)
"""Guard a view of a need of those who state its buyer's needs."""
