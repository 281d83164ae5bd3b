"""Whatever a program sends to the API, the answer is one that its description names, and never a 5xx.

Requests are made from `/api/v1/openapi.json` by schemathesis and sent to a real web server, a few for each call. For
many, as before a release:

    API_EXAMPLES=300 pytest tests/flowbuilder/api/test_any_request.py
"""

import copy
import json
import os
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as examples
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.orm import Session

from flowbuilder import db, ids, keys
from flowbuilder.config import child_environ, settings
from flowbuilder.models import ApiKey, SourceKey
from tests.support import cast
from tests.support.documents import solar, sunrise
from tests.support.processes import eventually, free_port, started

MANY = int(os.environ.get("API_EXAMPLES", "8"))
ODD = [None, True, -1, 0.5, "", "x" * 300, "{{lead.email}}", [], {}, [[]], {"var": "lead.email"}, {"var": 7}, 10**30]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True)
class Ground:
    """A server, keys of an account and of a source, and the ids of what the account has."""

    url: str
    keys: dict[str, str]
    ids: dict[str, list[Any]]
    documents: dict[str, dict[str, Any]]
    said: list[str] = field(default_factory=list)
    """What the server logged."""


@pytest.fixture(scope="module")
def ground(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    home: Path = tmp_path_factory.mktemp("any") / "var"
    port = free_port()
    own = replace(settings(), database_url=database_url, redis_url=redis_url, web_port=int(port), web_threads=16)
    own = replace(own, public_url=f"http://127.0.0.1:{port}")
    environ = child_environ(own) | {"FLOWBUILDER_REQUESTS_PER_MINUTE": "1000000"}
    made = _furnish(database_url, own.public_url)
    with started(home, "flowbuilder", "web", **environ) as web:
        eventually(lambda: _answers(own.public_url), seconds=60)
        yield replace(made, said=web.said)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


def _furnish(database_url: str, url: str) -> Ground:
    engine = db.make_engine(database_url)
    with Session(engine) as session:
        sara = cast.a_seller(session)
        connection = cast.a_connection(session, sara)
        shown = ids.show(connection.id, "con")
        flow = cast.a_flow(session, sara, document=solar(shown))
        source = cast.a_source(session, flow)
        lead = cast.a_lead(session, source)
        cast.an_attempt(session, cast.an_offer(session, lead, connection))
        made = {"account_key": _key(session, sara), "source_key": _source_key(session, source)}
        session.commit()
        known = {
            "flow_id": [ids.show(flow.id, "flo")],
            "source_id": [ids.show(source.id, "src")],
            "connection_id": [shown],
            "lead_id": [ids.show(lead.id)],
            "list_id": [ids.show(cast.a_list(session, sara).id, "lst")],
            "number": [1, 2],
            "name": ["token", "password"],
        }
    engine.dispose()
    return Ground(url, made, known, {"document": solar(shown), "destination": sunrise()})


def _key(session: Session, member: cast.Member) -> str:
    made = keys.new_key("fb")
    row = ApiKey(id=made.id, account_id=member.account.id, name="any", secret_hash=made.secret_hash, hint=made.hint)
    row.scopes, row.created_at = ["pii"], cast.now()
    session.add(row)
    return made.text


def _source_key(session: Session, source: Any) -> str:
    made = keys.new_key("lk_live")
    row = SourceKey(id=made.id, source_id=source.id, mode="live", secret_hash=made.secret_hash, hint=made.hint)
    row.created_at = cast.now()
    session.add(row)
    return made.text


def with_known_things(document: dict[str, Any], ground: Ground) -> dict[str, Any]:
    """Return the description with ids that exist and documents that are nearly right among what is to be tried."""
    changed = copy.deepcopy(document)
    for calls in changed["paths"].values():
        for call in calls.values():
            for parameter in call["parameters"]:
                known = ground.ids.get(parameter["name"])
                if parameter["in"] == "path" and known:
                    parameter["schema"] = {"anyOf": [{"enum": known}, {"enum": known}, parameter["schema"]]}
            body = call.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                _know_documents(body["schema"].get("properties", {}), ground)
    return changed


def _know_documents(properties: dict[str, Any], ground: Ground) -> None:
    for name, right in ground.documents.items():
        if name in properties:
            nearly = [bent(right, random.Random(number)) for number in range(200)]
            properties[name] = {"anyOf": [{"enum": [right]}, {"enum": nearly}, {"enum": nearly}, properties[name]]}


def bent(document: Any, dice: random.Random) -> Any:
    """Return a copy in which one value, somewhere, is an odd one, or one key is gone or misspelt."""
    changed = copy.deepcopy(document)
    place = changed
    while True:
        inside = place if isinstance(place, dict) else dict(enumerate(place))
        key = dice.choice(list(inside))
        below = inside[key]
        if isinstance(below, dict | list) and below and dice.random() < 0.75:
            place = below
            continue
        if isinstance(place, dict) and dice.random() < 0.3:
            moved = place.pop(key)
            if dice.random() < 0.5:
                place[f"{key}x"] = moved
        else:
            place[key] = dice.choice(ODD)
        return changed


@pytest.mark.timeout(7200)
def test_every_call_answers_as_described_and_never_with_5xx(ground: Ground) -> None:
    described = requests.get(f"{ground.url}/api/v1/openapi.json", timeout=60).json()
    schema = schemathesis.openapi.from_dict(with_known_things(described, ground))
    schema.config.update(base_url=f"{ground.url}/api/v1")
    found = [problem for operation in schema.get_all_operations() for problem in problems_of(operation.ok(), ground)]
    assert found == [], "".join(line for line in ground.said if "_failed" in line)


def problems_of(operation: Any, ground: Ground) -> list[str]:
    """Return what was wrong with any answer of a call, once for each kind."""
    found: dict[str, str] = {}
    asked = json.dumps(operation.definition.raw.get("security", ""))
    headers = {"Authorization": f"Bearer {ground.keys['source_key' if 'source_key' in asked else 'account_key']}"}
    for mode, many in ((GenerationMode.POSITIVE, MANY * 2 // 3), (GenerationMode.NEGATIVE, MANY // 3)):
        _try(operation, mode, max(1, many), headers, found)
    return [f"{operation.label}: {kind}: {sample}" for kind, sample in found.items()]


def _try(operation: Any, mode: GenerationMode, many: int, headers: dict[str, str], found: dict[str, str]) -> None:
    @seed(many)
    @examples(
        max_examples=many,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        response = case.call(headers=headers, timeout=30)
        for check in CHECKS:
            try:
                case.validate_response(response, checks=[check])
            except BaseExceptionGroup as group:
                sample = f"{response.request.method} {response.request.url} {response.request.body!r}"[:600]
                found.setdefault(f"{response.status_code} {group.exceptions[0]}"[:600], sample)

    # A call for which no wrong request can be made has none to send.
    with suppress(Unsatisfiable, SkipTest):
        send()
