"""Security and cache headers of every answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Flask, Response, current_app, g, request

from openmap.web.assets import FOREVER

POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'nonce-{nonce}'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""Nothing from elsewhere, no inline style, scripts by nonce only; ``data:`` is for Bootstrap's form marks."""

FIXED: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def init_app(app: Flask) -> None:
    """Add the headers to every answer and the nonce to every template."""
    app.add_template_global(csp_nonce)
    app.after_request(_add_headers)


def csp_nonce() -> str:
    """Return this request's nonce, the only thing that lets a script run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def forbid_storage(response: Response) -> Response:
    """Tell browsers and proxies to keep no copy of a page with nominative content."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _add_headers(response: Response) -> Response:
    nonce = csp_nonce()
    policy = "; ".join(f"{name} {value.format(nonce=nonce)}" for name, value in POLICY.items())
    response.headers.setdefault("Content-Security-Policy", policy)
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    if current_app.config["OPENMAP"].production:
        response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
    if response.cache_control.no_store or response.cache_control.public:
        return response
    if _is_static() and response.status_code == 200 and "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
    elif not _is_static():
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _is_static() -> bool:
    return (request.endpoint or "").rpartition(".")[2] == "static"
