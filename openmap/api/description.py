"""The OpenAPI 3.1 description of the API, made from the types that it reads and answers with."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from openmap.api import shapes
from openmap.api.answering import LICENCE, PROBLEM
from openmap.api.operations import OPERATIONS, Operation

REFS: Final = "#/components/schemas/{model}"
_ABOUT: Final = (
    "Données publiques d’OpenMap ESS, en lecture seule : structures, besoins publics, facilitateurs, territoires et "
    "vocabulaires. Sans clé ni cookie ; 120 demandes par minute. Un ETag évite de relire ce qui n’a pas changé."
)
_HEADERS: Final[dict[str, Any]] = {
    "ETag": {"schema": {"type": "string"}, "description": "À renvoyer dans If-None-Match."},
    "RateLimit-Limit": {"schema": {"type": "integer"}, "description": "Demandes permises dans la période."},
    "RateLimit-Remaining": {"schema": {"type": "integer"}, "description": "Demandes qui restent."},
    "RateLimit-Reset": {"schema": {"type": "integer"}, "description": "Secondes avant que le compte reparte."},
}
_REFUSALS: Final = {
    400: "Un paramètre ne convient pas",
    404: "Rien ici, ou rien de public",
    422: "Un code n’existe pas",
    429: "Trop de demandes",
    500: "Erreur du serveur",
}


@cache
def description(base: str) -> dict[str, Any]:
    """Return the document of an API that is served at ``base``."""
    models: list[type[BaseModel]] = [
        shapes.Meta, shapes.ListMeta, shapes.Links, shapes.Problem, *(one.answers for one in OPERATIONS)
    ]  # fmt: skip
    _map, schemas = models_json_schema([(model, "serialization") for model in dict.fromkeys(models)], ref_template=REFS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "OpenMap ESS", "version": "1.0.0", "description": _ABOUT, "license": LICENCE},
        "servers": [{"url": f"{base}/api/v1"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in OPERATIONS)],
        "paths": {re.sub(r"<(?:int:)?(\w+)>", r"{\1}", one.rule): {"get": _get(one)} for one in OPERATIONS},
        "components": {
            "schemas": schemas["$defs"],
            "responses": {str(status): _refusal(words) for status, words in _REFUSALS.items()},
        },
    }


def _get(one: Operation) -> dict[str, Any]:
    row = {"$ref": REFS.format(model=one.answers.__name__)}
    envelope = {
        "type": "object",
        "required": ["meta", "links", "data"],
        "additionalProperties": False,
        "properties": {
            "meta": {"$ref": REFS.format(model="ListMeta" if one.is_list else "Meta")},
            "links": {"$ref": REFS.format(model="Links")},
            "data": {"type": "array", "items": row} if one.is_list else row,
        },
    }
    content = {"application/json": {"schema": envelope}}
    return {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "parameters": [*_pieces(one), *_parameters(one), _KNOWN],
        "responses": {
            "200": {"description": "Trouvé", "headers": _HEADERS, "content": content},
            "304": {"description": "Rien n’a changé depuis cet ETag"},
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS},
        },
    }


_KNOWN: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "L’ETag de la dernière lecture.",
    "schema": {"type": "string"},
}


def _pieces(one: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": dict(schema)} for name, schema in one.pieces.items()
    ]


def _parameters(one: Operation) -> list[dict[str, Any]]:
    """Return the parameters of a query: what may be left out has no null, a list is repeated."""
    listed = []
    for name, schema in one.asks.model_json_schema()["properties"].items() if one.asks.model_fields else ():
        shown = {key: value for key, value in schema.items() if key not in {"title", "description", "default"}}
        words = schema.get("description", "")
        if "anyOf" in shown:
            inner = dict(next(each for each in shown.pop("anyOf") if each.get("type") != "null"))
            words = words or inner.get("description", "")
            shown |= {key: value for key, value in inner.items() if key != "description"}
        if schema.get("default") not in (None, ""):
            shown["default"] = schema["default"]
        parameter = {"name": name, "in": "query", "required": False, "description": words, "schema": shown}
        listed.append(parameter | ({"style": "form", "explode": True} if shown.get("type") == "array" else {}))
    return listed


def _refusal(words: str) -> dict[str, Any]:
    schema = {"$ref": REFS.format(model="Problem")}
    return {"description": words, "content": {PROBLEM: {"schema": schema}}}
