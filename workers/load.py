"""What one loop has in its hands: leased leads, those that can move now, the calls that are out, those that queue."""

import math
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import cast
from uuid import UUID

from flowbuilder import clock
from workers.carrying import Carried
from workers.delivery.calls import AnyCall, Call, CallKey, Sent
from workers.journal import Lease
from workers.rota import NOBODY

SLOTS = 2560
"""How many leads one loop carries at once. The last fifth is for accounts of which it carries few: the leads of one
that hang at its buyers must not keep those of others out."""
MANY = 256
"""How many leads in hand are more than one loop should carry alone: another one is asked to join."""
FEW = MANY // 2
"""How many are too few for a loop that joined another one to stay: two turns at once cost more then."""
LEAST = 0.01
"""Seconds that must be left for a call that waited for room at its buyer."""
HARDLY = 20
"""Milliseconds of waiting for room that count for nothing."""
_numbers = count()
NO_ROOM = "The buyer was called as often at once as it may be."


@dataclass(slots=True)
class Line:
    """Calls that wait for room at one buyer, each with the monotonic time by which it must have been answered."""

    room: int
    calls: deque[tuple[float, Call]] = field(default_factory=deque)


@dataclass(slots=True)
class Load:
    """The leads of a loop. One that is in no list but `leads` has calls out.

    `ready` can move in the next turn; `queues` hold leads, by connection, whose buyer is called as often as it may be
    at once already. `lines` hold calls for which that is so while their leads wait for other buyers as well; leads go
    first, and `promised` is the room of those that were let out of their queue and have not moved yet. `alarms` are
    leads of which an offer is to be tried again while calls about others are out, by the monotonic time.
    """

    leads: dict[int, Carried] = field(default_factory=dict)
    ready: list[Carried] = field(default_factory=list)
    out: dict[CallKey, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    queues: dict[str, deque[Carried]] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    promised: Counter[str] = field(default_factory=Counter)
    alarms: list[tuple[float, int, Carried]] = field(default_factory=list)

    def __len__(self) -> int:
        """Return how many leads are in hand."""
        return len(self.leads)

    @property
    def room(self) -> int:
        """Return how many more leads can be taken in hand at once: the last fifth only once the others are taken."""
        left = SLOTS - len(self)
        return left - SLOTS // 5 if left > SLOTS // 5 else left

    @property
    def crowding(self) -> frozenset[UUID]:
        """Return the accounts that get no more room: once the last fifth is begun, those with many leads in hand."""
        if SLOTS - len(self) > SLOTS // 5:
            return NOBODY
        held = Counter(carried.row["account_id"] for carried in self.leads.values())
        return frozenset(account for account, many in held.items() if many > SLOTS // 40)

    @property
    def most_for_one(self) -> int:
        """Return how many leads at most are offered to one buyer or queue for it."""
        return SLOTS // 2

    @property
    def busy(self) -> dict[str, int]:
        """Return for each connection how many leads of this loop are being offered to it or queue for it."""
        queueing = {name: self.calls[name] + len(queue) for name, queue in self.queues.items()}
        return {**self.calls, **queueing}

    def admit(self, claimed: Iterable[Carried]) -> None:
        """Take claimed leads in hand."""
        self.leads.update((carried.key, carried) for carried in claimed)

    def take_ready(self, most: int) -> list[Carried]:
        """Return leads that can move, each once, and leave the others.

        Of more than `most` those that came in first, of as many accounts as there are.
        """
        ready = list(dict.fromkeys(self.ready))
        if len(ready) > most:
            ready = _in_turns(sorted(ready, key=lambda carried: carried.key))
        self.ready = ready[most:]
        for carried in ready[:most]:
            self._leave_queue(carried)
            carried.let_out_for = ""
        return ready[:most]

    def _leave_queue(self, carried: Carried) -> None:
        """Take a lead out of the queue that it stands in, because an answer about another offer lets it move."""
        queue = self.queues.get(carried.queues_for)
        if queue and carried in queue:
            queue.remove(carried)
        carried.queues_for = ""

    def answered(self) -> list[Carried]:
        """Return the leads whose answer came and is not written yet; the others that could move are passed over."""
        return [carried for carried in dict.fromkeys(self.ready) if carried.arrived]

    def take_idle(self) -> list[Carried]:
        """Return the leads that wait for no call and have no answer to write; none of them queues any more."""
        self.queues.clear()
        return [carried for carried in self.leads.values() if not (carried.awaited or carried.arrived)]

    def drop(self, carried: Carried) -> None:
        """Let go of a lead, unless another lease of it came in hand meanwhile."""
        if self.holds(carried):
            del self.leads[carried.key]

    def holds(self, carried: Carried) -> bool:
        """Return whether a lead is in hand, under this lease."""
        return self.leads.get(carried.key) is carried

    def lose(self, leases: Collection[Lease]) -> None:
        """Let go of the leads whose lease is held no more."""
        if leases:
            self.leads = {key: carried for key, carried in self.leads.items() if carried.lease not in leases}
            self.ready = [carried for carried in self.ready if carried.lease not in leases]

    def clear(self) -> None:
        """Let go of everything; answers that still come are for nobody."""
        self.leads.clear()
        self.ready.clear()
        self.queues.clear()
        self.lines.clear()
        self.alarms.clear()

    def send(self, connection: str, call: AnyCall) -> None:
        """Note a call that is handed over."""
        key = cast("CallKey", call.key)
        self.out[key] = connection
        self.calls[connection] += 1
        if carried := self.leads.get(key.lead):
            carried.awaited.add(key)

    def receive(self, sent: Sent) -> None:
        """Put an answer with its lead, and let the next lead move that queues for the same buyer."""
        connection = self.out.pop(cast("CallKey", sent.key))
        self.calls[connection] -= 1
        if not self.calls[connection]:
            del self.calls[connection]
        self._give(sent)
        if queue := self.queues.get(connection):
            queue[0].let_out_for, queue[0].queues_for = connection, ""
            self.ready.append(queue.popleft())
            self.promised[connection] += 1

    def wake_at(self, carried: Carried, moment: datetime, now: float) -> None:
        """Have a lead in hand move at a moment, of which other calls are out by then; `now` is the monotonic time."""
        if carried.wakes_at != moment:
            carried.wakes_at = moment
            seconds = (moment - clock.now()).total_seconds()
            heappush(self.alarms, (now + seconds, next(_numbers), carried))

    def wake(self, now: float) -> None:
        """Let the leads move whose moment has come."""
        while self.alarms and self.alarms[0][0] <= now:
            carried = heappop(self.alarms)[2]
            carried.wakes_at = None
            if self.holds(carried):
                self.ready.append(carried)

    def line_up(self, connection: str, room: int, call: Call, now: float) -> None:
        """Have a call wait until less than `room` calls to its buyer are out; `now` is the monotonic time."""
        key = cast("CallKey", call.key)
        self.leads[key.lead].awaited.add(key)
        line = self.lines.setdefault(connection, Line(room))
        line.room = room
        line.calls.append((now + call.timeout_ms / 1000, call))

    def let_out(self, now: float) -> Iterator[tuple[str, Call]]:
        """Yield the calls for which there is room by now, with the time that they have left; each is sent at once.

        Those for which none came in time count as not answered.
        """
        for connection, line in list(self.lines.items()):
            self._end_late(line, now)
            while line.calls and self.calls[connection] + self.promised[connection] < line.room:
                ends, call = line.calls.popleft()
                left = int((ends - now) * 1000)
                yield connection, call if left > call.timeout_ms - HARDLY else replace(call, timeout_ms=left)
            if not line.calls:
                del self.lines[connection]

    def waits_until(self) -> float:
        """Return the monotonic time at which the first call that waits for room has none left."""
        return min((ends for line in self.lines.values() for ends, _ in line.calls), default=math.inf)

    def _end_late(self, line: Line, now: float) -> None:
        """Take out of a line the calls that have no time left, and those that no lead in hand waits for any more."""
        waiting, line.calls = line.calls, deque()
        for ends, call in waiting:
            key = cast("CallKey", call.key)
            carried = self.leads.get(key.lead)
            if carried is None or carried.token != key.token or key not in carried.awaited:
                continue
            if ends - now > LEAST:
                line.calls.append((ends, call))
            else:
                self._give(Sent(key, "not_sent", None, NO_ROOM, call.timeout_ms, is_late=True))

    def _give(self, sent: Sent) -> None:
        """Give its lead what became of a call; the lead can move once all came that it waits for."""
        key = cast("CallKey", sent.key)
        carried = self.leads.get(key.lead)
        if carried is not None and carried.token == key.token and carried.take(sent):
            self.ready.append(carried)

    def queued_for(self, now: float) -> dict[str, float]:
        """Return for each connection with a queue how many seconds its first lead has queued; `now` is monotonic."""
        return {name: now - queue[0].queued_at for name, queue in self.queues.items() if queue}

    def queue(self, connection: str, carried: Carried, now: float) -> None:
        """Have a lead wait until a call to its buyer has ended; `now` is the monotonic time."""
        carried.queued_at, carried.queues_for = now, connection
        self.queues.setdefault(connection, deque()).append(carried)

    def free_queues(self) -> None:
        """Let all leads move that queue for a buyer of whom no call is out: no answer will come that lets one move.

        It happens where the lead whose turn it was did not call, because a cap is reached by now or the buyer paused.
        """
        self.promised = Counter(carried.let_out_for for carried in self.ready if carried.let_out_for)
        for connection, queue in list(self.queues.items()):
            if not self.calls[connection] and not self.promised[connection]:
                self.ready.extend(queue)
                for carried in queue:
                    carried.queues_for = ""
                del self.queues[connection]


def _in_turns(ready: Sequence[Carried]) -> list[Carried]:
    """Return one lead of each account, then a second one of each, and so on."""
    counts: Counter[UUID] = Counter()
    places = []
    for carried in ready:
        account = carried.row["account_id"]
        places.append(counts[account])
        counts[account] += 1
    return [ready[at] for at in sorted(range(len(ready)), key=places.__getitem__)]
