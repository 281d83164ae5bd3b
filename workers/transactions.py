"""The transactions of a loop: each is one turn, on a connection of its own that is given up after an error.

What several loops may want is locked in one order, so that no two turns wait for each other: breakers, cap windows and
claims, each by their keys, then keys that came with posts, and at last what is written of leads, kind after kind in the
order of the leads. Only leads that nobody else can write are locked before that. A turn that has no claims may lock its
windows as it writes them.
"""

import time
from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy import Engine as Database

from flowbuilder import clock
from workers import journal
from workers.book import Book
from workers.campaigns import Campaigns
from workers.caps import Dealer, KnownWindows
from workers.carrying import Carried
from workers.claiming import Claiming
from workers.connecting import limit_turns
from workers.crashpoints import crashpoint
from workers.load import Load
from workers.rows import Changes, LeaseRow
from workers.statements import begin_with_first, plan_anew, prefer_indexes
from workers.steering import steer
from workers.turn import Turn


class Transactions:
    """Takes one turn after the other for a loop."""

    def __init__(
        self, database: Database, book: Book, load: Load, claiming: Claiming, secret: bytes, *, campaigns: Campaigns
    ) -> None:
        self._database, self._book, self._secret, self._campaigns = database, book, secret, campaigns
        self._load, self._claiming = load, claiming
        self._windows = KnownWindows(database)
        self._link: Connection | None = None
        self._plans_are_old = False

    def plan_anew(self) -> None:
        """Have the next turn plan its statements anew."""
        self._plans_are_old = True

    def disconnect(self) -> None:
        """Give up the connection with whatever it was doing; its windows are not as they are remembered."""
        self._windows.forget()
        link, self._link = self._link, None
        if link is not None:
            link.invalidate()
            link.close()

    def turn(
        self, batch: Sequence[Carried], wanted: int, claimed: list[Carried], *, guards: bool, may_call: bool
    ) -> Turn:
        """Claim, decide, lock and write, and commit all of it at once.

        What is claimed is added to `claimed`, which holds what the web handed over. Leases alone
        are committed before the rest.

        Each lead is written under its lease, so that a turn which lost one fails as a whole. With `guards` the leases
        are asked for first, and windows are locked, as it is not taken again whole. Leads that are found to be ours no
        more are dropped, and the turn goes on without them.
        """
        if guards:
            self._windows.forget()
        self._book.refresh()
        database = self._connect()
        if self._plans_are_old:
            plan_anew(database)
            self._plans_are_old = False
        turn = self._begin(database, may_call=may_call)
        moving = self._guarded(database, batch) if guards else list(batch)
        claimed.extend(self._claiming.claim(turn, wanted, self._load.crowding))
        if guards or turn.changes.touched(LeaseRow):
            self._free_rows(turn)
        moving += [carried for carried in claimed if not carried.is_leased]
        if moving:
            turn.keep_all(steer(turn, moving))
            turn.dealer.add_to(turn.changes)
            turn.buyer_claims.write(database)
        self._load.lose({carried.lease for carried in turn.lost})
        crashpoint("before turn")
        journal.write_and_commit(database, turn.changes)
        crashpoint("after turn")
        turn.dealer.remember()
        return turn

    def _connect(self) -> Connection:
        if self._link is None:
            self._link = begin_with_first(self._database.connect())
            limit_turns(self._link)
            prefer_indexes(self._link)
            crashpoint("before link")
            self._link.commit()
            crashpoint("after link")
        return self._link

    def _begin(self, database: Connection, *, may_call: bool) -> Turn:
        load = self._load
        turn = Turn(clock.now(), database, self._book, Dealer(self._windows), self._secret, may_call, self._campaigns)
        turn.calling, turn.busy, turn.most_for_one = dict(load.calls), load.busy, load.most_for_one
        turn.queued_for, turn.in_hand = load.queued_for(time.monotonic()), load.leads
        return turn

    def _guarded(self, database: Connection, batch: Sequence[Carried]) -> list[Carried]:
        """Return the leads of a batch that are still ours, and forget the others."""
        held = journal.guard(database, {carried.lease for carried in batch}) if batch else {}
        self._load.lose({carried.lease for carried in batch} - held.keys())
        ours = [carried for carried in batch if carried.lease in held]
        for carried in ours:
            carried.is_in_doubt = False
            carried.row["asked_before"] = held[carried.lease]
        return ours

    def _free_rows(self, turn: Turn) -> None:
        """Commit leases, so that none of these leads' rows is locked any more.

        Other loops may have windows locked and wait for such a row. Should this turn then wait for those windows, each
        would wait for the other. Rows that nobody else can write stay locked.
        """
        journal.write(turn.database, turn.changes)
        turn.changes = Changes()
        crashpoint("before lease")
        turn.database.commit()
        crashpoint("after lease")
