"""The made-up lead of the command that suppliers paste: one that the flow sells, if any is found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder.models import Flow
from flowbuilder.trials.making import Maker
from flowbuilder.trials.running import bench_of
from rules.flow import parse_flow


def first_lead(
    session: Session, flow: Flow, document: Mapping[str, Any], now: datetime, *, secret_key: str
) -> dict[str, Any]:
    """Return a lead as it is posted, made up for a flow's document; nothing where that cannot be read."""
    rules, _ = parse_flow(document)
    if rules is None:
        return {}
    return Maker(bench_of(session, flow, rules, now, secret_key=secret_key), now).passing()
