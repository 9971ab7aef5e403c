"""The map of public pages for search engines (sitemaps.org), and what they are asked to leave alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax.saxutils import escape

from flask import Blueprint, Response, abort, current_app
from sqlalchemy import Select, func, select

from openmap.api.links import STRUCTURES
from openmap.directory.facilitator_models import Facilitator
from openmap.directory.models import Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.needs.models import Need
from openmap.web.addresses import address_of

blueprint = Blueprint("sitemaps", __name__)

PER_PAGE: Final = 10_000
XML: Final = "application/xml; charset=utf-8"
_SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"

FIXED: Final = (
    "events.editions", "directory.index", "needs.index", "facilitators.index", "reference.territories",
    "reference.words", "api.page",
)  # fmt: skip


def _structures() -> Select[Any, Any]:
    listed = Structure.__table__.c
    return select(listed.id, listed.changed_at).where(listed.listed_at.is_not(None), listed.delisted_at.is_(None))


def _needs() -> Select[Any, Any]:
    return select(Need.id, Need.changed_at).where(Need.state == "declared", Need.visibility == "public")


def _editions() -> Select[Any, Any]:
    return select(Edition.slug, Edition.published_at).where(Edition.published_at.is_not(None))


KINDS: Final[dict[str, tuple[Callable[[], Select[Any, Any]], str]]] = {
    "structures": (_structures, STRUCTURES),
    "editions": (
        lambda: select(Edition.slug, Edition.published_at).where(Edition.published_at.is_not(None)),
        "/editions/",
    ),
    "besoins": (_needs, "/besoins/"),
    "facilitateurs": (lambda: select(Facilitator.id, Facilitator.confirmed_at), "/annuaire/facilitateurs/"),
}
"""By kind: what selects the key of each page with when it last changed, and what stands before the key in its address.

Ten thousand addresses are written so, not built one by one; a test opens what they lead to.
"""


@blueprint.get("/sitemap.xml")
def index() -> Response:
    """List the maps: one of the fixed pages, and ten thousand pages of a kind in each of the others."""
    addresses = [address_of("sitemaps.fixed")]
    for kind, (asked, _path) in KINDS.items():
        total = db.session.scalar(select(func.count()).select_from(asked().subquery())) or 0
        pages = range(1, -(-total // PER_PAGE) + 1)
        addresses += [address_of("sitemaps.page", kind=kind, number=number) for number in pages]
    rows = (f"<sitemap><loc>{escape(one)}</loc></sitemap>" for one in addresses)
    return _xml("sitemapindex", rows)


@blueprint.get("/plan-du-site/pages.xml")
def fixed() -> Response:
    """List the pages that are always there."""
    return _xml("urlset", (_url(address_of(endpoint), None) for endpoint in FIXED))


@blueprint.get(f"/plan-du-site/<any({','.join(KINDS)}):kind>-<int:number>.xml")
def page(kind: str, number: int) -> Response:
    """List up to ten thousand pages of a kind, in the order of their numbers."""
    asked, path = KINDS[kind]
    selected = asked()
    first = selected.selected_columns[0]
    rows = db.session.execute(selected.order_by(first).limit(PER_PAGE).offset(PER_PAGE * (max(1, number) - 1))).all()
    if not rows or number < 1:
        abort(404)
    return _xml("urlset", _pages(rows, path))


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Ask search engines to leave forms, filters and the API alone, and lead them to the map."""
    lines = [
        "User-agent: *", "Disallow: /api/v1/", "Disallow: /connexion", "Disallow: /compte", "Disallow: /courrier",
        "Disallow: /annuaire?", "Disallow: /besoins?", f"Sitemap: {address_of('sitemaps.index')}", "",
    ]  # fmt: skip
    return current_app.response_class("\n".join(lines), content_type="text/plain; charset=utf-8")


def _pages(rows: Iterable[Any], path: str) -> Iterator[str]:
    base = str(current_app.config["OPENMAP"].base_url)
    return (_url(f"{base}{path}{key}", changed) for key, changed in rows)


def _url(address: str, changed: datetime | None) -> str:
    when = "" if changed is None else f"<lastmod>{changed.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>"
    return f"<url><loc>{escape(address)}</loc>{when}</url>"


def _xml(root: str, rows: Iterable[str]) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SPACE}">\n' + "\n".join(rows) + f"\n</{root}>\n"
    response: Response = current_app.response_class(text, content_type=XML)
    response.headers["Cache-Control"] = "public, no-cache"
    response.add_etag()
    return response
