"""Who may open the organiser's pages, until people sign in under their own name."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_address

from flask import Request, current_app
from flask.sessions import SessionMixin

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP")
SESSION_KEY = "organiser"


def token_is_asked() -> bool:
    """Say whether a token opens the organiser's pages; without one they answer to this machine only."""
    return current_app.config["OPENMAP"].organiser_token is not None


def may_organise(request: Request, session: SessionMixin) -> bool:
    """Say whether this request may open the organiser's pages: by its token, or from this very machine."""
    if token_is_asked():
        return hmac.compare_digest(str(session.get(SESSION_KEY, "")), token_proof())
    return comes_from_this_machine(request)


def comes_from_this_machine(request: Request) -> bool:
    """Say whether the request comes from loopback, through no proxy and under a local name.

    A proxy on the same machine also connects from loopback: its Forwarded headers give it away. The name
    protects against DNS rebinding, where a foreign page points its own name at 127.0.0.1.
    """
    try:
        local = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    name = request.host if request.host.endswith("]") else request.host.rpartition(":")[0] or request.host
    return local and name.lower() in LOCAL_HOSTS and not any(header in request.headers for header in FORWARDED)


def token_matches(candidate: str) -> bool:
    """Compare in constant time with the configured token; nothing matches when there is none."""
    token = current_app.config["OPENMAP"].organiser_token
    return token is not None and hmac.compare_digest(candidate.encode(), token.encode())


def token_proof() -> str:
    """Return what the signed session keeps: never the token itself, and worthless once the token changes."""
    token = current_app.config["OPENMAP"].organiser_token or ""
    return hashlib.sha256(b"openmap organiser\x00" + token.encode()).hexdigest()
