"""What follows a yes in the same transaction: the lead in the buyer's inbox, and the copies that are to be sent."""

from rules.delivery.methods import NOTICE
from rules.delivery.outgoing import Entry
from rules.delivery.request import CannotBuild
from rules.effects import Offer
from rules.interpreter import Diverged
from workers.book import Connection
from workers.carrying import Carried
from workers.effects.told import told_of_offer
from workers.journal import Past
from workers.outgoing import attempt_of, make, put_in_inbox
from workers.remaking import Gone, offer_effect
from workers.rows import CopyRow, OfferRow
from workers.turn import Turn


def begin_copies(turn: Turn, carried: Carried, row: OfferRow, effect: Offer) -> None:
    """Write down what goes to a buyer that took the lead beside what it took it by; nothing of it can undo that."""
    connection = turn.book.connection(turn.database, effect.connection)
    if connection is None or connection.destination.deliver_by == ("webhook",):
        return
    methods = connection.destination.deliver_by
    others = [method for method in methods if method != row.delivery_method]
    if "inbox" in others:
        _copy_to_inbox(turn, carried, row, effect, connection)
    to_send: list[str] = [method for method in others if method != "inbox"]
    if "inbox" in methods and connection.destination.notice:
        to_send.append(NOTICE)
    for method in to_send:
        copy = CopyRow(carried.id, row.offer_no, method, row.account_id, connection.id, turn.now, turn.now)
        turn.changes.add(copy)


def begin_copies_late(turn: Turn, carried: Carried, past: Past, row: OfferRow) -> None:
    """Do the same for an offer of a lead that had ended, if its journal still says what the buyer took."""
    try:
        effect = offer_effect(carried.row, carried.known_flow, past, row)
    except (Gone, Diverged):
        return
    begin_copies(turn, carried, row, effect)


def _copy_to_inbox(turn: Turn, carried: Carried, row: OfferRow, effect: Offer, connection: Connection) -> None:
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
