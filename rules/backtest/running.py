"""Runs recorded leads through a flow, in the order in which they came and woke."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.backtest.ledger import Windows, used_before
from rules.backtest.past import Past, WindowKey
from rules.backtest.world import Assumed, Listed, World
from rules.effects import Close, Hold
from rules.flow import Flow
from rules.interpreter import Walk
from rules.running import Lead

MOST_EVENTS = 1000
Step = tuple[str, str, str | None]
"""What a step did: its id, the outcome and the reason."""


@dataclass(frozen=True, slots=True)
class Sale:
    """One buyer that a lead was sold to; the price in minor units. It `is_assumed` where no answer is recorded."""

    buyer: str
    connection: str
    price: int
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a lead: sold, rejected, duplicate, error, waiting, or invalid where the door would refuse it.

    Money in minor units; `decided` is the step at which it ended.
    """

    status: str
    reason: str | None = None
    revenue: int = 0
    cost: int = 0
    sales: tuple[Sale, ...] = ()
    decided: Step | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A lead that the flow's fields would not take: the reason, as its supplier would read it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Around:
    """What a backtest knows beside the leads.

    `used` are the windows of the flow's caps as they are now, `zones` the time zones of connections, `listed` what is
    in stored lists; `now` is until when leads that would wait are followed.
    """

    now: datetime
    used: Mapping[WindowKey, int]
    zones: Mapping[str, str]
    listed: Listed


def run_all(
    flow: Flow,
    pasts: Sequence[Past],
    leads: Mapping[str, Lead | Refused],
    around: Around,
    new_buyers: Assumed,
) -> tuple[dict[str, Fate], set[tuple[str, str]]]:
    """Return what becomes of each lead by its id, and what has to be looked up in stored lists before that is right.

    `leads` are those that another reading of their data gives, where the flow has other fields than the leads had.
    """
    backtest = _Backtest(flow, pasts, leads, around, new_buyers)
    return backtest.run(), backtest.wanted


class _Backtest:
    """The queue of runs by time: what was recorded and what would have been, side by side."""

    def __init__(
        self,
        flow: Flow,
        pasts: Sequence[Past],
        leads: Mapping[str, Lead | Refused],
        around: Around,
        new_buyers: Assumed,
    ) -> None:
        self._flow, self._pasts, self._leads, self._around, self._new = flow, pasts, leads, around, new_buyers
        self._windows = Windows(used_before(around.used, list(pasts)))
        self._zones = {shown: zone for shown, zone in around.zones.items() if shown in flow.clocks}
        self._fates: dict[str, Fate] = {}
        self._walks: dict[int, tuple[Walk, World, list[Step]]] = {}
        self._recorded: dict[int, int] = {}
        self.wanted: set[tuple[str, str]] = set()

    def run(self) -> dict[str, Fate]:
        """Follow all leads to their ends; what would have been is asked before what was is noted."""
        queue = [(past.began, number, is_then) for number, past in enumerate(self._pasts) for is_then in (0, 1)]
        heapq.heapify(queue)
        while queue:
            _, number, is_then = heapq.heappop(queue)
            again = self._note(number) if is_then else self._go_on(number)
            if again is not None:
                heapq.heappush(queue, (again, number, is_then))
        return self._fates

    def _note(self, number: int) -> datetime | None:
        """Note what the journal says of a lead up to its next wait; return when it goes on."""
        past, at = self._pasts[number], self._recorded.get(number, 0)
        self._windows.then.add(past, past.taken[at])
        self._recorded[number] = at + 1
        if at + 1 < len(past.taken):
            return past.taken[at + 1].at
        self._windows.then.ended[past.lead.id] = past.outcome
        return None

    def _go_on(self, number: int) -> datetime | None:
        """Take a lead to its end or its next wait; return when it goes on."""
        if number not in self._walks:
            lead = self._leads.get(self._pasts[number].lead.id, self._pasts[number].lead)
            if isinstance(lead, Refused):
                self._fates[self._pasts[number].lead.id] = Fate("invalid", lead.reason)
                return None
            self._walks[number] = self._begin(number, lead)
        walk, world, trail = self._walks[number]
        while walk.effect and walk.seq < MOST_EVENTS:
            effect, now = walk.effect, walk.state.now
            result = {} if isinstance(effect, Close) else world.answer(effect, now)
            if result is None:
                break
            trail.append((effect.step, *effect.outcome(result)))
            if isinstance(effect, Close):
                world.end(effect.result)
                self._close(number, effect)
                return None
            walk.answer(result)
            if isinstance(effect, Hold):
                return datetime.fromisoformat(result["now"])
        self._fates[self._pasts[number].lead.id] = self._waiting(number)
        return None

    def _begin(self, number: int, lead: Lead) -> tuple[Walk, World, list[Step]]:
        past = self._pasts[number]
        world = World(past, self._windows, self._zones, self._new, self._around.now, self._around.listed, self.wanted)
        return Walk(self._flow, lead, past.began), world, []

    def _close(self, number: int, effect: Close) -> None:
        decided = self._decided(number)
        fate = Fate(effect.result, effect.reason, effect.revenue, effect.cost, self._sales(number), decided)
        self._fates[self._pasts[number].lead.id] = fate

    def _waiting(self, number: int) -> Fate:
        """Return the fate of a lead that would still wait; what was sold of it counts."""
        walk = self._walks[number][0]
        reason = walk.effect.reason if isinstance(walk.effect, Hold) else None
        revenue = walk.state.revenue
        return Fate("waiting", reason, revenue, 0, self._sales(number), self._decided(number))

    def _sales(self, number: int) -> tuple[Sale, ...]:
        walk, world, _ = self._walks[number]
        sold = walk.state.sales
        return tuple(Sale(buyer, self._connection(walk, buyer), price, buyer in world.assumed) for buyer, price in sold)

    def _connection(self, walk: Walk, buyer: str) -> str:
        joined = walk.state.joined.get(buyer)
        return str(joined.buyer.connection if joined else self._flow.buyers[buyer].connection)

    def _decided(self, number: int) -> Step | None:
        """Return the last step that did something by itself."""
        trail = self._walks[number][2]
        own = [step for step in trail if step[1] not in ("sold", "passed", "skipped")]
        return own[-2] if len(own) > 1 and own[-1][0] == "intake" else own[-1] if own else None
