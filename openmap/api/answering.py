"""How the API answers: an envelope with source and licence, refusals of RFC 9457, open to any site, without cookies."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, current_app, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, TooManyRequests

from openmap.api.asking import Asked, Paged
from openmap.api.reading import Rows
from openmap.api.shapes import Fault
from openmap.extensions import limiter
from openmap.web.addresses import address_of

PROBLEM: Final = "application/problem+json"
LICENCE: Final = {
    "name": "Licence Ouverte 2.0 (Etalab)",
    "url": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
}
SOURCE: Final = "Annuaire OpenMap ESS : ce que les structures, les acheteurs et l’administration du site publient."
TERRITORIES: Final = "Référentiels : INSEE, DGCL, La Poste (Etalab, 2026)."
NOTICE: Final = "Un besoin n’engage pas son acheteur. Ce qui est marqué is_invented est fictif."

SENTENCES: Final[dict[int, str]] = {
    400: "Un paramètre ne convient pas : corrigez ceux que « errors » nomme.",
    404: "Il n’y a rien à cette adresse, ou ce n’est pas public : vérifiez-la dans la description de l’API.",
    405: "L’API se lit seulement : utilisez GET.",
    422: "Un code n’existe pas : voyez « errors », et les vocabulaires de l’API.",
    429: "Trop de demandes : attendez le nombre de secondes de Retry-After, puis reprenez à la même page.",
    500: "Erreur de notre côté : recommencez dans un instant.",
}


def answered(found: BaseModel | Rows, asked: Asked) -> Response:
    """Return what was found in its envelope, or 304 where the reader has the same already."""
    meta: dict[str, Any] = {"licence": LICENCE, "source": f"{SOURCE} {TERRITORIES}", "notice": NOTICE}
    more: dict[str, Any] = {}
    if isinstance(found, Rows):
        page, limit = (asked.page, asked.limite) if isinstance(asked, Paged) else (1, max(1, found.total))
        pages = max(1, -(-found.total // limit))
        meta |= {"total": found.total, "page": page, "pages": pages, "limit": limit}
        more["links"] = {
            "self": _link(page),
            "previous": _link(min(page - 1, pages)) if page > 1 else None,
            "next": _link(page + 1) if page < pages else None,
        }
        data: Any = [row.model_dump(mode="json") for row in found.rows]
    else:
        here = address_of(request.endpoint or "", **(request.view_args or {}))
        more["links"], data = {"self": here, "previous": None, "next": None}, found.model_dump(mode="json")
    return as_json({"meta": meta, **more, "data": data})


def as_json(content: Any) -> Response:
    """Return JSON that caches keep and ask again about (ETag)."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    response: Response = current_app.response_class(text, content_type="application/json")
    response.headers["Cache-Control"] = "public, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def problem(status: int, faults: list[Fault] | None = None) -> Response:
    """Return a refusal (RFC 9457): its kind is the status, its detail says what to do."""
    known = status if status in SENTENCES else (500 if status >= 500 else 400)
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": SENTENCES[known],
        "errors": [fault.model_dump() for fault in faults or ()],
    }
    text = json.dumps(body, ensure_ascii=False)
    response: Response = current_app.response_class(text, status=status, content_type=PROBLEM)
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(error: HTTPException) -> Response:
    """Return the refusal that an HTTP error stands for, with the headers of any answer of the API."""
    response = problem(error.code or 500)
    for name, value in error.get_headers(None):
        if name.lower() == "allow":
            response.headers[name] = value
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(max((_seconds(one) for one in limiter.current_limits), default=60))
    return opened(response)


def opened(response: Response) -> Response:
    """Let pages of any site read the answer, and say how much may still be asked."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
    headers["Access-Control-Allow-Headers"] = "If-None-Match"
    headers["Access-Control-Expose-Headers"] = (
        "ETag, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
    )
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    tightest = min(limiter.current_limits, key=lambda one: one.remaining, default=None)
    if tightest is not None:
        headers["RateLimit-Limit"] = str(tightest.limit.amount)
        headers["RateLimit-Remaining"] = str(max(0, tightest.remaining))
        headers["RateLimit-Reset"] = str(_seconds(tightest))
    return response


def _seconds(limit: Any) -> int:
    return max(1, int(limit.reset_at - time.time()))


def _link(page: int) -> str:
    """Return the whole address of a page of what is asked."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    here = address_of(request.endpoint or "", **(request.view_args or {}))
    return f"{here}?{urlencode([*pairs, ('page', str(page))])}"
