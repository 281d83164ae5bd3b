"""What follows a yes in the same transaction: the lead in the buyer's inbox, and the copies that are to be sent."""

from rules.delivery.methods import NOTICE
from rules.delivery.outgoing import Entry
from rules.delivery.request import CannotBuild
from rules.effects import Offer
from workers.book import Connection
from workers.carrying import Carried
from workers.effects.told import told_of_offer
from workers.outgoing import attempt_of, make, put_in_inbox
from workers.rows import CopyRow
from workers.turn import Turn


def begin_copies(turn: Turn, carried: Carried, effect: Offer) -> None:
    """Write down what goes to a buyer that took the lead beside what it took it by; nothing of it can undo that."""
    connection = turn.book.connection(turn.database, effect.connection)
    if connection is None:
        return
    row, methods = carried.known_offer, connection.destination.deliver_by
    others = [method for method in methods if method != row.delivery_method]
    if "inbox" in others:
        _copy_to_inbox(turn, carried, effect, connection)
    to_send: list[str] = [method for method in others if method != "inbox"]
    if "inbox" in methods and connection.destination.notice:
        to_send.append(NOTICE)
    for method in to_send:
        copy = CopyRow(carried.id, row.offer_no, method, row.account_id, connection.id, turn.now, turn.now)
        turn.changes.add(copy)


def _copy_to_inbox(turn: Turn, carried: Carried, effect: Offer, connection: Connection) -> None:
    row = carried.known_offer
    number = row.attempts + 1
    offer = told_of_offer(turn, carried, row, connection, effect)
    try:
        entry = make(connection, "inbox", effect.view, offer)
    except CannotBuild as problem:
        attempt = attempt_of(row, number, "inbox", turn.now)
        attempt.state, attempt.finished_at, attempt.error = "error", turn.now, str(problem)
        turn.changes.add(attempt)
        return
    if isinstance(entry, Entry):
        for written in put_in_inbox(connection, row, entry, number, turn.now):
            turn.changes.add(written)
