"""What one loop has in its hands: leased leads, those that can move now, the calls that are out, those that queue."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from workers.carrying import Carried
from workers.delivery.calls import AnyCall, CallKey, Sent
from workers.journal import Lease


@dataclass(slots=True)
class Load:
    """The leads of a loop. One that is in no list but `leads` has a call out.

    `ready` can move in the next turn; `queues` hold leads, by connection, whose buyer is called as often as it may be
    at once already.
    """

    leads: dict[UUID, Carried] = field(default_factory=dict)
    ready: list[Carried] = field(default_factory=list)
    out: dict[CallKey, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    queues: dict[str, deque[Carried]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many leads are in hand."""
        return len(self.leads)

    @property
    def leases(self) -> list[Lease]:
        """Return every lease that is believed to be held."""
        return [carried.lease for carried in self.leads.values()]

    @property
    def busy(self) -> dict[str, int]:
        """Return for each connection how many leads of this loop are being offered to it or queue for it."""
        return {name: count + len(self.queues.get(name, ())) for name, count in self.calls.items()}

    def admit(self, claimed: Iterable[Carried]) -> None:
        """Take claimed leads in hand."""
        self.leads.update((carried.id, carried) for carried in claimed)

    def take_ready(self) -> list[Carried]:
        """Return the leads that can move, and leave none."""
        ready, self.ready = self.ready, []
        return ready

    def answered(self) -> list[Carried]:
        """Return the leads whose answer came and is not written yet; the others that could move are passed over."""
        return [carried for carried in self.take_ready() if carried.arrived is not None]

    def drop(self, carried: Carried) -> None:
        """Let go of a lead, unless another lease of it came in hand meanwhile."""
        if self.leads.get(carried.id) is carried:
            del self.leads[carried.id]

    def keep_only(self, held: set[Lease]) -> None:
        """Let go of all leads but those whose lease is still held."""
        self.leads = {carried.id: carried for carried in self.leads.values() if carried.lease in held}

    def clear(self) -> None:
        """Let go of everything; answers that still come are for nobody."""
        self.leads.clear()
        self.ready.clear()
        self.queues.clear()

    def send(self, connection: str, call: AnyCall) -> None:
        """Note a call that is handed over."""
        self.out[cast("CallKey", call.key)] = connection
        self.calls[connection] += 1

    def receive(self, sent: Sent) -> None:
        """Put an answer with its lead, and let the next lead move that queues for the same buyer."""
        key = cast("CallKey", sent.key)
        connection = self.out.pop(key)
        self.calls[connection] -= 1
        carried = self.leads.get(key.lead_id)
        if carried is not None and carried.token == key.token:
            carried.arrived = sent
            self.ready.append(carried)
        if queue := self.queues.get(connection):
            self.ready.append(queue.popleft())

    def queue(self, connection: str, carried: Carried) -> None:
        """Have a lead wait until a call to its buyer has ended."""
        self.queues.setdefault(connection, deque()).append(carried)

    def free_queues(self) -> None:
        """Let all leads move that queue for a buyer of whom no call is out: no answer will come that lets one move.

        It happens where the lead whose turn it was did not call, because a cap is reached by now or the buyer paused.
        """
        for connection, queue in self.queues.items():
            if queue and not self.calls[connection]:
                self.ready.extend(queue)
                queue.clear()
