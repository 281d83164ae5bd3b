"""How a buyer is asked for bids and told that it lost, as the fields of its form say it, and back. Pure."""

from collections.abc import Mapping
from typing import Any

from flowbuilder.connections.written import NotReadable, read_expression, show_expression
from rules import json_text
from rules.delivery.ping import DEFAULT_TIMEOUT_MS
from rules.numbers import as_number
from rules.problems import Problem

Settings = Mapping[str, Any]
Read = tuple[dict[str, Any], list[Problem]]

LIKE = "zip = lead.postal_code"


def shown(destination: Settings) -> dict[str, Any]:
    """Return what the fields hold for a stored destination."""
    ping, feedback = destination.get("ping") or {}, destination.get("feedback") or {}
    highest = ping.get("highest_bid")
    return {
        "ping_url": ping.get("url"),
        "ping_fields": "\n".join(map(_show_line, ping.get("mapping") or [])),
        "bid_path": ping.get("bid_path", "body.bid"),
        "bid_id_path": ping.get("bid_id_path"),
        "ping_wait": _seconds(ping),
        "highest_bid": "" if highest is None else str(highest),
        "feedback_url": feedback.get("url"),
        "feedback_tells": feedback.get("tells", "reason"),
    }


def read(fields: Settings, base: Settings) -> Read:
    """Return `ping` and `feedback` as the fields say them, and what is unreadable; without an address there is none.

    Of what is stored, in `base`, settings stay that the form does not have.
    """
    before, feedback = base.get("ping") or {}, {"url": fields["feedback_url"], "tells": fields["feedback_tells"]}
    settings: dict[str, Any] = {"feedback": feedback if fields["feedback_url"] else {}, "ping": {}}
    if not fields["ping_url"]:
        return settings, []
    mapping, problems = _read_lines(fields["ping_fields"] or "")
    said = {
        "url": fields["ping_url"],
        "mapping": mapping if mapping or before.get("mapping") == [] else None,
        "bid_path": fields["bid_path"],
        "bid_id_path": fields["bid_id_path"],
        "timeout_ms": _timeout(fields["ping_wait"], before),
        "highest_bid": _amount(fields["highest_bid"]),
    }
    others = {key: value for key, value in before.items() if key not in said}
    settings["ping"] = {key: value for key, value in said.items() if value not in (None, "")} | others
    return settings, problems


def _timeout(seconds: int | None, before: Settings) -> int | None:
    """Return the wait in milliseconds; one that is stored stays to the millisecond, and the usual one unsaid."""
    if seconds is None or (seconds == _seconds(before)):
        return before.get("timeout_ms")
    return seconds * 1000


def _seconds(ping: Settings) -> int:
    return -(-int(ping.get("timeout_ms", DEFAULT_TIMEOUT_MS)) // 1000)


def _amount(text: str | None) -> Any:
    """Return the amount that a text says, or the text itself, which is reported where amounts are looked at."""
    return None if not text else text if (number := as_number(text)) is None else number


def _show_line(entry: Any) -> str:
    match entry:
        case [str(name), expression]:
            return f"{name} = {show_expression(expression)}"
    return json_text.write(entry).decode()


def _read_lines(text: str) -> tuple[list[Any], list[Problem]]:
    """Return the mapping that some lines mean, each `their field = value` or an entry as JSON."""
    mapping: list[Any] = []
    problems: list[Problem] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, equals, written = line.partition("=")
        try:
            mapping.append(read_expression(line) if line[0] == "[" else [name.strip(), read_expression(written)])
        except NotReadable as problem:
            problems.append(Problem("ping.mapping", "not_readable", str(problem)))
        if line[0] != "[" and not (equals and name.strip() and written.strip()):
            problems.append(Problem("ping.mapping", "not_readable", f"“{line[:40]}” is no line like: {LIKE}."))
    return mapping, problems
