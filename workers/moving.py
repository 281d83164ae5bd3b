"""Moves leads in turns, a whole batch at once; after an error each alone, so that one's bad luck stops no other."""

import logging
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Engine as Database

from flowbuilder import clock
from rules.logic import RuleError
from workers.carrying import Carried
from workers.claiming import Claiming
from workers.journal import ALONE_CRASHES, LostWrite
from workers.load import Load
from workers.outages import DATABASE_ERRORS, is_outage, where
from workers.quarantine import quarantine
from workers.tally import Tally
from workers.transactions import Transactions
from workers.turn import Turn

RECOVER = 0.5
"""Seconds to leave something alone that does not answer."""

log = logging.getLogger(__name__)


class Mover:
    """Moves the leads of a loop; `hand_over` is told of each turn that was committed, with its leads.

    `may_call` says whether the loop still makes calls; `on_error` is called when a turn failed whose leads were handed
    over by the web, to which they belong again, and is told whether that was because of a lost write.
    """

    def __init__(
        self,
        database: Database,
        load: Load,
        claiming: Claiming,
        transactions: Transactions,
        tally: Tally,
        *,
        hand_over: Callable[[Turn, Sequence[Carried]], object],
        may_call: Callable[[], bool],
        on_error: Callable[[bool], object],
    ) -> None:
        self._database, self._load, self._claiming = database, load, claiming
        self._transactions, self._tally = transactions, tally
        self._hand_over, self._may_call, self._on_error = hand_over, may_call, on_error

    def move(self, batch: Sequence[Carried], wanted: int, posts: Sequence[Carried] = ()) -> bool:
        """Move leads, with `posts` that the web handed over, and claim others in one transaction.

        Return whether there were any.

        One lead's bad luck, whatever it is, must not stop the others: after an error each moves alone. Where it is a
        lost lease, or may be a post, the others move together once more. Where one may wait since a turn whose commit
        was not answered, the leases are asked for first: it must not go on at once.
        """
        claimed: list[Carried] = [*posts]
        began = time.thread_time()
        guards = any(carried.is_in_doubt for carried in batch)
        wanted = 0 if guards else wanted
        beginning = sum(carried.walk is None for carried in batch)
        try:
            turn = self._transactions.turn(batch, wanted, claimed, guards=guards, may_call=self._may_call())
            spent = time.thread_time() - began
        except Exception as problem:  # noqa: BLE001  (see above)
            self._transactions.disconnect()
            if posts:
                self._on_error(isinstance(problem, LostWrite))
            is_lost = (isinstance(problem, LostWrite) or bool(posts)) and not guards
            return self._go_on_after(problem, batch, claimed, is_lost=is_lost)
        moved = [carried for carried in claimed if not carried.is_leased]
        self._claiming.pace.note(spent, beginning + len(moved), len(batch) - beginning)
        self._load.admit(claimed)
        self._load.ready.extend(carried for carried in claimed if carried.is_leased)
        self._hand_over(turn, [*batch, *moved])
        return bool(batch or claimed)

    def _go_on_after(
        self, problem: Exception, batch: Sequence[Carried], claimed: Sequence[Carried], *, is_lost: bool
    ) -> bool:
        """Wait for a database that is away, or move the leads of a turn that failed one by one.

        Where a lease may be lost, a turn that asks for them comes before that.
        """
        if is_outage(problem):
            # It may have been committed all the same: the turn that moves them next asks which leases are held.
            self._load.admit(claimed)
            self._wait_for_database(problem, [*batch, *claimed])
            return True
        log.warning("a turn of %d leads failed: %s", len(batch) + len(claimed), where(problem))
        self._claiming.wants_more = True
        leased = [carried for carried in claimed if carried.is_leased]
        self._load.admit(leased)
        self._keep_in_doubt([*batch, *leased] if is_lost else leased)
        if is_lost:
            if not isinstance(problem, LostWrite):
                self._claiming.be_careful()  # A lead that was due may be the reason, and is claimed alone then.
            return True
        for carried in batch:
            self.move_alone(carried)
        # From here, as moving many alone may take longer than the whole time.
        self._claiming.be_careful()
        return bool(batch or claimed)

    def move_alone(self, carried: Carried) -> None:
        """Move one lead from its journal in a transaction of its own; one that fails there is put aside."""
        carried.forget()
        if carried.row["crashes"] > ALONE_CRASHES + 1 and not carried.is_cleared:
            self._put_aside(carried, "It ended its worker several times", "it ended its worker several times")
            return
        try:
            turn = self._transactions.turn([carried], 0, [], guards=True, may_call=self._may_call())
        except Exception as problem:  # noqa: BLE001  (whatever it is, it is this lead's)
            self._transactions.disconnect()
            if is_outage(problem):
                self._wait_for_database(problem, [carried])
            else:
                self._put_aside(carried, _said_of(problem), where(problem))
            return
        self._hand_over(turn, [carried])

    def _put_aside(self, carried: Carried, why: str, said: str) -> None:
        """Quarantine a lead, unless it is another worker's by now; `said` is the reason without a lead's values.

        Where even that fails its lease runs out, and another worker tries.
        """
        self._load.drop(carried)
        try:
            outcome = quarantine(self._database, carried.lease, why, clock.now())
            if outcome:
                self._tally.note_quarantined(outcome)
                log.error("lead %s cannot be carried and was quarantined: %s", carried.id, said)
        except DATABASE_ERRORS as problem:
            log.error("lead %s could not be quarantined: %s", carried.id, where(problem))  # noqa: TRY400

    def _wait_for_database(self, problem: Exception, batch: Sequence[Carried]) -> None:
        """Have a later turn rebuild these leads from what was committed; answers that arrived are kept."""
        log.warning("the database did not answer: %s", where(problem))
        self._keep_in_doubt(batch)
        time.sleep(RECOVER)

    def _keep_in_doubt(self, batch: Sequence[Carried]) -> None:
        """Have leads go on from their journals, should their leases be held."""
        for carried in batch:
            carried.forget()
            carried.post, carried.is_leased, carried.is_in_doubt = None, True, True
        self._load.ready.extend(batch)


def _said_of(problem: Exception) -> str:
    """Return why a lead cannot be carried: what a rule says is for people, of anything else its kind comes first."""
    said = str(problem).partition("\n")[0][:300]
    return said if isinstance(problem, RuleError) else f"{type(problem).__name__}: {said}"
