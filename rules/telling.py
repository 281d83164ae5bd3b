"""What the entries of a lead's story are said with: the flow of its run, and the names of all that it speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rules.effects import Event
from rules.flow import Flow
from rules.flow_wording import Names


class EventLike(Event, Protocol):
    """An event with what came of its step."""

    outcome: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Telling:
    """What all entries of a run need; `joined` are the connections of rows that joined from campaigns, by their ids."""

    flow: Flow | None
    names: Names
    joined: Mapping[str, str] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """Return the flow's currency."""
        return self.flow.currency if self.flow else "USD"

    def connection_of(self, buyer: str) -> str | None:
        """Return the connection of a buyer step or of a row, None where there is none such."""
        found = self.flow.buyer(buyer) if self.flow else None
        return found.connection if found else self.joined.get(buyer)

    def name_of(self, step: str) -> str:
        """Return what the seller calls a step or a row, "" where it has no name."""
        found = self.flow and (self.flow.buyer(step) or self.flow.step(step))
        return found.common.name if found else ""
