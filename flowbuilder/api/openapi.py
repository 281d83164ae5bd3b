"""The OpenAPI document, made from the routes themselves and from what stands beside each view."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask
from werkzeug.routing import Rule

from flowbuilder.api.errors import CODES

View = TypeVar("View", bound=Callable[..., Any])
Schema = dict[str, Any]

PREFIX = "/api/v1"
JSON = "application/json"
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
YES_NO: Schema = {"type": "boolean"}
MONEY: Schema = {"type": "number", "description": "A decimal amount in the flow's currency."}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ANYTHING: Schema = {"type": "object"}
PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "path": TEXT,
        "code": TEXT,
        "message": TEXT,
        "severity": {"type": "string", "enum": ["error", "warning"]},
    },
    "required": ["path", "code", "message", "severity"],
}
PROBLEMS: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/Problem"}}
ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": TEXT, "message": TEXT, "problems": PROBLEMS},
            "required": ["code", "message", "problems"],
        }
    },
    "required": ["error"],
}
ERROR_REFERENCE: Schema = {"$ref": "#/components/schemas/Error"}
KEYS = {
    "account_key": {"type": "http", "scheme": "bearer"},
    "source_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
PAGING = {"after": "The last id of the page before.", "limit": "How many, 50 by default, at most 200."}


@dataclass(frozen=True)
class Described:
    """What a reader of the document learns about one call; `also` are other statuses that say the same.

    `takes_also` and `gives_in` are media types: those of the same body beside `takes_type`, and those of the answers.
    """

    summary: str
    gives: Schema
    status: int = 200
    takes: Schema | None = None
    takes_type: str = JSON
    takes_also: tuple[str, ...] = ()
    gives_in: tuple[str, ...] = (JSON,)
    body_needed: bool = True
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    refuses: tuple[int, ...] = ()
    also: tuple[int, ...] = ()
    refusal: Schema = field(default_factory=lambda: ERROR_REFERENCE)
    key: str = "account_key"


def describe(summary: str, **rest: Any) -> Callable[[View], View]:
    """Put the description of a call beside its view."""
    described = Described(summary, **rest)

    def mark(view: View) -> View:
        view.described = described  # type: ignore[attr-defined]
        return view

    return mark


def shape(*needed: str, **properties: Schema) -> Schema:
    """Return the schema of an object; without names given first, all its properties are needed."""
    return {"type": "object", "properties": properties, "required": list(needed or properties)}


def many(noun: str, item: Schema) -> Schema:
    """Return the schema of one page of a list."""
    listed: Schema = {"type": "array", "items": item}
    return {"type": "object", "properties": {noun: listed, "next": or_null(TEXT)}, "required": [noun, "next"]}


def or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    return {**schema, "type": [schema["type"], "null"]}


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of every call that this app answers under /api/v1."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, method in calls(app):
        described: Described = vars(app.view_functions[rule.endpoint])["described"]
        paths.setdefault(path_of(rule), {})[method.lower()] = _call(rule, method, described)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Flowbuilder", "version": "1", "description": "Everything the pages do, for programs."},
        "servers": [{"url": PREFIX}],
        "security": [{"account_key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": KEYS,
            "schemas": {"Problem": PROBLEM, "Error": ERROR},
        },
    }


def calls(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every (route, method) of the API, in the order of their addresses."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(f"{PREFIX}/") and hasattr(app.view_functions[rule.endpoint], "described"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def takes_a_body(method: str) -> bool:
    """Return whether a body means something to a method: calls that have no settings refuse one that says anything."""
    return method in ("POST", "PUT", "PATCH")


def path_of(rule: Rule) -> str:
    """Return the address of a route as OpenAPI writes it: `/flows/{flow_id}`."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX))


def _call(rule: Rule, method: str, described: Described) -> dict[str, Any]:
    refused = {400, 401, 429, 500, 503, *described.refuses, *({404} if rule.arguments else ())}
    if described.takes or takes_a_body(method):
        refused |= {413, 415, 422}
    told = (described.status, *described.also)
    answers = {str(status): _answer(described.summary, described.gives, described) for status in told}
    answers |= {str(status): _answer(CODES[status][1], described.refusal, described) for status in sorted(refused)}
    call: dict[str, Any] = {"summary": described.summary, "operationId": rule.endpoint.removeprefix("api.")}
    call |= {"parameters": list(_parameters(rule, described)), "responses": answers}
    if described.key != "account_key":
        call["security"] = [{described.key: []}]
    if described.takes:
        body = _content(described.takes, (described.takes_type, *described.takes_also))
        call["requestBody"] = {"required": described.body_needed, "content": body}
    return call


def _parameters(rule: Rule, described: Described) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        schema = {"type": "integer", "minimum": 1} if name == "number" else TEXT
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for where, named in (("query", described.query), ("header", described.headers)):
        for name, words in named.items():
            needed = where == "header"
            yield {"name": name, "in": where, "required": needed, "schema": TEXT, "description": words}


def _answer(words: str, schema: Schema, described: Described) -> dict[str, Any]:
    return {"description": words, "content": _content(schema, described.gives_in)}


def _content(schema: Schema, media_types: tuple[str, ...]) -> dict[str, Any]:
    return {media_type: {"schema": schema} for media_type in media_types}
