"""The pages about an edition's plan that stand beside it: whoever has one registers it, the plan page lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import LazyString

from openmap.events.models import Edition


@dataclass(frozen=True, slots=True)
class PlanLink:
    """A page about the plan: its name, address and place in the list. ``bare``: offered without a plan too."""

    label: LazyString
    address: Callable[[Edition], str]
    rank: int
    bare: bool = False


_links: dict[str, PlanLink] = {}


def register_plan_link(name: str, link: PlanLink) -> None:
    """Add a link to the plan page; registering a name again replaces it."""
    _links[name] = link


def plan_links(*, planned: bool) -> list[PlanLink]:
    """Return the links in order; only those that need no plan unless there is one."""
    return [link for link in sorted(_links.values(), key=lambda link: link.rank) if planned or link.bare]
