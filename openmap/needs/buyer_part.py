"""A buyer's public needs, on its page in the directory. The others do not exist there, not even as a number."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template

from openmap.directory import buyer_parts
from openmap.directory.models import Buyer
from openmap.extensions import AnySession
from openmap.needs.queries import declared_needs
from openmap.needs.services import today_of


def _public_needs(session: AnySession, buyer: Buyer) -> str | None:
    """Return the list of public needs that are not over, ``None`` without any."""
    today = today_of(datetime.now(UTC))
    needs = declared_needs(session, buyers=[buyer.id], visible=("public",), since=today)
    return render_template("needs/_of_buyer.html", needs=needs) if needs else None


buyer_parts.register("needs", _public_needs)
