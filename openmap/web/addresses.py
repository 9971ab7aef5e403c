"""Whole addresses for mails and calendars: the same from a page and from the worker, which serves no request."""

from __future__ import annotations

from typing import Any

from flask import current_app


def address_of(endpoint: str, **values: Any) -> str:
    """Return the public address of a page."""
    config = current_app.config["OPENMAP"]
    path: str = current_app.url_map.bind("").build(endpoint, values)
    return str(config.base_url) + path
