"""What only the database knows of a flow, read once for everything on a page that is about the flow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Connection, Flow, Source
from rules.flow_wording import Names
from rules.reading import amount_of


@dataclass(frozen=True)
class Around:
    """A flow's row, how many sources it has, connections and lists of its account by shown id.

    `costs` is what each of its suppliers that is paid a fixed sum gets for a lead, by its name.
    """

    flow: Flow
    connections: Mapping[str, Connection]
    sources: int
    lists: Mapping[str, str]
    costs: Mapping[str, Decimal] = field(default_factory=dict)

    @cached_property
    def names(self) -> Names:
        """Return the names that sentences need."""
        return Names({shown: row.name for shown, row in self.connections.items()}, self.sources, self.lists)


def around(session: Session, flow: Flow) -> Around:
    """Return what only the database knows of a flow."""
    wanted = select(Source.name, Source.cost, Source.state).where(Source.flow_id == flow.id)
    rows = session.execute(wanted).all()
    active = [(name, cost) for name, cost, state in rows if state == "active"]
    lists = list_names(session, flow.account_id)
    return Around(flow, connections_by_id(session, flow.account_id), len(rows), lists, fixed_costs(active))


def connections_by_id(session: Session, account_id: UUID) -> dict[str, Connection]:
    """Return the account's connections by their shown ids."""
    rows = session.scalars(select(Connection).where(Connection.account_id == account_id))
    return {ids.show(row.id, "con"): row for row in rows}


def costs_of(session: Session, flow_id: UUID) -> dict[str, Decimal]:
    """Return what each supplier of a flow that is paid a fixed sum gets for a lead, by its name."""
    wanted = select(Source.name, Source.cost).where(Source.flow_id == flow_id, Source.state == "active")
    return fixed_costs(session.execute(wanted).all())


def fixed_costs(terms: Iterable[Any]) -> dict[str, Decimal]:
    """Return the fixed sums among what suppliers are paid, given as (name, cost), by their names."""
    paid = ((name, amount_of((cost or {}).get("fixed"))) for name, cost in terms)
    return {name: amount for name, amount in paid if amount}
