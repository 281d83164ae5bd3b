"""A destination as the fields of its form say it, and the fields that say a destination. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from flowbuilder.connections import bidding, breaker_line, taking, written
from flowbuilder.connections.taking import Listed
from flowbuilder.connections.written import OWN, NotReadable, Row
from rules.delivery.destination import MOST_AT_ONCE
from rules.delivery.methods import DELIVERY_METHODS
from rules.problems import Problem

Fields = Mapping[str, Any]
Read = tuple[dict[str, Any], list[Problem]]

SECRET_OF = {
    "bearer": "token", "basic": "password", "header": "key", "query": "key", "body": "key", "oauth2": "client_secret",
}  # fmt: skip
KEY_PLACES = ("header", "query", "body")
PATHS = ("price_path", "reason_path", "reference_path")
MAIL = ("to", "subject", "body", "reply_to")
GRANT = ("token_url", "client_id", "scope", "audience", "sent_in")
USUAL = {
    "method": "POST", "format": "json", "xml_root": "lead", "answer": "auto", "price_from": "step", "sent_in": "body",
    "duplicate_after_ambiguous_is_accepted": False, "deliver_by": ["webhook"], "breaker": breaker_line.USUAL,
    "concurrency": MOST_AT_ONCE,
}  # fmt: skip
"""What a setting is when it is not written; it is only written where it was."""
ALWAYS = ("format",)
SHOWN = frozenset({
    "url", "method", "format", "xml_root", "auth", "headers", "mapping", "accepted_if", "answer", "price_from",
    "timeout_ms", "concurrency", "on_ambiguous", "duplicate_after_ambiguous_is_accepted", "errors", "reasons",
    "deliver_by", "email", "inbox", "ping", "feedback", "breaker", "time_zone", "consent", "suppress", *PATHS,
})  # fmt: skip
A_YES = "body.status is accepted"
OTHER_WORDS = {"signed": "its signature", "old_secret_until": "its older signing secret"}


def where_to(destination: Mapping[str, Any]) -> str:
    """Return where leads go, in short: a host, a mail address, or the inbox."""
    method = deciding_method(destination)
    if method == "inbox":
        return "Its inbox here"
    if method == "email":
        return str((destination.get("email") or {}).get("to", ""))
    return str(destination.get("url") or "").partition("//")[2].partition("/")[0]


def deciding_method(destination: Mapping[str, Any]) -> str:
    """Return the method whose answer decides an offer."""
    return delivery_methods(destination)[0]


def delivery_methods(destination: Mapping[str, Any]) -> list[str]:
    """Return the methods of a stored destination, the deciding one first."""
    form = destination.get("format")
    return list(destination.get("deliver_by") or [form if form in DELIVERY_METHODS else "webhook"])


def shown_fields(destination: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields of the form hold for a stored destination."""
    rule = destination.get("accepted_if")
    choice = written.accepted_choice(rule)
    lines, ready = written.show_reasons(destination.get("reasons") or [])
    plain = ("method", "xml_root", "answer", "price_from")
    return {
        "url": destination.get("url"),
        **_shown_methods(destination),
        **{key: destination.get(key, USUAL[key]) for key in plain},
        **{key: destination.get(key) for key in PATHS},
        **_shown_auth(destination.get("auth") or {}),
        "other_headers": written.show_headers(destination.get("headers") or {}),
        "accepted": choice,
        "accepted_own": written.show_rule(rule) if choice == OWN else "",
        "errors": ", ".join(map(str, destination.get("errors") or [])),
        "own_reasons": lines,
        "ready_reasons": ready,
        "timeout": destination.get("timeout_ms", 30_000) // 1000,
        "concurrency": destination.get("concurrency", MOST_AT_ONCE),
        "on_ambiguous": destination.get("on_ambiguous", "retry_same"),
        "duplicate_is_accepted": destination.get("duplicate_after_ambiguous_is_accepted", False),
        "breaker": breaker_line.show_limits(destination.get("breaker")),
        **bidding.shown(destination),
        **taking.shown(destination),
    }


def _shown_methods(destination: Mapping[str, Any]) -> dict[str, Any]:
    form, (decides, *copies) = destination.get("format", USUAL["format"]), delivery_methods(destination)
    mail = destination.get("email") or {}
    return {
        "format": USUAL["format"] if form in DELIVERY_METHODS else form,
        "decides": decides,
        "copies": copies,
        **{f"mail_{key}": mail.get(key, "") for key in MAIL},
        "notice": (destination.get("inbox") or {}).get("notice", ""),
    }


def other_settings(destination: Mapping[str, Any]) -> list[str]:
    """Return, in words, the settings that the form does not show and keeps as they are."""
    return [OTHER_WORDS.get(key, key) for key in destination if key not in SHOWN]


