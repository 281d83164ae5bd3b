"""What is wrong with a flow's document in this account: the language's own problems, and connections it cannot name."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.lists.queries import known_lists
from flowbuilder.models import Connection
from rules.flow import Flow, parse_flow
from rules.lint import lint
from rules.problems import Problem
from rules.stored_lists import lists_named


def document_problems(*, session: Session, account_id: UUID, document: Mapping[str, Any]) -> list[Problem]:
    """Return everything that is wrong with a document; no error among it means that it can be published."""
    return check_document(session=session, account_id=account_id, document=document)[1]


def check_document(
    *, session: Session, account_id: UUID, document: Mapping[str, Any]
) -> tuple[Flow | None, list[Problem]]:
    """Return the flow that a document describes (None when it is malformed), and all its problems.

    What is only worth a look is among them as warnings, which do not stand in the way of publishing.
    """
    flow, problems = parse_flow(document)
    named = [*_connection_problems(session, account_id, document), *_list_problems(session, account_id, document)]
    return flow, [*problems, *named, *(lint(flow) if flow else ())]


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


def _connection_problems(session: Session, account_id: UUID, document: Mapping[str, Any]) -> Iterator[Problem]:
    named = list(named_connections(document))
    if not named:
        return
    states = _states(session, account_id)
    for path, shown in named:
        state = states.get(_read(shown))
        if state is None:
            yield Problem(path, "unknown_connection", f"This account has no connection “{shown[:40]}”.")
        elif state == "revoked":
            yield Problem(
                path, "revoked_connection", "This connection was revoked; its buyer gets no leads.", "warning"
            )


def _list_problems(session: Session, account_id: UUID, document: Mapping[str, Any]) -> Iterator[Problem]:
    named = list(lists_named(document))
    known = known_lists(session, account_id, [shown for _, shown in named])
    for path, shown in named:
        if shown not in known:
            yield Problem(path, "unknown_list", f"This account has no stored list “{shown[:40]}”.")


def _states(session: Session, account_id: UUID) -> dict[UUID | None, str]:
    wanted = select(Connection.id, Connection.state).where(Connection.account_id == account_id)
    return dict(session.execute(wanted).all())


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
