"""What is wrong with a flow's document in this account: the language's own problems, and connections it cannot name."""

from collections.abc import Container, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.flows.around import Around, costs_of
from flowbuilder.lists.queries import known_lists
from flowbuilder.models import Connection
from rules.account_lint import Account, Known, lint_in
from rules.flow import Flow, parse_flow
from rules.lint import lint
from rules.problems import Problem
from rules.stored_lists import lists_named


def document_problems(
    *, session: Session, account_id: UUID, document: Mapping[str, Any], flow_id: UUID | None = None
) -> list[Problem]:
    """Return everything that is wrong with a document; no error among it means that it can be published."""
    return check_document(session=session, account_id=account_id, document=document, flow_id=flow_id)[1]


def check_document(
    *,
    session: Session,
    account_id: UUID,
    document: Mapping[str, Any],
    flow_id: UUID | None = None,
    around: Around | None = None,
) -> tuple[Flow | None, list[Problem]]:
    """Return the flow that a document describes (None when it is malformed), and all its problems.

    What is only worth a look is among them as warnings, which do not stand in the way of publishing. With the id of the
    flow its prices are compared with what its suppliers are paid, and so they are with what is `around` the flow: where
    that is known already, nothing has to be asked.
    """
    flow, problems = parse_flow(document)
    rows = around.connections if around else _connections(session, account_id, document)
    lists = around.lists if around else _lists(session, account_id, document)
    named = [*_unknown_connections(document, rows), *_unknown_lists(document, lists)]
    if flow is None:
        return None, [*problems, *named]
    costs = around.costs if around else costs_of(session, flow_id) if flow_id else {}
    connections = {shown: Known(row.name, state_of(row), row.destination) for shown, row in rows.items()}
    return flow, [*problems, *named, *lint(flow), *lint_in(Account(connections, costs), flow)]


def errors_in(document: Mapping[str, Any], connections: Container[str], lists: Container[str]) -> list[Problem]:
    """Return what stands in the way of publishing a document, by the connections and lists that its account has."""
    flow, problems = parse_flow(document)
    named = (*_unknown_connections(document, connections), *_unknown_lists(document, lists))
    found = (*problems, *named, *(lint(flow) if flow else ()))
    return [problem for problem in found if problem.severity == "error"]


def named_connections(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every connection that a document names, as (path, shown id); looks into groups and lanes too."""
    yield from _in_steps(document.get("steps"), "steps")
    fallback = document.get("fallback")
    if isinstance(fallback, dict):
        yield from _in_settings(fallback.get("buyer"), "fallback.buyer")


def connection_names(session: Session, account_id: UUID) -> dict[str, str]:
    """Return the names of the account's connections by their shown ids."""
    wanted = select(Connection.id, Connection.name).where(Connection.account_id == account_id)
    return {ids.show(identifier, "con"): name for identifier, name in session.execute(wanted)}


def connection_zones(session: Session, account_id: UUID) -> dict[str, str]:
    """Return the time zones of those of the account's connections that have one, by their shown ids."""
    zone = Connection.destination["time_zone"].as_string()
    wanted = select(Connection.id, zone).where(Connection.account_id == account_id, zone.is_not(None))
    return {ids.show(identifier, "con"): name for identifier, name in session.execute(wanted)}


def _unknown_connections(document: Mapping[str, Any], known: Container[str]) -> Iterator[Problem]:
    for path, shown in named_connections(document):
        if shown and shown not in known:
            message = "The connection that is named here is not in this account. Choose one of yours."
            yield Problem(path, "unknown_connection", message)


def _unknown_lists(document: Mapping[str, Any], known: Container[str]) -> Iterator[Problem]:
    for path, shown in lists_named(document):
        if shown not in known:
            yield Problem(path, "unknown_list", f"This account has no stored list “{shown[:40]}”.")


def _lists(session: Session, account_id: UUID, document: Mapping[str, Any]) -> set[str]:
    """Return those of the account's stored lists that a document names."""
    return known_lists(session, account_id, [shown for _, shown in lists_named(document)])


def _connections(session: Session, account_id: UUID, document: Mapping[str, Any]) -> dict[str, Connection]:
    """Return those of the account's connections that a document names, by their shown ids."""
    named = {identifier for _, shown in named_connections(document) if (identifier := _read(shown))}
    if not named:
        return {}
    wanted = select(Connection).where(Connection.account_id == account_id, Connection.id.in_(named))
    return {ids.show(row.id, "con"): row for row in session.scalars(wanted)}


def state_of(connection: Connection) -> str:
    """Return how a connection stands: paused, revoked, untested as long as it never had a test lead, else active."""
    is_untested = connection.state == "active" and connection.tested_at is None
    return "untested" if is_untested else connection.state


def _read(shown: str) -> UUID | None:
    try:
        return ids.read(shown, "con")
    except ids.NotAnId:
        return None


def _in_steps(steps: object, path: str) -> Iterator[tuple[str, str]]:
    for position, step in enumerate(steps if isinstance(steps, list) else []):
        for kind, settings in step.items() if isinstance(step, dict) else []:
            yield from _in_settings(settings, f"{path}[{position}].{kind}")


def _in_settings(settings: object, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(settings, dict):
        return
    if isinstance(settings.get("connection"), str):
        yield f"{path}.connection", settings["connection"]
    for key in ("buyers", "cases", "percent"):
        rows = settings.get(key)
        for position, row in enumerate(rows if isinstance(rows, list) else []):
            yield from _in_settings(row, f"{path}.{key}[{position}]")
    for lane in ("steps", "else"):
        yield from _in_steps(settings.get(lane), f"{path}.{lane}")
