"""What mails are written for: each purpose has the words of the house and the placeholders that it can fill.

Rooms register theirs. A placeholder is a name in braces, ``{prenom}``; a name that the purpose does not know is refused
where a template is written, so that nobody ever receives one unfilled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString

from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.people.models import Person

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Purpose:
    """A kind of mail. ``placeholders`` maps each name to what it stands for, ``sample`` to an example.

    ``held``: waits for an organiser before it leaves. ``values_for`` returns what the placeholders stand for in a
    mail to a real person of an edition, for the preview; ``None`` where this person would get none. ``in_edition``: an
    edition may word it its own way. ``is_secret``: what fills it is kept nowhere, so that it can be sent only once.
    ``refusal`` returns, right before a mail leaves, why it must not any more; empty where it may. ``reply_to`` returns
    whom an answer by mail goes to where that is not the house; empty where it is.
    """

    name: str
    title: LazyString
    subject: str
    body: str
    placeholders: Mapping[str, LazyString]
    sample: Mapping[str, str]
    held: bool = False
    values_for: Callable[[AnySession, int, Person], Mapping[str, str] | None] | None = None
    in_edition: bool = True
    is_secret: bool = False
    refusal: Callable[[AnySession, Message], str] | None = None
    reply_to: Callable[[AnySession, Message], str] | None = None


class UnknownPlaceholder(Exception):
    """A template uses names that its purpose cannot fill."""

    def __init__(self, names: list[str], known: Mapping[str, LazyString]) -> None:
        listed = ", ".join(f"{{{name}}}" for name in names)
        usable = ", ".join(f"{{{name}}}" for name in known)
        super().__init__(f"{listed} ne correspond à rien ici. Vous pouvez utiliser : {usable}.")
        self.names = names


_purposes: dict[str, Purpose] = {}


def register(purpose: Purpose) -> Purpose:
    """Add a purpose; registering a name again replaces it.

    Raises UnknownPlaceholder when its own words use what it cannot fill.
    """
    for text in (purpose.subject, purpose.body):
        require_known(text, purpose)
    _purposes[purpose.name] = purpose
    return purpose


def purposes() -> list[Purpose]:
    """Return every purpose, in the order of the rooms."""
    return list(_purposes.values())


def purpose_named(name: str) -> Purpose | None:
    """Return the purpose called ``name``, or ``None``."""
    return _purposes.get(name)


def is_secret(name: str) -> bool:
    """Say whether mails of a purpose hold what is kept nowhere."""
    purpose = purpose_named(name)
    return purpose is not None and purpose.is_secret


def refusal_of(session: AnySession, message: Message) -> str:
    """Return why a mail must not leave any more, for its reader in the outbox; empty where it may."""
    purpose = purpose_named(message.purpose)
    return "" if purpose is None or purpose.refusal is None else purpose.refusal(session, message)


def reply_to_of(session: AnySession, message: Message) -> str:
    """Return the address that an answer by mail goes to; empty where it is the house's own."""
    purpose = purpose_named(message.purpose)
    return "" if purpose is None or purpose.reply_to is None else purpose.reply_to(session, message)


def require_known(text: str, purpose: Purpose) -> None:
    """Raise UnknownPlaceholder when ``text`` uses a name that ``purpose`` does not fill."""
    unknown = [name for name in _PLACEHOLDER.findall(text) if name not in purpose.placeholders]
    if unknown:
        raise UnknownPlaceholder(list(dict.fromkeys(unknown)), purpose.placeholders)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with its placeholders filled, once: what a value contains is never read as a placeholder.

    Names without a value stay as they are.
    """
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
