"""What other rooms put on a buyer's public page: they register here, the page asks.

``render`` returns safe HTML that a template made, or ``None`` where there is nothing public: a buyer of whom nothing is
public has no page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from openmap.directory.models import Buyer
from openmap.extensions import AnySession

Render = Callable[[AnySession, Buyer], str | None]

_parts: Final[dict[str, Render]] = {}


def register(key: str, render: Render) -> None:
    """Add a part to the page, after those that are there; registering a key again replaces it."""
    _parts[key] = render


def parts_of(session: AnySession, buyer: Buyer) -> list[Markup]:
    """Return the parts that have something public to say of a buyer."""
    made = [render(session, buyer) for render in _parts.values()]
    # What is rendered comes from a template, which has escaped what people typed.
    return [Markup(html) for html in made if html]  # noqa: S704
