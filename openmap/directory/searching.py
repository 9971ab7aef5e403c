"""« Annuaire »: one box and filters, the structures that answer and why, and the same list as a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from flask import Blueprint, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from openmap.directory.labels import SHORT_KINDS
from openmap.directory.models import Offer, Structure
from openmap.directory.search.exporting import TYPES, Listed, content_of
from openmap.directory.search.finding import find, matching_ids
from openmap.directory.search.holding import snapshot
from openmap.directory.search.naming import parts_of_order
from openmap.directory.search.query import Query
from openmap.directory.sourcing.keeping_part import kept
from openmap.extensions import db, limiter
from openmap.people.access import current_person
from openmap.web.addresses import address_of
from openmap.web.french import HERE
from openmap.web.headers import forbid_storage

blueprint = Blueprint("directory", __name__, url_prefix="/annuaire")
blueprint.add_app_template_filter(lambda kind: str(SHORT_KINDS[kind]), "short_kind")

PER_VISITOR: Final = "240 per minute; 4000 per hour"
"""Pages of a search: more than anyone reads, typing included."""

FILES_PER_VISITOR: Final = "30 per hour"
MOST_LINES: Final = {False: 500, True: 20_000}
"""Lines of a file, for visitors and for those who have signed in."""

_BATCH: Final = 500


def today() -> date:
    """Return the day in Paris, which turns the order of equals."""
    return datetime.now(UTC).astimezone(HERE).date()


@blueprint.get("")
@limiter.limit(PER_VISITOR)
def index() -> ResponseReturnValue:
    """Show a page of a search; to htmx, what changes of it."""
    found = find(db.session, Query.read(request.args), today=today())
    live = request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    ids, person = [hit.structure_id for hit in found.hits], current_person()
    structures = _whole(ids)
    page = render_template(
        "directory/_found.html" if live else "directory/index.html",
        live=live,
        found=found,
        query=found.query,
        structures={one.id: one for one in structures},
        offers={offer.id: offer for one in structures for offer in one.offers},
        kept=kept(db.session, person, ids),
        order=parts_of_order(found.query),
        has_pages="structures.show" in current_app.view_functions,
        address=_address,
    )
    response = make_response(page)
    if person is not None:
        forbid_storage(response)  # it tells what is in their lists
    response.headers["Vary"] = "HX-Request"
    if live:
        response.headers["HX-Push-Url"] = _address(found.query)
    return response


@blueprint.get("/lieux")
@limiter.limit(PER_VISITOR)
def places() -> str:
    """Return the places that begin as what is typed, for the box's list."""
    found = snapshot(db.session).vocabulary.places_like(request.args.get("ou", "")[:80])
    return render_template("directory/_places.html", places=found)


@blueprint.get("/liste.<any(csv,xlsx,geojson):ending>")
@limiter.limit(FILES_PER_VISITOR)
def export(ending: str) -> ResponseReturnValue:
    """Hand over the structures that the filters show, in their order."""
    query = Query.read(request.args)
    found = find(db.session, query, today=today())
    ids = matching_ids(db.session, found.query, today=today())
    most = MOST_LINES[current_person() is not None]
    listed = Listed(found, _in_batches(ids[:most]), len(ids), most, today(), _page_of, address_of("directory.index"))
    response = current_app.response_class(content_of(listed, ending), content_type=TYPES[ending])
    response.headers["Content-Disposition"] = f'attachment; filename="annuaire-{today():%Y-%m-%d}.{ending}"'
    return response


def _address(query: Query) -> str:
    """Return the address of a query, its pairs in one order."""
    chosen: dict[str, list[str]] = {}
    for name, value in query.pairs():
        chosen.setdefault(name, []).append(value)
    return url_for("directory.index", **chosen)  # type: ignore[arg-type]


def _page_of(structure: Structure) -> str:
    if "structures.show" not in current_app.view_functions:
        return ""
    return address_of("structures.show", structure_id=structure.id)


def _whole(ids: Sequence[int]) -> list[Structure]:
    """Return structures with what a line tells of them; the same number of queries for any number of them."""
    asked = (
        select(Structure)
        .where(Structure.id.in_(ids))
        .options(
            joinedload(Structure.commune),
            selectinload(Structure.labels),
            selectinload(Structure.offers).options(
                joinedload(Offer.activity), selectinload(Offer.areas), selectinload(Offer.communes)
            ),
        )
    )
    return list(db.session.scalars(asked)) if ids else []


def _in_batches(ids: Sequence[int]) -> Iterable[Structure]:
    """Yield structures in this order, some hundreds in memory at once."""
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        held: Mapping[int, Structure] = {one.id: one for one in _whole(batch)}
        yield from (held[one] for one in batch if one in held)
        db.session.expunge_all()