def read_fields(
    fields: Fields,
    rows: Collection[Row],
    base: Mapping[str, Any],
    sent: Collection[str],
    lists: Collection[Listed] = (),
) -> Read:
    """Return the destination that the fields and rows say, and what is unreadable; `lists` are suppression lists.

    `base` is what is stored: settings that the form does not have, or did not send, stay as they are in it.
    """
    mapping, problems = written.read_rows(rows)
    headers, header_problems = written.read_headers(fields["other_headers"] or "")
    accepted, rule_problems = _read_accepted_if(fields)
    breaker, breaker_problems = _read_breaker(fields) if "breaker" in sent else (None, [])
    changed = {
        "url": fields["url"],
        "method": fields["method"],
        "format": fields["format"],
        "xml_root": fields["xml_root"],
        "auth": _read_auth(fields, base.get("auth") or {}),
        "headers": headers,
        "mapping": mapping,
        "accepted_if": accepted,
        "answer": fields["answer"],
        **{key: fields[key] for key in PATHS},
        "price_from": fields["price_from"],
        "timeout_ms": (fields["timeout"] or 30) * 1000,
        "concurrency": fields["concurrency"],
        "on_ambiguous": fields["on_ambiguous"],
        "breaker": breaker,
    }
    finer, finer_problems = _read_finer(fields, base) if "own_reasons" in sent else ({}, [])
    changed = {key: value for key, value in changed.items() if key not in USUAL or key in sent} | finer
    changed |= _read_methods(fields) if "decides" in sent else {}
    bids, bid_problems = bidding.read(fields, base) if "ping_url" in sent else ({}, [])
    changed |= bids
    changed |= taking.read(fields, lists) if "time_zone" in sent else {}
    needed = {key: value for key, value in changed.items() if _is_said(key, value, base)}
    kept = {key: value for key, value in base.items() if key not in changed}
    found = [*problems, *header_problems, *rule_problems, *breaker_problems, *finer_problems, *bid_problems]
    return {**needed, **kept}, found


def _is_said(key: str, value: Any, base: Mapping[str, Any]) -> bool:
    """Return whether a setting is written: not if it is blank, or what it is anyway, unless it was written before."""
    if value in (None, "", {}) or (value == [] and key not in base):
        return False
    return key in base or key in ALWAYS or USUAL.get(key) != value


def _read_methods(fields: Fields) -> dict[str, Any]:
    """Return by which methods leads go, and what mail and inbox need."""
    decides, copies = fields["decides"] or "webhook", fields["copies"] or []
    others = [method for method in DELIVERY_METHODS if method in copies and method != decides]
    mail = {key: fields[f"mail_{key}"] for key in MAIL if fields[f"mail_{key}"]}
    return {
        "deliver_by": [decides, *others],
        "email": mail if mail.get("to") or "email" in (decides, *others) else {},
        "inbox": {"notice": fields["notice"]} if fields["notice"] else {},
    }


def _read_finer(fields: Fields, base: Mapping[str, Any]) -> Read:
    """Return the settings of the answer's finer points, whose ticks a browser only sends where they are set."""
    errors, status_problems = written.read_statuses(fields["errors"] or "")
    ready = fields["ready_reasons"] or []
    reasons, reason_problems = written.read_reasons(fields["own_reasons"] or "", ready, base.get("reasons") or [])
    finer = {
        "errors": errors,
        "reasons": reasons,
        "duplicate_after_ambiguous_is_accepted": bool(fields["duplicate_is_accepted"]),
    }
    return finer, [*status_problems, *reason_problems]


def _read_breaker(fields: Fields) -> tuple[Any, list[Problem]]:
    try:
        return breaker_line.read_line(fields["breaker"] or ""), []
    except NotReadable as problem:
        return None, [Problem("breaker", "not_readable", str(problem))]


def _shown_auth(auth: Mapping[str, Any]) -> dict[str, Any]:
    kind = auth.get("type", "none")
    return {
        "auth": auth.get("in", "header") if kind == "key" else kind,
        "username": auth.get("username", ""),
        "header_name": auth.get("name", ""),
        "secret_headers": "\n".join(f"{name}:" for name in auth.get("headers") or {}),
        **{key: auth.get(key, USUAL.get(key, "")) for key in GRANT},
    }


def _read_auth(fields: Fields, stored: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = fields["auth"]
    secret = {SECRET_OF[kind]: fields["secret"]} if kind in SECRET_OF and fields["secret"] else {}
    match kind:
        case "bearer":
            return {"type": kind, **secret}
        case "basic":
            return {"type": kind, "username": fields["username"] or "", **secret}
        case "headers":
            return {"type": kind, "headers": written.read_headers(fields["secret_headers"] or "")[0]}
        case "oauth2":
            grant = {key: fields[key] or "" for key in GRANT}
            optional = {key: grant.pop(key) for key in ("scope", "audience", "sent_in")}
            kept = {
                key: value for key, value in optional.items() if value and (key in stored or value != USUAL.get(key))
            }
            return {"type": kind, **grant, **kept, **secret}
    if kind not in KEY_PLACES:
        return None
    named = {"name": fields["header_name"] or "", **secret}
    if kind == "header" and stored.get("type") != "key":
        return {"type": "header", **named}
    return {"type": "key", **({"in": kind} if kind != "header" or "in" in stored else {}), **named}


def _read_accepted_if(fields: Fields) -> tuple[Any, list[Problem]]:
    if fields["accepted"] != OWN:
        return written.ACCEPTED.get(fields["accepted"], written.ACCEPTED["http"])[1], []
    try:
        rule = written.read_rule(fields["accepted_own"] or "", like=A_YES)
    except NotReadable as problem:
        return None, [Problem("accepted_if", "not_readable", str(problem))]
    if isinstance(rule, dict):
        return rule, []
    return None, [Problem("accepted_if", "not_a_rule", f"Write a rule, like “{A_YES}”.")]
