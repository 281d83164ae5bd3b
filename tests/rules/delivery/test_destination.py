"""A destination is read with all its problems at once, and its secrets are taken out of it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from rules.delivery.destination import parse_destination, split_secrets
from rules.fields import Field
from rules.problems import Problem

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
URL = "https://api.sunrise.example.com/leads"

# What the documentation of the management API shows.
SUNRISE = {
    "url": URL,
    "format": "json",
    "timeout_ms": 30000,
    "auth": {"type": "bearer", "token": "tok_12345678"},
    "headers": {"X-Partner-ID": "acme"},
    "mapping": [
        ["email", {"var": "lead.email"}],
        ["mobile", {"phone": [{"var": "lead.phone_1"}, "national"]}],
        ["campaign", "ACME-77"],
        ["zip", {"var": "lead.postal_code"}, {"required": True, "when": {"is": [{"var": "lead.state"}, "CA"]}}],
    ],
    "accepted_if": {"and": [{"any_of": [{"var": "status"}, [200, 201]]}, {"is": [{"var": "body.status"}, "accepted"]}]},
    "reason_path": "body.reason",
    "price_path": "body.price",
    "reference_path": "body.id",
    "ping": {
        "url": "https://api.sunrise.example.com/ping",
        "mapping": [["zip", {"var": "lead.postal_code"}]],
        "bid_path": "body.bid",
        "bid_id_path": "body.bid_id",
        "timeout_ms": 3000,
    },
}


def problems_of(document: object, fields: dict[str, Field] | None = None) -> list[Problem]:
    problems: list[Problem] = []
    destination = parse_destination(document, "destination", problems, fields)
    assert (destination is None) == any(problem.severity == "error" for problem in problems)
    return problems


def places(document: object) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in problems_of(document)]


def test_the_documented_destination_has_no_problems() -> None:
    problems: list[Problem] = []
    destination = parse_destination(SUNRISE, "destination", problems)
    assert problems == []
    assert destination is not None
    assert (destination.method, destination.format, destination.timeout_ms) == ("POST", "json", 30000)
    assert [entry.name for entry in destination.mapping] == ["email", "mobile", "campaign", "zip"]
    assert destination.credentials == {"token"}
    assert destination.ping is not None
    assert destination.ping.bid_path == ("body", "bid")


def test_an_address_alone_is_a_destination() -> None:
    destination = parse_destination({"url": URL}, "", [])
    assert destination is not None
    settings = (destination.timeout_ms, destination.on_ambiguous, destination.answers.format)
    assert settings == (30_000, "retry_same", "auto")
    assert [bool(destination.answers.accepted_if({"status": status})) for status in (199, 200, 299, 300)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"url": ""}, ("destination.url", "missing_text")),
        ({"url": "ftp://example.com/"}, ("destination.url", "bad_url")),
        ({"url": "https://user:pass@example.com/"}, ("destination.url", "bad_url")),
        ({"url": "https://{{lead.host}}/"}, ("destination.url", "bad_url")),
        ({"url": "https://example.com:{{lead.port}}/"}, ("destination.url", "bad_url")),
        ({"method": "DELETE"}, ("destination.method", "not_an_option")),
        ({"method": "GET"}, ("destination.method", "needs_query")),
        ({"method": "PUT", "format": "query"}, ("destination.method", "needs_body")),
        ({"format": "yaml"}, ("destination.format", "not_an_option")),
        ({"xml_root": "a b"}, ("destination.xml_root", "bad_name")),
        ({"format": "xml", "xml_root": "XmlLead"}, ("destination.xml_root", "bad_name")),
        ({"format": "xml", "mapping": [["1st", 1]]}, ("destination.mapping", "bad_field_name")),
        ({"format": "xml", "mapping": [["a.b c", 1]]}, ("destination.mapping", "bad_field_name")),
        ({"format": "xml", "mapping": [["a", 1], ["a.b", 2]]}, ("destination.mapping", "mapped_twice")),
        ({"url": f"{URL}?a=1", "format": "query", "mapping": [["a", 1]]}, ("destination.mapping", "mapped_twice")),
        ({"timeout_ms": 999}, ("destination.timeout_ms", "not_a_whole_number")),
        ({"timeout_ms": 60001}, ("destination.timeout_ms", "not_a_whole_number")),
        ({"auth": "bearer"}, ("destination.auth", "not_an_object")),
        ({"auth": {"type": "oauth"}}, ("destination.auth.type", "not_an_option")),
        ({"auth": {"type": "key", "name": ""}}, ("destination.auth.name", "missing_text")),
        ({"auth": {"type": "key", "in": "cookie", "name": "a"}}, ("destination.auth.in", "not_an_option")),
        ({"auth": {"type": "key", "name": "Host"}}, ("destination.auth.name", "bad_header")),
        ({"auth": {"type": "key", "in": "body", "name": "k"}, "format": "query"}, ("destination.auth.in", "no_body")),
        (
            {"auth": {"type": "key", "in": "body", "name": "k"}, "mapping": [["k", 1]]},
            ("destination.mapping", "mapped_twice"),
        ),
        (
            {"auth": {"type": "key", "in": "query", "name": "k"}, "url": f"{URL}?k=1"},
            ("destination.auth.name", "mapped_twice"),
        ),
        ({"auth": {"type": "headers"}}, ("destination.auth.headers", "not_an_object")),
        ({"auth": {"type": "headers", "headers": {"Host": "a"}}}, ("destination.auth.headers.Host", "bad_header")),
        ({"auth": {"type": "headers", "headers": {"X-A": "a\nb"}}}, ("destination.auth.headers.X-A", "bad_secret")),
        ({"auth": {"type": "headers", "headers": {"X-A": 5}}}, ("destination.auth.headers.X-A", "not_text")),
        ({"auth": {"type": "headers", "headers": {"X-A": "", "x-a": ""}}}, ("destination.auth.headers", "set_twice")),
        ({"auth": {"type": "oauth2", "client_id": "a"}}, ("destination.auth.token_url", "missing_text")),
        ({"auth": {"type": "oauth2", "token_url": URL}}, ("destination.auth.client_id", "missing_text")),
        (
            {"auth": {"type": "oauth2", "token_url": "ftp://a.example.com/", "client_id": "a"}},
            ("destination.auth.token_url", "bad_url"),
        ),
        (
            {"auth": {"type": "oauth2", "token_url": URL, "client_id": "a", "sent_in": "query"}},
            ("destination.auth.sent_in", "not_an_option"),
        ),
        ({"old_secret_until": "soon"}, ("destination.old_secret_until", "not_a_time")),
        ({"reasons": ["no_such_pattern"]}, ("destination.reasons[0]", "bad_reason")),
        ({"auth": {"type": "bearer", "tokn": "x"}}, ("destination.auth.tokn", "unknown_setting")),
        ({"auth": {"type": "bearer", "token": 5}}, ("destination.auth.token", "missing_text")),
        ({"auth": {"type": "bearer", "token": "a\r\nb"}}, ("destination.auth.token", "bad_secret")),
        ({"auth": {"type": "basic"}}, ("destination.auth.username", "missing_text")),
        ({"auth": {"type": "basic", "username": "a:b"}}, ("destination.auth.username", "bad_user_name")),
        ({"auth": {"type": "header"}}, ("destination.auth.name", "missing_text")),
        ({"auth": {"type": "header", "name": "Host"}}, ("destination.auth.name", "bad_header")),
        ({"signing_secret": "secret"}, ("destination.signing_secret", "bad_signing_secret")),
        ({"headers": ["X-A"]}, ("destination.headers", "not_an_object")),
        ({"headers": {"X-A": 5}}, ("destination.headers.X-A", "not_text")),
        ({"headers": {"Host": "a"}}, ("destination.headers.Host", "bad_header")),
        ({"headers": {"X-A": "a\nb"}}, ("destination.headers.X-A", "bad_header")),
        ({"headers": {"X-A": "{{ 7*7 }}"}}, ("destination.headers.X-A", "bad_template")),
        ({"mapping": {"email": 1}}, ("destination.mapping", "not_a_list")),
        ({"mapping": [["email"]]}, ("destination.mapping[0]", "bad_mapping")),
        ({"mapping": [["", 1]]}, ("destination.mapping[0][0]", "bad_field_name")),
        ({"mapping": [["a..b", 1]]}, ("destination.mapping[0][0]", "bad_field_name")),
        ({"mapping": [["a", {"nope": 1}]]}, ("destination.mapping[0][1]", "unknown_operator")),
        ({"mapping": [["a", 1, {"optional": True}]]}, ("destination.mapping[0][2].optional", "unknown_setting")),
        ({"mapping": [["a", 1, {"when": {"nope": 1}}]]}, ("destination.mapping[0][2].when", "unknown_operator")),
        ({"mapping": [["a", 1], ["a", 2]]}, ("destination.mapping", "mapped_twice")),
        ({"mapping": [["a", 1], ["a.b", 2]]}, ("destination.mapping", "mapped_twice")),
        ({"accepted_if": {"nope": 1}}, ("destination.accepted_if", "unknown_operator")),
        ({"price_path": "price"}, ("destination.price_path", "bad_path")),
        ({"errors": [99]}, ("destination.errors", "bad_statuses")),
        ({"errors": ["500"]}, ("destination.errors", "bad_statuses")),
        ({"reasons": [[{"var": "body"}, "no_such_reason"]]}, ("destination.reasons[0]", "bad_reason")),
        ({"reasons": [[{"nope": 1}, "duplicate"]]}, ("destination.reasons[0][0]", "unknown_operator")),
        ({"answer": "yaml"}, ("destination.answer", "not_an_option")),
        ({"on_ambiguous": "next"}, ("destination.on_ambiguous", "not_an_option")),
        ({"concurrency": 0}, ("destination.concurrency", "not_a_whole_number")),
        ({"breaker": "never"}, ("destination.breaker", "not_an_object")),
        ({"breaker": {"failures": 0}}, ("destination.breaker.failures", "not_a_whole_number")),
        ({"breaker": {"within": 5}}, ("destination.breaker.within", "not_a_duration")),
        ({"breaker": {"recover_after": "8d"}}, ("destination.breaker.recover_after", "out_of_bounds")),
        ({"breaker": {"probe": True}}, ("destination.breaker.probe", "unknown_setting")),
        ({"ping": {"url": URL}}, ("destination.ping.bid_path", "missing_text")),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_reported_with_its_path(change: dict[str, Any], place: tuple[str, str]) -> None:
    assert place in places({"url": URL} | change)


def test_all_problems_are_reported_at_once() -> None:
    wrong = {
        "url": "ftp://x",
        "method": "DELETE",
        "headers": {"Host": "a"},
        "mapping": [[1, 2]],
        "errors": 5,
        "colour": "red",
    }
    assert {path for path, _ in places(wrong)} == {
        "destination.url", "destination.method", "destination.headers.Host", "destination.mapping[0]",
        "destination.errors", "destination.colour",
    }  # fmt: skip


def test_an_unknown_setting_is_named_in_a_sentence() -> None:
    [problem] = problems_of({"url": URL, "brake": {"failures": 5}})
    assert problem.message == "“brake” is not a setting of a destination."


@pytest.mark.parametrize("document", [None, [], "https://example.com/", 5])
def test_what_is_no_object_is_one_problem(document: object) -> None:
    assert places(document) == [("destination", "not_an_object")]


def test_dotted_names_may_meet_in_a_form() -> None:
    assert places({"url": URL, "format": "form", "mapping": [["a", 1], ["a.b", 2]]}) == []


def test_a_credential_typed_into_a_header_is_a_warning() -> None:
    [problem] = problems_of({"url": URL, "headers": {"X-Api-Key": "sk_live_123"}})
    assert (problem.severity, problem.code, problem.path) == (
        "warning",
        "looks_secret",
        "destination.headers.X-Api-Key",
    )


def test_a_header_cannot_be_set_twice() -> None:
    wrong = {"url": URL, "auth": {"type": "bearer"}, "headers": {"authorization": "{{offer.id}}"}}
    assert places(wrong) == [("destination.headers.authorization", "set_twice")]


@pytest.mark.parametrize(
    ("auth", "credentials"),
    [
        ({"type": "bearer", "token": "tok"}, {"token": "tok"}),
        ({"type": "basic", "username": "u", "password": "pass word"}, {"password": "pass word"}),
        ({"type": "header", "name": "X-API-Key", "value": " key "}, {"key": "key"}),
        ({"type": "header", "name": "X-API-Key", "key": "key"}, {"key": "key"}),
        ({"type": "bearer", "token": ""}, {}),
        ({"type": "none"}, {}),
        ({"type": "key", "in": "query", "name": "api_key", "key": "k1"}, {"key": "k1"}),
        (
            {"type": "oauth2", "token_url": URL, "client_id": "acme", "client_secret": "s3"},
            {"client_secret": "s3"},
        ),
    ],
)
def test_secrets_are_taken_out(auth: dict[str, str], credentials: dict[str, str]) -> None:
    document = {"url": URL, "auth": auth}
    rest, taken = split_secrets(document)
    assert taken == credentials
    assert not set(rest["auth"]) & {"token", "password", "key", "value", "client_secret"}
    assert document["auth"] is auth  # The document that was given is left as it is.
    assert problems_of(rest) == []


def test_a_signing_secret_is_taken_out_and_leaves_a_mark() -> None:
    rest, taken = split_secrets({"url": URL, "signing_secret": SECRET})
    assert (rest, taken) == ({"url": URL, "signed": True}, {"signing_secret": SECRET})
    destination = parse_destination(rest, "", [])
    assert destination is not None
    assert destination.credentials == {"signing_secret"}


def test_a_secret_that_is_no_text_is_left_to_be_reported() -> None:
    rest, taken = split_secrets({"url": URL, "auth": {"type": "bearer", "token": 5}, "signing_secret": 5})
    assert taken == {}
    assert {path for path, _ in places(rest)} == {"destination.auth.token", "destination.signing_secret"}


def test_secrets_in_several_headers_leave_their_names() -> None:
    document = {"url": URL, "auth": {"type": "headers", "headers": {"X-Client": "acme", "X-Secret": " s3 "}}}
    rest, taken = split_secrets(document)
    assert rest["auth"] == {"type": "headers", "headers": {"X-Client": "", "X-Secret": ""}}
    assert taken == {"header:x-client": "acme", "header:x-secret": "s3"}
    destination = parse_destination(rest, "", [])
    assert destination is not None
    assert destination.credentials == set(taken)


def test_the_destination_that_the_docs_show_has_no_problems() -> None:
    page = (Path(__file__).parents[3] / "docs/delivering-leads.md").read_text()
    shown, by_mail, ping = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert problems_of(json.loads(shown) | json.loads(f"{{{ping}}}")) == []
    assert problems_of(json.loads(by_mail)) == []
