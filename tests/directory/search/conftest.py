"""The region with a handful of invented structures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.directory.models import Offer, Structure
from openmap.extensions import db
from openmap.reference.loading import ILE_DE_FRANCE, TAXONOMY, load_taxonomy, load_territories
from openmap.reference.models import Activity, Area, Commune

NOW: Final = datetime(2026, 11, 2, 9, tzinfo=UTC)
TODAY: Final = date(2026, 11, 2)


@pytest.fixture
def region(app: Flask) -> Flask:
    """Return an application with the region's territories and words."""
    load_territories(db.session, ILE_DE_FRANCE, now=NOW)
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    db.session.commit()
    return app


def activity(code: str) -> Activity:
    return db.session.scalars(select(Activity).where(Activity.code == code)).one()


def area(level: str, code: str) -> Area:
    return db.session.scalars(select(Area).where(Area.level == level, Area.code == code)).one()


def offer(code: str | None = None, km: int | None = None, places: tuple[Any, ...] = (), **values: Any) -> Offer:
    """Return an offer over a radius, over places, or everywhere."""
    reach = "radius" if km else "places" if places else "france"
    made = Offer(reach=reach, radius_km=km, activity=activity(code) if code else None, **values)
    made.areas = [one for one in places if isinstance(one, Area)]
    made.communes = [one for one in places if isinstance(one, Commune)]
    return made


def structure(name: str, commune: str | None, *offers: Offer, **values: Any) -> Structure:
    """Add a listed structure; everything in it is invented."""
    made = Structure(name=name, commune_code=commune, is_invented=True, **{"listed_at": NOW, **values})
    made.offers = list(offers)
    db.session.add(made)
    return made
