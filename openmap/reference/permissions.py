"""Questions about the vocabulary: everyone reads it, administrators change it."""

from __future__ import annotations

from openmap.people.models import Person


def may_edit_words(person: Person | None) -> bool:
    """Say whether ``person`` may add, change and retire words."""
    return person is not None and person.is_administrator
